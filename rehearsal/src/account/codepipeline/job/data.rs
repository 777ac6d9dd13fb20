//! What a job says: the same to functions and workers, but for the context, which functions are not told
//! (AWS-FACTS 2.2, 3.2).

use serde_json::{Map, Value, json};

use super::super::pipeline::Kind;
use super::{Account, Artifact, Job, Task, Worker};
use crate::account::sts;

/// The event of a Lambda function.
pub(super) fn event(account: &Account, job: &Job) -> Value {
    let mut described = described(account, job);
    let data = data(account, job);
    described["data"] = data.into();
    json!({"CodePipeline.job": described})
}

/// The job as workers get it: `Job` without its nonce, or `JobDetails`.
pub(super) fn for_worker(account: &Account, job: &Job) -> Value {
    let Task {
        pipeline,
        execution,
        stage,
        action,
        action_execution,
        worker,
        ..
    } = &job.task;
    let mut data = data(account, job);
    without_nulls(&mut data);
    data.insert("actionTypeId".to_owned(), worker.kind().to_json());
    let context = json!({
        "pipelineName": pipeline,
        "stage": {"name": stage},
        "action": {"name": action, "actionExecutionId": action_execution},
        "pipelineArn": account.arn("codepipeline", pipeline),
        "pipelineExecutionId": execution,
    });
    data.insert("pipelineContext".to_owned(), context);
    let mut described = described(account, job);
    described["data"] = data.into();
    described
}

/// The API leaves out what the event of a function has as `null`: the revisions of artifacts.
fn without_nulls(data: &mut Map<String, Value>) {
    let artifacts = data.values_mut().filter_map(Value::as_array_mut).flatten();
    for artifact in artifacts.filter_map(Value::as_object_mut) {
        artifact.retain(|_, value| !value.is_null());
    }
}

fn described(account: &Account, job: &Job) -> Value {
    json!({"id": job.id, "accountId": account.settings().account_id})
}

/// With credentials of its own each time.
fn data(account: &Account, job: &Job) -> Map<String, Value> {
    let task = &job.task;
    let configuration = task.configuration.iter();
    let configuration: Map<String, Value> = configuration
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let artifacts = |artifacts: &[Artifact]| {
        let artifacts = artifacts.iter().map(Artifact::in_job);
        Value::Array(artifacts.collect())
    };
    let writable = task.outputs.iter().map(|it| it.key.clone()).collect();
    let credentials = sts::job_credentials(account, &task.bucket, writable);
    let mut data = Map::new();
    let action_configuration = json!({"configuration": configuration});
    data.insert("actionConfiguration".to_owned(), action_configuration);
    data.insert("inputArtifacts".to_owned(), artifacts(&task.inputs));
    data.insert("outputArtifacts".to_owned(), artifacts(&task.outputs));
    data.insert("artifactCredentials".to_owned(), credentials);
    if let Some(token) = &job.continuation {
        data.insert("continuationToken".to_owned(), token.as_str().into());
    }
    data
}

impl Worker {
    /// The action type.
    pub(super) fn kind(&self) -> Kind<'_> {
        match self {
            Self::Function(_) => Kind {
                owner: "AWS",
                category: "Invoke",
                provider: "Lambda",
                version: "1",
            },
            Self::Polls { provider, version } => Kind {
                owner: "Custom",
                category: "Deploy",
                provider,
                version,
            },
        }
    }
}
