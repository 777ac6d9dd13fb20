//! The green side of a deployment: the tasks that have to prove themselves.
//!
//! CodeDeploy makes a task set of them (AWS-FACTS 5.11), ECS a service revision (AWS-FACTS 6.4, 7.7). Both are looked at
//! anew for every measurement, since counts change and target groups alternate.

use greenlight_aws::{
    AwsError, Clients,
    codedeploy::{self, Group},
    ecs::{self, ServiceDeployment, ServiceRevision},
    elbv2,
    table::StoredTarget,
};
use greenlight_core::{deployment::Candidate, gate::Measurement, target::Service};

use super::expectation::{self, Expected, Wanted};
use crate::Deployer;

/// Which tasks are green, and what they have to run.
#[derive(Debug, Clone)]
pub(super) struct Green {
    /// The clients of the target's role.
    pub(super) clients: Clients,
    pub(super) service: Service,
    pub(super) side: Side,
    pub(super) expected: Expected,
}

/// By what the green tasks are known.
#[derive(Debug, Clone)]
pub(super) enum Side {
    /// The task set that a CodeDeploy deployment has created.
    TaskSet { deployment: String, group: Group },
    /// The task set that carries the production traffic of a service to which CodeDeploy deploys.
    Primary { group: Option<Group> },
    /// The target revision of a service deployment.
    Revision {
        deployment: String,
        revision: ServiceRevision,
        /// What the tasks of the other revisions carry in `startedBy`.
        others: Vec<String>,
        /// There is no traffic to be shifted: ECS counts the tasks in `deployments[]`.
        is_rolling: bool,
    },
}

/// The green side at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// What its tasks carry in `startedBy`.
    pub(super) started_by: String,
    pub(super) desired: u32,
    pub(super) running: u32,
    pub(super) pending: u32,
    pub(super) is_steady: bool,
    pub(super) target_groups: Vec<String>,
}

impl Green {
    /// The target revision of a service deployment, which is ours if there is a `candidate`.
    pub(super) async fn of_revision(
        deployer: &Deployer,
        stored: Option<&StoredTarget>,
        candidate: Option<&Candidate>,
        service: Service,
        deployment: &ServiceDeployment,
        revision: &ServiceRevision,
    ) -> Result<Self, AwsError> {
        let clients = stored.map_or_else(
            || deployer.clients.clone(),
            |stored| deployer.clients_of(&stored.target),
        );
        let wanted = Wanted {
            task_definition: &revision.task_definition,
            resolved: &revision.images,
            stored,
            candidate,
        };
        let expected = expectation::expected(&deployer.clients, &clients, wanted).await?;
        let others = deployment.source_revisions.iter();
        let others = others
            .filter(|other| other.arn != revision.arn)
            .map(|other| started_by(&other.arn))
            .collect();
        Ok(Self {
            clients,
            service,
            side: Side::Revision {
                deployment: deployment.arn.clone(),
                revision: revision.clone(),
                others,
                is_rolling: false,
            },
            expected,
        })
    }

    /// The same, of a rolling deployment.
    pub(super) fn rolling(mut self) -> Self {
        if let Side::Revision { is_rolling, .. } = &mut self.side {
            *is_rolling = true;
        }
        self
    }

    /// The green side now, or that there is none.
    pub(super) async fn look(&self) -> Result<Result<Seen, Measurement>, AwsError> {
        match &self.side {
            Side::TaskSet { deployment, .. } => {
                let whose = format!("no task set of {deployment} any more");
                let its = |service: &ecs::Service| service.created_by(deployment).cloned();
                self.look_at_set(its, &whose).await
            }
            Side::Primary { .. } => {
                let primary = |service: &ecs::Service| service.primary().cloned();
                self.look_at_set(primary, "no primary task set").await
            }
            Side::Revision {
                revision,
                is_rolling: true,
                ..
            } => self.look_at_service(revision).await,
            Side::Revision {
                deployment,
                revision,
                ..
            } => self.look_at_deployment(deployment, revision).await,
        }
    }

    async fn describe(&self) -> Result<ecs::Service, AwsError> {
        ecs::service(&self.clients, &self.service.cluster, &self.service.name).await
    }

    async fn look_at_set(
        &self,
        find: impl FnOnce(&ecs::Service) -> Option<ecs::TaskSet>,
        otherwise: &str,
    ) -> Result<Result<Seen, Measurement>, AwsError> {
        let service = self.describe().await?;
        let Some(set) = find(&service) else {
            return Ok(Err(Measurement::failed(format!(
                "service `{}` has {otherwise}",
                self.service.name
            ))
            .for_good()));
        };
        let load_balancers = set.load_balancers.iter();
        Ok(Ok(Seen {
            started_by: set.id.clone(),
            desired: set.desired,
            running: set.running,
            pending: set.pending,
            is_steady: set.is_steady,
            target_groups: load_balancers.map(|it| it.target_group.clone()).collect(),
        }))
    }

    async fn look_at_service(
        &self,
        revision: &ServiceRevision,
    ) -> Result<Result<Seen, Measurement>, AwsError> {
        let service = self.describe().await?;
        let started_by = revision.tasks_started_by();
        let primary = || {
            let primary = service.primary_deployment();
            primary.filter(|it| it.task_definition == revision.task_definition)
        };
        let by_id = service.deployments.iter().find(|it| it.id == started_by);
        let Some(found) = by_id.or_else(primary) else {
            return Ok(Err(Measurement::failed(format!(
                "service `{}` does not run {} any more",
                self.service.name, revision.task_definition
            ))
            .for_good()));
        };
        let load_balancers = service.load_balancers.iter();
        let mut target_groups = revision.target_groups.clone();
        if target_groups.is_empty() {
            target_groups = load_balancers
                .filter_map(|it| it.target_group.clone())
                .collect();
        }
        Ok(Ok(Seen {
            started_by: found.id.clone(),
            desired: found.desired,
            running: found.running,
            pending: found.pending,
            // Its deployment has ended.
            is_steady: true,
            target_groups,
        }))
    }

    async fn look_at_deployment(
        &self,
        arn: &str,
        revision: &ServiceRevision,
    ) -> Result<Result<Seen, Measurement>, AwsError> {
        let deployment = ecs::service_deployment(&self.clients, arn).await?;
        let target = deployment.target_revision;
        let Some(target) = target.filter(|target| target.arn == revision.arn) else {
            return Ok(Err(Measurement::failed(format!(
                "service deployment `{arn}` does not deploy revision `{}` any more",
                revision.arn
            ))
            .for_good()));
        };
        Ok(Ok(Seen {
            started_by: revision.tasks_started_by(),
            desired: target.requested,
            running: target.running,
            pending: target.pending,
            // ECS tells of no more than the counts.
            is_steady: true,
            target_groups: self.target_groups(revision).await?,
        }))
    }

    /// The target groups of a revision. ECS tells them as soon as they are in use, and which of a service's two it
    /// is, alternates (AWS-FACTS 7.1).
    pub(super) async fn target_groups(
        &self,
        revision: &ServiceRevision,
    ) -> Result<Vec<String>, AwsError> {
        if !revision.target_groups.is_empty() {
            return Ok(revision.target_groups.clone());
        }
        let arns = [revision.arn.clone()];
        let revisions = ecs::service_revisions(&self.clients, &arns).await?;
        Ok(revisions
            .into_iter()
            .next()
            .map(|revision| revision.target_groups)
            .unwrap_or_default())
    }

    /// The green tasks that are to run. That `startedBy` names the revision is told by AWS's samples only; where it
    /// does not, they are the service's tasks of the revision's task definition that are of no other revision
    /// (AWS-FACTS 7.7).
    pub(super) async fn tasks(&self, seen: &Seen) -> Result<Vec<ecs::Task>, AwsError> {
        let Service { cluster, name } = &self.service;
        let tasks = ecs::running_tasks(&self.clients, cluster, &seen.started_by).await?;
        let Side::Revision {
            revision, others, ..
        } = &self.side
        else {
            return Ok(tasks);
        };
        if !tasks.is_empty() {
            return Ok(tasks);
        }
        let mut tasks = ecs::tasks_of_service(&self.clients, cluster, name).await?;
        tasks.retain(|task| {
            task.task_definition == revision.task_definition && !others.contains(&task.started_by)
        });
        Ok(tasks)
    }

    /// What the green tasks are made from, by the service that has them.
    pub(super) fn task_definition(&self, service: &ecs::Service) -> Option<String> {
        match &self.side {
            Side::TaskSet { deployment, .. } => {
                let set = service.created_by(deployment)?;
                Some(set.task_definition.clone())
            }
            Side::Primary { .. } => Some(service.primary()?.task_definition.clone()),
            Side::Revision { revision, .. } => Some(revision.task_definition.clone()),
        }
    }

    /// The base URL of the test listener: never that of production, which does not lead to the green tasks.
    pub(super) async fn test_listener(&self) -> Result<Result<String, Measurement>, AwsError> {
        let (listener, whose) = match &self.side {
            Side::Primary { group: None } => {
                let whose = "the target does not name a deployment group of CodeDeploy".to_owned();
                (None, whose)
            }
            Side::TaskSet { group, .. } | Side::Primary { group: Some(group) } => {
                let listeners = codedeploy::listeners(&self.clients, group).await?;
                let listener = listeners.test.into_iter().next();
                (listener, format!("{group} has no test listener"))
            }
            Side::Revision { .. } => {
                let service = self.describe().await?;
                let mut rules = service.load_balancers.iter();
                let rule = rules.find_map(|it| it.test_listener_rule.as_deref());
                let whose = format!("ECS service `{}` has no test listener rule", self.service);
                (rule.map(elbv2::listener_of_rule), whose)
            }
        };
        let Some(listener) = listener else {
            return Ok(Err(Measurement::error(format!(
                "{whose}, so the green tasks cannot be asked; give it one, or give the check a `url`"
            ))
            .for_good()));
        };
        let address = elbv2::listener_address(&self.clients, &listener).await?;
        Ok(Ok(address.base_url()))
    }
}

fn started_by(revision: &str) -> String {
    let id = revision.rsplit('/').next().unwrap_or_default();
    format!("ecs-svc/{id}")
}
