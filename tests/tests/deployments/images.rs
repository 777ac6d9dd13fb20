//! Images that cannot be deployed, and images from elsewhere.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::{
    asked::requests,
    world::{World, sample_targets, targets_in},
};
use rehearsal::{
    account::{Account, Replication, Settings, containers::ImageSpec, ecr},
    scenario::sample::{REPOSITORY, Stand, TAG},
};
use tokio::time::{Duration, sleep};

/// Pushes `v3` while `v2` is being deployed, does something to it, and lets its turn come. Gives why it
/// was not started; nothing was registered for it.
async fn spoilt_while_it_waits(stand: Stand, spoil: impl FnOnce(&Account, &str)) -> String {
    let world = World::open_stand(stand).await;
    let v2 = world.sample.push(&ImageSpec::migration("v2", 0)).unwrap();
    sleep(Duration::from_secs(15)).await;
    let v3 = world.sample.push(&ImageSpec::migration("v3", 0)).unwrap();
    sleep(Duration::from_secs(2)).await;
    assert!(world.target().await.state.queued.is_some(), "{stand:?}");
    spoil(&world.sample.account, &v3);
    world.quiet().await;
    let record = world.record_of(&v3).await;
    assert_eq!(record.status, Status::StartFailed, "{stand:?}: {record:?}");
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    let registered = requests(&world, "RegisterTaskDefinition");
    assert!(
        !registered.iter().any(|it| it.to_string().contains(&v3)),
        "{stand:?}: {registered:?}"
    );
    assert_eq!(world.sample.deployments().len(), 1, "{stand:?}");
    record.reason.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_image_that_was_archived_is_refused_before_anything_is_registered() {
    for stand in [
        Stand::CodeDeploy,
        Stand::Templates,
        Stand::Rolling,
        Stand::Migration,
        Stand::Pipeline,
    ] {
        let reason = spoilt_while_it_waits(stand, |account, digest| {
            ecr::archive(account, REPOSITORY, digest).unwrap();
        })
        .await;
        assert!(
            reason.contains("is archived and cannot be pulled")
                && reason.contains("restore it in ECR"),
            "{stand:?}: {reason}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_was_deleted_is_refused_before_anything_is_registered() {
    for stand in [
        Stand::CodeDeploy,
        Stand::Templates,
        Stand::Rolling,
        Stand::Migration,
        Stand::Pipeline,
    ] {
        let reason = spoilt_while_it_waits(stand, |account, digest| {
            ecr::delete_image(account, REPOSITORY, digest).unwrap();
        })
        .await;
        assert!(
            reason.contains("is not in ECR any more") && reason.contains("push it again"),
            "{stand:?}: {reason}"
        );
    }
}

/// What became of an image at each of the stands.
async fn pushed(stand: Stand, image: &ImageSpec) -> (World, String) {
    let world = World::open_stand(stand).await;
    let digest = world.sample.push(image).unwrap();
    world.quiet().await;
    (world, digest)
}

#[tokio::test(start_paused = true)]
async fn an_image_for_another_processor_is_refused_and_nothing_is_registered() {
    let arm = ImageSpec::healthy("v2").platform("linux/arm64");
    let index = ImageSpec::healthy("v2").index(&["linux/arm64", "linux/s390x"]);
    for (image, offered) in [(arm, "linux/arm64"), (index, "linux/arm64 and linux/s390x")] {
        for stand in [
            Stand::CodeDeploy,
            Stand::Templates,
            Stand::Rolling,
            Stand::Migration,
            Stand::BlueGreen,
            Stand::Task,
        ] {
            let (world, digest) = pushed(stand, &image).await;
            let record = world.record_of(&digest).await;
            assert_eq!(record.status, Status::StartFailed, "{stand:?}: {record:?}");
            let reason = record.reason.unwrap();
            let expected =
                format!("the image is for {offered}, but task definition `api` wants linux/amd64");
            assert!(reason.contains(&expected), "{stand:?}: {reason}");
            assert!(requests(&world, "RegisterTaskDefinition").is_empty());
            assert_eq!(world.sample.deployments(), [""; 0]);
            assert_eq!(world.sample.one_shots(), [""; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_has_the_processor_among_others_is_deployed() {
    let image = ImageSpec::healthy("v2").index(&["linux/arm64", "linux/amd64"]);
    for stand in [Stand::CodeDeploy, Stand::Rolling, Stand::BlueGreen] {
        let (world, digest) = pushed(stand, &image).await;
        assert_eq!(
            world.status_of(&digest).await,
            Some(Status::Succeeded),
            "{stand:?}"
        );
        assert_eq!(
            world.sample.live_digest().as_ref(),
            Some(&digest),
            "{stand:?}"
        );
    }
}

/// Another account's registry, in another region.
fn elsewhere() -> ecr::Registry {
    ecr::Registry {
        account_id: "210987654321".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_of_another_region_and_account_is_deployed_from_there() {
    for stand in [Stand::CodeDeploy, Stand::Rolling] {
        let uri = elsewhere().uri(REPOSITORY);
        let document = stand.targets().replace("mco/api,", &format!("{uri},"));
        let targets = targets_in(&document);
        let world = World::open_stand_with(stand, &targets, |_| {}).await;
        let account = &world.sample.account;
        ecr::create_repository(account, &uri);
        ecr::forward_events(account, &elsewhere());
        let v2 = world
            .sample
            .push_to(&uri, TAG, &ImageSpec::healthy("v2"))
            .unwrap();
        world.quiet().await;
        let image =
            &requests(&world, "RegisterTaskDefinition")[0]["containerDefinitions"][0]["image"];
        assert_eq!(image.as_str(), Some(format!("{uri}@{v2}").as_str()));
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Succeeded),
            "{stand:?}"
        );
        assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
        // An image of the same name at home is another one.
        world.sample.push(&ImageSpec::healthy("v3")).unwrap();
        world.quiet().await;
        assert_eq!(world.sample.deployments().len(), 1);
        // And what fails there gets its tag back there.
        let bad = world
            .sample
            .push_to(&uri, TAG, &ImageSpec::crashes("v4", 1))
            .unwrap();
        world.quiet().await;
        assert_eq!(
            world.status_of(&bad).await,
            Some(Status::Failed),
            "{stand:?}"
        );
        assert_eq!(ecr::tagged(account, &uri, TAG), Some(v2));
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_arrives_by_replication_is_deployed_once() {
    for replication in [Replication::IsNoPush, Replication::AlsoSendsPush] {
        let settings = Settings {
            replication,
            ..Settings::for_tests()
        };
        let world = World::open_with(settings, &sample_targets()).await;
        let digest = ecr::replicate_image(
            &world.sample.account,
            &elsewhere(),
            REPOSITORY,
            &[TAG],
            &ImageSpec::healthy("v2"),
        )
        .unwrap();
        world.quiet().await;
        assert_eq!(world.sample.deployments().len(), 1, "{replication:?}");
        assert_eq!(
            world.status_of(&digest).await,
            Some(Status::Succeeded),
            "{replication:?}"
        );
        let history = world.history().await;
        let records = history
            .iter()
            .filter(|record| record.candidate.digest.as_str() == digest);
        assert_eq!(records.count(), 1, "{replication:?}");
    }
}
