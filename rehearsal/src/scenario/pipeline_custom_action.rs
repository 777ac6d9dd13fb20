//! The API's pipeline has an action of the custom type: its job is asked for when the event tells that the action
//! has begun, and answered when the deployment has ended. The next time that event is lost, and the schedule
//! finds the job.

use serde_json::json;

use super::expectations::Expectations;
use super::release::Release;
use super::sample::TARGET;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::events::{Disturbance, Pattern};

const WORKER: Option<&str> = Some("PipelineAction");

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.sample.push_as("v2", &ImageSpec::healthy("v2"))?;
    let v3 = stage.sample.push_as("v3", &ImageSpec::healthy("v3"))?;
    let bus = stage.sample.account.events();
    // Nothing but the event tells of the first job.
    bus.pause_schedules();
    stage.until_quiet().await?;
    let polled = stage.calls(WORKER, "PollForJobs");
    let release = stage.release("api", "API", &[("tag", "v2")]).await?;
    expectations.released("v2", &release);
    expectations.live(stage, "v2", &v2).await?;
    let polled = stage.calls(WORKER, "PollForJobs") - polled;
    expectations.equal("the event has the job asked for once", &polled, &1);
    one_result(stage, expectations, 1);
    links(stage, expectations, &release);

    let begun = json!({
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Action Execution State Change"],
    });
    if let Ok(begun) = Pattern::parse(&begun) {
        bus.disturb(begun, Disturbance::Drop);
    }
    bus.resume_schedules();
    let release = stage.release("api", "API", &[("tag", "v3")]).await?;
    expectations.released("v3, whose event is lost,", &release);
    expectations.live(stage, "v3", &v3).await?;
    one_result(stage, expectations, 2);
    expectations.equal(
        "CodeDeploy ran two deployments, and both succeeded",
        &stage.statuses(),
        &vec!["Succeeded".to_owned(); 2],
    );
    Ok(())
}

/// So many jobs until now, each taken once and answered once: by the function that finds the end.
fn one_result(stage: &Stage, expectations: &mut Expectations, jobs: usize) {
    let calls = |caller, operation| stage.calls(caller, operation);
    expectations.equal(
        &format!("after {jobs} jobs, each was taken once"),
        &calls(None, "AcknowledgeJob"),
        &jobs,
    );
    expectations.equal(
        &format!("after {jobs} jobs, each has one result, from whoever recorded the end"),
        &[
            calls(Some("RecordDeployment"), "PutJobSuccessResult"),
            calls(None, "PutJobSuccessResult"),
            calls(None, "PutJobFailureResult"),
        ],
        &[jobs, jobs, 0],
    );
}

/// Where a person gets to from the pipeline's page.
fn links(stage: &Stage, expectations: &mut Expectations, release: &Release) {
    let action = stage.action_state("api", "API");
    let entity = text(&action["entityUrl"]);
    expectations.expect(
        "the action links to what is known of its target",
        entity.starts_with("https://") && entity.contains(TARGET),
        &entity,
    );
    let result = &release.action.result;
    let id = release.action.variable("DeploymentId");
    let url = text(&result["externalExecutionUrl"]);
    expectations.expect(
        "its execution links to the deployment",
        !id.is_empty() && url.starts_with("https://") && url.contains(&id),
        &url,
    );
    let summary = text(&result["externalExecutionSummary"]);
    expectations.expect(
        "its summary says what is live, and links to CodeDeploy's page",
        summary.contains("mco/api:v2") && summary.contains("/codesuite/codedeploy/deployments/"),
        &summary,
    );
}
