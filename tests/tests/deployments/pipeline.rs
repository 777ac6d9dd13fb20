//! Deployments that a pipeline does.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::record::Status;
use greenlight_tests::{
    asked::requests,
    by_hand::call,
    wire::Fault,
    world::{World, targets_in},
};
use rehearsal::{
    account::{
        codepipeline::{self, Action, Does, Failure, Mode, Pipeline, Stage},
        containers::ImageSpec,
        ecs,
    },
    scenario::sample::{
        ARTIFACT_BUCKET, CLUSTER, CONTAINER, PIPELINE, REPOSITORY, SERVICE, Stand, TAG,
    },
};
use serde_json::json;
use tokio::time::{Duration, sleep};

/// The prefix of `X-Amz-Target` (AWS-FACTS 0).
const CODEPIPELINE: &str = "CodePipeline_20150709";

/// Puts another pipeline in the place of the sample's: its source, and one action.
fn replace_pipeline(world: &World, mode: Mode, minutes: u64, does: Does) {
    let stage = |name: &str, action: Action| Stage {
        name: name.to_owned(),
        actions: vec![action],
    };
    let source = Does::Source {
        repository: REPOSITORY.to_owned(),
        tag: TAG.to_owned(),
    };
    let source = Action {
        outputs: vec!["Image".to_owned()],
        ..Action::new("Image", Duration::from_secs(5), source)
    };
    let pipeline = Pipeline {
        name: PIPELINE.to_owned(),
        mode,
        variables: vec![("LABEL".to_owned(), Some("none".to_owned()))],
        artifact_bucket: ARTIFACT_BUCKET.to_owned(),
        stages: vec![
            stage("Source", source),
            stage(
                "Deploy",
                Action::new("Ship", Duration::from_mins(minutes), does),
            ),
        ],
    };
    codepipeline::create_pipeline(&world.sample.account, pipeline).unwrap();
}

async fn start_by_hand(world: &World) {
    let input = json!({"name": PIPELINE});
    call(
        &world.sample.account,
        CODEPIPELINE,
        "StartPipelineExecution",
        input,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_is_started_with_the_digest_and_the_variables_and_its_end_concludes() {
    let world = World::open_stand(Stand::Pipeline).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let [start] = &requests(&world, "StartPipelineExecution")[..] else {
        panic!("{:?}", requests(&world, "StartPipelineExecution"));
    };
    let record = world.record_of(&v2).await;
    let id = record.id.to_string();
    assert_eq!(
        start,
        &json!({
            "name": PIPELINE,
            "clientRequestToken": id,
            "sourceRevisions": [
                {"actionName": "Image", "revisionType": "IMAGE_DIGEST", "revisionValue": v2}
            ],
            "variables": [{"name": "LABEL", "value": format!("test by {id}")}],
        })
    );
    assert_eq!(record.status, Status::Succeeded);
    assert_eq!(record.aws_id.as_ref(), world.sample.deployments().first());
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    // The pipeline registers what it deploys.
    assert!(requests(&world, "RegisterTaskDefinition").is_empty());
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_fails_is_a_failure_with_the_action_its_code_and_its_message() {
    let world = World::open_stand(Stand::Pipeline).await;
    let failure = Failure {
        code: "JobFailed".to_owned(),
        message: "the smoke test found no shop".to_owned(),
        external_id: Some("build-17".to_owned()),
    };
    replace_pipeline(&world, Mode::Queued, 1, Does::Fail(failure));
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let evidence = record.evidence.join("\n");
    for said in [
        "action `Ship` of stage `Deploy`",
        "JobFailed",
        "the smoke test found no shop",
        "build-17",
    ] {
        assert!(evidence.contains(said), "{said}: {evidence}");
    }
    assert!(
        record
            .reason
            .unwrap()
            .contains("the smoke test found no shop")
    );
    assert_eq!(world.sample.tagged().as_ref(), Some(&world.sample.v1));
    assert_eq!(world.target().await.state.rejected.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_a_newer_one_overtook_failed_but_says_nothing_against_its_image() {
    let world = World::open_stand(Stand::Pipeline).await;
    replace_pipeline(&world, Mode::Superseded, 10, Does::Succeed);
    start_by_hand(&world).await;
    sleep(Duration::from_secs(20)).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(20)).await;
    start_by_hand(&world).await;
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    assert!(
        record.reason.as_ref().unwrap().contains("Superseded"),
        "{record:?}"
    );
    let state = world.target().await.state;
    assert_eq!((state.active, state.rejected.len()), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_a_person_aborts_is_a_failure() {
    let world = World::open_stand(Stand::Pipeline).await;
    replace_pipeline(&world, Mode::Queued, 10, Does::Succeed);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(30)).await;
    let stored = world.target().await;
    world.operator.abort(&stored, "not today").await.unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("Stopped") && reason.contains("not today"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_reports_success_is_believed_only_if_the_service_runs_the_image() {
    let world = World::open_stand(Stand::Pipeline).await;
    replace_pipeline(&world, Mode::Queued, 1, Does::Succeed);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let reason = record.reason.unwrap();
    assert!(reason.contains("reports success, but"), "{reason}");
    assert_eq!(world.recorded().await.as_ref(), Some(&world.sample.v1));
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_of_a_target_without_a_service_is_believed() {
    let world = open_without_service(1).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_updates_a_rolling_service_is_waited_for_and_proved() {
    let targets = targets_in(Stand::Pipeline.targets());
    let world = World::open_stand_with(Stand::Rolling, &targets, |_| {}).await;
    let deploys = Does::Ecs {
        cluster: CLUSTER.to_owned(),
        service: SERVICE.to_owned(),
        container: CONTAINER.to_owned(),
    };
    replace_pipeline(&world, Mode::Queued, 0, deploys);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(
        ecs::service_deployments(&world.sample.account, CLUSTER, SERVICE).len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_pushed_during_an_execution_starts_the_next_one() {
    let world = World::open_stand(Stand::Pipeline).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_mins(1)).await;
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.deployments().len(), 2);
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(world.recorded().await.as_ref(), Some(&v3));
}

/// The sample's target without its service, so that the pipeline alone is believed.
async fn open_without_service(minutes: u64) -> World {
    let document = Stand::Pipeline
        .targets()
        .replace("    service: { cluster: mco, name: api }\n", "");
    let targets = targets_in(&document);
    let world = World::open_stand_with(Stand::Pipeline, &targets, |_| {}).await;
    replace_pipeline(&world, Mode::Queued, minutes, Does::Succeed);
    world
}

#[tokio::test(start_paused = true)]
async fn an_execution_whose_start_was_broken_off_is_concluded_however_soon_it_ends() {
    let image = ImageSpec::healthy("v2");
    let world = open_without_service(0).await;
    world.sample.push(&image).unwrap();
    world.quiet().await;
    let seen = world.push_wire.seen();
    let start = seen
        .iter()
        .position(|seen| seen.operation == "StartPipelineExecution")
        .unwrap();
    // Before anybody may take the start over, and before the message comes back.
    for minutes in [0, 3] {
        let world = open_without_service(minutes).await;
        world.push_wire.inject(start, Fault::CrashAfter);
        let v2 = world.sample.push(&image).unwrap();
        sleep(Duration::from_mins(5)).await;
        assert!(world.push_wire.has_struck());
        assert_eq!(
            world.status_of(&v2).await,
            Some(Status::Succeeded),
            "{minutes}"
        );
        world.quiet().await;
        assert_eq!(world.sample.deployments().len(), 1, "{minutes}");
        // When the message came back there was nothing left to be done.
        assert_eq!(
            world.emitted(),
            [
                "Deployment Started",
                "Deployment Succeeded",
                "Deployment Skipped"
            ],
            "{minutes}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_is_not_there_is_named_with_what_to_do() {
    let document = Stand::Pipeline.targets();
    let document = document.replace(
        "name: api-test\n        action",
        "name: other\n        action",
    );
    let targets = targets_in(&document);
    let world = World::open_stand_with(Stand::Pipeline, &targets, |_| {}).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::StartFailed);
    let reason = record.reason.unwrap();
    assert!(
        reason.contains("PipelineNotFoundException")
            && reason.contains("check that the pipeline `other`"),
        "{reason}"
    );
}
