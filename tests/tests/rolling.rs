//! Services that ECS deploys rolling.

use greenlight_core::record::Status;
use greenlight_tests::world::World;
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};

#[tokio::test(start_paused = true)]
async fn a_pushed_image_is_rolled_out_proved_by_its_gate_and_recorded() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.deployments().len(), 1);
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
}
