//! Deployments whose tasks fail, with and without a circuit breaker.

use super::super::Threshold;
use super::*;
use crate::account::containers::Crash;

#[tokio::test(start_paused = true)]
async fn without_a_circuit_breaker_failing_tasks_are_tried_for_ever_and_the_old_ones_serve() {
    let world = World::rolling();
    world.task_definition(&ImageSpec::crashes("v3", 137));
    let arn = world.deploy("mco-api:3");
    world.seconds(4 * 3600).await;
    let deployment = world.deployment(&arn);
    assert_eq!(deployment["status"], "IN_PROGRESS");
    assert_eq!(deployment["deploymentCircuitBreaker"]["status"], "DISABLED");
    assert_eq!(
        world.deployments(),
        ["PRIMARY 3 IN_PROGRESS", "ACTIVE 1 COMPLETED"]
    );
    let failed = world.service()["deployments"][0]["failedTasks"]
        .as_u64()
        .unwrap();
    assert!(failed > 10, "{failed}");
    assert_eq!(world.get().await, (200, "v1".to_owned()));
    assert_eq!(world.changes().len(), 1);
    assert!(!ecs::deployments_in_progress(&world.account).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_circuit_breaker_rolls_back_to_the_old_revision() {
    let world = World::guarded();
    world.task_definition(&ImageSpec::crashes("v3", 137));
    let old = world.revisions()[0].clone();
    let arn = world.deploy("mco-api:3");
    let new = world.revisions()[1].clone();
    assert_eq!(
        world.deployment(&arn)["deploymentCircuitBreaker"],
        json!({"status": "MONITORING", "failureCount": 0, "threshold": 3})
    );
    world.until_status(&arn, "ROLLBACK_IN_PROGRESS").await;
    assert_eq!(
        world.deployments(),
        ["PRIMARY 1 IN_PROGRESS", "ACTIVE 3 FAILED"]
    );
    let reason = format!(
        "ECS deployment circuit breaker: rolling back to deploymentId {}.",
        old.id
    );
    assert_eq!(
        world.service()["deployments"][0]["rolloutStateReason"],
        reason
    );
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;

    let deployment = world.deployment(&arn);
    assert_eq!(
        deployment["deploymentCircuitBreaker"]["status"],
        "TRIGGERED"
    );
    assert!(deployment["deploymentCircuitBreaker"]["failureCount"].as_u64() >= Some(3));
    assert_eq!(deployment["rollback"]["serviceRevisionArn"], old.arn);
    assert_eq!(deployment["targetServiceRevision"]["arn"], new.arn);
    assert_eq!(world.deployments(), ["PRIMARY 1 COMPLETED"]);
    assert!(
        world.service()["taskDefinition"]
            .as_str()
            .unwrap()
            .ends_with(":1")
    );
    let change = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    assert_eq!(
        world.changes(),
        [
            change("IN_PROGRESS", &new.id),
            change("FAILED", &new.id),
            change("IN_PROGRESS", &old.id),
            change("COMPLETED", &old.id),
        ]
    );
    let events = world.events("ECS Deployment State Change");
    assert_eq!(events[1]["eventType"], "ERROR");
    assert_eq!(events[2]["reason"], reason);
    assert_eq!(world.get().await, (200, "v1".to_owned()));

    // The same task definition is a new deployment now, of a new revision.
    let again = world.deploy("mco-api:3");
    assert_ne!(again, arn);
    assert_eq!(world.deployments()[0], "PRIMARY 3 IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn a_circuit_breaker_without_rollback_stops_the_deployment_where_it_is() {
    let world = World::with(|spec| {
        let rollback = false;
        breaker(
            spec,
            CircuitBreaker {
                rollback,
                ..CircuitBreaker::with_rollback()
            },
        );
    });
    world.task_definition(&ImageSpec::crashes("v3", 137));
    let arn = world.deploy("mco-api:3");
    world.until_status(&arn, "STOPPED").await;
    assert_eq!(
        world.deployments(),
        ["PRIMARY 3 FAILED", "ACTIVE 1 COMPLETED"]
    );
    world.seconds(60).await;
    let count = |revision: usize| {
        let it = &world.revisions()[revision];
        (it.desired, it.pending, it.running)
    };
    assert_eq!((count(0), count(1)), ((2, 0, 2), (0, 0, 0)));
    assert_eq!(world.changes()[1].0, "FAILED");
    assert_eq!(world.get().await, (200, "v1".to_owned()));
    let next = world.deploy("mco-api:2");
    world.until_status(&next, "SUCCESSFUL").await;
}

#[tokio::test(start_paused = true)]
async fn tasks_that_the_load_balancer_finds_unhealthy_count_as_failed() {
    let world = World::guarded();
    world.task_definition(&ImageSpec::slow_to_start("v3", Duration::from_hours(1)));
    let arn = world.deploy("mco-api:3");
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    assert!(
        world
            .story()
            .iter()
            .any(|line| line.contains("Task failed ELB health checks"))
    );
    assert_eq!(world.get().await, (200, "v1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_threshold_is_the_one_that_is_configured() {
    let world = World::with(|spec| {
        let threshold = Threshold::Count(7);
        breaker(
            spec,
            CircuitBreaker {
                threshold,
                ..CircuitBreaker::with_rollback()
            },
        );
    });
    world.task_definition(&ImageSpec::crashes("v3", 1));
    let arn = world.deploy("mco-api:3");
    world.until_status(&arn, "ROLLBACK_SUCCESSFUL").await;
    let breaker = world.deployment(&arn)["deploymentCircuitBreaker"].clone();
    assert_eq!(breaker["threshold"], 7);
    assert!(breaker["failureCount"].as_u64() >= Some(7), "{breaker}");
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_fails_has_nothing_to_go_back_to() {
    let (world, mut spec) = World::empty();
    world.task_definition(&ImageSpec::crashes("v3", 1));
    breaker(&mut spec, CircuitBreaker::with_rollback());
    spec.task_definition = "mco-api:3".to_owned();
    ecs::create_new_service(&world.account, spec).unwrap();
    let arn = world.service()["currentServiceDeployment"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.deployment(&arn)["sourceServiceRevisions"], json!([]));
    world.until_status(&arn, "ROLLBACK_FAILED").await;
    assert_eq!(world.deployments(), ["PRIMARY 3 FAILED"]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_deployment_takes_over_from_a_rollback() {
    let world = World::guarded();
    world.task_definition(&ImageSpec::crashes("v3", 1));
    let failing = world.deploy("mco-api:3");
    world.until_status(&failing, "ROLLBACK_REQUESTED").await;
    let next = world.deploy("mco-api:2");
    world.until_status(&next, "SUCCESSFUL").await;
    assert_eq!(world.deployment(&failing)["status"], "STOPPED");
    assert_eq!(world.get().await, (200, "v2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn old_tasks_are_replaced_by_their_like_as_long_as_the_new_ones_fail() {
    let (world, spec) = World::empty();
    let crash = Crash {
        after: Duration::from_mins(20),
        exit_code: 1,
    };
    let rarely = ImageSpec::healthy("v3").behaving(|it| it.crash = Some(crash));
    let definition = world.task_definition(&rarely);
    world.task_definition(&ImageSpec::crashes("v4", 1));
    let task_definition = definition.clone();
    let spec = ServiceSpec {
        task_definition,
        ..spec
    };
    ecs::create_service(&world.account, spec).unwrap();
    world.deploy("mco-api:4");
    world.seconds(21 * 60).await;
    let old = world.revisions()[0].clone();
    assert_eq!((old.task_definition, old.running), (definition, 2));
    assert_eq!(world.get().await, (200, "v3".to_owned()));
}
