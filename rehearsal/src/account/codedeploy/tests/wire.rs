//! What the operations answer to good and bad input.

use super::super::{BadRevision, configure};
use super::*;

#[tokio::test(start_paused = true)]
async fn a_bad_request_to_create_a_deployment_has_the_error_that_codedeploy_names() {
    let world = World::open();
    let good = creation(&appspec("mco-api:2", &[]));
    let with = |name: &str, value: Value| {
        let mut input = good.clone();
        input[name] = value;
        input
    };
    let content =
        |content: Value| json!({"revisionType": "AppSpecContent", "appSpecContent": content});
    let cases = [
        (
            with("applicationName", Value::Null),
            "ApplicationNameRequiredException",
        ),
        (
            with("applicationName", json!("Other")),
            "ApplicationDoesNotExistException",
        ),
        (
            with("applicationName", json!("x".repeat(101))),
            "InvalidApplicationNameException",
        ),
        (with("applicationName", json!(7)), "SerializationException"),
        (
            with("deploymentGroupName", Value::Null),
            "DeploymentGroupNameRequiredException",
        ),
        (
            with("deploymentGroupName", json!("Other")),
            "DeploymentGroupDoesNotExistException",
        ),
        (
            with("deploymentConfigName", json!("Other")),
            "DeploymentConfigDoesNotExistException",
        ),
        (
            with("description", json!("é".repeat(257))),
            "DescriptionTooLongException",
        ),
        (with("revision", Value::Null), "RevisionRequiredException"),
        (
            with("revision", json!({"revisionType": "S3"})),
            "InvalidRevisionException",
        ),
        (
            with("revision", content(json!({}))),
            "InvalidRevisionException",
        ),
        (
            with("revision", content(json!({"content": "a", "sha256": "b"}))),
            "InvalidRevisionException",
        ),
        (
            with("autoRollbackConfiguration", json!({"enabled": true})),
            "InvalidAutoRollbackConfigException",
        ),
        (
            with(
                "autoRollbackConfiguration",
                json!({"enabled": true, "events": ["ALWAYS"]}),
            ),
            "InvalidAutoRollbackConfigException",
        ),
        (json!([]), "SerializationException"),
    ];
    for (input, code) in cases {
        assert_eq!(
            world.error("CreateDeployment", input.clone()).code,
            code,
            "{input}"
        );
    }
    assert_eq!(
        world.call("ListDeployments", json!({})).unwrap(),
        json!({"deployments": []})
    );
    assert_eq!(
        world.error("CreateFleet", json!({})).code,
        "UnknownOperationException"
    );
}

#[tokio::test(start_paused = true)]
async fn a_bad_appspec_fails_the_deployment_or_is_refused_as_the_switch_says() {
    let world = World::open();
    let bad = appspec("mco-api:2", &[("Install", "Function")]);
    let id = world.call("CreateDeployment", creation(&bad)).unwrap()["deploymentId"]
        .as_str()
        .unwrap()
        .to_owned();
    world.until_status(&id, "Failed").await;
    let error = &world.info(&id)["errorInformation"];
    assert_eq!(error["code"], "INVALID_REVISION");
    assert!(
        error["message"].as_str().unwrap().contains("Install"),
        "{error}"
    );
    assert_eq!(
        world.states(),
        [format!("{id} START"), format!("{id} FAILURE")]
    );

    configure(&world.account, |behaviour| {
        behaviour.bad_revision = BadRevision::IsRefused;
    });
    assert_eq!(
        world.error("CreateDeployment", creation(&bad)).code,
        "InvalidRevisionException"
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_task_definition_or_container_fails_the_deployment_in_the_words_of_ecs() {
    let world = World::open();
    let cases = [
        appspec("mco-api:77", &[]),
        appspec("mco-api:2", &[]).replace("\"api\"", "\"web\""),
        appspec("mco-api:2", &[]).replace("8080", "443"),
    ];
    for content in cases {
        let id = world.call("CreateDeployment", creation(&content)).unwrap()["deploymentId"]
            .as_str()
            .unwrap()
            .to_owned();
        world.until_status(&id, "Failed").await;
        let error = &world.info(&id)["errorInformation"];
        assert_eq!(error["code"], "ECS_UPDATE_ERROR", "{content}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("The ECS service cannot be updated due to an unexpected error: "),
            "{message}"
        );
        assert_eq!(world.lifecycle(&id)[1], "Install Failed");
        assert_eq!(world.task_sets(), [(None, "PRIMARY")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_and_a_listener_that_points_elsewhere_fail_the_deployment() {
    let world = World::with(|group| group.service = "other".to_owned());
    let id = world.deploy(&[]);
    world.until_status(&id, "Failed").await;
    assert_eq!(
        world.info(&id)["errorInformation"]["code"],
        "INVALID_ECS_SERVICE"
    );

    let world = World::open();
    elb::set_listener_weights(
        &world.account,
        &world.production,
        &[(world.green.clone(), 100)],
    );
    let id = world.deploy(&[]);
    world.until_status(&id, "Failed").await;
    let error = &world.info(&id)["errorInformation"];
    assert_eq!(error["code"], "ELASTIC_LOAD_BALANCING_INVALID");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .ends_with("Primary taskset target group must be behind listener")
    );
}

#[tokio::test(start_paused = true)]
async fn the_text_of_an_appspec_is_given_back_by_its_revision_only() {
    let world = World::open();
    let text = appspec("mco-api:2", &[]);
    let mut input = creation(&text);
    input["description"] = json!("greenlight 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let id = world.call("CreateDeployment", input).unwrap()["deploymentId"]
        .as_str()
        .unwrap()
        .to_owned();
    let info = world.info(&id);
    assert_eq!(info["description"], "greenlight 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let revision = &info["revision"];
    assert_eq!(revision["appSpecContent"]["content"], Value::Null);
    let input = json!({"applicationName": "API", "revision": revision});
    let found = world.call("GetApplicationRevision", input).unwrap();
    assert_eq!(found["revision"]["appSpecContent"]["content"], text);
    let mut other = revision.clone();
    other["appSpecContent"]["sha256"] = json!("0".repeat(64));
    let error = world.error(
        "GetApplicationRevision",
        json!({"applicationName": "API", "revision": other}),
    );
    assert_eq!(error.code, "RevisionDoesNotExistException");
}

#[tokio::test(start_paused = true)]
async fn deployments_are_listed_newest_first_by_group_status_and_time_and_in_pages() {
    let world = World::open();
    let mut ids = Vec::new();
    for _ in 0..130 {
        let id = world
            .call("CreateDeployment", creation("no AppSpec"))
            .unwrap()["deploymentId"]
            .as_str()
            .unwrap()
            .to_owned();
        world.seconds(10).await;
        ids.push(id);
    }
    ids.push(world.deploy(&[]));
    ids.reverse();
    let list = |input: Value| world.call("ListDeployments", input).unwrap();
    let group = json!({"applicationName": "API", "deploymentGroupName": "API"});
    let first = list(group.clone());
    assert_eq!(first["deployments"], json!(ids[..100]));
    let mut rest = group.clone();
    rest["nextToken"] = first["nextToken"].clone();
    assert_eq!(list(rest), json!({"deployments": ids[100..]}));
    assert_eq!(
        list(json!({"includeOnlyStatuses": ["Created"]}))["deployments"],
        json!(ids[..1])
    );
    let created = world.info(&ids[1])["createTime"].clone();
    assert_eq!(
        list(json!({"createTimeRange": {"start": created}}))["deployments"],
        json!(ids[..2])
    );
    let cases = [
        (
            json!({"applicationName": "API"}),
            "DeploymentGroupNameRequiredException",
        ),
        (
            json!({"deploymentGroupName": "API"}),
            "ApplicationNameRequiredException",
        ),
        (
            json!({"includeOnlyStatuses": ["Done"]}),
            "InvalidDeploymentStatusException",
        ),
        (
            json!({"createTimeRange": {"start": 2, "end": 1}}),
            "InvalidTimeRangeException",
        ),
        (
            json!({"nextToken": "after-d-000000000"}),
            "InvalidNextTokenException",
        ),
    ];
    for (input, code) in cases {
        assert_eq!(
            world.error("ListDeployments", input.clone()).code,
            code,
            "{input}"
        );
    }
    let batch = world
        .call(
            "BatchGetDeployments",
            json!({"deploymentIds": [ids[0], "d-ABCDEF123"]}),
        )
        .unwrap();
    assert_eq!(batch["deploymentsInfo"].as_array().unwrap().len(), 1);
    let error = world.error("BatchGetDeployments", json!({"deploymentIds": ids[..26]}));
    assert_eq!(error.code, "BatchLimitExceededException");
}

#[tokio::test(start_paused = true)]
async fn targets_exist_as_soon_as_the_deployment_has_started() {
    let world = World::open();
    let id = world.deploy(&[]);
    let input = json!({"deploymentId": id, "targetId": TARGET});
    assert_eq!(
        world.error("GetDeploymentTarget", input.clone()).code,
        "DeploymentNotStartedException"
    );
    world.until_status(&id, "InProgress").await;
    assert_eq!(
        world
            .call("ListDeploymentTargets", json!({"deploymentId": id}))
            .unwrap(),
        json!({"targetIds": [TARGET]})
    );
    let one = world.call("GetDeploymentTarget", input).unwrap()["deploymentTarget"].take();
    assert_eq!(one["deploymentTargetType"], "ECSTarget");
    let batch = world
        .call(
            "BatchGetDeploymentTargets",
            json!({"deploymentId": id, "targetIds": [TARGET]}),
        )
        .unwrap();
    assert_eq!(batch["deploymentTargets"], json!([one]));
    let cases = [
        (
            json!({"deploymentId": id}),
            "DeploymentTargetIdRequiredException",
        ),
        (
            json!({"deploymentId": id, "targetId": "mco:web"}),
            "DeploymentTargetDoesNotExistException",
        ),
        (json!({"targetId": TARGET}), "DeploymentIdRequiredException"),
    ];
    for (input, code) in cases {
        assert_eq!(
            world.error("GetDeploymentTarget", input.clone()).code,
            code,
            "{input}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_group_tells_its_listeners_target_groups_and_last_deployments() {
    let world = World::open();
    let id = world.deploy(&[]);
    world.until_status(&id, "Succeeded").await;
    let input = json!({"applicationName": "API", "deploymentGroupName": "API"});
    let info = world.call("GetDeploymentGroup", input).unwrap()["deploymentGroupInfo"].take();
    let pair = &info["loadBalancerInfo"]["targetGroupPairInfoList"][0];
    assert_eq!(
        pair["targetGroups"],
        json!([{"name": "mco-api-blue"}, {"name": "mco-api-green"}])
    );
    assert_eq!(
        pair["testTrafficRoute"]["listenerArns"],
        json!([world.test])
    );
    assert_eq!(
        info["ecsServices"],
        json!([{"serviceName": "api", "clusterName": "mco"}])
    );
    assert_eq!(info["lastSuccessfulDeployment"]["deploymentId"], id);
    let config = world
        .call(
            "GetDeploymentConfig",
            json!({"deploymentConfigName": CANARY}),
        )
        .unwrap();
    let routing = &config["deploymentConfigInfo"]["trafficRoutingConfig"];
    assert_eq!(
        *routing,
        json!({"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}})
    );
    let application = world
        .call("GetApplication", json!({"applicationName": "API"}))
        .unwrap();
    assert_eq!(application["application"]["computePlatform"], "ECS");
}

#[tokio::test(start_paused = true)]
async fn only_the_last_thousand_deployments_are_remembered() {
    let world = World::open();
    let mut first = None;
    for _ in 0..1001 {
        let created = world
            .call("CreateDeployment", creation("no AppSpec"))
            .unwrap();
        first.get_or_insert(created["deploymentId"].clone());
        world.seconds(10).await;
    }
    let error = world.error("GetDeployment", json!({"deploymentId": first.unwrap()}));
    assert_eq!(error.code, "DeploymentDoesNotExistException");
}
