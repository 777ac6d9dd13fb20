//! What the lost event of a push left is found and made up for, and nothing else is touched.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{
    record::{Origin, Status},
    target::Target,
};
use greenlight_deployer::push::Decided;
use greenlight_tests::world::{World, targets_in};
use jiff::{SignedDuration, Timestamp};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecr,
        events::{Disturbance, Pattern},
    },
    scenario::sample::{REPOSITORY, Stand, TAG},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

fn taking(tags: &str) -> Vec<Target> {
    let document = Stand::Rolling.targets();
    targets_in(&document.replace("tags: [test]", &format!("tags: [{tags}]")))
}

async fn world(tags: &str) -> World {
    World::open_stand_with(Stand::Rolling, &taking(tags), |_| {}).await
}

/// Does something of which no event of ECR tells.
fn unheard<T>(world: &World, deed: impl FnOnce(&World) -> T) -> T {
    let events = world.sample.account.events();
    let pushes = Pattern::parse(&json!({"source": ["aws.ecr"]})).unwrap();
    events.disturb(pushes, Disturbance::Drop);
    let done = deed(world);
    events.calm();
    done
}

async fn take_missed(world: &World) -> Vec<Decided> {
    sleep(Duration::from_secs(5)).await;
    let stored = world.target().await;
    let now: Timestamp = world.operator.clock.now();
    let lease_until = now + SignedDuration::from_mins(5);
    let taken = world.operator.take_missed(stored, lease_until).await;
    let taken = taken.unwrap();
    world.quiet().await;
    taken
}

/// Nothing is missed, and looking changes nothing.
async fn nothing_is_missed(world: &World, why: &str) {
    let before = world.target().await;
    assert_eq!(take_missed(world).await, [], "{why}");
    assert_eq!(world.target().await, before, "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_push_whose_event_was_lost_is_deployed() {
    for tags in [
        "test",
        "main, test",
        r#"{ glob: "te*" }"#,
        "{ newest: true }",
    ] {
        let world = world(tags).await;
        nothing_is_missed(&world, "what was there when it was registered").await;
        let v2 = unheard(&world, |world| {
            world.sample.push(&ImageSpec::healthy("v2")).unwrap()
        });
        world.quiet().await;
        let before = world.recorded().await;
        assert_ne!(before.as_ref(), Some(&v2));
        let taken = take_missed(&world).await;
        assert_eq!(taken.len(), 1, "{tags}");
        assert_eq!(world.recorded().await.as_ref(), Some(&v2), "{tags}");
        assert_eq!(world.sample.live_digest().as_ref(), Some(&v2), "{tags}");
        let record = world.record_of(&v2).await;
        assert_eq!(record.origin, Origin::Push);
        nothing_is_missed(&world, tags).await;
        assert_eq!(world.sample.deployments().len(), 1, "{tags}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_versions_the_highest_that_was_missed_is_deployed() {
    let world = world(r#"{ semver: ">=1.2, <2" }"#).await;
    world
        .sample
        .push_as("1.5.0", &ImageSpec::healthy("1.5.0"))
        .unwrap();
    world.quiet().await;
    let push = |tag: &'static str| {
        move |world: &World| world.sample.push_as(tag, &ImageSpec::healthy(tag)).unwrap()
    };
    unheard(&world, push("1.4.9"));
    nothing_is_missed(&world, "a lower version").await;
    let highest = unheard(&world, push("1.10.0"));
    for tag in ["1.9.0", "2.0.0", "1.11.0-rc.1", "1.12.0.sig"] {
        sleep(Duration::from_secs(1)).await;
        unheard(&world, push(tag));
    }
    let archived = unheard(&world, push("1.20.0"));
    ecr::archive(&world.sample.account, REPOSITORY, &archived).unwrap();
    assert_eq!(take_missed(&world).await.len(), 1);
    assert_eq!(world.recorded().await, Some(highest));
    nothing_is_missed(&world, "all is made up for").await;
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_was_moved_to_an_older_image_is_followed() {
    let world = world("test").await;
    let v2 = world
        .sample
        .push_as("v2", &ImageSpec::healthy("v2"))
        .unwrap();
    world.quiet().await;
    sleep(Duration::from_mins(1)).await;
    world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    unheard(&world, |world| {
        ecr::retag(&world.sample.account, REPOSITORY, &v2, TAG).unwrap();
    });
    assert_eq!(take_missed(&world).await.len(), 1);
    assert_eq!(world.recorded().await, Some(v2));
    nothing_is_missed(&world, "it is live").await;
}

#[tokio::test(start_paused = true)]
async fn what_a_person_deployed_is_not_overridden() {
    for tags in ["test", r#"{ glob: "te*" }"#] {
        let world = world(tags).await;
        let v1 = world.recorded().await.unwrap();
        world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        world.quiet().await;
        world.ask(&v1).await;
        world.quiet().await;
        assert_eq!(world.recorded().await.as_ref(), Some(&v1));
        nothing_is_missed(&world, tags).await;
        assert_eq!(world.recorded().await, Some(v1), "{tags}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_image_does_not_come_back() {
    let world = world(r#"{ glob: "te*" }"#).await;
    let bad = world.sample.push(&ImageSpec::crashes("bad", 1)).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    nothing_is_missed(&world, "it was rejected").await;
    assert_ne!(world.sample.live_digest().as_ref(), Some(&bad));
}
