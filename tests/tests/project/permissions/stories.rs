//! What makes every function make every call that it can make, so that the simulated account decides each by the policies
//! of template.yaml: each story fails where one is not allowed, and what allows the others is written down
//! (docs/permissions.md).

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::{pin::Pin, sync::Arc};

use futures_util::FutureExt as _;
use greenlight_tests::{
    gated::{approved, open_with_every_check},
    releases::asks,
    rounds::{lose_events, until_settled},
    wire::Fault,
    world::{BOARD, DEPLOY_ON_PUSH, RECONCILE, REGISTER_TARGET, World, targets_in, targets_of},
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        events::{Disturbance, Pattern},
    },
    scenario::sample::{PIPELINE, Stand},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

/// What works at a stand.
fn good(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(20), 0),
        _ => ImageSpec::migration(version, 0),
    }
}

/// What does not.
fn bad(stand: Stand) -> ImageSpec {
    match stand {
        Stand::CodeDeploy | Stand::Templates | Stand::BlueGreen | Stand::Canary => {
            ImageSpec::answers_500("v2")
        }
        _ => ImageSpec::crashes("v2", 1),
    }
}

/// The operation that starts a deployment at a stand.
fn starts_with(stand: Stand) -> &'static str {
    match stand {
        Stand::CodeDeploy | Stand::Templates => "CreateDeployment",
        Stand::Migration | Stand::Task => "RunTask",
        Stand::Pipeline => "StartPipelineExecution",
        _ => "UpdateService",
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_passes_while_another_waits_one_that_fails_and_one_that_is_broken_off() {
    for stand in without_a_person() {
        let world = World::open_stand(stand).await;
        world.sample.push(&good(stand, "v2")).unwrap();
        sleep(Duration::from_secs(15)).await;
        world.sample.push(&good(stand, "v3")).unwrap();
        world.quiet().await;
        let seen = world.push_wire.seen();
        let number = seen
            .iter()
            .position(|seen| seen.operation == starts_with(stand))
            .unwrap();
        all_are_over(&world).await;
        // So that its tag is given back.
        let world = World::open_stand(stand).await;
        world.sample.push(&bad(stand)).unwrap();
        world.quiet().await;
        all_are_over(&world).await;
        // Its function dies when it has been started, before that is known.
        let world = World::open_stand(stand).await;
        world.push_wire.inject(number, Fault::CrashAfter);
        world.sample.push(&good(stand, "v2")).unwrap();
        world.quiet().await;
        assert!(world.push_wire.has_struck(), "{stand:?}");
        all_are_over(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn releases_whose_ends_no_event_tells() {
    for stand in without_a_person() {
        for image in [good(stand, "v2"), bad(stand)] {
            let world = Box::pin(released_without_events(stand, &image)).await;
            all_are_over(&world).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_reconcile_repairs() {
    for stand in RECONCILED {
        all_are_over(&Box::pin(reconciled(stand)).await).await;
        all_are_over(&Box::pin(stuck(stand)).await).await;
    }
    all_are_over(&Box::pin(reconciled_behind_every_check()).await).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_person_does_at_the_board() {
    for stand in RECONCILED {
        all_are_over(&Box::pin(by_the_board(stand)).await).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_pipelines_ask_for() {
    Box::pin(released_by_the_custom_action()).await;
    all_are_over(&Box::pin(superseded_by_a_push()).await).await;
    for loses_events in [false, true] {
        all_are_over(&told_outside(loses_events).await).await;
    }
    for stand in [Stand::CodeDeploy, Stand::BlueGreen, Stand::Rolling] {
        all_are_over(&Box::pin(gated(stand)).await).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_registration_looks_at() {
    for stand in Stand::ALL {
        let world = World::open_stand(stand).await;
        verified(&world).await;
    }
    for stand in [Stand::CodeDeploy, Stand::Rolling] {
        verified(&open_with_every_check(stand).await).await;
    }
}

/// What a target needs is looked at by the function.
async fn verified(world: &World) {
    for stored in world.operator.targets().await.unwrap() {
        let name = stored.unwrap().target.name;
        let asked = json!({"action": "verify", "target": name});
        let answer = world.invoke(REGISTER_TARGET, asked).await.unwrap();
        assert!(answer["report"].is_object(), "{answer}");
    }
}

/// The stands at which nobody has to be asked.
fn without_a_person() -> impl Iterator<Item = Stand> {
    let stands = Stand::ALL.into_iter();
    stands.filter(|stand| *stand != Stand::PausedCanary)
}

/// Something was recorded, and nothing is left half done.
async fn all_are_over(world: &World) {
    let history = world.history().await;
    assert!(!history.is_empty());
    for record in history {
        assert!(record.status.is_final(), "{record:?}");
    }
}

/// The stands at which `reconcile` and `board` have calls of their own to make.
const RECONCILED: [Stand; 6] = [
    Stand::CodeDeploy,
    Stand::Templates,
    Stand::Rolling,
    Stand::BlueGreen,
    Stand::Task,
    Stand::Pipeline,
];

/// No event tells of the ends of one that fails and one that follows it; of a third one the start is broken off.
async fn reconciled(stand: Stand) -> World {
    let undisturbed = World::open_stand(stand).await;
    undisturbed.sample.push(&good(stand, "v4")).unwrap();
    undisturbed.quiet().await;
    let seen = undisturbed.push_wire.seen();
    let number = seen
        .iter()
        .position(|seen| seen.operation == starts_with(stand))
        .unwrap();
    let world = World::open_stand(stand).await;
    lose_events(&world);
    world.sample.push(&bad(stand)).unwrap();
    sleep(Duration::from_secs(15)).await;
    world.sample.push(&good(stand, "v3")).unwrap();
    until_settled(&world).await;
    let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
    let events = world.sample.account.events();
    events.disturb(pushes, Disturbance::Hold);
    world.push_wire.inject(number, Fault::CrashAfter);
    world.sample.push(&good(stand, "v4")).unwrap();
    for event in events.take_held() {
        world.invoke(DEPLOY_ON_PUSH, event).await.unwrap_err();
    }
    until_settled(&world).await;
    world
}

/// One that does not end, and is given up.
async fn stuck(stand: Stand) -> World {
    let mut targets = targets_of(stand);
    targets[0].timeout = Some(Duration::from_mins(5));
    targets[0].gates = greenlight_core::target::Gates::default();
    let world = World::open_stand_with(stand, &targets, |_| {}).await;
    lose_events(&world);
    let hangs = match stand {
        Stand::Task => ImageSpec::one_shot("v2", Duration::from_hours(3), 0),
        _ => ImageSpec::slow_to_start("v2", Duration::from_hours(3)),
    };
    world.sample.push(&hangs).unwrap();
    until_settled(&world).await;
    world
}

/// A gate behind a rolling deployment with every check, of whose end no event tells.
async fn reconciled_behind_every_check() -> World {
    let world = open_with_every_check(Stand::Rolling).await;
    lose_events(&world);
    world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    until_settled(&world).await;
    world.sample.push(&ImageSpec::migration("v3", 1)).unwrap();
    until_settled(&world).await;
    world
}

/// A release whose function dies when it has been started, and of whose end no event tells: the schedule finds
/// both out.
async fn released_without_events(stand: Stand, image: &ImageSpec) -> World {
    let undisturbed = World::open_stand(stand).await;
    asks(&undisturbed);
    undisturbed.sample.push_as("v2", image).unwrap();
    let asked = [("asked", r#"{"target": "api-test", "tag": "mco/api:v2"}"#)];
    undisturbed.sample.start_pipeline("asks", &asked).unwrap();
    undisturbed.quiet().await;
    let seen = undisturbed.action_wire.seen();
    let number = seen
        .iter()
        .position(|seen| seen.operation == starts_with(stand))
        .unwrap();
    let world = World::open_stand(stand).await;
    // Each function stands alone: what `reconcile` would find first is found by this one's own schedule.
    let reconcile = &world.sample.template.function(RECONCILE).unwrap().name;
    let rests = |_| async { Ok(json!({})) }.boxed();
    let functions = world.sample.account.functions();
    functions.register(reconcile, Arc::new(rests));
    world.sample.account.events().resume_schedules();
    asks(&world);
    for source in ["aws.ecs", "aws.codedeploy"] {
        let events = Pattern::parse(&json!({"source": [source]})).unwrap();
        world
            .sample
            .account
            .events()
            .disturb(events, Disturbance::Drop);
    }
    let ends = json!({"source": ["aws.codepipeline"], "detail": {"pipeline": [PIPELINE]}});
    let ends = Pattern::parse(&ends).unwrap();
    world
        .sample
        .account
        .events()
        .disturb(ends, Disturbance::Drop);
    world.action_wire.inject(number, Fault::CrashAfter);
    world.sample.push_as("v2", image).unwrap();
    world.sample.start_pipeline("asks", &asked).unwrap();
    world.quiet().await;
    world
}

/// Two releases after which it is told outside what is live, by whoever finds the end.
fn told_outside(loses_events: bool) -> Pin<Box<dyn Future<Output = World>>> {
    // In a frame of its own: that of `calls` is as large as it may be.
    Box::pin(async move {
        let document = format!(
            "{}    on_success: {{tag: deployed, parameter: /greenlight/deployed}}\n",
            Stand::Rolling.targets()
        );
        let targets = targets_in(&document);
        let world = World::open_stand_with(Stand::Rolling, &targets, |_| {}).await;
        asks(&world);
        let events = world.sample.account.events();
        if loses_events {
            events.resume_schedules();
            let ends = Pattern::parse(&json!({"source": ["aws.ecs"]})).unwrap();
            events.disturb(ends, Disturbance::Drop);
        }
        for version in ["v2", "v3"] {
            let image = ImageSpec::healthy(version);
            world.sample.push_as(version, &image).unwrap();
            let asked = format!(r#"{{"target": "api-test", "tag": "{version}"}}"#);
            let asked = [("asked", asked.as_str())];
            world.sample.start_pipeline("asks", &asked).unwrap();
            world.quiet().await;
        }
        world
    })
}

/// A gate with every check, run for a deployment, tried by an action of a pipeline, and failed by tasks that stop.
async fn gated(stand: Stand) -> World {
    let world = open_with_every_check(stand).await;
    asks(&world);
    world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    if stand != Stand::Rolling {
        approved(&world).await;
    }
    world.quiet().await;
    let point = if stand == Stand::Rolling {
        "after_traffic"
    } else {
        "before_traffic"
    };
    let asked = format!(r#"{{"action": "verify", "target": "api-test", "gate": "{point}"}}"#);
    world
        .sample
        .start_pipeline("asks", &[("asked", &asked)])
        .unwrap();
    world.quiet().await;
    world.sample.push(&ImageSpec::migration("v3", 1)).unwrap();
    world.quiet().await;
    world
}

/// A person at the board holds a target, releases it, and goes back while something is
/// under way and while nothing is, and promotes.
async fn by_the_board(stand: Stand) -> World {
    let world = World::open_stand(stand).await;
    world.sample.push(&good(stand, "v2")).unwrap();
    world.quiet().await;
    press(&world, "promote").await;
    press(&world, "hold").await;
    world.sample.push(&good(stand, "v3")).unwrap();
    world.quiet().await;
    press(&world, "release").await;
    sleep(Duration::from_mins(1)).await;
    press(&world, "roll_back").await;
    world.quiet().await;
    press(&world, "reject").await;
    world.sample.push(&good(stand, "v4")).unwrap();
    world.quiet().await;
    press(&world, "promote").await;
    press(&world, "roll_back").await;
    world.quiet().await;
    world.invoke(BOARD, json!({})).await.unwrap();
    world
}

/// Presses a button of the page as it is now; what cannot be done is said on it.
async fn press(world: &World, deed: &str) {
    let version = world.target().await.version;
    let fields =
        json!({"forms": {"all": {"by": "jane", "reason": "ticket 7", "promote_to": "staging"}}});
    let event =
        json!({"do": deed, "target": "api-test", "version": version, "widgetContext": fields});
    world.invoke(BOARD, event).await.unwrap();
}

/// A release that fails, and one that waits until a push takes its place.
async fn superseded_by_a_push() -> World {
    let world = World::open_stand(Stand::Rolling).await;
    asks(&world);
    let asked = [("asked", r#"{"target": "api-test", "tag": "v2"}"#)];
    world
        .sample
        .push_as("v2", &ImageSpec::crashes("v2", 1))
        .unwrap();
    world.sample.start_pipeline("asks", &asked).unwrap();
    world.quiet().await;
    world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    sleep(Duration::from_secs(15)).await;
    world.sample.start_pipeline("asks", &asked).unwrap();
    sleep(Duration::from_secs(15)).await;
    world.sample.push(&ImageSpec::healthy("v4")).unwrap();
    world.quiet().await;
    world
}

/// Both contracts of the custom action, and what else an action can do.
async fn released_by_the_custom_action() -> World {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("v2");
    world.sample.push_to("mco/api", "v2", &image).unwrap();
    // It dies when it has noted the job, and it is found by its id again.
    world.action_wire.inject(2, Fault::CrashAfter);
    world
        .sample
        .start_pipeline("api", &[("tag", "v2")])
        .unwrap();
    world.quiet().await;
    assert!(world.action_wire.has_struck());
    asks(&world);
    for asked in [
        r#"{"action": "verify", "target": "api-test"}"#,
        r#"{"action": "promote", "target": "api-test", "to": "staging"}"#,
        r#"{"action": "deploy", "target": "api-test", "tag": "no-such-tag"}"#,
    ] {
        world
            .sample
            .start_pipeline("asks", &[("asked", asked)])
            .unwrap();
        world.quiet().await;
    }
    world
}
