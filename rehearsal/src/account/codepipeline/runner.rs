//! What runs an execution: stage after stage, each when it is its turn (AWS-FACTS 4.6).

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{Notify, Semaphore};

use super::artifact::Artifact;
use super::execution::{ActionExecution, ActionState, Execution, Progress, Status};
use super::pipeline::{Action, Mode, Pipeline, Running, Stage};
use super::variables::{self, Known};
use super::{Account, events};
use crate::account::functions::uuid;
use crate::account::journal::Tone;

/// How many actions of a `PARALLEL` execution run side by side (AWS-FACTS 4.6).
const MOST_IN_PARALLEL: usize = 5;

/// An execution that runs.
pub(super) struct Run {
    pub(super) account: Account,
    pub(super) pipeline: Pipeline,
    pub(super) id: String,
    changed: Arc<Notify>,
    /// One for each action that may run now.
    places: Semaphore,
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
    let places = match running.spec.mode {
        Mode::Parallel => MOST_IN_PARALLEL,
        Mode::Queued | Mode::Superseded => Semaphore::MAX_PERMITS,
    };
    let run = Run {
        account: account.clone(),
        pipeline: running.spec.clone(),
        id: id.to_owned(),
        changed: running.changed.clone(),
        places: Semaphore::new(places),
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
        let mut end = End::Succeeded;
        for order in stage.run_orders() {
            let side_by_side = stage.actions.iter().filter(|it| it.run_order == order);
            // What those put out that run beside an action is not known to it.
            let execution = self.execution();
            let known = execution.as_ref().map(variables::known).unwrap_or_default();
            let actions = side_by_side.map(|action| self.action(stage, action, &known));
            let ends = join_all(actions).await;
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

    async fn action(&self, stage: &Stage, action: &Action, known: &Known) -> End {
        let place = tokio::select! {
            biased;
            () = self.abandoned() => None,
            place = self.places.acquire() => place.ok(),
        };
        if place.is_none() || self.is_stopping() {
            return End::Stopped;
        }
        let now = self.account.clock().now();
        let configuration = action.does.configuration();
        let resolved = if action.does.is_source() {
            Ok(configuration.clone())
        } else {
            let unresolved = self.account.settings().unresolved;
            variables::resolve(configuration.clone(), known, unresolved)
        };
        let mut run = ActionExecution {
            id: uuid(&self.account.unique()),
            stage: stage.name.clone(),
            action: action.name.clone(),
            started: now,
            updated: now,
            state: ActionState::InProgress,
            configuration: resolved.as_ref().unwrap_or(&configuration).clone(),
            inputs: self.inputs(action),
            outputs: self.outputs(action),
            progress: Progress::default(),
        };
        self.tell(&run, action);
        let performed = async {
            match resolved {
                Ok(_) => self.perform(action, &run).await,
                Err(failure) => Err(failure),
            }
        };
        let ended = tokio::select! {
            biased;
            () = self.abandoned() => ActionState::Abandoned,
            result = performed => match result {
                Ok(outcome) => ActionState::Succeeded(outcome),
                Err(failure) => ActionState::Failed(failure),
            },
        };
        run.state = ended;
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

    fn inputs(&self, action: &Action) -> Vec<Artifact> {
        let execution = self.execution();
        let known = execution.map(|it| it.artifacts).unwrap_or_default();
        let inputs = action.inputs.iter().filter_map(|name| known.get(name));
        inputs.cloned().collect()
    }

    fn outputs(&self, action: &Action) -> Vec<Artifact> {
        let Pipeline {
            name,
            artifact_bucket,
            ..
        } = &self.pipeline;
        let outputs = action.outputs.iter();
        outputs
            .map(|output| Artifact::allocate(&self.account, name, artifact_bucket, output))
            .collect()
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

    /// Writes an action's run down, with what its jobs have said of it, and tells of it.
    fn tell(&self, run: &ActionExecution, action: &Action) {
        let mut run = run.clone();
        self.change(|execution| {
            let actions = &mut execution.actions;
            if let Some(known) = actions.iter().position(|known| known.id == run.id) {
                run.progress = actions.remove(known).progress;
            }
            actions.push(run.clone());
        });
        let name = &self.pipeline.name;
        events::action(&self.account, name, &self.id, &run, &action.does);
    }

    fn is_stopping(&self) -> bool {
        self.execution()
            .is_some_and(|execution| execution.stop.is_some())
    }

    pub(super) fn execution(&self) -> Option<Execution> {
        self.with(|running| running.execution(&self.id).ok().cloned())
            .flatten()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Execution)) {
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
    if is_stopping {
        return Turn::Never(End::Stopped);
    }
    let turns = running.turns.get_mut(position);
    let Some(turns) = turns.filter(|_| mode != Mode::Parallel) else {
        return Turn::Now;
    };
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
