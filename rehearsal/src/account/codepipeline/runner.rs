//! What runs an execution: stage after stage, each when it is its turn (AWS-FACTS 4.6).

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::execution::{ActionExecution, ActionState, Execution, Status};
use super::pipeline::{Action, Does, Failure, Mode, Outcome, Pipeline, Running, Stage};
use super::{Account, deploy, events, source};
use crate::account::functions::uuid;
use crate::account::journal::Tone;

/// An execution that runs.
struct Run {
    account: Account,
    pipeline: Pipeline,
    id: String,
    changed: Arc<Notify>,
}

/// How an execution, or a stage of it, ends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Succeeded,
    /// With the first failure, in a sentence.
    Failed(String),
    Stopped,
    Superseded,
}

/// Lets an execution run.
pub(super) fn spawn(account: &Account, pipeline: &str, id: &str) {
    let state = account.state();
    let Ok(running) = state.codepipeline.pipeline(pipeline) else {
        return;
    };
    let run = Run {
        account: account.clone(),
        pipeline: running.spec.clone(),
        id: id.to_owned(),
        changed: running.changed.clone(),
    };
    drop(state);
    tokio::spawn(run.play());
}

impl Run {
    async fn play(self) {
        self.note(Tone::Neutral, "started");
        events::pipeline(&self.account, &self.pipeline.name, &self.id);
        let mut end = End::Succeeded;
        for (position, stage) in self.pipeline.stages.iter().enumerate() {
            end = match self.enter(position).await {
                None => self.stage(stage).await,
                Some(end) => end,
            };
            self.leave(position);
            if end != End::Succeeded {
                break;
            }
        }
        self.end(end);
    }

    /// Waits for the execution's turn in a stage. Gives its end, if it does not come.
    async fn enter(&self, position: usize) -> Option<End> {
        loop {
            // Whatever happens from here on wakes it.
            let changed = self.changed.notified();
            match self.with(|running| turn(running, position, &self.id)) {
                None | Some(Turn::Now) => return None,
                Some(Turn::Never(end)) => return Some(end),
                Some(Turn::Later) => changed.await,
            }
        }
    }

    fn leave(&self, position: usize) {
        self.with(|running| {
            if let Some(turns) = running.turns.get_mut(position) {
                turns.inside.take_if(|inside| *inside == self.id);
                turns.waiting.retain(|waiting| *waiting != self.id);
            }
        });
        self.changed.notify_waiters();
    }

    async fn stage(&self, stage: &Stage) -> End {
        self.set_stage(stage, Status::InProgress);
        let mut orders: Vec<u32> = stage.actions.iter().map(|it| it.run_order).collect();
        orders.sort_unstable();
        orders.dedup();
        let mut end = End::Succeeded;
        for order in orders {
            let side_by_side = stage.actions.iter().filter(|it| it.run_order == order);
            let ends = join_all(side_by_side.map(|action| self.action(stage, action))).await;
            // A failure counts more than that somebody wanted it to stop.
            let failed = ends.iter().find(|end| matches!(end, End::Failed(_)));
            let stopped = self.is_stopping() || ends.contains(&End::Stopped);
            end = match failed {
                Some(failed) => failed.clone(),
                None if stopped => End::Stopped,
                None => End::Succeeded,
            };
            if end != End::Succeeded {
                break;
            }
        }
        self.set_stage(stage, end.status());
        end
    }

    async fn action(&self, stage: &Stage, action: &Action) -> End {
        let now = self.account.clock().now();
        let mut run = ActionExecution {
            id: uuid(&self.account.unique()),
            stage: stage.name.clone(),
            action: action.name.clone(),
            started: now,
            updated: now,
            state: ActionState::InProgress,
        };
        self.tell(&run, action);
        run.state = tokio::select! {
            biased;
            () = self.abandoned() => ActionState::Abandoned,
            result = self.perform(action) => match result {
                Ok(outcome) => ActionState::Succeeded(outcome),
                Err(failure) => ActionState::Failed(failure),
            },
        };
        run.updated = self.account.clock().now();
        self.tell(&run, action);
        match run.state {
            ActionState::Failed(failure) => End::Failed(format!(
                "{}/{}: {}",
                stage.name, action.name, failure.message
            )),
            ActionState::Abandoned => End::Stopped,
            ActionState::InProgress | ActionState::Succeeded(_) => End::Succeeded,
        }
    }

    async fn perform(&self, action: &Action) -> Result<Outcome, Failure> {
        self.account.clock().sleep(action.takes).await;
        let Some(execution) = self.execution() else {
            return Err(Failure::job_failed("The pipeline was replaced"));
        };
        match &action.does {
            Does::Source { .. } => {
                let (outcome, picked) = source::pick(&self.account, &execution, action)?;
                if let Some((image, revision)) = picked {
                    self.change(|execution| {
                        let images = &mut execution.picked.images;
                        images.insert(action.name.clone(), image);
                        execution.revisions.push(revision);
                    });
                }
                Ok(outcome)
            }
            Does::Succeed => Ok(Outcome::default()),
            Does::Fail(failure) => Err(failure.clone()),
            Does::Run(program) => program.0(self.account.clone(), execution.picked).await,
            deploys => deploy::deploy(&self.account, deploys, &execution.picked).await,
        }
    }

    /// Returns when the execution is to stop without waiting for its actions.
    async fn abandoned(&self) {
        loop {
            let changed = self.changed.notified();
            let stop = self.execution().and_then(|execution| execution.stop);
            if stop.is_some_and(|stop| stop.abandon) {
                return;
            }
            changed.await;
        }
    }

    fn end(&self, end: End) {
        let status = end.status();
        self.change(|execution| {
            execution.status = status;
            execution.summary = match &end {
                End::Succeeded => None,
                End::Failed(why) => Some(why.clone()),
                End::Stopped => execution.stop.as_ref().and_then(|stop| stop.reason.clone()),
                End::Superseded => Some("Superseded by a newer execution".to_owned()),
            };
        });
        let (tone, text) = match end {
            End::Succeeded => (Tone::Good, "succeeded".to_owned()),
            End::Failed(why) => (Tone::Bad, format!("failed: {why}")),
            End::Stopped => (Tone::Neutral, "stopped".to_owned()),
            End::Superseded => (Tone::Neutral, "was superseded".to_owned()),
        };
        self.note(tone, &text);
        events::pipeline(&self.account, &self.pipeline.name, &self.id);
    }

    fn set_stage(&self, stage: &Stage, status: Status) {
        self.change(|execution| {
            execution.stages.insert(stage.name.clone(), status);
        });
        let name = &self.pipeline.name;
        events::stage(&self.account, name, &self.id, &stage.name, status);
    }

    /// Writes an action's run down, and tells of it.
    fn tell(&self, run: &ActionExecution, action: &Action) {
        self.change(|execution| {
            execution.actions.retain(|known| known.id != run.id);
            execution.actions.push(run.clone());
        });
        let name = &self.pipeline.name;
        events::action(&self.account, name, &self.id, run, &action.does);
    }

    fn is_stopping(&self) -> bool {
        self.execution()
            .is_some_and(|execution| execution.stop.is_some())
    }

    fn execution(&self) -> Option<Execution> {
        self.with(|running| running.execution(&self.id).ok().cloned())
            .flatten()
    }

    fn change(&self, change: impl FnOnce(&mut Execution)) {
        let now = self.account.clock().now();
        self.with(|running| {
            if let Some(execution) = running.execution_mut(&self.id) {
                change(execution);
                execution.updated = now;
            }
        });
    }

    fn with<T>(&self, with: impl FnOnce(&mut Running) -> T) -> Option<T> {
        let mut state = self.account.state();
        let running = state.codepipeline.pipeline_mut(&self.pipeline.name).ok()?;
        Some(with(running))
    }

    fn note(&self, tone: Tone, what: &str) {
        let short = self.id.split('-').next().unwrap_or(&self.id);
        let text = format!("execution {short} of {} {what}", self.pipeline.name);
        self.account.journal().note("codepipeline", tone, text);
    }
}

/// Whether an execution may enter a stage.
enum Turn {
    Now,
    Later,
    Never(End),
}

fn turn(running: &mut Running, position: usize, id: &str) -> Turn {
    let mode = running.spec.mode;
    let is_stopping = running
        .execution(id)
        .is_ok_and(|execution| execution.stop.is_some());
    let Some(turns) = running.turns.get_mut(position) else {
        return Turn::Now;
    };
    if is_stopping {
        return Turn::Never(End::Stopped);
    }
    if !turns.waiting.iter().any(|waiting| waiting == id) {
        turns.waiting.push_back(id.to_owned());
        // Those that it overtakes have to notice it.
        running.changed.notify_waiters();
    }
    // Of those that wait, the newest overtakes the others.
    let newest = running.executions.iter().rev();
    let newest = newest
        .map(|it| &it.id)
        .find(|it| turns.waiting.contains(it));
    if mode == Mode::Superseded && newest.is_some_and(|newest| newest != id) {
        return Turn::Never(End::Superseded);
    }
    if turns.inside.is_some() || turns.waiting.front().is_some_and(|first| first != id) {
        return Turn::Later;
    }
    turns.waiting.pop_front();
    turns.inside = Some(id.to_owned());
    Turn::Now
}

impl End {
    const fn status(&self) -> Status {
        match self {
            Self::Succeeded => Status::Succeeded,
            Self::Failed(_) => Status::Failed,
            Self::Stopped => Status::Stopped,
            Self::Superseded => Status::Superseded,
        }
    }
}
