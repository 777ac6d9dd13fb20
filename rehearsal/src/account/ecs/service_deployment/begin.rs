//! The beginning of a service deployment: a revision, a task set that keeps its tasks, a record, and a
//! runner; a deployment that still runs is told to stop (AWS-FACTS 6.4).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::configuration::{Controller, EcsController, Strategy};
use super::record::{Breaker, Deployment, Record, Status, Stop};
use super::revision::{Revision, Rollout, RolloutState};
use super::runner;
use crate::account::ecs::keeper::{self, Place};
use crate::account::ecs::task_set::{Scale, TaskSet};
use crate::account::ecs::{Account, LoadBalancer, Service, ServiceError};
use crate::account::functions::uuid;

/// How many deployments and revisions of a service are remembered.
const REMEMBERED: usize = 200;
/// ECS's limit of unfinished ones, and its sentence (AWS-FACTS 6.1).
const ACTIVE_AT_MOST: usize = 5;

/// How a deployment comes into the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::account::ecs) enum Start {
    /// It has to be run.
    ToRun,
    /// It was successful before the story begins.
    Done,
}

/// Starts to deploy a task definition (its ARN). Returns the place of the new revision's tasks.
pub(in crate::account::ecs) fn begin(
    account: &Account,
    cluster: &str,
    name: &str,
    task_definition: &str,
    start: Start,
) -> Result<Place, ServiceError> {
    let now = account.clock().now();
    let (place, deployment) = {
        let mut state = account.state();
        let (number, unique) = (state.ecs.next_number(), state.unique());
        let service = state
            .ecs
            .service_mut(cluster, name)
            .ok_or_else(|| ServiceError::new("ServiceNotFoundException", "Service not found."))?;
        let Controller::Ecs(controller) = service.controller.clone() else {
            let message = "Only services under the ECS deployment controller have deployments.";
            return Err(ServiceError::new("InvalidParameterException", message));
        };
        service.check_room()?;
        let path = format!("{cluster}/{name}");
        let revision = Revision {
            id: format!("ecs-svc/{number}"),
            arn: account.arn("ecs", &format!("service-revision/{path}/{number}")),
            task_definition: task_definition.to_owned(),
            load_balancer: service.free_target_group(&controller),
            created: now,
            digests: BTreeMap::new(),
            rollout: Rollout {
                state: RolloutState::InProgress,
                reason: format!("ECS deployment ecs-svc/{number} in progress."),
                updated: now,
            },
        };
        let id = revision.id.clone();
        let arn = account.arn(
            "ecs",
            &format!("service-deployment/{path}/{}", short(&unique)),
        );
        let record = service.record(arn, &id, &controller, now);
        let deployment = Deployment::new(record);
        service.add_revision(revision, now);
        service.supersede(now);
        service.deployments.push(deployment.clone());
        service.forget_the_oldest();
        let place = Place {
            cluster: cluster.to_owned(),
            service: service.name.clone(),
            task_set: id,
        };
        (place, deployment)
    };
    if start == Start::Done {
        runner::was_done(account, &place, &deployment);
    } else {
        keeper::keep(account, place.clone());
        runner::spawn(account, place.clone(), deployment);
    }
    Ok(place)
}

/// 21 letters and digits, as the ids of service deployments are.
fn short(unique: &str) -> String {
    uuid(unique).replace('-', "").chars().take(21).collect()
}

impl Service {
    /// Whether there may be another unfinished deployment.
    pub(super) fn check_room(&self) -> Result<(), ServiceError> {
        let active = self.task_sets.len();
        if active < ACTIVE_AT_MOST {
            return Ok(());
        }
        let message =
            format!("{active} active deployments exist, unable to create new deployment.");
        Err(ServiceError::new("InvalidParameterException", message))
    }

    /// The target group of the next revision: of a service that moves traffic the one that the current
    /// revision is not in, so that they alternate (AWS-FACTS 7.1).
    fn free_target_group(&self, controller: &EcsController) -> Option<LoadBalancer> {
        let mut balancer = controller.load_balancer.clone()?;
        let current = self.completed.as_ref().and_then(|id| self.revision(id));
        let current = current.and_then(|revision| revision.load_balancer.as_ref());
        let taken = current.is_some_and(|it| it.target_group_arn == balancer.target_group_arn);
        if let Some(routing) = controller.configuration.routing()
            && taken
        {
            balancer
                .target_group_arn
                .clone_from(&routing.alternate_target_group_arn);
        }
        Some(balancer)
    }

    fn record(&self, arn: String, id: &str, controller: &EcsController, now: Timestamp) -> Record {
        let configuration = controller.configuration.clone();
        let breaker = match &configuration.strategy {
            Strategy::Rolling {
                circuit_breaker: Some(breaker),
            } => Breaker {
                status: "MONITORING",
                failures: 0,
                threshold: breaker.threshold.of(self.desired_count),
            },
            _ => Breaker {
                status: "DISABLED",
                failures: 0,
                threshold: 0,
            },
        };
        Record {
            arn,
            target: id.to_owned(),
            sources: self.task_sets.iter().map(|set| set.id.clone()).collect(),
            blue: self.completed.clone(),
            configuration,
            status: Status::Pending,
            status_reason: None,
            created: now,
            started: None,
            finished: None,
            stopped: None,
            updated: now,
            stage: None,
            weights: None,
            breaker,
            rollback: None,
            stop: None,
            hooks: Vec::new(),
        }
    }

    /// Adds the revision and its task set, without tasks for now, and makes it the primary one.
    fn add_revision(&mut self, revision: Revision, now: Timestamp) {
        for set in &mut self.task_sets {
            set.primary = false;
            set.updated_at = now;
        }
        self.task_sets.push(TaskSet {
            id: revision.id.clone(),
            arn: revision.arn.clone(),
            task_definition: revision.task_definition.clone(),
            external_id: None,
            started_by: revision.id.clone(),
            load_balancer: revision.load_balancer.clone(),
            scale: Scale::Count(0),
            network_configuration: self.network_configuration.clone(),
            primary: true,
            draining: false,
            created_at: now,
            updated_at: now,
            steady: false,
            steady_at: now,
            digests: BTreeMap::new(),
            failures: 0,
            failed_tasks: 0,
            not_before: now,
            wake: Arc::default(),
        });
        self.revisions.push(revision);
    }

    /// Tells the deployments that still run to stop.
    fn supersede(&self, now: Timestamp) {
        for deployment in self.deployments.iter().filter(|it| !it.is_over()) {
            deployment.change(|record| {
                record.stop = Some(Stop::Superseded);
                record.status = Status::StopRequested;
                record.updated = now;
            });
        }
    }

    fn forget_the_oldest(&mut self) {
        if self.deployments.len() > REMEMBERED {
            self.deployments.remove(0);
        }
        let sets: Vec<String> = self.task_sets.iter().map(|set| set.id.clone()).collect();
        let gone = |revision: &Revision| !sets.contains(&revision.id);
        if self.revisions.len() > REMEMBERED
            && let Some(index) = self.revisions.iter().position(gone)
        {
            self.revisions.remove(index);
        }
    }
}
