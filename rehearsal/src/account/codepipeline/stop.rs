//! `StopPipelineExecution`: after the actions that run, or without waiting for them.

use serde_json::{Value, json};

use super::execution::{Status, Stop};
use super::{Account, Members, ServiceError, events};

/// AWS's limit.
const LONGEST_REASON: usize = 200;

pub(super) fn stop_pipeline_execution(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let name = input.string("pipelineName")?;
    let id = input.string("pipelineExecutionId")?;
    let abandon = input.optional_bool("abandon")?.unwrap_or(false);
    let reason = input.optional_string("reason")?;
    if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(ServiceError::validation(
            "1 validation error detected: Value at 'reason' failed to satisfy constraint: Member must have length less \
             than or equal to 200",
        ));
    }
    {
        let now = account.clock().now();
        let mut state = account.state();
        let pipeline = state.codepipeline.pipeline_mut(name)?;
        let changed = pipeline.changed.clone();
        let not_stoppable =
            |message: String| ServiceError::new("PipelineExecutionNotStoppableException", message);
        let known = pipeline.execution_mut(id);
        let execution = known
            .ok_or_else(|| not_stoppable(format!("Pipeline execution {id} does not exist")))?;
        if execution.status.is_over() {
            let message = format!("Pipeline execution {id} has already ended");
            return Err(not_stoppable(message));
        }
        if execution
            .stop
            .as_ref()
            .is_some_and(|stop| stop.abandon || !abandon)
        {
            return Err(ServiceError::new(
                "DuplicatedStopRequestException",
                format!("Pipeline execution {id} is already stopping"),
            ));
        }
        execution.stop = Some(Stop {
            abandon,
            reason: reason.map(str::to_owned),
        });
        execution.status = Status::Stopping;
        execution.updated = now;
        changed.notify_waiters();
    }
    events::pipeline(account, name, id);
    Ok(json!({"pipelineExecutionId": id}))
}
