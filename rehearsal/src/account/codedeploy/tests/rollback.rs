//! Deployments that fail or are stopped, and what takes them back.

use super::super::configure;
use super::*;

const HOOK: &str = "CodeDeployHook_check";

fn rollback_of(world: &World, id: &str) -> String {
    world.info(id)["rollbackInfo"]["rollbackDeploymentId"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_failed_hook_rolls_back_and_blue_keeps_all_traffic() {
    let world = World::open();
    world.hook(HOOK, "Failed");
    let id = world.deploy(&[("AfterAllowTestTraffic", HOOK)]);
    world.until_status(&id, "Failed").await;
    assert_eq!(world.production(), (100, 0));
    let rollback = rollback_of(&world, &id);
    // Nobody gets into the group between the two.
    let error = world.error("CreateDeployment", creation(&appspec("mco-api:2", &[])));
    assert!(error.message.contains(&rollback), "{error}");
    world.until_status(&rollback, "Succeeded").await;

    assert_eq!(
        (world.production(), world.test_traffic()),
        ((100, 0), (100, 0))
    );
    let info = world.info(&rollback);
    assert_eq!(info["creator"], "codeDeployRollback");
    assert_eq!(
        info["deploymentConfigName"],
        "CodeDeployDefault.ECSAllAtOnce"
    );
    assert_eq!(info["rollbackInfo"]["rollbackTriggeringDeploymentId"], id);
    assert_eq!(
        info["rollbackInfo"]["rollbackMessage"],
        format!("Deployment {rollback} is triggered to roll back deployment {id}.")
    );
    assert_eq!(
        world.info(&id)["rollbackInfo"]["rollbackMessage"],
        format!(
            "Deployment {id} terminated. Automatic rollback is triggered with a DeploymentId {rollback}."
        )
    );
    assert_eq!(
        world.states(),
        [
            format!("{id} START"),
            format!("{id} FAILURE"),
            format!("{rollback} START"),
            format!("{rollback} SUCCESS")
        ]
    );
    world.minutes(2).await;
    assert_eq!(world.task_sets(), [(None, "PRIMARY")]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_after_the_traffic_has_moved_takes_all_of_it_back() {
    let world = World::open();
    world.hook(HOOK, "Failed");
    let id = world.deploy(&[("AfterAllowTraffic", HOOK)]);
    world.until_event(&id, "AfterAllowTraffic").await;
    assert_eq!(world.production(), (0, 100));
    world.until_status(&id, "Failed").await;
    world
        .until_status(&rollback_of(&world, &id), "Succeeded")
        .await;
    assert_eq!(world.production(), (100, 0));
    world.minutes(2).await;
    assert_eq!(world.task_sets(), [(None, "PRIMARY")]);
}

#[tokio::test(start_paused = true)]
async fn without_automatic_rollback_things_stay_as_they_are() {
    let world = World::with(|group| group.auto_rollback.clear());
    world.hook(HOOK, "Failed");
    let id = world.deploy(&[("AfterAllowTraffic", HOOK)]);
    world.until_status(&id, "Failed").await;
    world.minutes(30).await;
    assert_eq!(world.info(&id).get("rollbackInfo"), None);
    assert_eq!(world.production(), (0, 100));
    assert_eq!(world.task_sets().len(), 2);
    assert_eq!(
        world.states(),
        [format!("{id} START"), format!("{id} FAILURE")]
    );
}

#[tokio::test(start_paused = true)]
async fn the_deployment_says_itself_whether_it_is_rolled_back() {
    let world = World::with(|group| group.auto_rollback.clear());
    world.hook(HOOK, "Failed");
    let mut input = creation(&appspec("mco-api:2", &[("AfterInstall", HOOK)]));
    input["autoRollbackConfiguration"] = json!({"enabled": true, "events": ["DEPLOYMENT_FAILURE"]});
    let id = world.call("CreateDeployment", input).unwrap()["deploymentId"]
        .as_str()
        .unwrap()
        .to_owned();
    world.until_status(&id, "Failed").await;
    world
        .until_status(&rollback_of(&world, &id), "Succeeded")
        .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_rolled_back_before_there_is_a_replacement() {
    let world = World::open();
    world.hook(HOOK, "Failed");
    let id = world.deploy(&[("BeforeInstall", HOOK)]);
    world.until_status(&id, "Failed").await;
    assert_eq!(world.info(&id).get("rollbackInfo"), None);
    assert_eq!(world.task_sets(), [(None, "PRIMARY")]);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_never_becomes_steady_fails_after_its_time_and_is_taken_away() {
    let world = World::open();
    world.task_definition(&ImageSpec::crashes("v3", 3));
    let id = world.deploy_revision("mco-api:3", &[]);
    world.until_event(&id, "Install").await;
    world.minutes(59).await;
    assert_eq!(world.info(&id)["status"], "InProgress");
    world.minutes(2).await;
    let error = &world.info(&id)["errorInformation"];
    assert_eq!(error["code"], "TIMEOUT");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .ends_with("This time out period is 60 minutes."),
        "{error}"
    );
    assert!(world.lifecycle(&id).contains(&"Install Failed".to_owned()));
    world
        .until_status(&rollback_of(&world, &id), "Succeeded")
        .await;
    world.minutes(2).await;
    assert_eq!(world.task_sets(), [(None, "PRIMARY")]);
}

#[tokio::test(start_paused = true)]
async fn the_time_for_the_replacement_is_a_switch() {
    let world = World::open();
    configure(&world.account, |behaviour| {
        behaviour.install_timeout = Duration::from_mins(5);
    });
    world.task_definition(&ImageSpec::crashes("v3", 3));
    let id = world.deploy_revision("mco-api:3", &[]);
    world.until_event(&id, "Install").await;
    world.minutes(6).await;
    assert_eq!(world.info(&id)["status"], "Failed");
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_the_shift_gives_blue_its_traffic_back() {
    let world = World::open();
    let id = world.deploy(&[]);
    world.until_event(&id, "AllowTraffic").await;
    world.minutes(1).await;
    assert_eq!(world.production(), (90, 10));
    let input = json!({"deploymentId": id, "autoRollbackEnabled": true});
    assert_eq!(
        world.call("StopDeployment", input).unwrap()["status"],
        "Pending"
    );
    world.until_status(&id, "Stopped").await;
    assert_eq!(world.info(&id)["errorInformation"]["code"], "MANUAL_STOP");
    let rollback = rollback_of(&world, &id);
    world.until_status(&rollback, "Succeeded").await;
    assert_eq!(world.production(), (100, 0));
    assert_eq!(
        world.states()[1..3],
        [format!("{id} STOP"), format!("{rollback} START")]
    );
    assert_eq!(
        world.lifecycle(&id)[6..],
        ["AllowTraffic Failed", "AfterAllowTraffic Skipped"]
    );
    let error = world.error("StopDeployment", json!({"deploymentId": id}));
    assert_eq!(error.code, "DeploymentAlreadyCompletedException");
}

#[tokio::test(start_paused = true)]
async fn a_stop_without_rollback_leaves_the_traffic_where_it_is() {
    let world = World::open();
    let id = world.deploy(&[]);
    world.until_event(&id, "AllowTraffic").await;
    world
        .call(
            "StopDeployment",
            json!({"deploymentId": id, "autoRollbackEnabled": false}),
        )
        .unwrap();
    world.until_status(&id, "Stopped").await;
    world.minutes(30).await;
    assert_eq!(world.production(), (90, 10));
    assert_eq!(world.task_sets().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_names_the_revision_it_goes_back_to() {
    let world = World::open();
    let good = world.deploy(&[]);
    world.until_status(&good, "Succeeded").await;
    world.minutes(2).await;
    world.hook(HOOK, "Failed");
    let bad = world.deploy_revision("mco-api:1", &[("AfterInstall", HOOK)]);
    world.until_status(&bad, "Failed").await;
    let rollback = rollback_of(&world, &bad);
    let sha256 = |id: &str| world.info(id)["revision"]["appSpecContent"]["sha256"].clone();
    assert_eq!(sha256(&rollback), sha256(&good));
    assert_eq!(
        world.info(&bad)["previousRevision"]["appSpecContent"]["sha256"],
        sha256(&good)
    );
}
