//! Tasks that replace others, a few at a time.

use super::super::Scheduling;
use super::*;

#[tokio::test(start_paused = true)]
async fn a_seeded_service_is_deployed_already_and_serves_at_once() {
    let world = World::rolling();
    assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
    assert_eq!(world.get().await, (200, "v1".to_owned()));
    let service = world.service();
    assert_eq!(service["deploymentController"], json!({"type": "ECS"}));
    assert_eq!(service.get("taskSets"), None);
    let newest = service["currentServiceDeployment"].as_str().unwrap();
    assert_eq!(world.deployment(newest)["status"], "SUCCESSFUL");
    assert_eq!(ecs::deployments_in_progress(&world.account), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deployment_replaces_all_tasks_and_is_then_successful() {
    let world = World::rolling();
    let old = world.revisions()[0].id.clone();
    let arn = world.deploy("mco-api:2");
    assert_eq!(
        world.deployments(),
        ["PRIMARY 2 IN_PROGRESS", "ACTIVE 1 COMPLETED"]
    );
    world.seconds(3).await;
    assert_eq!(world.deployment(&arn)["status"], "IN_PROGRESS");
    assert_eq!(
        ecs::deployments_in_progress(&world.account),
        ["service api: IN_PROGRESS"]
    );
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.deployments(), ["PRIMARY 2 COMPLETED"]);
    assert_eq!(world.get().await, (200, "v2".to_owned()));
    let new = world.revisions()[0].id.clone();
    assert_ne!(new, old);
    let expected = [
        ("IN_PROGRESS".to_owned(), new.clone()),
        ("COMPLETED".to_owned(), new.clone()),
    ];
    assert_eq!(world.changes(), expected);
    let input = json!({"cluster": "mco", "startedBy": new});
    let tasks = world.call("ListTasks", input).unwrap();
    assert_eq!(tasks["taskArns"].as_array().unwrap().len(), 2);
    let event = &world.events("ECS Deployment State Change")[1];
    assert_eq!(
        event["clusterArn"],
        "arn:aws:ecs:eu-west-1:123456789012:cluster/mco"
    );
    assert_eq!(event["eventType"], "INFO");
    assert_eq!(event["reason"], format!("ECS deployment {new} completed."));
}

#[tokio::test(start_paused = true)]
async fn no_request_is_lost_while_tasks_are_replaced() {
    let world = Arc::new(World::with(|spec| spec.desired_count = 3));
    let asking = Asking::begin(&world);
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "SUCCESSFUL").await;
    world.seconds(5).await;
    let answers = asking.end();
    assert!(answers.len() > 50, "{}", answers.len());
    assert_eq!(answers.last().unwrap().1, "v2");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_tasks_stays_between_both_percentages() {
    let world = World::with(|spec| {
        spec.desired_count = 4;
        configuration(spec).minimum_healthy_percent = 75;
        configuration(spec).maximum_percent = 125;
    });
    let arn = world.deploy("mco-api:2");
    let mut most = 0;
    while world.deployment(&arn)["status"] != "SUCCESSFUL" {
        let healthy = elb::targets(&world.account, &world.blue)
            .iter()
            .filter(|target| target.state == "healthy")
            .count();
        assert!(healthy >= 3, "{healthy} healthy");
        let revisions = world.revisions();
        let tasks: u32 = revisions.iter().map(|it| it.pending + it.running).sum();
        most = most.max(tasks);
        assert!(tasks <= 5, "{revisions:?}");
        world
            .account
            .clock()
            .sleep(Duration::from_millis(500))
            .await;
    }
    assert_eq!(most, 5);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_is_stopped_before_its_successor_starts() {
    let world = World::with(|spec| {
        let mut controller = EcsController::rolling(None);
        controller.scheduling = Scheduling::Daemon;
        controller.configuration.minimum_healthy_percent = 0;
        controller.configuration.maximum_percent = 100;
        spec.desired_count = 3;
        spec.controller = Controller::Ecs(controller);
    });
    assert_eq!(world.service()["schedulingStrategy"], "DAEMON");
    world.seconds(20).await;
    let arn = world.deploy("mco-api:2");
    world.seconds(4).await;
    let running: Vec<_> = world.revisions().iter().map(|it| it.running).collect();
    assert_eq!(running, [0, 0]);
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.revisions()[0].running, 3);
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_deployed_without_a_load_balancer() {
    let world = World::worker();
    assert_eq!(world.service()["loadBalancers"], json!([]));
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.deployments(), ["PRIMARY 2 COMPLETED"]);
    assert_eq!(world.revisions()[0].running, 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_desired_tasks_is_deployed_at_once_and_proves_nothing() {
    let world = World::with(|spec| spec.desired_count = 0);
    let arn = world.deploy("mco-api:2");
    world.seconds(5).await;
    let deployment = world.deployment(&arn);
    assert_eq!(deployment["status"], "SUCCESSFUL");
    let revision = world.revision(&deployment["targetServiceRevision"]["arn"]);
    assert_eq!(revision["containerImages"][0].get("imageDigest"), None);
}

#[tokio::test(start_paused = true)]
async fn the_tasks_follow_a_desired_count_that_changes_without_a_deployment() {
    let world = World::rolling();
    let before = world.service()["currentServiceDeployment"].clone();
    let after = world.update(json!({"cluster": "mco", "service": "api", "desiredCount": 4}));
    assert_eq!(before, after);
    world.seconds(60).await;
    assert_eq!(world.service()["runningCount"], 4);
    world.update(json!({"cluster": "mco", "service": "api", "desiredCount": 1}));
    world.seconds(60).await;
    assert_eq!(world.service()["runningCount"], 1);
    assert_eq!(world.get().await, (200, "v1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_newer_deployment_stops_the_one_that_runs() {
    let world = World::rolling();
    world.task_definition(&ImageSpec::crashes("v3", 1));
    let first = world.deploy("mco-api:3");
    world.seconds(60).await;
    assert_eq!(world.deployment(&first)["status"], "IN_PROGRESS");
    let second = world.deploy("mco-api:2");
    assert_eq!(world.deployment(&first)["status"], "STOP_REQUESTED");
    world.until_status(&first, "STOPPED").await;
    assert_eq!(world.deployments().len(), 3);
    world.until_status(&second, "SUCCESSFUL").await;
    assert_eq!(world.deployments(), ["PRIMARY 2 COMPLETED"]);
    let sources = world.deployment(&second)["sourceServiceRevisions"].clone();
    assert_eq!(sources.as_array().unwrap().len(), 2);
    assert_eq!(world.get().await, (200, "v2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_stopped_by_somebody_goes_back_to_the_old_revision() {
    let world = Arc::new(World::rolling());
    let old = world.revisions()[0].arn.clone();
    let asking = Asking::begin(&world);
    let arn = world.deploy("mco-api:2");
    // Some of the new tasks serve already.
    let new_serves = || asking.answers().iter().any(|(_, body)| body == "v2");
    world.until("the new revision", new_serves).await;
    let input = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    let stopped = world.call("StopServiceDeployment", input.clone()).unwrap();
    assert_eq!(stopped, json!({"serviceDeploymentArn": arn}));
    assert_eq!(world.deployment(&arn)["status"], "ROLLBACK_REQUESTED");
    assert_eq!(
        world.error("StopServiceDeployment", input).code,
        "ConflictException"
    );
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    world.seconds(5).await;
    assert_eq!(asking.end().last().unwrap().1, "v1");
    assert_eq!(
        world.deployment(&arn)["rollback"]["serviceRevisionArn"],
        old
    );
    assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
    assert!(world.changes().iter().all(|(name, _)| name != "FAILED"));
}
