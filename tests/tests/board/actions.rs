//! What the buttons do, and what they do not do.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{record::Status, target::Target};
use greenlight_tests::world::{World, targets_in};
use rehearsal::{
    account::{Settings, containers::ImageSpec},
    scenario::sample::Stand,
};
use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::press::{Seen, given, press, sample, see};

/// The sample target, whose gate asks people as well.
fn asking(check: &str) -> Vec<Target> {
    let document = Stand::CodeDeploy.targets();
    let (before, rest) = document.split_once("      before_traffic:\n").unwrap();
    targets_in(&format!(
        "{before}      before_traffic:\n        - {check}\n{rest}"
    ))
}

/// An image waits until it is approved.
async fn waiting(check: &str) -> World {
    let world =
        World::open_stand_in(Settings::for_tests(), Stand::CodeDeploy, &asking(check)).await;
    world.sample.account.events().resume_schedules();
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    while world
        .operator
        .open_approvals(&world.target().await)
        .await
        .unwrap()
        .is_empty()
    {
        sleep(Duration::from_secs(10)).await;
    }
    world
}

async fn page(world: &World) -> Seen {
    see(world, json!({"target": "api-test"})).await
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_approved_under_the_name_that_was_typed_in() {
    let world = waiting("approval: { question: 'Are the prices right?', timeout: 20m }").await;
    let overview = see(&world, json!({})).await.one("tbody tr");
    assert!(overview.contains("! waits for approval"), "{overview}");
    let seen = page(&world).await;
    assert!(seen.html.contains("Are the prices right?"));
    let asked = seen.confirmation("Approve").unwrap();
    assert!(asked.contains("api-test"), "{asked}");
    let done = press(
        &world,
        &seen,
        "Approve",
        json!({"by": "alice", "reason": "<b>yes</b>"}),
    )
    .await;
    assert_eq!(
        done.one("[role=status]"),
        "✓ Approved at gate before_traffic, by alice (by the board)."
    );
    world.quiet().await;
    let record = &world.history().await[0];
    assert_eq!(record.status, Status::Succeeded);
    let report = serde_json::to_string(&record.gates).unwrap();
    assert!(
        report.contains("approved by alice (by the board)"),
        "{report}"
    );
    assert_eq!(page(&world).await.count("b"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_rejected_with_its_reason() {
    let world = waiting("approval: { timeout: 20m }").await;
    let seen = page(&world).await;
    let done = press(
        &world,
        &seen,
        "Reject",
        json!({"by": "bob", "reason": "the prices are wrong"}),
    )
    .await;
    assert_eq!(
        done.one("[role=status]"),
        "✓ Rejected at gate before_traffic, by bob (by the board)."
    );
    world.quiet().await;
    let mut history = world.history().await.into_iter();
    let record = history
        .find(|record| record.status == Status::Failed)
        .unwrap();
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("rejected by bob (by the board): the prices are wrong"),
        "{reason}"
    );
    assert!(page(&world).await.html.contains("the prices are wrong"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_without_a_name() {
    let world = waiting("approval: { timeout: 20m }").await;
    let before = world.target().await;
    let seen = page(&world).await;
    let done = press(
        &world,
        &seen,
        "Approve",
        json!({"by": "  ", "reason": "because"}),
    )
    .await;
    assert!(
        done.one("[role=alert]").contains("your name is empty"),
        "{}",
        done.html
    );
    // What was typed is still there.
    assert!(done.html.contains("value=\"because\""));
    assert_eq!(world.target().await, before);
    assert_eq!(
        world.operator.open_approvals(&before).await.unwrap().len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_button_of_a_page_that_is_not_true_any_more_does_nothing() {
    let world = waiting("approval: { timeout: 20m }").await;
    let seen = page(&world).await;
    press(&world, &seen, "Reject", json!({"by": "bob"})).await;
    world.quiet().await;
    let before = world.target().await;
    let again = press(&world, &seen, "Approve", json!({"by": "alice"})).await;
    assert!(
        again
            .one("[role=alert]")
            .contains("has moved since this page was drawn"),
        "{}",
        again.html
    );
    let late = Seen::of(&given(&world, sample("widget/button")).await.unwrap());
    assert!(
        late.one("[role=alert]").contains("has moved"),
        "{}",
        late.html
    );
    assert_eq!(world.target().await, before);
}

#[tokio::test(start_paused = true)]
async fn that_several_people_approve_names_that_are_typed_in_do_not_prove() {
    let world = waiting("approval: { approvals: 2, timeout: 20m }").await;
    let seen = page(&world).await;
    for name in ["alice", "bob"] {
        let done = press(&world, &seen, "Approve", json!({"by": name})).await;
        assert!(
            done.one("[role=alert]").contains("2 different people"),
            "{}",
            done.html
        );
    }
    let asked = world
        .operator
        .open_approvals(&world.target().await)
        .await
        .unwrap();
    assert_eq!(asked[0].decisions, []);
    // One no is enough, whoever says it.
    let done = press(&world, &seen, "Reject", json!({"by": "bob"})).await;
    assert!(
        done.one("[role=status]").contains("Rejected"),
        "{}",
        done.html
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_waits_for_is_refused_in_words() {
    let world = World::open().await;
    let version = world.target().await.version;
    let parameters = json!({"do": "approve", "target": "api-test", "version": version});
    let mut event = sample("widget/button");
    for (key, value) in parameters.as_object().unwrap() {
        event[key] = value.clone();
    }
    let seen = Seen::of(&given(&world, event).await.unwrap());
    let said = seen.one("[role=alert]");
    assert!(
        said.contains("nothing is being deployed to target `api-test`"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_held_target_waits_until_it_is_released() {
    let world = World::open().await;
    let fields = json!({"by": "alice", "reason": "<i>ticket 7</i>", "hold_for": "8h"});
    let held = press(&world, &page(&world).await, "Hold", fields).await;
    let said = held.one("[role=status]");
    assert!(
        said.contains("held by alice (by the board) (<i>ticket 7</i>) until "),
        "{said}"
    );
    assert_eq!(held.count("i"), 0);
    let kept = world.target().await.state.hold.unwrap();
    assert_eq!(kept.by, "alice (by the board)");
    assert_eq!(kept.until.unwrap().duration_since(kept.since).as_hours(), 8);
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let row = see(&world, json!({})).await.one("tbody tr");
    assert!(row.contains("! blocked") && row.contains("! held"), "{row}");
    // The page of before is not true any more: an image waits.
    let stale = press(&world, &held, "Release", json!({"by": "bob"})).await;
    assert!(
        stale.one("[role=alert]").contains("has moved"),
        "{}",
        stale.html
    );
    let released = press(&world, &stale, "Release", json!({"by": "bob"})).await;
    assert!(
        released
            .one("[role=status]")
            .contains("released by bob (by the board)"),
        "{}",
        released.html
    );
    assert!(released.confirmation("Release").is_none());
    world.quiet().await;
    let row = see(&world, json!({})).await.one("tbody tr");
    assert!(row.contains("✓ live") && !row.contains("held"), "{row}");
    let hands = page(&world).await.all("h3 + table:last-of-type tbody tr");
    assert!(
        hands[0].contains("bob (by the board) released it"),
        "{hands:?}"
    );
    assert!(
        hands[1].contains("held it until ") && hands[1].contains("<i>ticket 7</i>"),
        "{hands:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hold_has_a_length_that_makes_sense() {
    let world = World::open().await;
    let seen = page(&world).await;
    for length in ["soon", "-1h", "1y"] {
        let done = press(
            &world,
            &seen,
            "Hold",
            json!({"by": "alice", "hold_for": length}),
        )
        .await;
        assert!(
            done.one("[role=alert]").contains("is not a duration"),
            "{}",
            done.html
        );
    }
    assert_eq!(world.target().await.state.hold, None);
}

#[tokio::test(start_paused = true)]
async fn a_person_goes_back_to_what_was_proved() {
    let world = World::open().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    assert_eq!(world.recorded().await.as_deref(), Some(v3.as_str()));
    let seen = page(&world).await;
    let ways = seen.all("select[name=roll_back_to] option");
    assert_eq!(ways[0], "the last proved image");
    assert!(ways[1].contains(&v2["sha256:".len()..][..12]), "{ways:?}");
    let asked = seen.confirmation("Roll back").unwrap();
    assert!(asked.contains("not deployed again by itself"), "{asked}");
    let back = press(
        &world,
        &seen,
        "Roll back",
        json!({"by": "alice", "reason": "it is slow"}),
    )
    .await;
    assert!(
        back.one("[role=status]")
            .contains("goes back to mco/api:test"),
        "{}",
        back.html
    );
    // A call that comes twice does nothing twice.
    let twice = press(&world, &seen, "Roll back", json!({"by": "alice"})).await;
    assert!(
        twice.one("[role=alert]").contains("has moved"),
        "{}",
        twice.html
    );
    world.quiet().await;
    assert_eq!(world.recorded().await.as_deref(), Some(v2.as_str()));
    assert!(
        world
            .target()
            .await
            .state
            .rejected
            .iter()
            .any(|it| it.as_str() == v3)
    );
    let page = page(&world).await;
    assert!(page.html.contains("it is slow") && page.html.contains("alice (by the board)"));
}

#[tokio::test(start_paused = true)]
async fn there_may_be_nothing_to_go_back_to() {
    let world = World::open().await;
    let before = world.target().await;
    let seen = page(&world).await;
    for to in ["", "no such image", "sha256:0000000"] {
        let done = press(
            &world,
            &seen,
            "Roll back",
            json!({"by": "alice", "roll_back_to": to}),
        )
        .await;
        let said = done.one("[role=alert]");
        assert!(said.contains("It was not done: "), "{to}: {said}");
    }
    assert_eq!(world.target().await, before);
}

#[tokio::test(start_paused = true)]
async fn what_is_live_and_proved_is_promoted_to_the_tag_that_is_typed() {
    let world = World::open().await;
    let to = |tag: &str| json!({"by": "alice", "promote_to": tag});
    let early = press(&world, &page(&world).await, "Promote", to("staging")).await;
    let said = early.one("[role=alert]");
    assert!(
        said.contains("no deployment of Greenlight has proved it"),
        "{said}"
    );
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let nothing = press(&world, &page(&world).await, "Promote", to("")).await;
    assert!(nothing.one("[role=alert]").contains("Say to which tag"));
    let promoted = press(&world, &page(&world).await, "Promote", to("staging")).await;
    let said = promoted.one("[role=status]");
    assert!(said.contains("staging"), "{said}");
    let event = world
        .emitted_events()
        .into_iter()
        .rfind(|event| event["detail-type"] == "Image Promoted")
        .unwrap();
    assert_eq!(event["detail"]["digest"], json!(v2));
    assert!(
        event["detail"].to_string().contains("alice (by the board)"),
        "{event}"
    );
}
