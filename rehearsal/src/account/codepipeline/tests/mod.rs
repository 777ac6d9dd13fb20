//! Pipelines from beginning to end in virtual time, through the same door as the wire.

mod artifacts;
mod credentials;
mod custom;
mod declaration;
mod deploys;
mod invoke;
mod modes;
mod parallel;
mod poll;
mod results;
mod start;
mod variables;
mod wire;
mod worker;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::{Action, Does, Mode, Pipeline, Stage, create_pipeline, handle, push_files};
use crate::account::containers::ImageSpec;
use crate::account::functions::{FunctionError, Invocation};
use crate::account::sample::Sample;
use crate::account::{Account, ServiceError, Settings, ecr};

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
        Self::opened(Settings::for_tests(), |_, pipeline| change(pipeline))
    }

    /// With an action of these inputs in the place of `Deploy`; it begins at once.
    fn deploying(settings: Settings, inputs: &[&str], does: Does) -> Self {
        Self::opened(settings, |account, pipeline| {
            push_files(account, "mco/infra", "main", &[("taskdef.json", "{}")]);
            let files = Does::Files {
                repository: "mco/infra".to_owned(),
                branch: "main".to_owned(),
            };
            let files = Action {
                namespace: Some("Infra".to_owned()),
                outputs: vec!["Infra".to_owned()],
                ..Action::new("Infra", Duration::from_secs(2), files)
            };
            pipeline.stages[0].actions.push(files);
            pipeline.stages[0].actions[0].namespace = Some("Image".to_owned());
            let action = Action {
                inputs: inputs.iter().map(|it| (*it).to_owned()).collect(),
                ..Action::new("Deploy", Duration::ZERO, does)
            };
            pipeline.stages[2].actions = vec![action];
            pipeline.stages.remove(1);
        })
    }

    /// With other settings, and what has to be there before the pipeline.
    fn opened(settings: Settings, change: impl FnOnce(&Account, &mut Pipeline)) -> Self {
        let sample = Sample::with(settings, &ImageSpec::healthy("v1"), |_| {});
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
        change(&sample.account, &mut pipeline);
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

    /// The only execution is over, in this status.
    fn ended(&self, id: &str, status: &str) {
        assert_eq!(self.status(id), status, "{:#}", self.execution(id));
    }

    /// The error of an execution's last action.
    fn error(&self, id: &str) -> Value {
        self.actions(id)[0]["output"]["executionResult"]["errorDetails"].clone()
    }

    /// Registers a function that keeps its events. `does` is told which one it is.
    fn function(
        &self,
        name: &str,
        does: impl Fn(&Account, &Value, usize) -> Result<(), FunctionError> + Send + Sync + 'static,
    ) -> Arc<Mutex<Vec<Value>>> {
        let events = Arc::<Mutex<Vec<Value>>>::default();
        let kept = events.clone();
        let account = self.sample.account.clone();
        let handler = move |invocation: Invocation| {
            let job = invocation.payload["CodePipeline.job"].clone();
            let mut events = kept.lock().unwrap();
            events.push(invocation.payload);
            let answer = does(&account, &job, events.len());
            async move { answer.map(|()| Value::Null) }.boxed()
        };
        let functions = self.sample.account.functions();
        functions.register(name, Arc::new(handler));
        events
    }

    /// The happenings of CodePipeline that contain this.
    fn notes(&self, of: &str) -> Vec<String> {
        let happenings = self.sample.account.journal().happenings().into_iter();
        happenings
            .filter(|it| it.service == "codepipeline" && it.text.contains(of))
            .map(|it| it.text)
            .collect()
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

/// A Lambda action.
fn invoke(parameters: Option<&str>) -> Does {
    Does::Invoke {
        function: "Worker".to_owned(),
        user_parameters: parameters.map(str::to_owned),
    }
}

/// Sends a job's result: `Success` or `Failure`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` reads better without `&`"
)]
fn put(account: &Account, of: &str, id: &Value, members: Value) -> Result<Value, ServiceError> {
    let mut input = json!({"jobId": id});
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    handle(account, &format!("PutJob{of}Result"), &input)
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
