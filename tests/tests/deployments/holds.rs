//! What keeps automatic deployments from starting, and what becomes of what has waited.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    deployment::{Decision, Rule},
    record::{Origin, Status},
    target::Target,
};
use greenlight_deployer::{ask::AskError, hold::HoldError};
use greenlight_tests::world::{World, targets_in};
use jiff::{SignedDuration, Timestamp};
use rehearsal::{
    account::{Settings, containers::ImageSpec},
    scenario::sample::Stand,
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

async fn push(world: &World, version: &str) -> String {
    let digest = world.sample.push(&ImageSpec::healthy(version)).unwrap();
    world.quiet().await;
    digest
}

async fn hold(world: &World, until: Option<Timestamp>) {
    let target = world.target().await;
    let held = world.operator.hold(target, "ada", Some("ticket 7"), until);
    Box::pin(held).await.unwrap();
}

async fn release(world: &World) -> greenlight_core::deployment::Explanation {
    let target = world.target().await;
    Box::pin(world.operator.release(target, "grace", None))
        .await
        .unwrap()
}

/// Goes on with what waits, as `reconcile` does.
async fn open(world: &World) -> Option<(Decision, Rule)> {
    let lease_until = in_a(world, 5);
    let target = world.target().await;
    let opened = Box::pin(world.operator.open(target, lease_until)).await;
    opened.unwrap().map(|it| (it.decision, it.rule))
}

fn in_a(world: &World, minutes: i64) -> Timestamp {
    world.operator.clock.now() + SignedDuration::from_mins(minutes)
}

fn events(world: &World, detail_type: &str) -> Vec<Value> {
    let mut events = world.emitted_events();
    events.retain(|event| event["detail-type"] == detail_type);
    events
        .into_iter()
        .map(|event| event["detail"].clone())
        .collect()
}

async fn waiting(world: &World) -> Option<(String, String)> {
    let queued = world.target().await.state.queued?;
    Some((queued.candidate.digest.to_string(), queued.reason))
}

#[tokio::test(start_paused = true)]
async fn what_is_pushed_while_a_target_is_held_waits_and_the_newest_goes_with_the_release() {
    let world = World::open().await;
    let before = world.recorded().await;
    hold(&world, None).await;
    let two = push(&world, "v2").await;
    let three = push(&world, "v3").await;
    assert_eq!(world.status_of(&two).await, Some(Status::Superseded));
    let why = "the target is held by ada (ticket 7)".to_owned();
    assert_eq!(waiting(&world).await, Some((three.clone(), why.clone())));
    assert_eq!(world.recorded().await, before);
    assert!(world.sample.deployments().is_empty());
    assert_eq!(
        events(&world, "Target Held"),
        [json!({"target": "api-test", "by": "ada", "reason": "ticket 7", "until": null})]
    );
    let blocked = events(&world, "Deployment Blocked");
    assert_eq!(blocked.len(), 2);
    assert_eq!(blocked[1]["digest"], json!(three));
    assert_eq!(blocked[1]["reason"], json!(why));
    assert_eq!(open(&world).await, None);
    let explanation = release(&world).await;
    assert!(
        explanation.text.contains("is deployed to `api-test`"),
        "{explanation}"
    );
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(three));
    assert_eq!(world.sample.deployments().len(), 1);
    assert_eq!(
        events(&world, "Target Released"),
        [json!({"target": "api-test", "by": "grace", "reason": null, "until": null})]
    );
    // Once more it is no news.
    assert_eq!(release(&world).await.rule, Rule::AlreadyKnown);
    assert_eq!(events(&world, "Target Released").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_by_itself() {
    let world = World::open().await;
    hold(&world, Some(in_a(&world, 24 * 60))).await;
    let digest = push(&world, "v2").await;
    assert_eq!(open(&world).await, None);
    sleep(Duration::from_hours(24)).await;
    assert_eq!(open(&world).await, Some((Decision::Start, Rule::TurnCame)));
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(digest));
    assert_eq!(world.target().await.state.hold, None);
    assert_eq!(open(&world).await, None);
    let past = Some(in_a(&world, -1));
    let target = world.target().await;
    let refused = Box::pin(world.operator.hold(target, "ada", None, past)).await;
    assert!(matches!(refused, Err(HoldError::Over { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_line_holds_every_target_and_what_a_target_is_held_by_stays() {
    let world = World::open().await;
    let stopped = world
        .operator
        .hold_all("ada", Some("the database moves"), None);
    stopped.await.unwrap();
    let digest = push(&world, "v2").await;
    let why = "every target is held by ada (the database moves)".to_owned();
    assert_eq!(waiting(&world).await, Some((digest.clone(), why)));
    assert_eq!(world.target().await.line.unwrap().by, "ada");
    hold(&world, None).await;
    let released = Box::pin(world.operator.release_all("grace", Some("it is done")))
        .await
        .unwrap();
    assert!(released.was_held);
    assert!(released.opened.is_empty(), "{released:?}");
    assert_eq!(world.target().await.line, None);
    assert_eq!(world.status_of(&digest).await, Some(Status::Queued));
    release(&world).await;
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(digest));
    assert_eq!(
        [
            events(&world, "Target Held"),
            events(&world, "Target Released")
        ]
        .map(|it| it[0].clone()),
        [
            json!({"target": null, "by": "ada", "reason": "the database moves", "until": null}),
            json!({"target": null, "by": "grace", "reason": "it is done", "until": null}),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_line_has_stopped_starts_when_it_is_released() {
    let world = World::open().await;
    world.operator.hold_all("ada", None, None).await.unwrap();
    let digest = push(&world, "v2").await;
    let released = Box::pin(world.operator.release_all("ada", None))
        .await
        .unwrap();
    let [(name, opened)] = released.opened.as_slice() else {
        panic!("{released:?}");
    };
    assert_eq!(name.as_str(), "api-test");
    assert_eq!(opened.as_ref().unwrap().decision, Decision::Start);
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(digest));
    let again = Box::pin(world.operator.release_all("ada", None))
        .await
        .unwrap();
    assert!(!again.was_held);
    assert_eq!(events(&world, "Target Released").len(), 1);
}

/// A release that is broken off between the item and what waits goes on when it is asked for again.
#[tokio::test(start_paused = true)]
async fn a_release_that_was_broken_off_is_gone_on_with() {
    let world = World::open().await;
    world.operator.hold_all("ada", None, None).await.unwrap();
    let digest = push(&world, "v2").await;
    let note = greenlight_core::record::Intervention {
        id: "01KAPX2V9M3Z8QK4T7N5R6S0W1".parse().unwrap(),
        at: world.operator.clock.now(),
        by: "ada".to_owned(),
        reason: None,
        deed: greenlight_core::record::Deed::Released,
    };
    assert!(world.operator.table.release_line(&note).await.unwrap());
    assert_eq!(world.status_of(&digest).await, Some(Status::Queued));
    let again = Box::pin(world.operator.release_all("ada", None))
        .await
        .unwrap();
    assert!(!again.was_held);
    assert_eq!(again.opened.len(), 1);
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(digest));
}

/// The sample target with these windows. The account's time begins on Monday, 5 January 2026 at 10:00 UTC.
fn with_windows(windows: &str) -> Vec<Target> {
    let document = Stand::CodeDeploy.targets();
    targets_in(&format!("{document}    windows: {windows}\n"))
}

async fn open_with_windows(windows: &str) -> World {
    World::open_stand_in(
        Settings::for_tests(),
        Stand::CodeDeploy,
        &with_windows(windows),
    )
    .await
}

#[tokio::test(start_paused = true)]
async fn a_window_opens_and_the_next_event_starts_the_newest() {
    let world =
        open_with_windows("[{allow: \"Mon-Fri 09:00-17:00\", zone: America/New_York}]").await;
    push(&world, "v2").await;
    let three = push(&world, "v3").await;
    let why = "window `Mon-Fri 09:00-17:00` (America/New_York) opens at 2026-01-05T14:00:00Z";
    assert_eq!(waiting(&world).await, Some((three.clone(), why.to_owned())));
    let blocked = events(&world, "Deployment Blocked");
    assert_eq!(blocked[1]["reason"], why);
    assert_eq!(open(&world).await, None);
    let opens: Timestamp = "2026-01-05T14:00:00Z".parse().unwrap();
    let left = opens.duration_since(world.operator.clock.now());
    sleep(Duration::try_from(left).unwrap()).await;
    assert_eq!(open(&world).await, Some((Decision::Start, Rule::TurnCame)));
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(three));
    // While it is open nothing waits.
    let four = push(&world, "v4").await;
    assert_eq!(world.recorded().await, Some(four));
}

#[tokio::test(start_paused = true)]
async fn any_event_starts_what_a_freeze_has_kept() {
    let freeze = "[{deny: {from: \"2026-01-04\", to: \"2026-01-05T12:00\"}, reason: stocktaking}]";
    let world = open_with_windows(freeze).await;
    let digest = push(&world, "v2").await;
    let why = "window deny `2026-01-04 to 2026-01-05T12:00` (UTC; stocktaking) closes it until \
               2026-01-05T12:00:00Z";
    assert_eq!(
        waiting(&world).await,
        Some((digest.clone(), why.to_owned()))
    );
    sleep(Duration::from_hours(2)).await;
    // The event of the push comes a second time.
    let pushed = world.sample.account.events().history().into_iter();
    let mut pushed = pushed.filter(|event| event["source"] == "aws.ecr");
    let event = pushed.next_back().unwrap();
    let message = json!({"Records": [{"messageId": "again", "body": event.to_string()}]});
    let answer = world
        .invoke(greenlight_tests::world::DEPLOY_ON_PUSH, message)
        .await;
    answer.unwrap();
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(digest));
}

#[tokio::test(start_paused = true)]
async fn a_person_has_to_override_and_that_is_recorded() {
    let world = World::open().await;
    hold(&world, None).await;
    let waits = push(&world, "v2").await;
    let wish = || waits.parse().unwrap();
    let target = world.target().await;
    let refused = Box::pin(world.operator.ask(target, &wish(), "jane", false)).await;
    let Err(AskError::Closed { reason, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(reason, "the target is held by ada (ticket 7)");
    assert!(world.sample.deployments().is_empty());
    let plan = world
        .operator
        .plan(&world.target().await, &wish())
        .await
        .unwrap();
    assert_eq!(
        plan.notes,
        ["it is refused now without `--override`: the target is held by ada (ticket 7)"]
    );
    let target = world.target().await;
    let asked = Box::pin(world.operator.ask(target, &wish(), "jane", true)).await;
    let asked = asked.unwrap();
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(waits.clone()));
    let record = world.record_of(&waits).await;
    assert_eq!(record.id, asked.deployment);
    assert_eq!(
        record.origin,
        Origin::Person {
            by: "jane".to_owned(),
            overrides: Some(reason),
        }
    );
    // The target is still held.
    let three = push(&world, "v3").await;
    assert_eq!(world.status_of(&three).await, Some(Status::Queued));
    release(&world).await;
    world.quiet().await;
    // Where nothing keeps anything there is nothing to override.
    let target = world.target().await;
    Box::pin(world.operator.ask(target, &wish(), "jane", true))
        .await
        .unwrap();
    world.quiet().await;
    assert_eq!(world.record_of(&waits).await.origin, Origin::person("jane"));
}
