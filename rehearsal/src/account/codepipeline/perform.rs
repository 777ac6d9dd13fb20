//! What an action does, and where that leaves what it puts out.

use super::execution::ActionExecution;
use super::job::{self, Task, Worker};
use super::pipeline::{Action, Does, Failure, Outcome};
use super::runner::Run;
use super::{artifact, deploy, source};

impl Run {
    /// Performs an action, whose artifacts and variables are there for others when it is over.
    pub(super) async fn perform(
        &self,
        action: &Action,
        run: &ActionExecution,
    ) -> Result<Outcome, Failure> {
        if !action.takes.is_zero() {
            self.account.clock().sleep(action.takes).await;
        }
        let Some(execution) = self.execution() else {
            return Err(Failure::job_failed("The pipeline was replaced"));
        };
        let outcome = match &action.does {
            Does::Source { .. } | Does::Files { .. } => {
                let found = source::pick(&self.account, &execution, action)?;
                self.change(|execution| {
                    if let Some(image) = found.image {
                        let images = &mut execution.picked.images;
                        images.insert(action.name.clone(), image);
                    }
                    let files = found.outcome.files.clone();
                    execution.picked.files.extend(files);
                    execution.revisions.push(found.revision);
                });
                found.outcome
            }
            Does::Succeed => Outcome::default(),
            Does::Fail(failure) => return Err(failure.clone()),
            Does::Run(program) => program.0(self.account.clone(), execution.picked).await?,
            Does::Invoke { .. } | Does::Custom { .. } => self.job(action, run).await?,
            deploys => {
                let deploys = deploys.resolved(&run.configuration);
                deploy::deploy(&self.account, &deploys, &execution.picked).await?
            }
        };
        if !does_jobs(action) {
            // Who does jobs has put its artifacts where they belong.
            for output in &run.outputs {
                let files = artifact::files_of(&outcome.files, &output.name);
                output.store(&self.account, files).await?;
            }
        }
        self.put_out(action, run, &outcome);
        Ok(outcome)
    }

    async fn job(&self, action: &Action, run: &ActionExecution) -> Result<Outcome, Failure> {
        let configuration = &run.configuration;
        let worker = if let Does::Custom {
            provider, version, ..
        } = &action.does
        {
            Worker::Polls {
                provider: provider.clone(),
                version: version.clone(),
            }
        } else {
            let mut pairs = configuration.iter();
            let function = pairs.find(|(name, _)| name == "FunctionName");
            let function = function.map(|(_, value)| value.clone());
            Worker::Function(function.unwrap_or_default())
        };
        let task = Task {
            pipeline: self.pipeline.name.clone(),
            execution: self.id.clone(),
            stage: run.stage.clone(),
            action: run.action.clone(),
            action_execution: run.id.clone(),
            worker,
            configuration: configuration.clone(),
            inputs: run.inputs.clone(),
            outputs: run.outputs.clone(),
            bucket: self.pipeline.artifact_bucket.clone(),
        };
        let progress = |said| {
            self.change(|execution| {
                let mut actions = execution.actions.iter_mut();
                if let Some(known) = actions.find(|known| known.id == run.id) {
                    known.progress = said;
                }
            });
        };
        job::perform(&self.account, &task, progress).await
    }

    /// From now on, actions can refer to what this one has put out.
    fn put_out(&self, action: &Action, run: &ActionExecution, outcome: &Outcome) {
        self.change(|execution| {
            for output in &run.outputs {
                let mut output = output.clone();
                let mut revisions = execution.revisions.iter();
                let revision = revisions.find(|it| it.artifact == output.name);
                output.revision = revision.map(|it| it.id.clone());
                execution.artifacts.insert(output.name.clone(), output);
            }
            if let Some(namespace) = &action.namespace {
                let outputs = &mut execution.outputs;
                outputs.insert(namespace.clone(), outcome.variables.clone());
            }
        });
    }
}

const fn does_jobs(action: &Action) -> bool {
    matches!(action.does, Does::Invoke { .. } | Does::Custom { .. })
}
