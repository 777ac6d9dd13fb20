//! What `greenlight diff` and `deploy --dry-run` tell, against the account: the image changes and
//! nothing else, and whoever looks changes nothing.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_aws::table::StoredTarget;
use greenlight_core::{deployment::Decision, image_definitions::ImageFile};
use greenlight_deployer::plan::{Plan, Wish};
use greenlight_tests::world::World;
use rehearsal::{
    account::containers::ImageSpec,
    scenario::sample::{CONTAINER, Stand},
};
use serde_json::json;

/// The beginnings of operations that change nothing.
const READS: [&str; 6] = ["Describe", "Get", "List", "BatchGet", "Query", "Head"];

/// Plans, and makes sure that it is only looked.
async fn planned(world: &World, stored: &StoredTarget, wish: &Wish) -> Plan {
    let journal = world.sample.account.journal();
    let before = journal.calls().len();
    let plan = world.operator.plan(stored, wish).await.unwrap();
    let calls = journal.calls().split_off(before);
    assert!(!calls.is_empty());
    for call in calls {
        let reads = READS.iter().any(|read| call.operation.starts_with(read));
        assert!(reads, "{} is no reading call", call.operation);
    }
    plan
}

/// An image that no target takes by its tag.
fn push_aside(world: &World) -> String {
    world
        .sample
        .push_as("aside", &ImageSpec::healthy("v2"))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_plan_changes_only_the_image_and_only_looks_at_every_stand() {
    for stand in [
        Stand::CodeDeploy,
        Stand::Rolling,
        Stand::BlueGreen,
        Stand::Templates,
        Stand::Migration,
    ] {
        let world = World::open_stand(stand).await;
        let v2 = push_aside(&world);
        world.quiet().await;
        let stored = world.target().await;
        let plan = planned(&world, &stored, &v2.parse().unwrap()).await;
        assert_eq!(plan.decision.decision, Decision::Start, "{stand:?}");
        assert_eq!(plan.faults, [""; 0], "{stand:?}");
        assert!(plan.registers, "{stand:?}");
        let difference = plan.difference.unwrap();
        let image = format!("containerDefinitions[{CONTAINER}].image");
        assert!(
            difference.iter().any(|change| change.path == image),
            "{stand:?}: {difference}"
        );
        if stand != Stand::Templates {
            assert_eq!(difference.len(), 1, "{stand:?}: {difference}");
        }
        assert_eq!(world.target().await, stored, "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_image_definitions_file_names_is_deployed_by_its_digest() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = push_aside(&world);
    world.quiet().await;
    let stored = world.target().await;
    let repository = stored.repositories().remove(0);
    let file = json!([{"name": CONTAINER, "imageUri": format!("{repository}:aside")}]);
    let file = ImageFile::parse(file.to_string().as_bytes(), "imagedefinitions.json").unwrap();
    let wish = Wish::Files(vec![file]);
    let plan = planned(&world, &stored, &wish).await;
    assert_eq!(plan.candidate.digest.as_str(), v2);
    world
        .operator
        .ask(stored, &wish, "jane", false)
        .await
        .unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_nobody_watches_is_not_given_to_another_image_when_it_fails() {
    let world = World::open_stand(Stand::Rolling).await;
    let bad = world
        .sample
        .push_as("aside", &ImageSpec::crashes("v2", 3))
        .unwrap();
    world.quiet().await;
    world.ask("aside").await;
    world.quiet().await;
    assert_eq!(
        world.sample.live_digest().as_ref(),
        Some(&world.sample.v1),
        "it was rolled back"
    );
    let stored = world.target().await;
    let wish: Wish = "aside".parse().unwrap();
    let plan = planned(&world, &stored, &wish).await;
    assert_eq!(
        plan.candidate.digest.as_str(),
        bad,
        "the tag was left alone"
    );
}
