//! Deployments that succeed.

use super::super::{Succeeds, configure, create_deployment_config};
use super::*;
use crate::account::codedeploy::Routing;

#[tokio::test(start_paused = true)]
async fn a_canary_goes_through_the_lifecycle_in_order_with_a_hook_that_answers() {
    let world = World::open();
    world.hook("CodeDeployHook_check", "Succeeded");
    let id = world.deploy(&[("AfterAllowTestTraffic", "CodeDeployHook_check")]);
    assert_eq!(world.info(&id)["status"], "Created");

    world.until_event(&id, "Install").await;
    assert_eq!(world.production(), (100, 0));
    world.until_event(&id, "AfterAllowTestTraffic").await;
    assert_eq!(
        (world.production(), world.test_traffic()),
        ((100, 0), (0, 100))
    );
    world.until_event(&id, "AllowTraffic").await;
    world.minutes(4).await;
    assert_eq!(world.production(), (90, 10));
    world.minutes(2).await;
    assert_eq!(world.production(), (0, 100));
    assert_eq!(world.target(&id)["status"], "Succeeded");
    // The wait for the termination of the original task set is not the target's.
    assert_eq!(world.info(&id)["status"], "InProgress");
    world.until_status(&id, "Succeeded").await;

    assert_eq!(
        world.lifecycle(&id),
        [
            "BeforeInstall Succeeded",
            "Install Succeeded",
            "AfterInstall Succeeded",
            "AllowTestTraffic Succeeded",
            "AfterAllowTestTraffic Succeeded",
            "BeforeAllowTraffic Succeeded",
            "AllowTraffic Succeeded",
            "AfterAllowTraffic Succeeded",
        ]
    );
    let times: Vec<f64> = world.target(&id)["lifecycleEvents"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|line| {
            [
                line["startTime"].as_f64().unwrap(),
                line["endTime"].as_f64().unwrap(),
            ]
        })
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(
        world.states(),
        [format!("{id} START"), format!("{id} SUCCESS")]
    );
    world.minutes(2).await;
    assert_eq!(world.task_sets(), [(Some(id), "PRIMARY")]);
}

#[tokio::test(start_paused = true)]
async fn the_target_lists_both_task_sets_and_labels_them_only_until_it_succeeds() {
    let world = World::open();
    let id = world.deploy(&[]);
    world.until_event(&id, "AllowTraffic").await;
    world.minutes(1).await;
    let target = world.target(&id);
    assert_eq!(target["targetId"], TARGET);
    let [blue, green] = &target["taskSetsInfo"].as_array().unwrap()[..] else {
        panic!("{target}")
    };
    assert_eq!(
        (
            &blue["taskSetLabel"],
            &blue["status"],
            &blue["trafficWeight"]
        ),
        (&json!("Blue"), &json!("PRIMARY"), &json!(90.0))
    );
    assert_eq!(
        (
            &green["taskSetLabel"],
            &green["status"],
            &green["trafficWeight"]
        ),
        (&json!("Green"), &json!("ACTIVE"), &json!(10.0))
    );
    assert_eq!(green["targetGroup"]["name"], "mco-api-green");
    assert_eq!(
        (&green["desiredCount"], &green["runningCount"]),
        (&json!(2), &json!(2))
    );
    assert!(green["identifer"].as_str().unwrap().starts_with("ecs-svc/"));

    world
        .until("success of the target", || {
            world.target(&id)["status"] == "Succeeded"
        })
        .await;
    let target = world.target(&id);
    let [old, new] = &target["taskSetsInfo"].as_array().unwrap()[..] else {
        panic!("{target}")
    };
    assert_eq!(
        (
            &old["status"],
            &old["trafficWeight"],
            old.get("taskSetLabel")
        ),
        (&json!("ACTIVE"), &json!(0.0), None)
    );
    assert_eq!(
        (
            &new["status"],
            &new["trafficWeight"],
            new.get("taskSetLabel")
        ),
        (&json!("PRIMARY"), &json!(100.0), None)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_test_listener_there_are_no_test_traffic_events_and_their_hook_is_ignored() {
    let world = World::with(|group| group.test_listener_arns = None);
    let id = world.deploy(&[("AfterAllowTestTraffic", "NoSuchFunction")]);
    world.until_status(&id, "Succeeded").await;
    let names: Vec<String> = world
        .lifecycle(&id)
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let expected = [
        "BeforeInstall",
        "Install",
        "AfterInstall",
        "BeforeAllowTraffic",
        "AllowTraffic",
        "AfterAllowTraffic",
    ];
    assert_eq!(names, expected);
    assert_eq!(world.test_traffic(), (100, 0));
}

#[tokio::test(start_paused = true)]
async fn a_linear_shift_moves_step_by_step_and_the_next_deployment_goes_the_other_way() {
    let world = World::with(|group| group.default_config = "quarters".to_owned());
    create_deployment_config(
        &world.account,
        "quarters",
        Routing::Linear {
            percentage: 25,
            minutes: 2,
        },
    );
    for (from, to) in [(0, 100), (100, 0)] {
        assert_eq!(world.production().1, from);
        let id = world.deploy(&[]);
        world.until_event(&id, "AllowTraffic").await;
        let mut shares = Vec::new();
        while world.production().1 != to {
            shares.push(world.production().1);
            world.seconds(10).await;
        }
        shares.dedup();
        assert_eq!(
            shares,
            if to == 100 {
                [25, 50, 75]
            } else {
                [75, 50, 25]
            }
        );
        world.until_status(&id, "Succeeded").await;
        world.minutes(2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_with_an_active_deployment_takes_no_second() {
    let world = World::open();
    let id = world.deploy(&[]);
    let mut ids = vec![id.clone()];
    for _ in 0..2 {
        let error = world.error("CreateDeployment", creation(&appspec("mco-api:2", &[])));
        assert_eq!(error.code, "DeploymentLimitExceededException");
        assert_eq!(
            error.message,
            format!("The Deployment Group 'API' already has an active Deployment '{id}'")
        );
        // Also while the original task set waits for its end.
        world
            .until("success of the target", || {
                world.info(&id)["status"] != "Created" && world.target(&id)["status"] == "Succeeded"
            })
            .await;
    }
    world.until_status(&id, "Succeeded").await;
    ids.push(world.deploy(&[]));
    let listed = world.call("ListDeployments", json!({})).unwrap();
    ids.reverse();
    assert_eq!(listed["deployments"], json!(ids));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_can_succeed_before_the_termination_wait_and_keep_the_group_busy_or_not() {
    for busy in [true, false] {
        let world = World::open();
        configure(&world.account, |behaviour| {
            behaviour.succeeds = Succeeds::BeforeTerminationWait;
            behaviour.termination_wait_is_active = busy;
        });
        let id = world.deploy(&[]);
        world.until_status(&id, "Succeeded").await;
        assert_eq!(world.task_sets().len(), 2);
        let second = world.call("CreateDeployment", creation(&appspec("mco-api:2", &[])));
        assert_eq!(second.is_err(), busy);
        if busy {
            world.minutes(6).await;
            world.deploy(&[]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_events_are_as_codedeploy_sends_them() {
    let world = World::open();
    let id = world.deploy(&[]);
    world.until_status(&id, "InProgress").await;
    let mut events = world.account.events().history();
    events.retain(|event| event["source"] == "aws.codedeploy");
    let event = events.pop().unwrap();
    let keys: Vec<&String> = event.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "account",
            "region",
            "detail-type",
            "source",
            "version",
            "time",
            "id",
            "resources",
            "detail"
        ]
    );
    let keys: Vec<&String> = event["detail"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "instanceGroupId",
            "region",
            "application",
            "deploymentId",
            "state",
            "deploymentGroup"
        ]
    );
    assert_eq!(
        event["detail-type"],
        "CodeDeploy Deployment State-change Notification"
    );
    assert_eq!(
        event["resources"],
        json!([
            "arn:aws:codedeploy:eu-west-1:123456789012:application:API",
            "arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:API/API",
        ])
    );
    let time = event["time"].as_str().unwrap();
    assert!(
        time.ends_with('Z') && time.len() == "2016-06-30T22:06:31Z".len(),
        "{time}"
    );
}
