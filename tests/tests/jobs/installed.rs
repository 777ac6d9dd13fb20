//! An installation: the stack of targets in an account in which the stacks of the examples were created. The same story is
//! the rehearsal's `install`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use greenlight_core::record::Status;
use greenlight_tests::world::{World, name};
use rehearsal::{
    account::{Settings, containers::ImageSpec, template::Choices},
    scenario::sample::{Stand, TAG, TARGET, WORKER_REPOSITORY, WORKER_TARGET},
};

const STACK: &str = "targets";

fn file() -> String {
    let path = format!(
        "{}/../examples/targets-stack.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).unwrap()
}

fn choices(tag: &str) -> Choices {
    let parameters = [
        ("ApiTargetName", TARGET),
        ("WorkerTargetName", WORKER_TARGET),
        ("Tag", tag),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Choices {
        parameters: parameters.into(),
        ..Choices::of(&Settings::for_tests())
    }
}

async fn registered(world: &World) -> Vec<String> {
    let targets = world.operator.targets().await.unwrap().into_iter();
    targets
        .map(|it| it.unwrap().target.name.to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_targets_deploys_what_is_pushed_and_goes_without_a_trace_in_what_runs() {
    let world = World::open_stand_in(Settings::for_tests(), Stand::Releases, &[]).await;
    let stacks = world.sample.account.stacks();

    let failure = stacks
        .create(STACK, &file(), &choices("te*t"))
        .await
        .unwrap_err();
    let remedy = "images[0].tags[0]: `te*t` is a pattern, not a tag (write `{glob: \"te*t\"}`)";
    assert!(failure.to_string().contains(remedy), "{failure}");
    assert_eq!(registered(&world).await, [""; 0]);

    // What verification finds is told with its remedy, too.
    let mut elsewhere = choices(TAG);
    let cluster = ("ClusterName".to_owned(), "mcoo".to_owned());
    elsewhere.parameters.extend([cluster]);
    let failure = stacks.create(STACK, &file(), &elsewhere).await.unwrap_err();
    let text = failure.to_string();
    assert!(
        text.contains("since a deployment would fail. Missing: "),
        "{text}"
    );
    assert!(
        text.contains("ECS service `mcoo/api` does not exist: create it"),
        "{text}"
    );
    assert_eq!(registered(&world).await, [""; 0]);

    stacks.create(STACK, &file(), &choices(TAG)).await.unwrap();
    assert_eq!(registered(&world).await, [TARGET, WORKER_TARGET]);
    assert_eq!(world.recorded().await, Some(world.sample.v1.clone()));

    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    let image = ImageSpec::healthy("worker-v2");
    let worker_v2 = world
        .sample
        .push_to(WORKER_REPOSITORY, TAG, &image)
        .unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest(), Some(v2.clone()));
    assert_eq!(world.sample.live_worker_digest(), Some(worker_v2));
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));

    stacks.delete(STACK).await.unwrap();
    assert_eq!(registered(&world).await, [""; 0]);
    assert_eq!(world.sample.live_digest(), Some(v2.clone()));
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));

    stacks.create(STACK, &file(), &choices(TAG)).await.unwrap();
    assert_eq!(name().as_str(), TARGET);
    assert_eq!(world.recorded().await, Some(v2));
}
