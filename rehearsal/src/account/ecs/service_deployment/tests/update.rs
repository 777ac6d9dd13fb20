//! What `UpdateService` does, does not do, and refuses.

use super::super::Scheduling;
use super::*;

#[tokio::test(start_paused = true)]
async fn the_same_task_definition_again_is_no_deployment_unless_it_is_forced() {
    let world = World::rolling();
    let first = world.service()["currentServiceDeployment"].clone();
    assert_eq!(world.deploy("mco-api:1"), first);
    let arn = world.service()["taskDefinition"].clone();
    assert_eq!(world.deploy(arn.as_str().unwrap()), first);
    let forced = json!({"cluster": "mco", "service": "api", "forceNewDeployment": true});
    let second = world.update(forced);
    assert_ne!(second, first);
    world.until_status(&second, "SUCCESSFUL").await;
    assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
}

#[tokio::test(start_paused = true)]
async fn a_moved_tag_is_only_found_again_by_a_new_deployment() {
    let world = World::rolling();
    let digest = || {
        let arn = world.service()["currentServiceRevisions"][0]["arn"].clone();
        world.revision(&arn)["containerImages"][0]["imageDigest"].clone()
    };
    let before = digest();
    let moved = ecr::push_image(
        &world.account,
        "mco/api",
        &["v1"],
        &ImageSpec::healthy("moved"),
    );
    world.update(json!({"cluster": "mco", "service": "api", "desiredCount": 3}));
    world.seconds(60).await;
    assert_eq!(digest(), before);
    assert_eq!(world.get().await.1, "v1");
    let forced = json!({"cluster": "mco", "service": "api", "forceNewDeployment": true});
    let arn = world.update(forced);
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(digest(), moved.unwrap());
    assert_eq!(world.get().await.1, "moved");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deployed_is_refused_with_the_error_that_ecs_names() {
    let world = World::rolling();
    let cases = [
        (
            json!({"cluster": "nope", "service": "api"}),
            "ClusterNotFoundException",
        ),
        (
            json!({"cluster": "mco", "service": "nope"}),
            "ServiceNotFoundException",
        ),
        (json!({"cluster": "mco"}), "ValidationException"),
        (
            json!({"cluster": "mco", "service": "api", "taskDefinition": "mco-api:9"}),
            "ClientException",
        ),
        (
            json!({"cluster": "mco", "service": "api", "desiredCount": -1}),
            "InvalidParameterException",
        ),
        (
            json!({"cluster": "mco", "service": "api", "loadBalancers": []}),
            "InvalidParameterException",
        ),
        (
            json!({"cluster": "mco", "service": "api", "desiredCount": "2"}),
            "SerializationException",
        ),
    ];
    for (input, code) in cases {
        assert_eq!(
            world.error("UpdateService", input.clone()).code,
            code,
            "{input}"
        );
    }
    let mut other =
        json!({"family": "other", "containerDefinitions": [{"name": "web", "image": "x"}]});
    other["cpu"] = "256".into();
    world.call("RegisterTaskDefinition", other).unwrap();
    let input = json!({"cluster": "mco", "service": "api", "taskDefinition": "other"});
    let error = world.error("UpdateService", input);
    assert_eq!(error.code, "InvalidParameterException");
    assert!(error.message.contains("container api"), "{}", error.message);
    assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_five_deployments_are_unfinished_at_once() {
    let world = World::rolling();
    world.task_definition(&ImageSpec::crashes("v3", 1));
    for definition in ["mco-api:3", "mco-api:2", "mco-api:3", "mco-api:2"] {
        world.deploy(definition);
        world.seconds(3).await;
    }
    let input = json!({"cluster": "mco", "service": "api", "taskDefinition": "mco-api:3"});
    let error = world.error("UpdateService", input);
    assert_eq!(
        error.message,
        "5 active deployments exist, unable to create new deployment."
    );
}

#[tokio::test(start_paused = true)]
async fn services_of_other_controllers_are_not_deployed_by_update_service() {
    let (world, spec) = World::empty();
    for (name, controller) in [
        (
            "CODE_DEPLOY",
            Controller::CodeDeploy {
                load_balancer: world.balancer(),
            },
        ),
        ("EXTERNAL", Controller::External),
    ] {
        let spec = ServiceSpec {
            name: name.to_owned(),
            controller,
            ..spec.clone()
        };
        ecs::create_service(&world.account, spec).unwrap();
        let described = json!({"cluster": "mco", "services": [name]});
        let service = world.call("DescribeServices", described).unwrap()["services"][0].take();
        assert_eq!(service["deploymentController"]["type"], name);
        assert_eq!(service["taskSets"][0]["runningCount"], 2);
        for member in [
            json!({"taskDefinition": "mco-api:2"}),
            json!({"forceNewDeployment": true}),
        ] {
            let mut input = member;
            input["cluster"] = "mco".into();
            input["service"] = name.into();
            let error = world.error("UpdateService", input);
            assert_eq!(error.code, "InvalidParameterException");
            assert!(
                error
                    .message
                    .contains(&format!("a {name} deployment controller"))
            );
        }
        let input = json!({"cluster": "mco", "service": name, "desiredCount": 3});
        let updated = world.call("UpdateService", input).unwrap();
        assert_eq!(updated["service"]["desiredCount"], 3);
    }
    world.seconds(60).await;
    let sets = ecs::service(&world.account, "mco", "CODE_DEPLOY")
        .unwrap()
        .task_sets;
    assert_eq!(sets[0].running, 3);
}

#[tokio::test(start_paused = true)]
async fn a_daemons_desired_count_cannot_be_set() {
    let world = World::with(|spec| {
        if let Controller::Ecs(controller) = &mut spec.controller {
            controller.scheduling = Scheduling::Daemon;
        }
    });
    let input = json!({"cluster": "mco", "service": "api", "desiredCount": 3});
    let error = world.error("UpdateService", input);
    assert!(error.message.starts_with("The daemon scheduling strategy"));
}
