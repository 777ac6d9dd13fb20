//! A person goes back: to the last proved image, at every stand, whatever goes on.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use futures_util::join;
use greenlight_core::{
    deployment::{BackTo, Rule},
    record::{Deed, Origin, Status},
};
use greenlight_deployer::rollback::{RollbackError, RolledBack};
use greenlight_tests::{
    by_hand::{deploy_by_hand, update_by_hand},
    wire::Fault,
    world::{RECORD_DEPLOYMENT, World, name},
};
use rehearsal::{
    account::{
        codedeploy::{self, Group, ReadyOption},
        containers::ImageSpec,
        ecr,
    },
    scenario::sample::{APPLICATION, CLUSTER, REPOSITORY, SERVICE, Stand, TAG},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

const STANDS: [Stand; 6] = [
    Stand::CodeDeploy,
    Stand::Rolling,
    Stand::BlueGreen,
    Stand::Migration,
    Stand::Task,
    Stand::Pipeline,
];

/// An image that does at `stand` what it should.
fn good(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(30), 0),
        _ => ImageSpec::migration(version, 0),
    }
}

async fn back(world: &World, to: Option<&str>) -> Result<RolledBack, RollbackError> {
    let to: Option<BackTo> = to.map(|to| to.parse().unwrap());
    let stored = world.target().await;
    world
        .operator
        .roll_back(stored, to.as_ref(), "ada", Some("it is slow"))
        .await
}

/// A stand on which these were deployed, one after the other, with their digests.
async fn with_live(stand: Stand, versions: &[&str]) -> (World, Vec<String>) {
    let world = World::open_stand(stand).await;
    let mut digests = Vec::new();
    for version in versions {
        digests.push(world.sample.push(&good(stand, version)).unwrap());
        world.quiet().await;
    }
    (world, digests)
}

/// Everything is quiet, and this image runs.
async fn assert_live(world: &World, digest: &str, case: &str) {
    world.quiet().await;
    let state = world.target().await.state;
    assert_eq!(state.active, None, "{case}");
    assert_eq!((state.queued, state.rollback), (None, None), "{case}");
    assert_eq!(world.recorded().await.as_deref(), Some(digest), "{case}");
    if world.sample.stand != Stand::Task {
        let live = world.sample.live_digest();
        assert_eq!(live.as_deref(), Some(digest), "{case}");
    }
}

/// It does not come back when its tag is pushed again, after that of what is live.
async fn assert_stays_away(world: &World, live: &str, digest: &str, case: &str) {
    let before = world.sample.deployments().len();
    for image in [live, digest] {
        // The tag of what failed has been given back already.
        if world.sample.tagged().as_deref() != Some(image) {
            ecr::retag(&world.sample.account, REPOSITORY, image, TAG).unwrap();
        }
        world.quiet().await;
    }
    assert_eq!(world.sample.deployments().len(), before, "{case}");
    assert_eq!(world.recorded().await.as_deref(), Some(live), "{case}");
}

#[tokio::test(start_paused = true)]
async fn what_was_proved_last_comes_back_and_what_is_gone_back_from_does_not() {
    for stand in STANDS {
        let case = format!("{stand:?}");
        let (world, digests) = with_live(stand, &["v2", "v3"]).await;
        let rolled_back = back(&world, None).await.unwrap();
        assert_eq!(rolled_back.explanation.rule, Rule::RolledBack, "{case}");
        assert_live(&world, &digests[0], &case).await;
        let record = &world.history().await[0];
        assert_eq!(record.id, rolled_back.deployment, "{case}");
        assert_eq!(record.status, Status::Succeeded, "{case}");
        let Origin::Rollback { by, .. } = &record.origin else {
            panic!("{case}: {record:?}")
        };
        assert_eq!(by.as_deref(), Some("ada"), "{case}");
        let noted = world.operator.interventions(&name(), 10).await.unwrap();
        let [noted] = &noted[..] else {
            panic!("{case}: {noted:?}")
        };
        assert!(matches!(noted.deed, Deed::RolledBack { .. }), "{case}");
        assert_eq!(noted.reason.as_deref(), Some("it is slow"), "{case}");
        assert!(world.target().await.state.current.unwrap().is_proved);
        assert_stays_away(&world, &digests[0], &digests[1], &case).await;
        let v4 = world.sample.push(&good(stand, "v4")).unwrap();
        assert_live(&world, &v4, &case).await;
    }
}

#[tokio::test(start_paused = true)]
async fn from_an_image_that_was_brought_back_the_way_leads_further_back() {
    let (world, digests) = with_live(Stand::Rolling, &["v2", "v3", "v4"]).await;
    back(&world, None).await.unwrap();
    assert_live(&world, &digests[1], "once").await;
    back(&world, None).await.unwrap();
    assert_live(&world, &digests[0], "twice").await;
    // Then there is nothing more that was proved: v1 was there before.
    let error = back(&world, None).await.unwrap_err().to_string();
    assert!(
        error.contains("nothing to go back to") && error.contains("proved"),
        "{error}"
    );
    // It can be named, as can one that was gone back from.
    let v1 = world.sample.v1.clone();
    back(&world, Some(&v1)).await.unwrap();
    assert_live(&world, &v1, "named").await;
    back(&world, Some(&digests[2][..19])).await.unwrap();
    assert_live(&world, &digests[2], "named, though gone back from").await;
    let again = back(&world, Some(&digests[2])).await.unwrap();
    assert_eq!(again.explanation.rule, Rule::AlreadyLive);
    assert_live(&world, &digests[2], "again").await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_under_way_is_stopped_and_what_was_live_stays() {
    for stand in STANDS {
        for after in [12, 20, 45] {
            let case = format!("{stand:?} after {after} s");
            let (world, digests) = with_live(stand, &["v2"]).await;
            let before = world.sample.deployments().len();
            let v3 = world.sample.push(&good(stand, "v3")).unwrap();
            sleep(Duration::from_secs(after)).await;
            let active = world.target().await.state.active;
            let rolled_back = if active.is_some() {
                let rolled_back = back(&world, None).await.unwrap();
                assert_eq!(rolled_back.explanation.rule, Rule::RolledBack, "{case}");
                rolled_back
            } else {
                continue;
            };
            assert_live(&world, &digests[0], &case).await;
            let record = world.record_of(&v3).await;
            // A task that is stopped when it has ended was too far gone.
            if record.status == Status::Succeeded {
                assert_eq!(after, 45, "{case}");
            } else {
                let reason = record.reason.unwrap();
                let begins = "rolled back by ada (it is slow): ";
                assert!(reason.starts_with(begins), "{case}: {reason}");
            }
            let history = world.history().await;
            let brought = history.iter().find(|it| it.id == rolled_back.deployment);
            assert_eq!(brought.unwrap().status, Status::Succeeded, "{case}");
            // Where AWS has gone back by itself nothing was deployed again.
            let deployed = world.sample.deployments().len() - before;
            assert!(deployed <= 2, "{case}: {deployed}");
            assert!(
                world
                    .target()
                    .await
                    .state
                    .rejected
                    .iter()
                    .any(|it| it.as_str() == v3)
            );
            assert_stays_away(&world, &digests[0], &v3, &case).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_was_broken_off_is_found_and_stopped_or_never_made() {
    for stand in STANDS {
        let operation = match stand {
            Stand::CodeDeploy => "CreateDeployment",
            Stand::Migration | Stand::Task => "RunTask",
            Stand::Pipeline => "StartPipelineExecution",
            _ => "UpdateService",
        };
        let (world, _) = with_live(stand, &["v2"]).await;
        let seen = world.push_wire.seen();
        let number = seen
            .iter()
            .position(|it| it.operation == operation)
            .unwrap();
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let case = format!("{stand:?}, {fault:?}");
            let (world, digests) = with_live(stand, &["v2"]).await;
            let (deployments, tasks) = (
                world.sample.deployments().len(),
                world.sample.one_shots().len(),
            );
            world.push_wire.inject(number, fault);
            let v3 = world.sample.push(&good(stand, "v3")).unwrap();
            sleep(Duration::from_secs(5)).await;
            assert!(world.push_wire.has_struck(), "{case}");
            back(&world, None).await.unwrap();
            assert_live(&world, &digests[0], &case).await;
            let status = world.status_of(&v3).await.unwrap();
            assert!(status.is_final(), "{case}");
            // What was started was looked for and stopped, unless it ended before anybody looked.
            if fault == Fault::CrashBefore {
                assert_eq!(status, Status::StartFailed, "{case}");
                assert_eq!(world.sample.deployments().len(), deployments, "{case}");
                assert_eq!(world.sample.one_shots().len(), tasks, "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_waits_for_a_person_goes_back() {
    let (world, v1) = {
        let world = World::open_stand(Stand::PausedCanary).await;
        let v1 = world.sample.v1.clone();
        (world, v1)
    };
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    while world.sample.awaiting().is_empty() {
        sleep(Duration::from_secs(1)).await;
    }
    // What was there before is to be named, since nobody has proved it.
    let error = back(&world, None).await.unwrap_err();
    assert!(matches!(error, RollbackError::Nothing { .. }), "{error}");
    back(&world, Some(&v1)).await.unwrap();
    assert_live(&world, &v1, "paused").await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_codedeploy_deployment_that_is_ready_to_shift_goes_back() {
    let (world, digests) = with_live(Stand::CodeDeploy, &["v2"]).await;
    let mut group = Group::new(
        APPLICATION,
        APPLICATION,
        (CLUSTER, SERVICE),
        &world.sample.production_listener,
        ["api-blue", "api-green"],
    );
    group.test_listener_arns = Some(vec![world.sample.test_listener.clone()]);
    group.ready_option = ReadyOption::StopDeployment { wait_minutes: 60 };
    codedeploy::create_deployment_group(&world.sample.account, group);
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    let is_ready = || {
        let mut active = world.sample.active_deployments().into_iter();
        active.any(|id| world.sample.deployment(&id)["status"] == "Ready")
    };
    while !is_ready() {
        sleep(Duration::from_secs(1)).await;
    }
    back(&world, None).await.unwrap();
    assert_live(&world, &digests[0], "ready").await;
    assert_eq!(world.status_of(&v3).await, Some(Status::Failed));
}

#[tokio::test(start_paused = true)]
async fn two_people_at_once_go_back_once() {
    for stand in [Stand::CodeDeploy, Stand::Rolling, Stand::Task] {
        let case = format!("{stand:?}");
        let (world, digests) = with_live(stand, &["v2", "v3", "v4"]).await;
        let before = world.history().await.len();
        let stored = world.target().await;
        let (ada, grace) = (world.person("ada"), world.person("grace"));
        let (one, other) = join!(
            ada.roll_back(stored.clone(), None, "ada", None),
            grace.roll_back(stored.clone(), None, "grace", None),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.deployment, other.deployment, "{case}");
        // A third one, who comes a little later, does not go further back.
        let third = back(&world, None).await.unwrap();
        assert_eq!(third.deployment, one.deployment, "{case}");
        assert_live(&world, &digests[1], &case).await;
        assert_eq!(world.history().await.len(), before + 1, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_what_was_stopped_changes_nothing_when_it_is_told_again_later() {
    for stand in [Stand::CodeDeploy, Stand::Rolling, Stand::BlueGreen] {
        let (world, digests) = with_live(stand, &["v2"]).await;
        world.sample.push(&good(stand, "v3")).unwrap();
        sleep(Duration::from_secs(20)).await;
        back(&world, None).await.unwrap();
        assert_live(&world, &digests[0], "stopped").await;
        let before = (world.history().await, world.target().await.state);
        let events = world.sample.account.events().history();
        let source = if stand == Stand::CodeDeploy {
            "aws.codedeploy"
        } else {
            "aws.ecs"
        };
        for event in events.iter().filter(|event| event["source"] == source) {
            let type_ = event["detail-type"].as_str().unwrap();
            if type_.contains("Deployment State Change") {
                world
                    .invoke(RECORD_DEPLOYMENT, event.clone())
                    .await
                    .unwrap();
            }
        }
        assert_live(&world, &digests[0], "told again").await;
        let after = (world.history().await, world.target().await.state);
        assert_eq!(after, before, "{stand:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn from_what_others_deployed_the_way_leads_to_the_last_proved_image() {
    for stand in [Stand::CodeDeploy, Stand::Rolling] {
        let (world, digests) = with_live(stand, &["v2"]).await;
        let account = &world.sample.account;
        let spec = ImageSpec::healthy("by hand");
        let theirs = ecr::push_image(account, REPOSITORY, &["by-hand"], &spec).unwrap();
        let settings = account.settings();
        let image = format!(
            "{}.dkr.ecr.{}.amazonaws.com/{REPOSITORY}@{theirs}",
            settings.account_id, settings.region
        );
        let change = |definition: &mut serde_json::Value| {
            definition["containerDefinitions"][0]["image"] = json!(image);
        };
        if stand == Stand::CodeDeploy {
            deploy_by_hand(account, None, change).await;
        } else {
            update_by_hand(account, change).await;
        }
        assert_live(&world, &theirs, "by hand").await;
        assert!(!world.target().await.state.current.unwrap().is_proved);
        back(&world, None).await.unwrap();
        assert_live(&world, &digests[0], "back").await;
        assert!(world.target().await.state.current.unwrap().is_proved);
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_ecr_does_not_have_any_more_is_passed_over_and_named() {
    let (world, digests) = with_live(Stand::Rolling, &["v2", "v3", "v4"]).await;
    ecr::delete_image(&world.sample.account, REPOSITORY, &digests[1]).unwrap();
    let rolled_back = back(&world, None).await.unwrap();
    assert_eq!(rolled_back.candidate.digest.as_str(), digests[0]);
    let passed_over = rolled_back.passed_over.join("\n");
    assert!(passed_over.contains("not in ECR any more"), "{passed_over}");
    assert_live(&world, &digests[0], "passed over").await;
    let error = back(&world, Some(&digests[1])).await.unwrap_err();
    assert!(error.to_string().contains("not in ECR any more"), "{error}");
    let error = back(&world, Some("v9")).await.unwrap_err();
    assert!(matches!(error, RollbackError::Unknown { .. }), "{error}");
}
