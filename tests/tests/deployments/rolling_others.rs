//! Deployments of a rolling service that Greenlight did not start.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::{Origin, Status};
use greenlight_tests::{
    by_hand::{ECS, call, update_by_hand},
    world::{DEPLOY_ON_PUSH, World},
};
use rehearsal::{
    account::{containers::ImageSpec, ecr},
    scenario::sample::{REPOSITORY, Stand},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

/// Pushes an image under a tag that no target watches, and has the service run it.
async fn by_hand(world: &World) -> (String, String) {
    let account = &world.sample.account;
    let image = ImageSpec::healthy("by hand");
    let digest = world.sample.push_as("by-hand", &image).unwrap();
    let pinned = format!("{}@{digest}", ecr::repository_uri(account, REPOSITORY));
    let deployment = update_by_hand(account, |definition| {
        definition["containerDefinitions"][0]["image"] = json!(pinned);
    })
    .await;
    (digest, deployment)
}

#[tokio::test(start_paused = true)]
async fn what_somebody_updates_by_hand_is_recorded_as_live() {
    let world = World::open_stand(Stand::Rolling).await;
    let (digest, _) = by_hand(&world).await;
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&digest));
    assert_eq!(world.recorded().await.as_ref(), Some(&digest));
    let record = world.record_of(&digest).await;
    let creator = "UpdateService".to_owned();
    assert_eq!(record.origin, Origin::Elsewhere { creator });
    assert_eq!(world.emitted(), ["Deployment Succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn a_push_during_somebody_elses_update_waits_for_its_end() {
    let world = World::open_stand(Stand::Rolling).await;
    let (digest, theirs) = by_hand(&world).await;
    sleep(Duration::from_secs(5)).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(10)).await;
    let queued = world.target().await.state.queued.unwrap();
    assert!(queued.reason.contains("is running"), "{}", queued.reason);
    assert_eq!(world.sample.deployments(), [theirs.as_str()]);
    world.quiet().await;
    assert_eq!(world.sample.deployment(&theirs)["status"], "SUCCESSFUL");
    assert_eq!(world.status_of(&digest).await, Some(Status::Succeeded));
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn somebody_who_deploys_the_same_revision_by_force_changes_no_record() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let before = world.history().await;
    let input = json!({"cluster": "mco", "service": "api", "forceNewDeployment": true});
    let account = &world.sample.account;
    call(account, ECS, "UpdateService", input).await;
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 2);
    assert_eq!(world.history().await, before);
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_runs_is_no_failed_start_because_it_cannot_be_seen() {
    let world = World::open_stand(Stand::Rolling).await;
    let account = &world.sample.account;
    account.deny(DEPLOY_ON_PUSH, "ecs:ListServiceDeployments");
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
}
