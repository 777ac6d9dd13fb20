//! What may make a start needless: that it was done before, that nobody wants it any more, or that the
//! image which a person wants back is live.

use greenlight_aws::{AwsError, codepipeline, ecs, table::StoredTarget};
use greenlight_core::{
    deployment::{Marker, Obstacle, Outcome},
    target::{OneShotTask, Pipeline, Strategy},
};

use super::{Next, Order, Started, pipeline, service::skewed};
use crate::{Deployer, observe::Live};

impl Deployer {
    /// What takes the place of a start, if anything does.
    pub(crate) async fn instead_of_start(
        &self,
        stored: &StoredTarget,
        order: &Order,
    ) -> Result<Option<Started>, AwsError> {
        if order.resume
            && let Some(found) = self.find_started(stored, order).await?
        {
            return Ok(Some(found));
        }
        if order.only_look {
            return Ok(Some(Started::Not {
                obstacle: Obstacle::Person,
                reason:
                    "its start was broken off, AWS has no deployment of it, and none was started"
                        .to_owned(),
            }));
        }
        if order.unless_live {
            return self.find_live(stored, order).await;
        }
        Ok(None)
    }

    /// What an earlier start of ours has created. A task or a pipeline execution that is to go on is not
    /// looked for: its client token gives the same one again.
    async fn find_started(
        &self,
        stored: &StoredTarget,
        order: &Order,
    ) -> Result<Option<Started>, AwsError> {
        if let Next::Before { step, task } = Next::of(stored, &order.prepared) {
            if !order.only_look {
                return Ok(None);
            }
            let found = self.find_task(stored, order, task, Some(step)).await?;
            return Ok(found.map(|(aws_id, _)| Started::Before {
                step,
                aws_id,
                task_definition: order.prepared.task_definition.clone(),
            }));
        }
        match &stored.target.deploy {
            Strategy::CodeDeploy(group) => self.find_codedeploy(stored, order, group).await,
            Strategy::Rolling | Strategy::Native => self.find_started_service(stored, order).await,
            Strategy::Task(task) if order.only_look => {
                let found = self.find_task(stored, order, task, None).await?;
                Ok(found.map(|(aws_id, task_definition)| Started::As {
                    aws_id,
                    task_definition: Some(task_definition),
                }))
            }
            Strategy::Pipeline(pipeline) if order.only_look => {
                self.find_execution(stored, order, pipeline).await
            }
            Strategy::Task(_) | Strategy::Pipeline(_) => Ok(None),
        }
    }

    /// A task of ours that runs, with its task definition. One that has stopped needs no stopping, and is
    /// concluded by its event.
    async fn find_task(
        &self,
        stored: &StoredTarget,
        order: &Order,
        task: &OneShotTask,
        before: Option<u32>,
    ) -> Result<Option<(String, String)>, AwsError> {
        let service = stored.target.service.as_ref();
        let cluster = task.cluster.as_deref();
        let cluster = cluster.or_else(|| service.map(|service| service.cluster.as_str()));
        let Some(cluster) = cluster else {
            return Ok(None);
        };
        let marker = Marker {
            target: stored.target.name.clone(),
            deployment: order.deployment,
        };
        let clients = self.clients_of(&stored.target);
        let tasks = ecs::running_tasks(&clients, cluster, &marker.started_by(before)).await?;
        let found = tasks.into_iter().next();
        Ok(found.map(|task| (task.arn, task.task_definition)))
    }

    /// The newest execution since the deployment was asked for that has its image and its variables: an
    /// execution carries no mark of ours.
    async fn find_execution(
        &self,
        stored: &StoredTarget,
        order: &Order,
        pipeline: &Pipeline,
    ) -> Result<Option<Started>, AwsError> {
        let clients = self.clients_of(&stored.target);
        let since = skewed(order.deployment.at());
        let variables = pipeline::variables(stored, order, pipeline);
        for id in codepipeline::executions_since(&clients, &pipeline.name, since).await? {
            let execution = codepipeline::execution(&clients, &pipeline.name, &id).await?;
            let digest = order.candidate.digest.as_str();
            let mut picked = execution.revisions.iter();
            let has_image = pipeline.action.is_none() || picked.any(|it| it.id == digest);
            let has_variables = variables.iter().all(|it| execution.variables.contains(it));
            if has_image && has_variables {
                return Ok(Some(Started::As {
                    aws_id: id,
                    task_definition: None,
                }));
            }
        }
        Ok(None)
    }

    /// Whether what a person wants back is live, as the record says; a service that is busy is waited for.
    /// Without a service only a task can be believed: a pipeline that was stopped may have deployed.
    async fn find_live(
        &self,
        stored: &StoredTarget,
        order: &Order,
    ) -> Result<Option<Started>, AwsError> {
        let by_ecs = match &stored.target.deploy {
            Strategy::Rolling | Strategy::Native => true,
            Strategy::CodeDeploy(_) | Strategy::Pipeline(_) => false,
            Strategy::Task(_) => {
                let current = stored.state.current.as_ref();
                return Ok(current.map(|current| Started::Ended {
                    aws_id: current.deployment.to_string(),
                    outcome: Outcome::Succeeded {
                        task_definition: current.task_definition.clone(),
                    },
                }));
            }
        };
        if stored.target.service.is_none() {
            return Ok(None);
        }
        let clients = self.clients_of(&stored.target);
        let (cluster, name) = stored.cluster_and_service();
        let service = ecs::service(&clients, cluster, name).await?;
        if by_ecs && let Some(running) = service.in_progress() {
            let reason = format!(
                "deployment {} of ECS service `{}` is running; this one follows it",
                running.id,
                stored.service_name()
            );
            return Ok(Some(Started::Later { reason }));
        }
        let Some(live) = Live::of(&service) else {
            return Ok(None);
        };
        let aws_id = live.started_by.clone();
        let outcome = self.look_at(stored, &order.candidate, &live).await?;
        let is_live = matches!(outcome, Outcome::Succeeded { .. });
        Ok(is_live.then_some(Started::Ended { aws_id, outcome }))
    }
}
