//! What the operations that only look answer.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_service_deployment_names_its_revisions_and_how_many_tasks_they_have() {
    let world = World::rolling();
    let old = world.revisions()[0].arn.clone();
    let arn = world.deploy("mco-api:2");
    world.seconds(8).await;
    let deployment = world.deployment(&arn);
    assert!(arn.starts_with("arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/"));
    assert_eq!(deployment["sourceServiceRevisions"][0]["arn"], old);
    assert_eq!(
        deployment["sourceServiceRevisions"][0]["runningTaskCount"],
        2
    );
    let target = &deployment["targetServiceRevision"];
    let id = target["arn"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(
        world.service()["deployments"][0]["id"],
        format!("ecs-svc/{id}")
    );
    assert_eq!(
        (
            &target["requestedTaskCount"],
            &target["pendingTaskCount"],
            &target["runningTaskCount"]
        ),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(deployment["deploymentConfiguration"]["strategy"], "ROLLING");
    assert_eq!(deployment.get("finishedAt"), None);
    world.until_status(&arn, "SUCCESSFUL").await;
    let deployment = world.deployment(&arn);
    assert!(deployment["finishedAt"].as_f64() > deployment["startedAt"].as_f64());
    assert_eq!(
        deployment["sourceServiceRevisions"][0]["runningTaskCount"],
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_revision_says_which_digests_run_and_is_remembered_without_tasks() {
    let world = World::rolling();
    let old = world.service()["currentServiceRevisions"][0]["arn"].clone();
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "SUCCESSFUL").await;
    let new = world.revision(&world.deployment(&arn)["targetServiceRevision"]["arn"]);
    let image = &new["containerImages"][0];
    assert_eq!(image["containerName"], "api");
    assert!(image["image"].as_str().unwrap().ends_with("mco/api:v2"));
    assert_eq!(
        image["imageDigest"],
        ecr::tagged(&world.account, "mco/api", "v2").unwrap()
    );
    assert_eq!(
        new["resolvedConfiguration"]["loadBalancers"],
        json!([{"targetGroupArn": world.blue}])
    );
    let old = world.revision(&old);
    assert_eq!(
        old["containerImages"][0]["imageDigest"],
        ecr::tagged(&world.account, "mco/api", "v1").unwrap()
    );
    assert_eq!(old.get("resolvedConfiguration"), None);
}

#[tokio::test(start_paused = true)]
async fn service_deployments_are_listed_newest_first_by_status_and_time_and_in_pages() {
    let world = World::rolling();
    world.seconds(100).await;
    let second = world.deploy("mco-api:2");
    world.until_status(&second, "SUCCESSFUL").await;
    let third = world.deploy("mco-api:1");
    let list = |mut input: Value| {
        input["cluster"] = "mco".into();
        input["service"] = "api".into();
        world.call("ListServiceDeployments", input).unwrap()
    };
    let arns = |output: &Value| {
        let listed = output["serviceDeployments"].as_array().unwrap().iter();
        listed
            .map(|it| it["serviceDeploymentArn"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = arns(&list(json!({})));
    assert_eq!(all.len(), 3);
    assert_eq!(all[..2], [third.clone(), second.clone()]);
    let successful = list(json!({"status": ["SUCCESSFUL"]}));
    assert_eq!(arns(&successful), all[1..]);
    let late = world.deployment(&second)["createdAt"].clone();
    assert_eq!(arns(&list(json!({"createdAt": {"after": late}}))), all[..2]);
    let page = list(json!({"maxResults": 2}));
    assert_eq!(arns(&page), all[..2]);
    let next = list(json!({"maxResults": 2, "nextToken": page["nextToken"]}));
    assert_eq!(arns(&next), all[2..]);
    assert_eq!(next.get("nextToken"), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_a_failure_and_what_is_senseless_an_error() {
    let world = World::rolling();
    let output = world.call(
        "DescribeServiceDeployments",
        json!({"serviceDeploymentArns": ["arn:x"]}),
    );
    assert_eq!(
        output.unwrap()["failures"],
        json!([{"arn": "arn:x", "reason": "MISSING"}])
    );
    let output = world.call(
        "DescribeServiceRevisions",
        json!({"serviceRevisionArns": ["arn:x"]}),
    );
    assert_eq!(
        output.unwrap()["failures"],
        json!([{"arn": "arn:x", "reason": "MISSING"}])
    );
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    for (operation, input, code) in [
        (
            "DescribeServiceDeployments",
            json!({"serviceDeploymentArns": []}),
            "InvalidParameterException",
        ),
        (
            "DescribeServiceRevisions",
            json!({"serviceRevisionArns": many}),
            "InvalidParameterException",
        ),
        ("DescribeServiceRevisions", json!({}), "ValidationException"),
        (
            "ListServiceDeployments",
            json!({"cluster": "mco", "service": "x"}),
            "ServiceNotFoundException",
        ),
        (
            "ListServiceDeployments",
            json!({"cluster": "mco", "service": "api", "createdAt": {"after": "now"}}),
            "SerializationException",
        ),
        (
            "StopServiceDeployment",
            json!({"serviceDeploymentArn": "arn:x"}),
            "ServiceDeploymentNotFoundException",
        ),
        (
            "StopServiceDeployment",
            json!({"serviceDeploymentArn": "arn:x", "stopType": "ABORT"}),
            "InvalidParameterException",
        ),
        (
            "DescribeTaskSets",
            json!({"cluster": "mco", "service": "api"}),
            "InvalidParameterException",
        ),
    ] {
        assert_eq!(world.error(operation, input).code, code, "{operation}");
    }
}
