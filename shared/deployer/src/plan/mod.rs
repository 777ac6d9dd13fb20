//! What a deployment would do, without doing it: the decision, the task definition, and everything
//! that speaks against it.
//!
//! A plan goes through the code of a start as far as that only reads: the same step of the state
//! machine, on a copy of the state; the same gathering; the same making of the task definition; the
//! same checks. Nothing is stored, registered or started.

#[cfg(test)]
pub(crate) mod sample;
mod wish;

use greenlight_aws::{AwsError, ecs, table::StoredTarget};
use greenlight_core::{
    deployment::{
        Candidate, Circumstances, DeploymentId, Effect, Explanation, Input, Marker, Preparation,
        Transition, step,
    },
    record::Origin,
    target::{Check, GatePoint, Pipeline, Strategy, TargetName, TaskDefinitionSource},
    task_definition::{Difference, TaskDefinition, difference},
};

use jiff::Timestamp;

pub use wish::{InvalidWish, Named, Wish, WishError};

use crate::{
    Deployer, definition,
    gather::{Base, Gathered},
    start::{Next, Order, Start, Stop, pipeline::variables},
};

/// Stands for the hook function where it is not known, so that everything else can be checked.
const SOME_HOOK: &str = "validate-green";

/// What a deployment would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The target.
    pub target: TargetName,
    /// What would be deployed: the image that is meant, with what waits to go together with it.
    pub candidate: Candidate,
    /// What would be decided. Its text may name a deployment, which nobody has stored.
    pub decision: Explanation,
    /// The ARN of the task definition that it would be made from and compared with: the live one, or
    /// the newest of the family.
    pub live: Option<String>,
    /// The task definition of the deployment; none for a pipeline, and where it cannot be made.
    pub document: Option<TaskDefinition>,
    /// What would change in the task definition, where there is one to compare with.
    pub difference: Option<Difference>,
    /// Whether a task definition would be registered.
    pub registers: bool,
    /// What a pipeline would be started with.
    pub pipeline: Option<PipelineStart>,
    /// The tasks that have to succeed before.
    pub before: Vec<BeforeTask>,
    /// The gates, with the names of their checks.
    pub gates: Vec<(GatePoint, Vec<&'static str>)>,
    /// What would keep it from being started, in sentences.
    pub faults: Vec<String>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// The target has gates that CodeDeploy is to call, and it is not known here by which function.
    pub lacks_hook: bool,
}

/// How a pipeline would be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStart {
    /// The pipeline's name.
    pub name: String,
    /// The source action that gets the digest.
    pub action: Option<String>,
    /// The variables.
    pub variables: Vec<(String, String)>,
}

/// A task that has to succeed before the service is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeTask {
    /// The container whose command is replaced, if any is.
    pub container: Option<String>,
    /// Its command.
    pub command: Vec<String>,
    /// What its task definition is made from, if not the deployment's own: `family:…`, `s3://…`.
    pub source: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is no such image.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// What runs could not be seen just now.
    #[error("what target `{target}` runs could not be seen")]
    Look {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

impl Deployer {
    /// What deploying an image to a target would do, if a person asked for it now. Only reads.
    pub async fn plan(&self, stored: &StoredTarget, wish: &Wish) -> Result<Plan, PlanError> {
        let now = self.clock.now();
        let resolved = self.resolve(stored, wish, now).await?;
        let target = &stored.target;
        let deployment = DeploymentId::of_cause(now, &["planned", target.name.as_str()]);
        let input = Input::Requested {
            deployment,
            candidate: resolved.candidate.clone(),
            origin: Origin::person(""),
            job: None,
        };
        let circumstances = Circumstances {
            target: &target.name,
            at: now,
            lease_until: now,
            closure: stored.closure(now),
        };
        let transition = step(circumstances, &stored.state, input);
        let candidate = in_the_end(&transition, resolved.candidate);
        let order = Order {
            deployment,
            candidate,
            resume: false,
            only_look: false,
            unless_live: false,
            prepared: Preparation {
                done: u32::try_from(target.before.len()).unwrap_or(u32::MAX),
                task_definition: None,
            },
        };
        let lacks_hook = matches!(target.deploy, Strategy::CodeDeploy(_))
            && !target.gates.is_empty()
            && self.hook_function.is_none();
        let mut plan = Plan {
            target: target.name.clone(),
            candidate: order.candidate.clone(),
            decision: transition.explanation,
            live: None,
            document: None,
            difference: None,
            registers: false,
            pipeline: None,
            before: before(stored),
            gates: gates(stored),
            faults: Vec::new(),
            notes: closed(stored, now),
            lacks_hook,
        };
        let look = |source| PlanError::Look {
            target: target.name.clone(),
            source,
        };
        match self.gather(stored, &order).await {
            Ok(gathered) => self.plan_from(stored, &order, &gathered, &mut plan),
            Err(stop) => Err(stop),
        }
        .or_else(|stop| {
            plan.faults.push(stop.into_reason()?);
            Ok(())
        })
        .map_err(look)?;
        Ok(plan)
    }

    /// Completes a plan by what was read.
    fn plan_from(
        &self,
        stored: &StoredTarget,
        order: &Order,
        gathered: &Gathered,
        plan: &mut Plan,
    ) -> Result<(), Stop> {
        let clients = self.clients_of(&stored.target);
        let start = Start {
            clients: &clients,
            stored,
            order,
            gathered,
            marker: Marker {
                target: stored.target.name.clone(),
                deployment: order.deployment,
            },
        };
        let unfit = self.unfit(&start);
        plan.faults.extend(unfit.reasons().cloned());
        plan.live = gathered.base.as_ref().map(|base| base.arn.clone());
        // What is wrong with the service would be told a second time.
        if unfit.service.is_empty()
            && let Err(stop) = self.check(&start, plan.lacks_hook)
        {
            plan.faults.push(stop.into_reason()?);
        }
        if let Strategy::Pipeline(pipeline) = &stored.target.deploy {
            plan.pipeline = Some(pipeline_start(&start, pipeline, &mut plan.faults));
            return Ok(());
        }
        let made = match definition::make(stored, &order.candidate, gathered, Next::Deployment) {
            Ok(made) => made,
            // It cannot be made for what is told already.
            Err(_) if unfit.reasons().next().is_some() => return Ok(()),
            Err(stop) => return Err(stop),
        };
        plan.registers = made.registered.is_none();
        let base = gathered.base.as_ref();
        plan.difference = base.map(|base| compared(base, &made.document));
        if let Some(service) = &gathered.service {
            let running = made.registered.as_deref();
            plan.notes.extend(notes(stored, service, running));
        }
        plan.document = Some(made.document);
        Ok(())
    }

    /// The checks of a start, and whether its AppSpec can be made.
    fn check(&self, start: &Start<'_>, lacks_hook: bool) -> Result<(), Stop> {
        let mut checker = self.clone();
        if lacks_hook {
            checker.hook_function = Some(SOME_HOOK.to_owned());
        }
        checker.refuse_unusable_service(start)
    }
}

/// The candidate that would be deployed: what was asked for may go together with what waits.
fn in_the_end(transition: &Transition, asked: Candidate) -> Candidate {
    let started = transition.effects.iter().find_map(|effect| match effect {
        Effect::Start { candidate, .. } => Some(candidate),
        _ => None,
    });
    let queued = transition.state.queued.as_ref();
    started
        .into_iter()
        .chain(queued.map(|queued| &queued.candidate))
        .find(|candidate| asked.is_within(candidate))
        .cloned()
        .unwrap_or(asked)
}

fn before(stored: &StoredTarget) -> Vec<BeforeTask> {
    let first = stored.target.images.first();
    let tasks = stored.target.before.iter().map(|task| BeforeTask {
        container: if task.command.is_empty() {
            None
        } else {
            let first = || first.map(|image| image.container.clone());
            task.container.clone().or_else(first)
        },
        command: task.command.clone(),
        source: match &task.task_definition {
            None | Some(TaskDefinitionSource::Service) => None,
            Some(TaskDefinitionSource::Family(family)) => Some(format!("family:{family}")),
            Some(TaskDefinitionSource::S3(object)) => Some(object.to_string()),
        },
    });
    tasks.collect()
}

fn gates(stored: &StoredTarget) -> Vec<(GatePoint, Vec<&'static str>)> {
    let gates = stored.target.gates.iter();
    gates
        .map(|(point, checks)| (point, checks.iter().map(Check::name).collect()))
        .collect()
}

fn pipeline_start(
    start: &Start<'_>,
    pipeline: &Pipeline,
    faults: &mut Vec<String>,
) -> PipelineStart {
    let variables = variables(start.stored, start.order, pipeline);
    for (name, value) in &variables {
        if value.is_empty() {
            faults.push(format!(
                "variable `{name}` of pipeline `{}` would be empty, since the image is asked for without \
                 a tag",
                pipeline.name
            ));
        }
    }
    PipelineStart {
        name: pipeline.name.clone(),
        action: pipeline.action.clone(),
        variables,
    }
}

/// What would change. ECS tells the tags of a task definition beside it; a template that names none
/// says nothing of them.
fn compared(base: &Base, new: &TaskDefinition) -> Difference {
    let mut live = base.document.clone();
    if new.as_value().get("tags").is_some() {
        live = live.with_tags(base.tags.clone());
    }
    difference(&live, new)
}

/// What keeps a deployment that nobody wants to override.
fn closed(stored: &StoredTarget, now: Timestamp) -> Vec<String> {
    let closed = stored.closed(now).into_iter();
    closed
        .map(|closed| format!("it is refused now without `--override`: {}", closed.reason))
        .collect()
}

/// What is to be known of the service. `unchanged` is the live task definition, if it stays.
fn notes(stored: &StoredTarget, service: &ecs::Service, unchanged: Option<&str>) -> Vec<String> {
    let name = stored.service_name();
    if !matches!(stored.target.deploy, Strategy::Rolling | Strategy::Native) {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if let Some(running) = service.in_progress() {
        notes.push(format!(
            "deployment {} of ECS service `{name}` is running; this one would follow it",
            running.id
        ));
    }
    let primary = service.primary_deployment();
    if unchanged.is_some() && primary.map(|it| it.task_definition.as_str()) == unchanged {
        notes.push(format!(
            "ECS service `{name}` runs just this already, so no deployment would be started"
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
