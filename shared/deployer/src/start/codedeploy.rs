//! Starting the AWS deployment of a claimed deployment: clone the live task definition, set the
//! image, register, create the CodeDeploy deployment.
//!
//! Four calls, one after the other, since each needs what the one before has answered. Only what a
//! retry may mend is an error; everything else ends the deployment with a reason for people.

use greenlight_aws::{
    AwsError, chain,
    codedeploy::{self, Deployment, Group},
    ecs::{self, Service, TaskSet},
};
use greenlight_core::{
    appspec::{AppSpec, CapacityProvider},
    deployment::{Candidate, DeploymentId, Marker},
    target::{CodeDeploy, Strategy, Target},
    task_definition::TaskDefinition,
};
use jiff::{SignedDuration, Timestamp};

use crate::Deployer;

/// How long before a deployment was asked for its AWS deployment is looked for: clocks differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

/// What came of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Started {
    /// The AWS deployment runs.
    As {
        aws_id: String,
        task_definition: Option<String>,
    },
    /// It cannot be started, and a retry would not help.
    Not { reason: String },
    /// Somebody else's deployment is running.
    Later { reason: String },
}

/// Why a start came to nothing.
enum Stop {
    Reason(String),
    Aws(AwsError),
}

impl From<AwsError> for Stop {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

impl Deployer {
    pub(crate) async fn start(
        &self,
        target: &Target,
        deployment: DeploymentId,
        candidate: &Candidate,
        resume: bool,
    ) -> Result<Started, AwsError> {
        match self.try_start(target, deployment, candidate, resume).await {
            Ok(started) => Ok(started),
            Err(Stop::Aws(error)) if error.is_retryable() => Err(error),
            Err(Stop::Aws(error)) => Ok(Started::Not {
                reason: match error.hint() {
                    Some(hint) => format!("{}; {hint}", chain(&error)),
                    None => chain(&error),
                },
            }),
            Err(Stop::Reason(reason)) => Ok(Started::Not { reason }),
        }
    }

    async fn try_start(
        &self,
        target: &Target,
        deployment: DeploymentId,
        candidate: &Candidate,
        resume: bool,
    ) -> Result<Started, Stop> {
        let Strategy::CodeDeploy(strategy) = &target.deploy;
        let group = Group {
            application: strategy.application.clone(),
            name: strategy.group.clone(),
        };
        let marker = Marker {
            target: target.name.clone(),
            deployment,
        };
        if resume && let Some(found) = self.find_ours(&group, &marker).await? {
            return Ok(bound(found));
        }
        let hooks = self.hooks(target)?;
        let service =
            ecs::service(&self.clients, &target.service.cluster, &target.service.name).await?;
        let live = live_task_set(target, &service)?;
        let task_definition = self
            .register(target, &live.task_definition, candidate)
            .await?;
        let app_spec = app_spec(target, live, &task_definition, hooks)?;
        let description = marker.describe(candidate);
        let created = codedeploy::create_deployment(
            &self.clients,
            &group,
            strategy.config.as_deref(),
            &app_spec.to_json(),
            &description,
        )
        .await;
        match created {
            Ok(aws_id) => Ok(Started::As {
                aws_id,
                task_definition: Some(task_definition),
            }),
            Err(error) if error.is("DeploymentLimitExceededException") => {
                self.busy(&group, strategy, &marker, &error).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The function to be called at each point at which the target has a gate.
    fn hooks(&self, target: &Target) -> Result<Vec<(String, String)>, Stop> {
        if target.gates.is_empty() {
            return Ok(Vec::new());
        }
        let Some(function) = &self.hook_function else {
            return Err(Stop::Reason(format!(
                "target `{}` has gates, but this function does not know the hook function; set \
                 `GREENLIGHT_HOOK` to the name of the function validate-green",
                target.name
            )));
        };
        Ok(target
            .gates
            .iter()
            .map(|(point, _)| (point.codedeploy_event().to_owned(), function.clone()))
            .collect())
    }

    /// Registers a revision of the live task definition with the candidate's image, unless the live
    /// one already names exactly this image.
    async fn register(
        &self,
        target: &Target,
        live: &str,
        candidate: &Candidate,
    ) -> Result<String, Stop> {
        let found = ecs::task_definition(&self.clients, live).await?;
        let unusable = |error: &dyn std::error::Error| {
            Stop::Reason(format!(
                "task definition `{live}`, which service `{}` runs, cannot take the image: {}",
                target.service,
                chain(error)
            ))
        };
        let mut document =
            TaskDefinition::parse(found.document).map_err(|error| unusable(&error))?;
        let image = candidate.pinned();
        let mut is_changed = false;
        for source in &target.images {
            is_changed |= document
                .set_image(&source.container, &image)
                .map_err(|error| unusable(&error))?;
        }
        if !is_changed {
            return Ok(live.to_owned());
        }
        let family = document.family().to_owned();
        let request = document.into_register_input(found.tags);
        Ok(ecs::register_task_definition(&self.clients, &family, &request).await?)
    }

    /// Another deployment of the group is running. It may be our own, of a call whose answer was
    /// lost.
    async fn busy(
        &self,
        group: &Group,
        strategy: &CodeDeploy,
        marker: &Marker,
        refusal: &AwsError,
    ) -> Result<Started, Stop> {
        // The id of the running deployment is only in the message (AWS-FACTS 5.2).
        let message = refusal.message();
        let running = message
            .split(|character: char| !character.is_ascii_alphanumeric() && character != '-')
            .find(|word| word.starts_with("d-"));
        let found = match running {
            Some(id) => Some(codedeploy::deployment(&self.clients, id).await?),
            None => self.find_ours(group, marker).await?,
        };
        if let Some(found) = found
            && Marker::find(&found.description).as_ref() == Some(marker)
        {
            return Ok(bound(found));
        }
        Ok(Started::Later {
            reason: format!(
                "CodeDeploy deployment {} of group `{}` is running; this one follows it",
                running.unwrap_or("of somebody else"),
                strategy.group
            ),
        })
    }

    /// The AWS deployment that an earlier start of ours has created.
    async fn find_ours(
        &self,
        group: &Group,
        marker: &Marker,
    ) -> Result<Option<Deployment>, AwsError> {
        let since = marker
            .deployment
            .at()
            .checked_sub(CLOCK_SKEW)
            .unwrap_or(Timestamp::MIN);
        let deployments = codedeploy::deployments_since(&self.clients, group, since).await?;
        Ok(deployments
            .into_iter()
            .find(|found| Marker::find(&found.description).as_ref() == Some(marker)))
    }
}

fn bound(found: Deployment) -> Started {
    Started::As {
        aws_id: found.id,
        task_definition: None,
    }
}

/// The task set that serves production now.
fn live_task_set<'a>(target: &Target, service: &'a Service) -> Result<&'a TaskSet, Stop> {
    if service.controller != "CODE_DEPLOY" {
        return Err(Stop::Reason(format!(
            "ECS service `{}` has the deployment controller {}, but target `{}` deploys by CodeDeploy; \
             create the service with the controller CODE_DEPLOY",
            target.service, service.controller, target.name
        )));
    }
    service.primary().ok_or_else(|| {
        Stop::Reason(format!(
            "ECS service `{}` has no primary task set, so there is no live task definition to start \
             from; deploy it once by CodeDeploy",
            target.service
        ))
    })
}

fn app_spec(
    target: &Target,
    live: &TaskSet,
    task_definition: &str,
    hooks: Vec<(String, String)>,
) -> Result<AppSpec, Stop> {
    let Some(load_balancer) = live.load_balancers.first() else {
        return Err(Stop::Reason(format!(
            "ECS service `{}` has no load balancer, and CodeDeploy deploys to ECS only behind one",
            target.service
        )));
    };
    Ok(AppSpec {
        task_definition: task_definition.to_owned(),
        container: load_balancer.container.clone(),
        port: load_balancer.port,
        platform_version: live.platform_version.clone(),
        // Not said, so CodeDeploy keeps what the service has (AWS-FACTS 5.1).
        network: None,
        capacity_providers: live
            .capacity_providers
            .iter()
            .map(|provider| CapacityProvider {
                name: provider.name.clone(),
                base: provider.base,
                weight: provider.weight,
            })
            .collect(),
        hooks,
    })
}
