//! The marks outside, tag and parameter, say what is live: whoever deployed it, and whatever breaks off.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_deployer::marks::{MarkError, unmarked};
use greenlight_tests::{
    by_hand::update_by_hand,
    wire::Fault,
    world::{RECORD_DEPLOYMENT, World, targets_in},
};
use jiff::{SignedDuration, Timestamp};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr::{self, Mutability},
        events::Pattern,
        ssm,
    },
    scenario::sample::{REPOSITORY, Stand, TARGET},
};
use serde_json::json;

const TAG: &str = "deployed-test";
const PARAMETER: &str = "/greenlight/deployed/api-test";
/// More calls than `record-deployment` makes in one of these histories.
const CALLS: usize = 100;

/// The rolling stand, whose target tells outside what is live.
async fn open() -> World {
    let document = format!(
        "{}    on_success: {{tag: {TAG}, parameter: {PARAMETER}}}\n",
        Stand::Rolling.targets()
    );
    World::open_stand_with(Stand::Rolling, &targets_in(&document), |_| {}).await
}

fn lease(world: &World) -> Timestamp {
    world.operator.clock.now() + SignedDuration::from_mins(1)
}

/// As `reconcile` does.
async fn mark(world: &World) -> Result<bool, MarkError> {
    let target = world.target().await;
    world.operator.mark(target, lease(world)).await
}

fn tagged(world: &World) -> Option<String> {
    ecr::tagged(&world.sample.account, REPOSITORY, TAG)
}

/// What the parameter says, and how often it was written.
fn parameter(world: &World) -> Option<(String, i64)> {
    ssm::parameter(&world.sample.account, PARAMETER)
}

fn image(digest: &str) -> String {
    format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{digest}")
}

#[track_caller]
fn assert_marked(world: &World, digest: &str, versions: i64) {
    assert_eq!(tagged(world).as_deref(), Some(digest));
    assert_eq!(parameter(world), Some((image(digest), versions)));
}

#[tokio::test(start_paused = true)]
async fn marks_follow_each_success_and_set_off_nothing() {
    let world = open().await;
    // What was there before is told, too, and once.
    assert_eq!(tagged(&world), None);
    assert!(mark(&world).await.unwrap());
    assert_marked(&world, &world.sample.v1, 1);
    assert!(!mark(&world).await.unwrap());
    let v2 = world
        .sample
        .push(&ImageSpec::healthy("v2").multi_platform())
        .unwrap();
    world.quiet().await;
    assert_marked(&world, &v2, 2);
    let state = world.target().await.state;
    assert_eq!(state.marked, Some(state.current.unwrap().deployment));
    // The tag is a push, which no target takes.
    let pushes = Pattern::parse(&json!({"detail": {"image-tag": [TAG]}})).unwrap();
    let history = world.sample.account.events().history();
    assert_eq!(history.iter().filter(|it| pushes.matches(it)).count(), 2);
    assert_eq!(world.sample.deployments().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_leaves_the_marks_where_they_are() {
    let world = open().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let v3 = world.sample.push(&ImageSpec::crashes("v3", 1)).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v3).await, Some(Status::Failed));
    assert_marked(&world, &v2, 1);
}

#[tokio::test(start_paused = true)]
async fn marks_follow_a_person_back_and_somebody_elses_deployment() {
    let world = open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let v1 = world.sample.v1.clone();
    world.ask(&v1).await;
    world.quiet().await;
    // Started by a person, concluded by the function.
    assert_marked(&world, &v1, 2);
    let v3 = world
        .sample
        .push_as("by-hand", &ImageSpec::healthy("v3"))
        .unwrap();
    update_by_hand(&world.sample.account, |definition| {
        definition["containerDefinitions"][0]["image"] = image(&v3).into();
    })
    .await;
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(v3.clone()));
    assert_marked(&world, &v3, 3);
}

async fn marks_are_set_whatever_happens(fault: Fault) {
    let mut struck = 0;
    for number in 0..CALLS {
        let world = open().await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.record_wire.inject(number, fault);
        world.quiet().await;
        let case = format!("{fault:?} at call {number}: {:?}", world.record_wire.seen());
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Succeeded),
            "{case}"
        );
        mark(&world).await.unwrap();
        let stored = world.target().await;
        assert!(unmarked(&stored).is_none(), "{case}");
        assert_eq!(tagged(&world), Some(v2.clone()), "{case}");
        let (says, versions) = parameter(&world).unwrap();
        assert_eq!(says, image(&v2), "{case}");
        assert!(versions <= 2, "{versions} versions: {case}");
        assert_eq!(world.sample.deployments().len(), 1, "{case}");
        if !world.record_wire.has_struck() {
            break;
        }
        struck += 1;
    }
    // Reading, concluding, and then the marks: two reads of ECR and two more, two writes, one note.
    assert!((20..CALLS).contains(&struck), "{struck} calls were hit");
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_any_call_of_a_mark_is_made_good() {
    marks_are_set_whatever_happens(Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_call_of_a_mark_is_made_good() {
    marks_are_set_whatever_happens(Fault::CrashAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_any_call_of_a_mark_is_made_good() {
    marks_are_set_whatever_happens(Fault::AnswerLost).await;
}

#[tokio::test(start_paused = true)]
async fn an_immutable_repository_is_found_out_before_and_the_message_names_the_filter() {
    let world = open().await;
    let account = &world.sample.account;
    assert!(mark(&world).await.unwrap());
    ecr::set_mutability(
        account,
        REPOSITORY,
        Mutability::ImmutableExcept(vec!["test".to_owned()]),
    )
    .unwrap();
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    // The deployment is none the worse for it, and neither is the parameter.
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(tagged(&world).as_ref(), Some(&world.sample.v1));
    assert_eq!(parameter(&world), Some((image(&v2), 2)));
    let puts = account
        .journal()
        .calls_of(RECORD_DEPLOYMENT, "ecr:PutImage");
    assert!(puts.is_empty(), "{puts:?}");
    let error = mark(&world).await.unwrap_err();
    assert!(!error.is_retryable());
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("add the exclusion filter `deployed-test` to repository `mco/api`"),
        "{hint}"
    );
    assert!(
        hint.contains("filterType=WILDCARD,filter=test filterType=WILDCARD,filter=deployed-test"),
        "{hint}"
    );
    // Who may not look is told by the refusal itself.
    account.deny("operator", "ecr:DescribeRepositories");
    let hint = mark(&world).await.unwrap_err().hint().unwrap();
    assert!(
        hint.contains("filterType=WILDCARD,filter=deployed-test"),
        "{hint}"
    );
    // What the message says, done.
    let filters = vec!["test".to_owned(), "deployed-*".to_owned()];
    ecr::set_mutability(account, REPOSITORY, Mutability::ImmutableExcept(filters)).unwrap();
    assert!(mark(&world).await.unwrap());
    assert_eq!(tagged(&world), Some(v2));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_the_image_has_is_no_trouble_in_an_immutable_repository() {
    let world = open().await;
    let account = &world.sample.account;
    let v2 = world
        .sample
        .push_as("v2", &ImageSpec::healthy("v2"))
        .unwrap();
    ecr::retag(account, REPOSITORY, &v2, TAG).unwrap();
    ecr::set_mutability(account, REPOSITORY, Mutability::Immutable).unwrap();
    world.ask(&v2).await;
    world.quiet().await;
    assert_marked(&world, &v2, 1);
    let state = world.target().await.state;
    assert_eq!(state.marked, Some(state.current.unwrap().deployment));
}

#[tokio::test(start_paused = true)]
async fn a_parameter_of_another_type_is_left_alone_and_the_tag_is_set() {
    let world = open().await;
    let account = &world.sample.account;
    ssm::create_parameter(account, PARAMETER, "SecureString", "secret").unwrap();
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(tagged(&world), Some(v2));
    assert_eq!(parameter(&world), Some(("secret".to_owned(), 1)));
    let error = mark(&world).await.unwrap_err();
    assert!(error.hint().unwrap().contains("another type"), "{error}");
    assert!(unmarked(&world.target().await).is_some(), "{TARGET}");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_late_with_an_older_image_puts_the_marks_right_again() {
    let world = open().await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let mut late = world.target().await;
    late.state.marked = None;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    assert_marked(&world, &v3, 2);
    assert!(world.operator.mark(late, lease(&world)).await.unwrap());
    // Once for the older image, and once more for what is live.
    assert_marked(&world, &v3, 4);
    let state = world.target().await.state;
    assert_eq!(state.marked, Some(state.current.unwrap().deployment));
}
