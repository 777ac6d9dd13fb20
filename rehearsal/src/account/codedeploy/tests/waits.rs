//! The two waits that somebody can end: before the traffic moves, and before the original task set ends.

use super::super::ReadyOption;
use super::*;

fn patient() -> World {
    World::with(|group| group.ready_option = ReadyOption::StopDeployment { wait_minutes: 30 })
}

#[tokio::test(start_paused = true)]
async fn a_ready_deployment_moves_its_traffic_when_it_is_continued() {
    let world = patient();
    let id = world.deploy(&[]);
    let input = json!({"deploymentId": id, "deploymentWaitType": "READY_WAIT"});
    assert_eq!(
        world.error("ContinueDeployment", input.clone()).code,
        "DeploymentIsNotInReadyStateException"
    );
    world.until_status(&id, "Ready").await;
    assert_eq!(world.target(&id)["status"], "Ready");
    assert_eq!(
        (world.production(), world.test_traffic()),
        ((100, 0), (0, 100))
    );
    assert_eq!(
        world
            .error("CreateDeployment", creation(&appspec("mco-api:2", &[])))
            .code,
        "DeploymentLimitExceededException"
    );
    world.minutes(20).await;
    assert_eq!(world.info(&id)["status"], "Ready");
    world.call("ContinueDeployment", input).unwrap();
    world.until_status(&id, "Succeeded").await;
    assert_eq!(
        world.states(),
        [
            format!("{id} START"),
            format!("{id} READY"),
            format!("{id} SUCCESS")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_ready_deployment_that_nobody_continues_is_stopped() {
    let world = patient();
    let id = world.deploy(&[]);
    world.until_status(&id, "Ready").await;
    world.minutes(31).await;
    let info = world.info(&id);
    assert_eq!(info["status"], "Stopped");
    let message = "The deployment timed out while waiting for a notification to continue. This time out period is 30 minutes.";
    assert_eq!(info["errorInformation"]["message"], message);
    assert_eq!(world.production(), (100, 0));
}

#[tokio::test(start_paused = true)]
async fn the_termination_wait_can_be_cut_short() {
    let world = World::with(|group| group.termination_wait_minutes = 2880);
    let id = world.deploy(&[]);
    world
        .until("success of the target", || {
            world.info(&id)["status"] != "Created" && world.target(&id)["status"] == "Succeeded"
        })
        .await;
    world.minutes(100).await;
    assert_eq!(world.task_sets().len(), 2);
    let wait = |kind: &str| json!({"deploymentId": id, "deploymentWaitType": kind});
    assert_eq!(
        world.error("ContinueDeployment", wait("SOME_WAIT")).code,
        "InvalidDeploymentWaitTypeException"
    );
    assert_eq!(
        world.error("ContinueDeployment", wait("READY_WAIT")).code,
        "DeploymentIsNotInReadyStateException"
    );
    world
        .call("ContinueDeployment", wait("TERMINATION_WAIT"))
        .unwrap();
    world.until_status(&id, "Succeeded").await;
    assert_eq!(
        world
            .error("ContinueDeployment", wait("TERMINATION_WAIT"))
            .code,
        "DeploymentAlreadyCompletedException"
    );
    world.minutes(2).await;
    assert_eq!(world.task_sets().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_the_termination_wait_goes_back_to_the_original_task_set() {
    let world = World::open();
    let id = world.deploy(&[]);
    world
        .until("success of the target", || {
            world.info(&id)["status"] != "Created" && world.target(&id)["status"] == "Succeeded"
        })
        .await;
    assert_eq!(world.production(), (0, 100));
    world
        .call(
            "StopDeployment",
            json!({"deploymentId": id, "autoRollbackEnabled": true}),
        )
        .unwrap();
    world.until_status(&id, "Stopped").await;
    world.minutes(5).await;
    assert_eq!(world.production(), (100, 0));
    assert_eq!(world.task_sets(), [(None, "PRIMARY")]);
}
