//! Targets that take images of several repositories.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::{deployment::Candidate, record::Status};
use greenlight_tests::{asked::requests, world::World};
use rehearsal::{
    account::{containers::ImageSpec, ecr},
    scenario::sample::{CONTAINER, SIDECAR, SIDECAR_REPOSITORY, Stand, TAG},
};
use tokio::time::{Duration, sleep};

fn push_sidecar(world: &World, image: &ImageSpec) -> String {
    world
        .sample
        .push_to(SIDECAR_REPOSITORY, TAG, image)
        .unwrap()
}

fn tagged_sidecar(world: &World) -> String {
    ecr::tagged(&world.sample.account, SIDECAR_REPOSITORY, TAG).unwrap()
}

/// The images of the two containers in the task definition that is live.
fn live(world: &World) -> [String; 2] {
    let definition = world.sample.live_task_definition().unwrap();
    let arn = definition["taskDefinitionArn"].as_str().unwrap();
    [CONTAINER, SIDECAR].map(|container| world.sample.image_in(arn, container).unwrap())
}

/// The digests of both images, `mco/api` first.
fn digests(candidate: &Candidate) -> [String; 2] {
    let of = |name: &str| {
        let mut images = candidate.images();
        let found = images.find(|image| image.repository.name.as_str() == name);
        found.unwrap().digest.to_string()
    };
    [of("mco/api"), of(SIDECAR_REPOSITORY)]
}

async fn current(world: &World) -> [String; 2] {
    digests(&world.target().await.state.current.unwrap().candidate)
}

#[tokio::test(start_paused = true)]
async fn what_runs_of_both_repositories_is_taken_over_at_the_start() {
    let world = World::open_stand(Stand::Sidecars).await;
    let first = tagged_sidecar(&world);
    assert_eq!(current(&world).await, [world.sample.v1.clone(), first]);
}

#[tokio::test(start_paused = true)]
async fn a_push_of_either_repository_deploys_that_container_and_keeps_the_other() {
    let world = World::open_stand(Stand::Sidecars).await;
    let s1 = tagged_sidecar(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let [api, sidecar] = live(&world);
    assert!(api.ends_with(&v2), "{api}");
    assert!(sidecar.ends_with(&s1), "{sidecar}");
    assert_eq!(current(&world).await, [v2.clone(), s1]);

    let s2 = push_sidecar(&world, &ImageSpec::healthy("sidecar-v2"));
    world.quiet().await;
    let [api_now, sidecar] = live(&world);
    assert_eq!(api_now, api);
    assert!(
        sidecar.ends_with(&format!("{SIDECAR_REPOSITORY}@{s2}")),
        "{sidecar}"
    );
    assert_eq!(current(&world).await, [v2, s2.clone()]);
    assert_eq!(world.status_of(&s2).await, Some(Status::Succeeded));
    assert_eq!(requests(&world, "UpdateService").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_kept_runs_what_is_live_although_its_tag_has_moved() {
    let world = World::open_stand(Stand::Sidecars).await;
    let s1 = tagged_sidecar(&world);
    let [_, by_tag] = live(&world);
    assert!(by_tag.ends_with("mco/sidecar:test"), "{by_tag}");
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    // It waits, but its tag names it at once, and the tasks of `v2` are still to start.
    let s2 = push_sidecar(&world, &ImageSpec::healthy("sidecar-v2"));
    world.quiet().await;
    let deployed: Vec<String> = requests(&world, "UpdateService")
        .iter()
        .map(|update| update["taskDefinition"].as_str().unwrap().to_owned())
        .map(|arn| world.sample.image_in(&arn, SIDECAR).unwrap())
        .collect();
    assert_eq!(deployed.len(), 2);
    assert!(deployed[0].ends_with(&s1), "{deployed:?}");
    assert!(deployed[1].ends_with(&s2), "{deployed:?}");
}

#[tokio::test(start_paused = true)]
async fn images_of_both_repositories_that_are_pushed_while_the_target_is_busy_go_together() {
    let world = World::open_stand(Stand::Sidecars).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(10)).await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    sleep(Duration::from_secs(2)).await;
    let s2 = push_sidecar(&world, &ImageSpec::healthy("sidecar-v2"));
    sleep(Duration::from_secs(2)).await;
    let queued = world.target().await.state.queued.unwrap();
    assert_eq!(digests(&queued.candidate), [v3.clone(), s2.clone()]);
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 2);
    let [api, sidecar] = live(&world);
    assert!(
        api.ends_with(&v3) && sidecar.ends_with(&s2),
        "{api} {sidecar}"
    );
    assert_eq!(current(&world).await, [v3.clone(), s2.clone()]);
    let record = &world.history().await[0];
    assert_eq!(record.status, Status::Succeeded);
    assert_eq!(digests(&record.candidate), [v3, s2]);
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_that_fails_gives_back_its_own_tag_only() {
    let world = World::open_stand(Stand::Sidecars).await;
    let s1 = tagged_sidecar(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let bad = push_sidecar(&world, &ImageSpec::healthy("sidecar-v2"));
    while requests(&world, "UpdateService").len() < 2 {
        sleep(Duration::from_millis(50)).await;
    }
    let arn = requests(&world, "UpdateService")[1]["taskDefinition"].clone();
    assert!(
        world
            .sample
            .image_in(arn.as_str().unwrap(), SIDECAR)
            .unwrap()
            .ends_with(&bad)
    );
    sleep(Duration::from_secs(5)).await;
    let stop = world.operator.abort(&world.target().await, "a test").await;
    stop.unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&bad).await, Some(Status::Failed));
    assert_eq!(tagged_sidecar(&world), s1, "its tag was given back");
    assert_eq!(
        world.sample.tagged().as_ref(),
        Some(&v2),
        "the other's tag was left alone"
    );
    assert_eq!(current(&world).await, [v2, s1]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_two_images_gives_back_both_tags() {
    let world = World::open_stand(Stand::Sidecars).await;
    // From here on the task definition names neither image by its tag.
    let s2 = push_sidecar(&world, &ImageSpec::healthy("sidecar-v2"));
    world.quiet().await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(10)).await;
    let bad = world.sample.push(&ImageSpec::crashes("v3", 1)).unwrap();
    sleep(Duration::from_secs(2)).await;
    let s3 = push_sidecar(&world, &ImageSpec::healthy("sidecar-v3"));
    world.quiet().await;
    let history = world.history().await;
    let failed = history
        .iter()
        .find(|record| record.status == Status::Failed)
        .unwrap();
    assert_eq!(digests(&failed.candidate), [bad, s3]);
    assert_eq!(world.sample.tagged().as_ref(), Some(&v2));
    assert_eq!(tagged_sidecar(&world), s2);
    assert_eq!(current(&world).await, [v2, s2]);
}
