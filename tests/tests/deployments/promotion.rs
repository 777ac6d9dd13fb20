//! Promotion: what one target has proved gets the tag that the next one watches.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_aws::table::StoredTarget;
use greenlight_core::{promotion::Promoter, record::Status};
use greenlight_deployer::promote::{PromoteError, Promoted};
use greenlight_tests::{
    by_hand::update_by_hand,
    wire::Fault,
    world::{World, targets_in},
};
use jiff::SignedDuration;
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr::{self, Mutability},
        events::{Disturbance, Pattern},
    },
    scenario::sample::{CHAIN, PRODUCTION, REPOSITORY, STAGING, Stand, TARGET},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

/// So many calls before the tag is put belong to the promotion: looking what runs, and at the tag, …
const BEFORE: usize = 9;
/// … and so many from then on: the tag, the event, and that it is noted.
const AFTER: usize = 3;

/// Three services, and their targets.
async fn open() -> World {
    let world = World::open_stand_with(Stand::Rolling, &[], |_| {}).await;
    world.sample.open_chain().unwrap();
    world.register(&targets_in(CHAIN)).await;
    world
}

async fn stored(world: &World, name: &str) -> StoredTarget {
    let found = world.operator.target(&name.parse().unwrap()).await;
    found.unwrap().unwrap().unwrap()
}

/// As `reconcile` does.
async fn promote_due(world: &World, name: &str) -> Option<Promoted> {
    let lease = world.operator.clock.now() + SignedDuration::from_mins(1);
    let stored = stored(world, name).await;
    world.operator.promote_due(&stored, lease).await.unwrap()
}

async fn promote(world: &World, name: &str, to: &str) -> Result<Promoted, PromoteError> {
    let by = Promoter::Person {
        by: "ada".to_owned(),
    };
    let stored = stored(world, name).await;
    let to = to.parse().unwrap();
    world.operator.promote(&stored, None, &to, by).await
}

fn tagged(world: &World, tag: &str) -> Option<String> {
    ecr::tagged(&world.sample.account, REPOSITORY, tag)
}

fn live(world: &World, service: &str) -> Option<String> {
    world.sample.live_digest_of(service)
}

fn promotions(world: &World) -> Vec<Value> {
    let events = world.emitted_events().into_iter();
    events
        .filter(|event| event["detail-type"] == "Image Promoted")
        .map(|event| event["detail"].clone())
        .collect()
}

async fn deployments_of(world: &World, name: &str) -> usize {
    let history = world.operator.history(&name.parse().unwrap(), 100).await;
    let mut history = history.unwrap();
    history.retain(|record| record.aws_id.is_some());
    history.len()
}

#[tokio::test(start_paused = true)]
async fn an_index_goes_from_test_to_production_by_tags_alone() {
    let world = open().await;
    let pushed = world
        .sample
        .push(&ImageSpec::healthy("v2").multi_platform());
    let v2 = pushed.unwrap();
    let children = children(&world, &v2);
    assert!(children.len() > 1, "{children:?}");
    world.quiet().await;
    // Proved at test, promoted at once, deployed to staging.
    assert_eq!(tagged(&world, "staging"), Some(v2.clone()));
    assert_eq!(live(&world, STAGING), Some(v2.clone()));
    assert_eq!(tagged(&world, "production"), None);
    assert_eq!(live(&world, PRODUCTION).as_ref(), Some(&world.sample.v1));
    assert_eq!(promote_due(&world, STAGING).await, None);
    sleep(Duration::from_mins(31)).await;
    let promoted = promote_due(&world, STAGING).await.unwrap();
    assert_eq!(promoted.images[0].image.digest.as_str(), v2);
    assert_eq!(promoted.images[0].previous, None);
    world.quiet().await;
    assert_eq!(live(&world, PRODUCTION), Some(v2.clone()));
    // The index is the same to the byte, and so is what it holds.
    assert_eq!(self::children(&world, &v2), children);
    // Each once, and no tag that was given has set off more.
    assert_eq!(promote_due(&world, STAGING).await, None);
    assert_eq!(promote_due(&world, TARGET).await, None);
    for name in [TARGET, STAGING, PRODUCTION] {
        assert_eq!(deployments_of(&world, name).await, 1, "{name}");
    }
    let told: Vec<Value> = promotions(&world)
        .iter()
        .map(|detail| detail["promotion"].clone())
        .collect();
    let by = "the target's own rule";
    assert_eq!(
        told,
        [
            json!({"from": TARGET, "to": "staging", "by": by}),
            json!({"from": STAGING, "to": "production", "by": by}),
        ]
    );
    assert_eq!(promotions(&world)[1]["digest"], json!(v2));
    assert_eq!(promotions(&world)[1]["tags"], json!(["production"]));
}

/// The children of an index, which have to be in the repository.
fn children(world: &World, digest: &str) -> Vec<String> {
    let manifest = ecr::manifest_of(&world.sample.account, REPOSITORY, digest).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let children = manifest["manifests"].as_array().unwrap().iter();
    let children: Vec<String> = children
        .map(|child| child["digest"].as_str().unwrap().to_owned())
        .collect();
    for child in &children {
        assert!(ecr::has_image(&world.sample.account, REPOSITORY, child));
    }
    children
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_never_promoted() {
    let world = open().await;
    let v2 = world.sample.push(&ImageSpec::crashes("v2", 1)).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    assert_eq!(promote_due(&world, TARGET).await, None);
    // What is live was there before Greenlight, which has not proved it.
    let error = promote(&world, TARGET, "staging").await.unwrap_err();
    assert!(matches!(error, PromoteError::NotProved { .. }), "{error}");
    assert_eq!(tagged(&world, "staging"), None);
    assert!(promotions(&world).is_empty());
    // One that was proved before stays the one that may go on.
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    world.sample.push(&ImageSpec::crashes("v4", 1)).unwrap();
    world.quiet().await;
    let promoted = promote(&world, TARGET, "other").await.unwrap();
    assert_eq!(promoted.images[0].image.digest.as_str(), v3);
    assert_eq!(tagged(&world, "other"), Some(v3.clone()));
    assert_eq!(tagged(&world, "staging"), Some(v3));
}

#[tokio::test(start_paused = true)]
async fn a_newer_image_takes_the_place_of_one_whose_time_is_not_over() {
    let world = open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    sleep(Duration::from_mins(20)).await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    sleep(Duration::from_mins(15)).await;
    assert_eq!(live(&world, STAGING), Some(v3.clone()));
    assert_eq!(promote_due(&world, STAGING).await, None);
    sleep(Duration::from_mins(16)).await;
    assert!(promote_due(&world, STAGING).await.is_some());
    world.quiet().await;
    assert_eq!(live(&world, PRODUCTION), Some(v3));
    assert_eq!(deployments_of(&world, PRODUCTION).await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_run_any_more_is_not_promoted() {
    let world = open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    // Somebody deploys another image by hand, and the events of it are lost.
    let account = &world.sample.account;
    let ends = Pattern::parse(&json!({"detail-type": ["ECS Deployment State Change"]})).unwrap();
    account.events().disturb(ends, Disturbance::Drop);
    let v3 = world
        .sample
        .push_as("v3", &ImageSpec::healthy("v3"))
        .unwrap();
    update_by_hand(account, |definition| {
        let uri = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{v3}");
        definition["containerDefinitions"][0]["image"] = uri.into();
    })
    .await;
    world.quiet().await;
    let error = promote(&world, TARGET, "other").await.unwrap_err();
    assert!(matches!(error, PromoteError::NotLive { .. }), "{error}");
    assert_eq!(tagged(&world, "other"), None);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_cannot_move_keeps_the_promotion_and_says_which_filter_to_add() {
    let world = open().await;
    let account = &world.sample.account;
    ecr::retag(account, REPOSITORY, &world.sample.v1, "staging").unwrap();
    world.quiet().await;
    let except = Mutability::MutableExcept(vec!["stag*".to_owned()]);
    ecr::set_mutability(account, REPOSITORY, except).unwrap();
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(tagged(&world, "staging").as_ref(), Some(&world.sample.v1));
    let error = promote(&world, TARGET, "staging").await.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("take the exclusion filter `stag*` away"),
        "{hint}"
    );
    assert!(promotions(&world).is_empty());
    ecr::set_mutability(account, REPOSITORY, Mutability::Mutable).unwrap();
    assert!(promote_due(&world, TARGET).await.is_some());
    world.quiet().await;
    assert_eq!(live(&world, STAGING), Some(v2));
}

async fn it_is_promoted_whatever_happens(fault: Fault) {
    let undisturbed = open().await;
    undisturbed.sample.push(&ImageSpec::healthy("v2")).unwrap();
    undisturbed.quiet().await;
    // The conclusion before it has tests of its own.
    let seen = undisturbed.record_wire.seen();
    let mut puts = (0..seen.len()).filter(|it| seen[*it].operation == "PutImage");
    let (_, promotion) = (puts.next().unwrap(), puts.next().unwrap());
    let first = promotion.saturating_sub(BEFORE);
    for (number, call) in seen.iter().enumerate().take(promotion + AFTER).skip(first) {
        let world = open().await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.record_wire.inject(number, fault);
        world.quiet().await;
        assert!(world.record_wire.has_struck());
        promote_due(&world, TARGET).await;
        world.quiet().await;
        let case = format!("{fault:?} at {call:?}");
        assert_eq!(live(&world, STAGING), Some(v2.clone()), "{case}");
        assert_eq!(deployments_of(&world, STAGING).await, 1, "{case}");
        assert_eq!(deployments_of(&world, TARGET).await, 1, "{case}");
        let state = stored(&world, TARGET).await.state;
        let current = state.current.unwrap();
        assert_eq!(state.promoted, Some(current.deployment), "{case}");
        // An event may be told twice, and never of another image.
        let told = promotions(&world);
        assert!((1..=2).contains(&told.len()), "{case}: {told:?}");
        assert!(told.iter().all(|it| it["digest"] == json!(v2)), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_any_call_of_a_promotion_is_made_good() {
    it_is_promoted_whatever_happens(Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_call_of_a_promotion_is_made_good() {
    it_is_promoted_whatever_happens(Fault::CrashAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_any_call_of_a_promotion_is_made_good() {
    it_is_promoted_whatever_happens(Fault::AnswerLost).await;
}
