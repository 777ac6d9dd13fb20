//! `greenlight init`: what is suggested for a service is understood, and deploys what is pushed.

use greenlight_core::{record::Status, target};
use greenlight_deployer::suggest::SuggestError;
use greenlight_tests::world::World;
use rehearsal::{
    account::{Settings, containers::ImageSpec, ecr},
    scenario::sample::{CLUSTER, REPOSITORY, SERVICE, Stand, TARGET},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

async fn without_targets(stand: Stand) -> World {
    World::open_stand_in(Settings::for_tests(), stand, &[]).await
}

#[tokio::test(start_paused = true)]
async fn what_is_suggested_for_any_service_deploys_what_is_pushed() {
    for stand in Stand::ALL {
        let world = without_targets(stand).await;
        let name = TARGET.parse().unwrap();
        let suggested = world.operator.suggest(CLUSTER, SERVICE, Some(&name)).await;
        let suggestion = suggested.unwrap_or_else(|error| panic!("{stand:?}: {error}"));
        let parsed = target::parse(&suggestion.document());
        let targets = parsed.unwrap_or_else(|problems| panic!("{stand:?}: {problems}"));
        assert_eq!(
            targets,
            std::slice::from_ref(&suggestion.target),
            "{stand:?}"
        );
        assert!(!suggestion.target.gates.is_empty(), "{stand:?}");
        assert!(suggestion.target.on_failure.restore_tag, "{stand:?}");

        world.register(&targets).await;
        assert_eq!(
            world.recorded().await.as_ref(),
            Some(&world.sample.v1),
            "{stand:?}"
        );
        let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
        if stand == Stand::PausedCanary {
            // Before each step somebody has to say so.
            for _ in 0..200 {
                sleep(Duration::from_secs(30)).await;
                let target = world.target().await;
                let progress = world.operator.progress(&target).await;
                if progress.is_some_and(|progress| progress.awaiting.is_some()) {
                    world.operator.continue_(&target).await.unwrap();
                }
            }
        }
        world.quiet().await;
        let history = world.history().await;
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Succeeded),
            "{stand:?}: {:?}",
            history.first()
        );
        assert_eq!(world.sample.live_digest().as_ref(), Some(&v2), "{stand:?}");
        // Every suggested gate was run, and with every check.
        let record = &history[0];
        for (point, checks) in suggestion.target.gates.iter() {
            let report = record.gates.get(&point);
            let report = report.unwrap_or_else(|| panic!("{stand:?}: no {point}"));
            assert_eq!(report.checks.len(), checks.len(), "{stand:?}: {point}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_suggested_fits_the_service() {
    for (stand, deploy, gates) in [
        (
            Stand::CodeDeploy,
            json!({"codedeploy": {"application": "API", "group": "API"}}),
            json!({"before_traffic": [
                {"tasks": {}},
                {"digest": {}},
                {"targets": {}},
                {"http": {"path": "/ping", "expect": {"status": [200]}}},
            ]}),
        ),
        (
            Stand::Rolling,
            json!({"rolling": {}}),
            json!({"after_traffic": [
                {"tasks": {}},
                {"digest": {"timeout": "1m"}},
                {"targets": {"timeout": "3m"}},
            ]}),
        ),
        (
            Stand::Canary,
            json!({"native": {}}),
            json!({
                "after_install": [{"tasks": {}}, {"digest": {}}],
                "test_traffic": [
                    {"targets": {}},
                    {"http": {"path": "/ping", "expect": {"status": [200]}}},
                ],
            }),
        ),
    ] {
        let world = without_targets(stand).await;
        // By their ARNs, as one copies them.
        let cluster = format!("arn:aws:ecs:eu-west-1:123456789012:cluster/{CLUSTER}");
        let service = format!("arn:aws:ecs:eu-west-1:123456789012:service/{CLUSTER}/{SERVICE}");
        let suggestion = world
            .operator
            .suggest(&cluster, &service, None)
            .await
            .unwrap();
        let document = suggestion.document();
        assert_eq!(document["name"], SERVICE, "{stand:?}");
        assert_eq!(document["deploy"], deploy, "{stand:?}");
        assert_eq!(document["gates"], gates, "{stand:?}");
        let images = suggestion
            .remarks_of("images")
            .collect::<Vec<_>>()
            .join("\n");
        assert!(images.contains("`log-router` is left out"), "{images}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_container_of_ecr_is_taken() {
    let world = without_targets(Stand::Sidecars).await;
    let suggestion = world
        .operator
        .suggest(CLUSTER, SERVICE, None)
        .await
        .unwrap();
    assert_eq!(
        suggestion.document()["images"],
        json!([
            {"container": "api", "repository": "mco/api", "tags": ["test"]},
            {"container": "sidecar", "repository": "mco/sidecar", "tags": ["test"]},
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_cannot_move_is_not_given_back() {
    let world = without_targets(Stand::Rolling).await;
    ecr::set_mutability(
        &world.sample.account,
        REPOSITORY,
        ecr::Mutability::Immutable,
    )
    .unwrap();
    let suggestion = world
        .operator
        .suggest(CLUSTER, SERVICE, None)
        .await
        .unwrap();
    assert!(!suggestion.target.on_failure.restore_tag);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_said_with_what_is() {
    let world = without_targets(Stand::CodeDeploy).await;
    let error = world
        .operator
        .suggest("mcp", SERVICE, None)
        .await
        .unwrap_err();
    let SuggestError::NoCluster { cluster, known } = error else {
        panic!("{error}");
    };
    assert_eq!(
        (cluster.as_str(), known.as_slice()),
        ("mcp", &[CLUSTER.to_owned()][..])
    );
    let error = world
        .operator
        .suggest(CLUSTER, "apo", None)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "cluster `mco` has no service `apo`");
    let SuggestError::NoService { known, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(known, [SERVICE]);
}
