//! Which pushes are taken by a policy, in which order, and what `explain` says of them.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    deployment::{Decision, Rule},
    inquiry::Standing,
    record::Status,
    target::Target,
};
use greenlight_deployer::explain::{Answer, AtTarget};
use greenlight_tests::world::{World, targets_in};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr,
        events::{Disturbance, Pattern},
    },
    scenario::sample::{REPOSITORY, Stand},
};
use serde_json::json;

/// The target of [`Stand::Rolling`] with other tags.
fn taking(tags: &str) -> Vec<Target> {
    let document = Stand::Rolling.targets();
    targets_in(&document.replace("tags: [test]", &format!("tags: [{tags}]")))
}

async fn world(tags: &str) -> World {
    World::open_stand_with(Stand::Rolling, &taking(tags), |_| {}).await
}

/// Pushes an image by each of these tags, each time another image, and waits for the end.
async fn pushed(world: &World, tags: &[&str]) -> Vec<String> {
    let mut digests = Vec::new();
    for tag in tags {
        let image = ImageSpec::healthy(tag);
        digests.push(world.sample.push_as(tag, &image).unwrap());
        world.quiet().await;
    }
    digests
}

async fn explained(world: &World, image: &str) -> AtTarget {
    let named = image.parse().unwrap();
    world.operator.explain(&named).await.unwrap().swap_remove(0)
}

async fn decided(world: &World, image: &str) -> (Standing, Option<(Decision, Rule)>, String) {
    let at = explained(world, image).await;
    let Answer::Found { account, .. } = at.answer else {
        panic!("{at:?}");
    };
    (account.standing, account.decision, account.text)
}

#[tokio::test(start_paused = true)]
async fn versions_go_forwards_by_themselves_and_backwards_by_a_person_only() {
    let world = world(r#"{ semver: ">=1.2, <2" }"#).await;
    let digests = pushed(
        &world,
        &["1.2.0", "1.10.0", "1.9.9", "2.0.0", "1.11.0-rc.1"],
    )
    .await;
    assert_eq!(world.recorded().await.as_ref(), Some(&digests[1]));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&digests[1]));
    assert_eq!(world.sample.deployments().len(), 2);
    let record = world.record_of(&digests[2]).await;
    assert_eq!(record.status, Status::Superseded);
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("mco/api:1.9.9 (") && reason.contains("is older than 1.10.0 ("),
        "{reason}"
    );
    assert_eq!(world.status_of(&digests[3]).await, None);
    assert_eq!(world.status_of(&digests[4]).await, None);

    // By its digest, which tells no version: that is found by its tags.
    world.ask(&digests[2]).await;
    world.quiet().await;
    assert_eq!(world.recorded().await.as_ref(), Some(&digests[2]));
    pushed(&world, &["1.9.10"]).await;
    assert_eq!(world.recorded().await.as_ref(), Some(&digests[2]));
    let newer = pushed(&world, &["1.11.0"]).await;
    assert_eq!(world.recorded().await, newer.into_iter().next());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_pushed_again_with_another_image_is_newer() {
    let world = world(r#"{ semver: "*" }"#).await;
    pushed(&world, &["1.2.0"]).await;
    let again = ImageSpec::healthy("another");
    let again = world.sample.push_as("1.2.0", &again).unwrap();
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(again));
}

#[tokio::test(start_paused = true)]
async fn several_tags_of_one_image_are_one_deployment_in_whatever_order_they_come() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        for tags in [
            r#"{ glob: "rel-*" }"#,
            r#"{ regex: "rel-(?<n>\\d+)", order: numeric }"#,
        ] {
            let world = world(tags).await;
            let events = world.sample.account.events();
            let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
            events.disturb(pushes, Disturbance::Hold);
            let digest = world
                .sample
                .push_as("rel-1", &ImageSpec::healthy("v2"))
                .unwrap();
            for tag in ["rel-2", "rel-3"] {
                ecr::retag(&world.sample.account, REPOSITORY, &digest, tag).unwrap();
            }
            let held = events.take_held();
            events.calm();
            assert_eq!(held.len(), 3);
            for index in order {
                events.deliver(&held[index]);
            }
            world.quiet().await;
            events.deliver(&held[1]);
            world.quiet().await;
            assert_eq!(
                world.recorded().await.as_ref(),
                Some(&digest),
                "{order:?} {tags}"
            );
            assert_eq!(world.sample.deployments().len(), 1, "{order:?} {tags}");
            let history = world.history().await;
            let its = history
                .iter()
                .filter(|it| it.candidate.digest.as_str() == digest);
            assert_eq!(its.count(), 1, "{order:?} {tags}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_build_is_deployed_and_its_signature_is_not() {
    let world = world("{ newest: true }").await;
    let digests = pushed(&world, &["banana", "apple", "sha256-0a.sig"]).await;
    assert_eq!(world.recorded().await.as_ref(), Some(&digests[1]));
    assert_eq!(world.sample.deployments().len(), 2);
    let (standing, ..) = decided(&world, "mco/api:sha256-0a.sig").await;
    assert_eq!(standing, Standing::Ignored);
}

#[tokio::test(start_paused = true)]
async fn a_version_is_not_given_to_another_image_when_it_fails() {
    let world = world(r#"{ semver: "*" }"#).await;
    let good = pushed(&world, &["1.2.0"]).await;
    let bad = ImageSpec::crashes("bad", 1);
    let bad = world.sample.push_as("1.3.0", &bad).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&good[0]));
    let uri = ecr::Registry {
        account_id: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
    }
    .uri(REPOSITORY);
    assert_eq!(
        ecr::tagged(&world.sample.account, &uri, "1.3.0"),
        Some(bad.clone())
    );
    let (_, decision, text) = decided(&world, "1.3.0").await;
    assert_eq!(decision, Some((Decision::Skip, Rule::Rejected)), "{text}");
    let past = explained(&world, &bad).await.past;
    assert_eq!(past.len(), 1);
    assert_eq!(past[0].status, Status::Failed);
}

#[tokio::test(start_paused = true)]
async fn an_image_is_explained_by_the_policy_the_state_and_its_past() {
    let world = world(r#"{ semver: ">=1.2, <2" }"#).await;
    let digests = pushed(&world, &["1.10.0", "1.9.9", "2.0.0"]).await;
    for (image, standing, rule, words) in [
        (
            "mco/api:1.10.0",
            Standing::Taken,
            Some(Rule::AlreadyLive),
            "is already live",
        ),
        (
            "1.9.9",
            Standing::Taken,
            Some(Rule::NewerAccepted),
            "is older than 1.10.0",
        ),
        (
            digests[1].as_str(),
            Standing::Taken,
            Some(Rule::NewerAccepted),
            "is older than 1.10.0",
        ),
        (
            "2.0.0",
            Standing::NotTaken,
            None,
            "2.0.0 is not within `>=1.2, <2`",
        ),
        ("test", Standing::NotTaken, None, "not `test`"),
    ] {
        let (was, decision, text) = decided(&world, image).await;
        assert_eq!(was, standing, "{image}: {text}");
        assert_eq!(decision.map(|(_, rule)| rule), rule, "{image}: {text}");
        assert!(text.contains(words), "{image}: {text}");
    }
    let past = explained(&world, "mco/api:1.9.9").await.past;
    assert_eq!(past.len(), 1);
    assert_eq!(past[0].status, Status::Superseded);
    let before = world.target().await;
    let at = explained(&world, "mco/web:1.9.9").await;
    assert!(
        matches!(at.answer, Answer::OtherRepository { .. }),
        "{at:?}"
    );
    let at = explained(&world, "mco/api:1.12.0").await;
    let Answer::NoSuchImage { policy, .. } = at.answer else {
        panic!("{at:?}");
    };
    assert!(policy.unwrap().is_taken());
    assert_eq!(world.target().await, before, "it only looks");
}
