//! What the actions of a job do besides deploying a tag: verify, wait, promote; and the image from a file.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::{
    asked::done,
    by_hand::update_by_hand,
    releases::{Release, asks, asks_with, released},
    world::World,
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr::{self, Mutability},
        events::{Disturbance, Pattern},
    },
    scenario::sample::{REPOSITORY, Stand, TAG},
};
use serde_json::json;

async fn ask(world: &World, asked: &str) -> Release {
    released(world, "asks", "Ask", &[("asked", asked)]).await
}

fn error(release: &Release) -> (&str, &str) {
    let (code, message) = release.error.as_ref().unwrap();
    (code, message)
}

#[tokio::test(start_paused = true)]
async fn verify_looks_at_what_runs_and_changes_nothing() {
    let world = World::open_stand(Stand::Rolling).await;
    asks(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    world
        .sample
        .push_as("v3", &ImageSpec::healthy("v3"))
        .unwrap();
    let verified = ask(&world, r#"{"action": "verify", "target": "api-test"}"#).await;
    assert_eq!(verified.status, "Succeeded", "{:?}", verified.error);
    assert_eq!(verified.variables["Digest"], v2);
    let asked = format!(r#"{{"action": "verify", "target": "api-test", "digest": "{v2}"}}"#);
    assert_eq!(ask(&world, &asked).await.status, "Succeeded");
    let asked = r#"{"action": "verify", "target": "api-test", "tag": "v3"}"#;
    let other = ask(&world, asked).await;
    let (code, message) = error(&other);
    assert_eq!(code, "JobFailed");
    assert!(message.contains("runs mco/api:test"), "{message}");
    assert!(message.contains("not mco/api:v3"), "{message}");
    assert_eq!(done(&world, "UpdateService").len(), 1, "the push's");
}

#[tokio::test(start_paused = true)]
async fn verify_does_not_believe_the_record_when_something_else_runs() {
    let world = World::open_stand(Stand::Rolling).await;
    asks(&world);
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    // Somebody deploys another image by hand, and the event of it is lost.
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
    let verified = ask(&world, r#"{"action": "verify", "target": "api-test"}"#).await;
    let (code, message) = error(&verified);
    assert_eq!(code, "JobFailed");
    assert!(message.contains("does not run mco/api:test"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn wait_is_over_when_what_a_push_has_begun_is_and_fails_where_nothing_comes() {
    let world = World::open_stand(Stand::Rolling).await;
    asks(&world);
    let idle = ask(&world, r#"{"action": "wait", "target": "api-test"}"#).await;
    assert_eq!(idle.status, "Succeeded", "v1 is live: {:?}", idle.error);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let waited = ask(
        &world,
        r#"{"action": "wait", "target": "api-test", "tag": "test"}"#,
    )
    .await;
    assert_eq!(waited.status, "Succeeded", "{:?}", waited.error);
    assert_eq!(waited.variables["Digest"], v2);
    world
        .sample
        .push_as("v3", &ImageSpec::healthy("v3"))
        .unwrap();
    let asked = r#"{"action": "wait", "target": "api-test", "tag": "v3"}"#;
    let never = ask(&world, asked).await;
    let (code, message) = error(&never);
    assert_eq!(code, "JobFailed");
    assert!(message.contains("nothing to wait for"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn promote_gives_the_tag_only_to_what_is_live_and_proved() {
    let world = World::open_stand(Stand::Rolling).await;
    asks(&world);
    let promote = r#"{"action": "promote", "target": "api-test", "to": "staging"}"#;
    let adopted = ask(&world, promote).await;
    let (code, message) = error(&adopted);
    assert_eq!(code, "JobFailed");
    assert!(
        message.contains("no deployment of Greenlight has proved it"),
        "{message}"
    );
    assert_eq!(
        ecr::tagged(&world.sample.account, REPOSITORY, "staging"),
        None
    );
    let v2 = world
        .sample
        .push(&ImageSpec::healthy("v2").multi_platform())
        .unwrap();
    world.quiet().await;
    let promoted = ask(&world, promote).await;
    assert_eq!(promoted.status, "Succeeded", "{:?}", promoted.error);
    assert_eq!(promoted.variables["Tag"], "staging");
    assert_eq!(promoted.variables["Digest"], v2);
    let tagged = |tag: &str| ecr::tagged(&world.sample.account, REPOSITORY, tag);
    assert_eq!(tagged("staging"), Some(v2.clone()));
    assert_eq!(tagged(TAG), Some(v2));
    assert_eq!(
        world.emitted().last().map(String::as_str),
        Some("Image Promoted")
    );
    // A second time there is nothing to do.
    assert_eq!(ask(&world, promote).await.status, "Succeeded");
    assert_eq!(done(&world, "PutImage").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_image_may_come_from_an_artifact_and_a_tag_counts_more() {
    let world = World::open_stand(Stand::Rolling).await;
    asks_with(&world, &["Image"]);
    world
        .sample
        .push_as("v2", &ImageSpec::healthy("v2"))
        .unwrap();
    // imageDetail.json of the source names what has the watched tag.
    let from_file = ask(&world, r#"{"target": "api-test"}"#).await;
    assert_eq!(from_file.status, "Succeeded", "{:?}", from_file.error);
    assert_eq!(from_file.variables["Digest"], world.sample.v1);
    let by_tag = ask(&world, r#"{"target": "api-test", "tag": "v2"}"#).await;
    assert_eq!(by_tag.status, "Succeeded", "{:?}", by_tag.error);
    assert_ne!(by_tag.variables["Digest"], world.sample.v1);
    asks(&world);
    let nothing = ask(&world, r#"{"target": "api-test"}"#).await;
    let (code, message) = error(&nothing);
    assert_eq!(code, "ConfigurationError");
    assert!(message.contains("nothing says which image"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_the_strategy_cannot_use_is_refused_where_it_is_named() {
    let world = World::open_stand(Stand::Rolling).await;
    asks_with(&world, &["Image"]);
    world
        .sample
        .push_as("v2", &ImageSpec::healthy("v2"))
        .unwrap();
    let asked = r#"{"target": "api-test", "tag": "v2", "app_spec": "Image::imageDetail.json"}"#;
    let refused = ask(&world, asked).await;
    let (code, message) = error(&refused);
    assert_eq!(code, "ConfigurationError");
    assert!(
        message.contains("deploys by `rolling`, which takes no AppSpec"),
        "{message}"
    );
    let asked = r#"{"target": "api-test", "tag": "v2", "task_definition": "Image::task.json"}"#;
    let refused = ask(&world, asked).await;
    let (code, message) = error(&refused);
    assert_eq!(code, "ConfigurationError");
    assert!(message.contains("there is no such file"), "{message}");
    assert!(done(&world, "UpdateService").is_empty());
}

#[tokio::test(start_paused = true)]
async fn promote_to_an_immutable_tag_says_what_to_exclude() {
    let world = World::open_stand(Stand::Rolling).await;
    asks(&world);
    world
        .sample
        .push_as("staging", &ImageSpec::healthy("v9"))
        .unwrap();
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    ecr::set_mutability(&world.sample.account, REPOSITORY, Mutability::Immutable).unwrap();
    let promote = r#"{"action": "promote", "target": "api-test", "to": "staging"}"#;
    let refused = ask(&world, promote).await;
    let (code, message) = error(&refused);
    assert_eq!(code, "ConfigurationError", "{message}");
    assert!(
        message.contains("add the exclusion filter `staging`"),
        "{message}"
    );
}
