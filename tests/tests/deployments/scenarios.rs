//! Each scenario of the rehearsal, with the functions' own handlers, in virtual time.

use greenlight_core::{
    gate::Verdict,
    image::Digest,
    record::{Origin, Status},
    target::GatePoint,
};
use greenlight_tests::world::World;
use rehearsal::account::{
    containers::ImageSpec,
    events::{Disturbance, Pattern},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

#[tokio::test(start_paused = true)]
async fn a_pushed_image_is_gated_shipped_and_recorded() {
    let world = World::open().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;

    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
    let history = world.history().await;
    assert_eq!(history.len(), 2, "{history:?}");
    let record = &history[0];
    assert_eq!(record.status, Status::Succeeded);
    assert_eq!(
        record.previous.as_ref().map(Digest::as_str),
        Some(world.sample.v1.as_str())
    );
    let gate = &record.gates[&GatePoint::BeforeTraffic];
    assert_eq!(gate.verdict, Verdict::Passed);
    let checks = gate
        .checks
        .iter()
        .map(|check| check.check.as_str())
        .collect::<Vec<_>>();
    assert_eq!(checks, ["tasks", "digest", "targets", "http"]);
    let announced = &world.emitted_events()[1]["detail"];
    let announced_gate = &announced["gates"]["before_traffic"];
    assert_eq!(announced_gate["verdict"], "passed");
    let announced_checks = announced_gate["checks"].as_array().unwrap();
    assert_eq!(announced_checks.len(), checks.len());
    assert_eq!(announced_checks[3]["counts"]["successful"], 3);
    assert_eq!(announced_checks[3]["limits"], gate.checks[3].limits);
    assert_eq!(announced["digest"], json!(v2));
    assert_eq!(announced["tags"], json!(["test"]));
    // What was live when the target was registered is the first record.
    assert_eq!(history[1].origin, Origin::Adopted);
    assert_eq!(history[1].candidate.digest.as_str(), world.sample.v1);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_fails_its_gate_never_gets_traffic_and_loses_its_tag() {
    let world = World::open().await;
    let bad = world.sample.push(&ImageSpec::answers_500("v2")).unwrap();
    world.quiet().await;

    let v1 = world.sample.v1.clone();
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v1));
    assert_eq!(world.recorded().await.as_ref(), Some(&v1));
    assert_eq!(
        world.sample.tagged().as_ref(),
        Some(&v1),
        "the tag is given back"
    );
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    let history = world.history().await;
    let failed = history
        .iter()
        .find(|record| record.candidate.digest.as_str() == bad)
        .unwrap();
    let reason = failed.reason.clone().unwrap();
    assert!(
        reason.contains("gate before_traffic: check `http` failed"),
        "{reason}"
    );
    assert!(reason.contains("500"), "{reason}");
    assert_eq!(
        failed.gates[&GatePoint::BeforeTraffic].verdict,
        Verdict::Failed
    );
    let rollback = history
        .iter()
        .find(|record| matches!(record.origin, Origin::Rollback { .. }));
    assert_eq!(rollback.unwrap().status, Status::Succeeded);
    // The restored tag is a push of what is live, and starts nothing.
    assert_eq!(
        world.sample.deployments().len(),
        2,
        "the deployment and its roll-back"
    );
    assert_eq!(
        world.emitted(),
        [
            "Deployment Started",
            "Deployment Failed",
            "Deployment Skipped"
        ],
        "the skipped one is the tag that was given back"
    );
    assert_eq!(world.target().await.state.rejected.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_crashes_is_rolled_back_with_its_exit_code_as_evidence() {
    let world = World::open().await;
    let bad = world.sample.push(&ImageSpec::crashes("v2", 137)).unwrap();
    world.quiet().await;

    let v1 = world.sample.v1.clone();
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v1));
    assert_eq!(world.sample.tagged().as_ref(), Some(&v1));
    let history = world.history().await;
    let failed = history
        .iter()
        .find(|record| record.candidate.digest.as_str() == bad)
        .unwrap();
    assert_eq!(failed.status, Status::Failed);
    assert!(
        failed
            .evidence
            .iter()
            .any(|line| line.contains("exit code 137")),
        "{:?}",
        failed.evidence
    );
}

#[tokio::test(start_paused = true)]
async fn of_a_burst_only_the_newest_follows() {
    let world = World::open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(30)).await;
    let mut pushed = Vec::new();
    for version in 3..=7 {
        pushed.push(
            world
                .sample
                .push(&ImageSpec::healthy(&format!("v{version}")))
                .unwrap(),
        );
        sleep(Duration::from_secs(2)).await;
    }
    world.quiet().await;

    let newest = pushed.pop().unwrap();
    assert_eq!(world.sample.live_digest().as_ref(), Some(&newest));
    assert_eq!(world.recorded().await.as_ref(), Some(&newest));
    assert_eq!(world.sample.deployments().len(), 2);
    for digest in pushed {
        assert_eq!(
            world.status_of(&digest).await,
            Some(Status::Superseded),
            "{digest}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_within_one_second_end_with_the_last_one() {
    let world = World::open().await;
    let mut last = String::new();
    for version in 2..=6 {
        last = world
            .sample
            .push(&ImageSpec::healthy(&format!("v{version}")))
            .unwrap();
        sleep(Duration::from_millis(40)).await;
    }
    world.quiet().await;
    assert_eq!(world.sample.live_digest(), Some(last.clone()));
    assert_eq!(world.recorded().await, Some(last));
    assert!(
        world.sample.deployments().len() <= 2,
        "{:?}",
        world.sample.deployments()
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_that_arrives_three_times_and_late_is_one_deployment() {
    let world = World::open().await;
    let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
    world
        .sample
        .account
        .events()
        .disturb(pushes, Disturbance::Hold);
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    let held = world.sample.account.events().take_held();
    world.sample.account.events().calm();
    assert_eq!(held.len(), 2);
    // The newer one first, each three times, the last ones when all is over.
    for event in held.iter().rev().chain(&held) {
        world.sample.account.events().deliver(event);
    }
    world.quiet().await;
    for event in &held {
        world.sample.account.events().deliver(event);
    }
    world.quiet().await;

    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(world.recorded().await.as_ref(), Some(&v3));
    assert_eq!(world.sample.deployments().len(), 1);
    let emitted = world.emitted();
    let succeeded = emitted
        .iter()
        .filter(|kind| *kind == "Deployment Succeeded")
        .count();
    assert_eq!(succeeded, 1, "{emitted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_multi_platform_image_is_deployed_by_the_digest_of_its_index() {
    for reported in [
        rehearsal::account::ReportedDigest::Index,
        rehearsal::account::ReportedDigest::Platform,
    ] {
        let settings = rehearsal::account::Settings {
            reported_digest: reported,
            ..rehearsal::account::Settings::for_tests()
        };
        let world = World::open_with(settings, &greenlight_tests::world::sample_targets()).await;
        let v2 = world
            .sample
            .push(&ImageSpec::healthy("v2").multi_platform())
            .unwrap();
        world.quiet().await;
        assert_eq!(world.recorded().await.as_ref(), Some(&v2), "{reported:?}");
        assert_eq!(world.sample.deployments().len(), 1, "children have no tag");
    }
}
