//! Pipelines from beginning to end in virtual time, through the same door as the wire.

mod deploys;
mod modes;
mod start;
mod wire;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Action, Does, Mode, Pipeline, Stage, create_pipeline, handle};
use crate::account::containers::ImageSpec;
use crate::account::sample::Sample;
use crate::account::{ServiceError, ecr};

/// Where the artifacts are.
const BUCKET: &str = "artifacts";

/// The sample account with pipeline `api-prod`: stages `Source`, `Build` and `Deploy`, of which each takes
/// a minute.
struct World {
    sample: Sample,
    /// The digest of `v2`.
    v2: String,
}

impl World {
    fn open() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Pipeline)) -> Self {
        let sample = Sample::open();
        let image = ImageSpec::healthy("v2");
        let v2 = ecr::push_image(&sample.account, "mco/api", &["v2"], &image).unwrap();
        let source = Does::Source {
            repository: "mco/api".to_owned(),
            tag: "test".to_owned(),
        };
        let mut pipeline = Pipeline {
            name: "api-prod".to_owned(),
            mode: Mode::Superseded,
            variables: vec![("ENV".to_owned(), Some("test".to_owned()))],
            artifact_bucket: BUCKET.to_owned(),
            stages: vec![
                source_stage(source),
                stage("Build", Does::Succeed),
                stage("Deploy", Does::Succeed),
            ],
        };
        change(&mut pipeline);
        create_pipeline(&sample.account, pipeline).unwrap();
        Self { sample, v2 }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "`json!` reads better without `&`"
    )]
    fn call(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        handle(&self.sample.account, operation, &input)
    }

    /// Starts the pipeline with the digest of `v2`; the execution's id.
    fn start(&self) -> String {
        self.started(json!({})).unwrap()
    }

    /// Starts it with other members, too.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`json!` reads better without `&`"
    )]
    fn started(&self, members: Value) -> Result<String, ServiceError> {
        let mut input = json!({
            "name": "api-prod",
            "sourceRevisions": [
                {"actionName": "Source", "revisionType": "IMAGE_DIGEST", "revisionValue": self.v2},
            ],
        });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        let output = self.call("StartPipelineExecution", input)?;
        Ok(output["pipelineExecutionId"].as_str().unwrap().to_owned())
    }

    fn execution(&self, id: &str) -> Value {
        let input = json!({"pipelineName": "api-prod", "pipelineExecutionId": id});
        self.call("GetPipelineExecution", input).unwrap()["pipelineExecution"].clone()
    }

    fn status(&self, id: &str) -> String {
        self.execution(id)["status"].as_str().unwrap().to_owned()
    }

    /// The actions of an execution, the last one first.
    fn actions(&self, id: &str) -> Vec<Value> {
        let filter = json!({"pipelineExecutionId": id});
        let input = json!({"pipelineName": "api-prod", "filter": filter});
        let output = self.call("ListActionExecutions", input).unwrap();
        output["actionExecutionDetails"].as_array().unwrap().clone()
    }

    /// The states that the events of one kind told of an execution.
    fn told(&self, of: &str, id: &str) -> Vec<String> {
        let kind = format!("CodePipeline {of} Execution State Change");
        let events = self.sample.account.events().history().into_iter();
        events
            .filter(|event| event["detail-type"] == kind && event["detail"]["execution-id"] == id)
            .map(|event| {
                let detail = &event["detail"];
                let part = |name: &str| detail[name].as_str().map(|it| format!("{it} "));
                let place = part("action").or_else(|| part("stage"));
                format!(
                    "{}{}",
                    place.unwrap_or_default(),
                    detail["state"].as_str().unwrap()
                )
            })
            .collect()
    }

    async fn minutes(&self, minutes: u64) {
        self.sample.after(minutes * 60).await;
    }
}

/// A stage of one action, both of this name.
fn stage(name: &str, does: Does) -> Stage {
    Stage {
        name: name.to_owned(),
        actions: vec![Action::new(name, Duration::from_mins(1), does)],
    }
}

/// The stage `Source`, whose artifact is `Image`.
fn source_stage(does: Does) -> Stage {
    let mut source = stage("Source", does);
    source.actions[0].outputs = vec!["Image".to_owned()];
    source
}
