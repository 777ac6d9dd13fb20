//! What runs is not what was recorded, and no event has told of it.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    deployment::Current,
    record::{Origin, Status},
};
use greenlight_tests::{
    by_hand::{deploy_by_hand, update_by_hand},
    rounds::{lose_events, rounds, until_settled},
    world::World,
};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr,
        events::{Disturbance, Pattern},
    },
    scenario::sample::{REPOSITORY, Stand},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

/// Somebody's own deployment, of which nobody hears, with this image in the sample container.
async fn by_hand(world: &World, image: &str) {
    lose_events(world);
    let change = |definition: &mut Value| {
        definition["containerDefinitions"][0]["image"] = json!(image);
    };
    let account = &world.sample.account;
    if world.sample.stand == Stand::CodeDeploy {
        deploy_by_hand(account, None, change).await;
    } else {
        update_by_hand(account, change).await;
    }
    world.quiet().await;
    world.sample.account.events().calm();
}

/// An image under a tag that no target watches, by its digest.
fn another(world: &World, version: &str) -> (String, String) {
    let spec = ImageSpec::healthy(version);
    let digest = world.sample.push_as(version, &spec).unwrap();
    let uri = ecr::repository_uri(&world.sample.account, REPOSITORY);
    (digest.clone(), format!("{uri}@{digest}"))
}

async fn current(world: &World) -> Current {
    world.target().await.state.current.unwrap()
}

fn drifts(world: &World) -> Vec<Value> {
    let mut events = world.emitted_events();
    events.retain(|event| event["detail-type"] == "Drift Detected");
    events
}

const STANDS: [Stand; 3] = [Stand::CodeDeploy, Stand::Rolling, Stand::BlueGreen];

#[tokio::test(start_paused = true)]
async fn what_somebody_deploys_unheard_is_found_once_and_recorded_with_its_cause() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let (by_hand_digest, image) = another(&world, "by-hand");
        by_hand(&world, &image).await;
        assert_eq!(world.recorded().await, Some(v2.clone()), "{stand:?}");
        rounds(&world, 31).await;
        let found = current(&world).await;
        assert_eq!(found.candidate.digest.as_str(), by_hand_digest, "{stand:?}");
        assert!(!found.is_proved, "{stand:?}");
        let drift = found.drift.unwrap();
        assert!(drift.expected.contains("mco/api:test"), "{drift:?}");
        assert!(!drift.is_foreign, "{drift:?}");
        let cause = drift.cause.unwrap();
        let by = match stand {
            Stand::CodeDeploy => "CodeDeploy deployment d-",
            _ => "ECS service deployment ",
        };
        assert!(cause.starts_with(&format!("deployed by {by}")), "{cause}");
        assert!(cause.contains("registered by user operator"), "{cause}");
        let events = drifts(&world);
        assert_eq!(events.len(), 1, "{stand:?}: {events:?}");
        let detail = &events[0]["detail"];
        assert_eq!(detail["digest"], json!(by_hand_digest), "{stand:?}");
        assert!(
            detail["reason"].as_str().unwrap().contains(&cause),
            "{detail}"
        );
        let record = world.record_of(&by_hand_digest).await;
        assert_eq!(record.status, Status::Succeeded, "{stand:?}");
        assert_eq!(
            record.origin,
            Origin::Elsewhere { creator: cause },
            "{stand:?}"
        );
        // Whatever is deployed next ends it.
        let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
        world.quiet().await;
        let next = current(&world).await;
        assert_eq!(next.candidate.digest.as_str(), v3, "{stand:?}");
        assert!(next.is_proved && next.drift.is_none(), "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_as_it_went_is_as_it_was_recorded() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let before = current(&world).await;
        let (_, image) = another(&world, "by-hand");
        by_hand(&world, &image).await;
        rounds(&world, 16).await;
        assert!(current(&world).await.drift.is_some(), "{stand:?}");
        let uri = ecr::repository_uri(&world.sample.account, REPOSITORY);
        by_hand(&world, &format!("{uri}@{v2}")).await;
        rounds(&world, 16).await;
        let after = current(&world).await;
        assert_eq!((after.drift, after.is_proved), (None, true), "{stand:?}");
        assert_eq!(after.deployment, before.deployment, "{stand:?}");
        assert_eq!(drifts(&world).len(), 1, "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_of_another_repository_is_drift_and_the_recorded_one_can_be_deployed_again() {
    for stand in [Stand::CodeDeploy, Stand::Rolling] {
        let world = World::open_stand(stand).await;
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let account = &world.sample.account;
        ecr::create_repository(account, "other/app");
        let spec = ImageSpec::healthy("v9");
        let digest = ecr::push_image(account, "other/app", &["latest"], &spec).unwrap();
        let image = format!("{}@{digest}", ecr::repository_uri(account, "other/app"));
        by_hand(&world, &image).await;
        rounds(&world, 40).await;
        let found = current(&world).await;
        assert!(found.is_foreign(), "{stand:?}: {found:?}");
        assert_eq!(found.candidate.digest.as_str(), v2, "{stand:?}");
        assert_eq!(found.drift.unwrap().runs, image, "{stand:?}");
        assert_eq!(drifts(&world).len(), 1, "{stand:?}");
        world.ask("test").await;
        world.quiet().await;
        let after = current(&world).await;
        assert_eq!(after.candidate.digest.as_str(), v2, "{stand:?}");
        assert!(after.is_proved && after.drift.is_none(), "{stand:?}");
        assert_eq!(world.sample.live_digest(), Some(v2), "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_somebody_deploys_there_is_no_verdict_and_what_an_event_tells_is_no_drift() {
    for stand in STANDS {
        let world = World::open_stand(stand).await;
        world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        let (digest, image) = another(&world, "by-hand");
        let change = |definition: &mut Value| {
            definition["containerDefinitions"][0]["image"] = json!(image);
        };
        let account = &world.sample.account;
        if stand == Stand::CodeDeploy {
            deploy_by_hand(account, None, change).await;
        } else {
            update_by_hand(account, change).await;
        }
        until_settled(&world).await;
        let found = current(&world).await;
        assert_eq!(found.candidate.digest.as_str(), digest, "{stand:?}");
        assert_eq!(found.drift, None, "{stand:?}");
        assert_eq!(drifts(&world), [] as [Value; 0], "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_and_named_by_its_tag_is_no_drift() {
    for stand in [
        Stand::CodeDeploy,
        Stand::Rolling,
        Stand::BlueGreen,
        Stand::Sidecars,
    ] {
        let world = World::open_stand(stand).await;
        rounds(&world, 31).await;
        assert_eq!(current(&world).await.drift, None, "{stand:?}");
        assert_eq!(world.emitted(), [] as [&str; 0], "{stand:?}");
    }
}

/// The event of the push that should have been deployed is lost, and somebody else's comes in between.
#[tokio::test(start_paused = true)]
async fn a_pipeline_that_names_its_service_has_drift_as_well() {
    let world = World::open_stand(Stand::Pipeline).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.recorded().await, Some(v2));
    let (digest, image) = another(&world, "by-hand");
    let events = Pattern::parse(&json!({"source": ["aws.codedeploy"]})).unwrap();
    let account = &world.sample.account;
    account.events().disturb(events, Disturbance::Drop);
    deploy_by_hand(account, None, |definition| {
        definition["containerDefinitions"][0]["image"] = json!(image);
    })
    .await;
    world.quiet().await;
    sleep(Duration::from_mins(1)).await;
    rounds(&world, 16).await;
    assert_eq!(world.recorded().await, Some(digest));
    assert_eq!(drifts(&world).len(), 1);
}
