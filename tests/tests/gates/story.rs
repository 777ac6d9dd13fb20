//! The stand of the gates' stories: two services in one account, deployed by CodeDeploy and by ECS itself.

use greenlight_core::record::Status;
use greenlight_tests::gated::{approved, open_with_every_check, with_every_check};
use greenlight_tests::world::{World, targets_in, targets_of};
use rehearsal::account::containers::ImageSpec;
use rehearsal::scenario::sample::{Stand, TAG, WEB_REPOSITORY, WEB_TARGET};

/// The stand's targets, with gates that ask no alarm.
fn without_alarms() -> String {
    let document = Stand::Gated.targets().lines();
    let kept =
        document.filter(|line| !line.contains("alarms:") && !line.contains("after_traffic:"));
    kept.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_push_to_either_repository_is_deployed_in_the_way_of_its_service() {
    let targets = targets_in(&without_alarms());
    let world = World::open_stand_with(Stand::Gated, &targets, |_| {}).await;
    let sample = &world.sample;
    let api = sample.push(&ImageSpec::healthy("v2")).unwrap();
    let image = ImageSpec::healthy("web-v2");
    let web = sample.push_to(WEB_REPOSITORY, TAG, &image).unwrap();
    world.quiet().await;
    assert_eq!(sample.live_digest(), Some(api));
    assert_eq!(sample.live_web_digest(), Some(web));
    let deployments = sample.deployments();
    let [codedeploy, native] = &deployments[..] else {
        panic!("{deployments:?}");
    };
    assert_eq!(sample.deployment(codedeploy)["status"], "Succeeded");
    assert_eq!(sample.deployment(native)["status"], "SUCCESSFUL");
}

#[tokio::test(start_paused = true)]
async fn the_stands_own_targets_can_be_registered() {
    let targets = targets_of(Stand::Gated);
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["api-test", WEB_TARGET]);
    World::open_stand(Stand::Gated).await;
}

#[tokio::test(start_paused = true)]
async fn every_check_passes_in_one_gate() {
    for stand in [Stand::CodeDeploy, Stand::BlueGreen, Stand::Rolling] {
        let world = open_with_every_check(stand).await;
        let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
        if stand != Stand::Rolling {
            approved(&world).await;
        }
        world.quiet().await;
        let record = world.record_of(&v2).await;
        let (_, report) = record.gates.iter().next().unwrap();
        let found: Vec<String> = report
            .checks
            .iter()
            .map(|check| {
                format!(
                    "{}: {} {}",
                    check.check,
                    check.verdict.as_str(),
                    check.summary
                )
            })
            .collect();
        assert_eq!(record.status, Status::Succeeded, "{stand:?}: {found:#?}");
        let expected = with_every_check(stand).remove(0);
        let (_, checks) = expected.gates.iter().next().unwrap();
        assert_eq!(found.len(), checks.len(), "{found:#?}");
    }
}
