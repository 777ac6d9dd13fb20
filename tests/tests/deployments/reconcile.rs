//! No event of a deployment's course arrives: `reconcile` alone brings the record to what runs.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{deployment::Phase, record::Status};
use greenlight_tests::{
    by_hand::deploy_by_hand,
    rounds::{lose_events, round, rounds, until_settled},
    wire::Fault,
    world::{DEPLOY_ON_PUSH, World},
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        events::{Disturbance, Pattern},
    },
    scenario::sample::Stand,
};
use serde_json::json;
use tokio::time::{Duration, sleep};

const STANDS: [Stand; 7] = [
    Stand::CodeDeploy,
    Stand::Rolling,
    Stand::Migration,
    Stand::BlueGreen,
    Stand::Canary,
    Stand::Task,
    Stand::Pipeline,
];

/// An image that does at `stand` what it should.
pub(crate) fn good(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(30), 0),
        _ => ImageSpec::migration(version, 0),
    }
}

/// One that does not, wherever that is found out.
pub(crate) fn bad(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(30), 1),
        Stand::Migration => ImageSpec::migration(version, 1),
        Stand::Pipeline | Stand::Rolling => ImageSpec::crashes(version, 1),
        _ => ImageSpec::answers_500(version),
    }
}

/// The record says that `digest` is live, which it is, and nothing is under way or waits.
pub(crate) async fn assert_settled_on(world: &World, stand: Stand, digest: &str, case: &str) {
    let state = world.target().await.state;
    assert_eq!((state.active, state.queued), (None, None), "{case}");
    let current = state.current.unwrap();
    assert_eq!(current.candidate.digest.as_str(), digest, "{case}");
    assert_eq!(current.drift, None, "{case}");
    if stand != Stand::Task {
        let live = world.sample.live_digest();
        assert_eq!(live.as_deref(), Some(digest), "{case}");
    }
    for record in world.history().await {
        assert!(record.status.is_final(), "{case}: {record:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_succeeds_and_what_waited_for_it_is_recorded_though_no_event_tells() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        lose_events(&world);
        let v2 = world.sample.push(&good(stand, "v2")).unwrap();
        sleep(Duration::from_secs(15)).await;
        let v3 = world.sample.push(&good(stand, "v3")).unwrap();
        sleep(Duration::from_secs(5)).await;
        assert!(world.target().await.state.queued.is_some(), "{stand:?}");
        until_settled(&world).await;
        let case = format!("{stand:?}");
        assert_settled_on(&world, stand, &v3, &case).await;
        for digest in [&v2, &v3] {
            assert_eq!(
                world.status_of(digest).await,
                Some(Status::Succeeded),
                "{case}"
            );
        }
        assert_eq!(world.sample.deployments().len(), 2, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_recorded_and_its_tag_given_back_though_no_event_tells() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        let before = world.sample.push(&good(stand, "v1b")).unwrap();
        world.quiet().await;
        lose_events(&world);
        let v2 = world.sample.push(&bad(stand, "v2")).unwrap();
        until_settled(&world).await;
        let case = format!("{stand:?}");
        assert_settled_on(&world, stand, &before, &case).await;
        let record = world.record_of(&v2).await;
        assert_eq!(record.status, Status::Failed, "{case}");
        assert!(!record.evidence.is_empty(), "{case}");
        assert_eq!(world.sample.tagged(), Some(before), "{case}");
        let told = world.emitted().into_iter();
        assert_eq!(
            told.filter(|it| it == "Deployment Failed").count(),
            1,
            "{case}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_when_a_failure_was_rolled_back_unheard() {
    for stand in [Stand::CodeDeploy, Stand::Rolling, Stand::BlueGreen] {
        let world = World::open_stand(stand).await;
        lose_events(&world);
        world.sample.push(&bad(stand, "v2")).unwrap();
        sleep(Duration::from_secs(15)).await;
        let v3 = world.sample.push(&good(stand, "v3")).unwrap();
        until_settled(&world).await;
        assert_settled_on(&world, stand, &v3, &format!("{stand:?}")).await;
        // Its turn came once: nobody tried it in vain, minute after minute.
        let queued = world.emitted().into_iter();
        let queued = queued.filter(|it| it == "Deployment Queued").count();
        assert_eq!(queued, 1, "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_somebody_elses_deployment_goes_when_that_has_ended_unheard() {
    let world = World::open().await;
    lose_events(&world);
    let theirs = deploy_by_hand(&world.sample.account, None, |_| {}).await;
    sleep(Duration::from_secs(5)).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(10)).await;
    let queued = world.target().await.state.queued.unwrap();
    assert!(queued.reason.contains(&theirs), "{}", queued.reason);
    until_settled(&world).await;
    assert_settled_on(&world, Stand::CodeDeploy, &v2, "").await;
    let queued = world.emitted().into_iter();
    assert_eq!(queued.filter(|it| it == "Deployment Queued").count(), 1);
}

/// A push whose function dies at its `TransactWriteItems` or thereafter, and is not sent again.
async fn broken_off(world: &World, spec: &ImageSpec, operation: &str, fault: Fault) -> String {
    let undisturbed = World::open_stand(world.sample.stand).await;
    undisturbed.sample.push(spec).unwrap();
    sleep(Duration::from_secs(5)).await;
    let seen = undisturbed.push_wire.seen();
    let number = seen.iter().position(|seen| seen.operation == operation);
    let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
    let events = world.sample.account.events();
    events.disturb(pushes, Disturbance::Hold);
    let digest = world.sample.push(spec).unwrap();
    world.push_wire.inject(number.unwrap(), fault);
    let event = events.take_held().remove(0);
    world.invoke(DEPLOY_ON_PUSH, event).await.unwrap_err();
    assert!(world.push_wire.has_struck());
    digest
}

#[tokio::test(start_paused = true)]
async fn a_start_that_was_broken_off_is_taken_up_and_nothing_is_started_twice() {
    for (stand, starts_with) in [
        (Stand::CodeDeploy, "CreateDeployment"),
        (Stand::Rolling, "UpdateService"),
        (Stand::BlueGreen, "UpdateService"),
        (Stand::Task, "RunTask"),
        (Stand::Pipeline, "StartPipelineExecution"),
    ] {
        for (operation, fault) in [
            ("TransactWriteItems", Fault::CrashAfter),
            (starts_with, Fault::CrashBefore),
            (starts_with, Fault::CrashAfter),
        ] {
            let world = World::open_stand(stand).await;
            let case = format!("{stand:?}: {operation}, {fault:?}");
            let v2 = broken_off(&world, &good(stand, "v2"), operation, fault).await;
            let active = world.target().await.state.active.unwrap();
            assert!(matches!(active.phase, Phase::Requested { .. }), "{case}");
            until_settled(&world).await;
            assert_settled_on(&world, stand, &v2, &case).await;
            assert_eq!(world.sample.deployments().len(), 1, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_for_an_hour_is_given_up_with_what_kept_it() {
    let world = World::open_stand(Stand::Rolling).await;
    let spec = ImageSpec::healthy("v2");
    let v2 = broken_off(&world, &spec, "UpdateService", Fault::CrashBefore).await;
    world
        .reconcile_wire
        .delay("UpdateService", Duration::from_mins(2));
    for minute in 0..80 {
        let _ = round(&world).await;
        if world.status_of(&v2).await == Some(Status::StartFailed) {
            assert!(minute > 25, "given up after {minute} rounds");
            break;
        }
    }
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::StartFailed);
    let reason = record.reason.unwrap();
    assert!(reason.contains("could not be started for 1h"), "{reason}");
    assert!(reason.contains("`ecs:UpdateService` failed"), "{reason}");
    assert_eq!(world.target().await.state.active, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_pushed_unheard_is_deployed() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        // What has never been taken cannot be missed.
        world.sample.push(&good(stand, "v2")).unwrap();
        world.quiet().await;
        let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
        let events = world.sample.account.events();
        events.disturb(pushes, Disturbance::Drop);
        let v3 = world.sample.push(&good(stand, "v3")).unwrap();
        let repaired = rounds(&world, 15).await;
        let case = format!("{stand:?}: {repaired:?}");
        assert_eq!(repaired[0]["repair"], "missed", "{case}");
        until_settled(&world).await;
        assert_settled_on(&world, stand, &v3, &case).await;
    }
}

/// The calls of `reconcile` in so many quiet rounds.
async fn calls_in(world: &World, count: usize) -> Vec<String> {
    world.reconcile_wire.forget();
    rounds(world, count).await;
    let mut seen: Vec<String> = world
        .reconcile_wire
        .seen()
        .into_iter()
        .map(|seen| seen.operation)
        .collect();
    seen.sort();
    seen
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_to_be_done_the_targets_are_read_and_a_service_is_looked_at_now_and_then()
{
    let world = World::open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    sleep(Duration::from_hours(1)).await;
    let mut expected = vec!["Scan"; 15];
    // With the targets it is read whether the line is stopped.
    expected.extend(["GetItem"; 16]);
    // The tag of a failure may have been left, a push may have been missed, and the service may have drifted.
    expected.extend([
        "DescribeImages",
        "DescribeServices",
        "DescribeTaskDefinition",
        "GetItem",
        "Query",
    ]);
    expected.sort_unstable();
    assert_eq!(calls_in(&world, 15).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_seen_keeps_no_other_from_its_turn() {
    let world = World::open().await;
    let mut other = greenlight_tests::world::sample_targets().remove(0);
    other.name = "aaa".parse().unwrap();
    other.service.as_mut().unwrap().name = "missing".to_owned();
    world.operator.apply(&other).await.unwrap();
    let stored = world
        .operator
        .target(&other.name)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let mut state = stored.state.clone();
    state.current = world.target().await.state.current;
    world
        .operator
        .table
        .commit(&stored, &state, &[])
        .await
        .unwrap();
    lose_events(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let mut failed = Vec::new();
    for _ in 0..40 {
        let answer = round(&world).await.unwrap();
        failed.extend(answer["failed"].as_array().unwrap().clone());
    }
    assert!(failed.iter().all(|it| it == "aaa") && !failed.is_empty());
    assert_settled_on(&world, Stand::CodeDeploy, &v2, "").await;
}

#[tokio::test(start_paused = true)]
async fn what_aws_does_not_know_any_more_has_failed_and_nothing_is_held_against_its_image() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        lose_events(&world);
        let v2 = world.sample.push(&good(stand, "v2")).unwrap();
        sleep(Duration::from_secs(10)).await;
        let stored = world.target().await;
        let mut state = stored.state.clone();
        let gone = match &mut state.active.as_mut().unwrap().phase {
            Phase::Started { aws_id, .. } | Phase::Before { aws_id, .. } => {
                let kept = aws_id.len() - 4;
                aws_id.truncate(kept);
                aws_id.push_str("0000");
                aws_id.clone()
            }
            Phase::Requested { .. } => panic!("{stand:?}"),
        };
        let table = &world.operator.table;
        table.commit(&stored, &state, &[]).await.unwrap();
        rounds(&world, 6).await;
        let record = world.record_of(&v2).await;
        let case = format!("{stand:?}: {record:?}");
        assert_eq!(record.status, Status::Failed, "{case}");
        let reason = record.reason.as_deref().unwrap();
        assert!(reason.contains("does not know"), "{case}");
        assert!(reason.contains(&gone), "{case}");
        assert_eq!(world.target().await.state.rejected, [], "{case}");
    }
}

/// A person wants back what was there, and whoever was to stop what is under way has died.
#[tokio::test(start_paused = true)]
async fn what_a_person_wants_stopped_is_stopped_again() {
    use greenlight_core::deployment::Stop;
    for (stand, operation) in [
        (Stand::CodeDeploy, "StopDeployment"),
        (Stand::Rolling, "StopServiceDeployment"),
    ] {
        let world = World::open_stand(stand).await;
        lose_events(&world);
        let v2 = world
            .sample
            .push(&ImageSpec::slow_to_start("v2", Duration::from_mins(4)))
            .unwrap();
        sleep(Duration::from_secs(10)).await;
        let stored = world.target().await;
        let mut state = stored.state.clone();
        state.active.as_mut().unwrap().stop = Some(Stop {
            by: "ada".to_owned(),
            reason: Some("wrong prices".to_owned()),
        });
        let table = &world.operator.table;
        table.commit(&stored, &state, &[]).await.unwrap();
        let repaired = rounds(&world, 1).await;
        assert_eq!(repaired[0]["repair"], "stopped", "{stand:?}: {repaired:?}");
        let calls = world.sample.account.journal().calls();
        let is_told = calls.iter().any(|it| it.operation == operation);
        assert!(is_told, "{stand:?}");
        until_settled(&world).await;
        let v1 = world.sample.v1.clone();
        assert_settled_on(&world, stand, &v1, &format!("{stand:?}")).await;
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Failed),
            "{stand:?}"
        );
    }
}
