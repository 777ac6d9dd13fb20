//! Pipelines, with AWS's own SDK.

use aws_credential_types::Credentials;
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::BehaviorVersion;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionExecutionFilter, ActionOwner, ActionTypeId, ExecutionDetails, JobStatus,
    PipelineExecutionStatus, PipelineVariable, SourceRevisionOverride, SourceRevisionType,
    StageExecutionStatus,
};
use aws_types::region::Region;

use super::*;
use crate::account::Account;
use crate::account::codepipeline::Failure;

fn client(account: &Account) -> Client {
    let config = aws_sdk_codepipeline::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIAX", "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    Client::from_conf(config.build())
}

#[tokio::test(start_paused = true)]
async fn the_sdk_starts_a_pipeline_and_reads_what_becomes_of_it() {
    let world = World::with(|pipeline| {
        let failure = Failure::job_failed("the service is not stable");
        pipeline.stages[2] = stage("Deploy", Does::Fail(failure));
    });
    let client = client(&world.sample.account);
    let revision = SourceRevisionOverride::builder()
        .action_name("Source")
        .revision_type(SourceRevisionType::ImageDigest)
        .revision_value(&world.v2);
    let variable = PipelineVariable::builder().name("ENV").value("prod");
    let started = client
        .start_pipeline_execution()
        .name("api-prod")
        .client_request_token("01ABC")
        .source_revisions(revision.build().unwrap())
        .variables(variable.build().unwrap())
        .send()
        .await
        .unwrap();
    let id = started.pipeline_execution_id().unwrap();
    world.minutes(5).await;
    let got = client
        .get_pipeline_execution()
        .pipeline_name("api-prod")
        .pipeline_execution_id(id)
        .send()
        .await
        .unwrap();
    let execution = got.pipeline_execution().unwrap();
    assert_eq!(execution.status(), Some(&PipelineExecutionStatus::Failed));
    let revision = &execution.artifact_revisions()[0];
    assert_eq!(revision.revision_id(), Some(world.v2.as_str()));
    let listed = client
        .list_action_executions()
        .pipeline_name("api-prod")
        .filter(
            ActionExecutionFilter::builder()
                .pipeline_execution_id(id)
                .build(),
        )
        .send()
        .await
        .unwrap();
    let deploy = &listed.action_execution_details()[0];
    let result = deploy.output().unwrap().execution_result().unwrap();
    let error = result.error_details().unwrap();
    assert_eq!(error.message(), Some("the service is not stable"));
    let state = client.get_pipeline_state().name("api-prod").send().await;
    let state = state.unwrap();
    let deploy = state.stage_states()[2].latest_execution().unwrap();
    assert_eq!(deploy.status(), &StageExecutionStatus::Failed);
    let stopped = client
        .stop_pipeline_execution()
        .pipeline_name("api-prod")
        .pipeline_execution_id(id)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(
        stopped.is_pipeline_execution_not_stoppable_exception(),
        "{stopped:?}"
    );
    let calls = world.sample.account.journal().calls();
    assert!(calls.iter().all(|call| call.service == "codepipeline"));
    assert_eq!(calls[0].operation, "StartPipelineExecution");
}

#[tokio::test(start_paused = true)]
async fn the_sdk_polls_for_a_job_and_answers_it() {
    let world = super::worker::open(Settings::for_tests());
    let client = client(&world.sample.account);
    let id = world.start();
    world.minutes(2).await;
    let action_type = ActionTypeId::builder()
        .category(ActionCategory::Deploy)
        .owner(ActionOwner::Custom)
        .provider("Greenlight")
        .version("1");
    let polled = client
        .poll_for_jobs()
        .action_type_id(action_type.build().unwrap())
        .max_batch_size(5)
        .send()
        .await
        .unwrap();
    let [job] = polled.jobs() else {
        panic!("{polled:?}");
    };
    let data = job.data().unwrap();
    let context = data.pipeline_context().unwrap();
    assert_eq!(context.pipeline_execution_id(), Some(id.as_str()));
    let artifact = data.input_artifacts()[0].location().unwrap();
    assert_eq!(artifact.s3_location().unwrap().bucket_name(), BUCKET);
    let job_id = job.id().unwrap();
    let acknowledged = client
        .acknowledge_job()
        .job_id(job_id)
        .nonce(job.nonce().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(acknowledged.status(), Some(&JobStatus::InProgress));
    let details = ExecutionDetails::builder()
        .summary("live")
        .external_execution_id("01ABC");
    let answer = client
        .put_job_success_result()
        .job_id(job_id)
        .execution_details(details.build())
        .output_variables("Digest", "sha256:1");
    answer.clone().send().await.unwrap();
    world.sample.after(5).await;
    world.ended(&id, "Succeeded");
    let late = answer.send().await.unwrap_err().into_service_error();
    assert!(late.is_invalid_job_state_exception(), "{late:?}");
    let listed = client
        .list_action_executions()
        .pipeline_name("api-prod")
        .send()
        .await
        .unwrap();
    let deploy = &listed.action_execution_details()[0];
    let output = deploy.output().unwrap();
    assert_eq!(output.output_variables().unwrap()["Digest"], "sha256:1");
    let result = output.execution_result().unwrap();
    let url = Some("https://greenlight/api-test/01ABC");
    assert_eq!(result.external_execution_url(), url);
    let input = deploy.input().unwrap();
    assert_eq!(input.resolved_configuration().unwrap()["Secret"], "*****");
    let place = input.input_artifacts()[0].s3_location().unwrap();
    assert_eq!(place.bucket(), Some(BUCKET));
    let state = client.get_pipeline_state().name("api-prod").send().await;
    let state = state.unwrap();
    let latest = state.stage_states()[1].action_states()[0].latest_execution();
    assert_eq!(latest.unwrap().external_execution_url(), url);
}
