//! Blue/green by CodeDeploy: the `AppSpec`, `CreateDeployment`, and finding again what was created.
//!
//! CodeDeploy knows no client token, so our mark is in the description (AWS-FACTS 5.2).

use greenlight_aws::{
    AwsError, Clients, chain,
    codedeploy::{self, Deployment, Group},
    ecs::{LoadBalancer, TaskSet},
    table::StoredTarget,
};
use greenlight_core::{
    appspec::{AppSpec, AppSpecTemplate, CapacityProvider},
    deployment::Marker,
    target::CodeDeploy,
    template::Placeholders,
};
use jiff::{SignedDuration, Timestamp};

use super::{Next, Order, Start, Started, Stop};
use crate::{
    Deployer,
    definition::{make, placeholders},
    gather::TemplateFile,
};

/// How long before a deployment was asked for its AWS deployment is looked for: clocks differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

fn group_of(strategy: &CodeDeploy) -> Group {
    Group {
        application: strategy.application.clone(),
        name: strategy.group.clone(),
    }
}

impl Deployer {
    pub(super) async fn start_codedeploy(
        &self,
        start: &Start<'_>,
        strategy: &CodeDeploy,
    ) -> Result<Started, Stop> {
        let group = group_of(strategy);
        // Before anything is registered: what cannot be used stops the start here.
        let app_spec = self.app_spec(start)?;
        let task_definition = self.definition(start).await?;
        let app_spec = app_spec.with_task_definition(&task_definition);
        let description = start.marker.describe(&start.order.candidate);
        let created = codedeploy::create_deployment(
            start.clients,
            &group,
            strategy.config.as_deref(),
            &app_spec,
            &description,
        )
        .await;
        match created {
            Ok(aws_id) => Ok(Started::As {
                aws_id,
                task_definition: Some(task_definition),
            }),
            Err(error) if error.is("DeploymentLimitExceededException") => {
                self.busy(start, &group, &error).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The AppSpec, but for its task definition, if CodeDeploy can deploy to the service at all.
    pub(crate) fn app_spec(&self, start: &Start<'_>) -> Result<Unregistered, Stop> {
        let hooks = self.hooks(start.stored)?;
        let (live, load_balancer) = self.check_codedeploy(start)?;
        let Some(file) = &start.gathered.app_spec else {
            let generated = app_spec(live, load_balancer, hooks);
            return Ok(Unregistered::Generated(generated));
        };
        let (stored, candidate) = (start.stored, &start.order.candidate);
        let placeholders = placeholders(stored, candidate, start.gathered)?;
        let template = app_spec_of(file, &placeholders, &hooks)?;
        refuse_other_container(start, file, &template)?;
        Ok(Unregistered::Template(template))
    }

    /// The task set that is live and what is before it, if CodeDeploy can deploy to the service at all.
    fn check_codedeploy<'a>(
        &self,
        start: &'a Start<'_>,
    ) -> Result<(&'a TaskSet, &'a LoadBalancer), Stop> {
        match self.unfit_service(start).as_slice() {
            [] => {}
            reasons => return Err(Stop::Reason(reasons.join(". And: "))),
        }
        let live = start.gathered.service.as_ref().and_then(|service| {
            let live = service.primary()?;
            Some((live, live.load_balancers.first()?))
        });
        live.ok_or_else(|| Stop::Reason("the service was not looked at".to_owned()))
    }

    /// The function to be called at each point at which the target has a gate.
    fn hooks(&self, stored: &StoredTarget) -> Result<Vec<(String, String)>, Stop> {
        let target = &stored.target;
        if target.gates.is_empty() {
            return Ok(Vec::new());
        }
        // The hook's payload names only the deployment, which the gate could not find elsewhere.
        if stored.account() != stored.home.account() {
            return Err(Stop::Reason(format!(
                "target `{}` has gates and deploys by CodeDeploy in account {}, but CodeDeploy's hook is \
                 answered only in account {}, in which Greenlight runs; take the gates out of the \
                 target, or let Greenlight run in that account",
                target.name,
                stored.account(),
                stored.home.account()
            )));
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

    /// Another deployment of the group is running. It may be our own, of a call whose answer was
    /// lost.
    async fn busy(
        &self,
        start: &Start<'_>,
        group: &Group,
        refusal: &AwsError,
    ) -> Result<Started, Stop> {
        let marker = &start.marker;
        // The id of the running deployment is only in the message (AWS-FACTS 5.2).
        let message = refusal.message();
        let running = message
            .split(|character: char| !character.is_ascii_alphanumeric() && character != '-')
            .find(|word| word.starts_with("d-"));
        let found = match running {
            Some(id) => Some(codedeploy::deployment(start.clients, id).await?),
            None => find_ours(start.clients, group, marker).await?,
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
                group.name
            ),
        })
    }

    /// The AWS deployment that an earlier start of ours has created.
    pub(crate) async fn find_codedeploy(
        &self,
        stored: &StoredTarget,
        order: &Order,
        strategy: &CodeDeploy,
    ) -> Result<Option<Started>, AwsError> {
        let marker = Marker {
            target: stored.target.name.clone(),
            deployment: order.deployment,
        };
        let clients = self.clients_of(&stored.target);
        let found = find_ours(&clients, &group_of(strategy), &marker).await?;
        Ok(found.map(bound))
    }
}

async fn find_ours(
    clients: &Clients,
    group: &Group,
    marker: &Marker,
) -> Result<Option<Deployment>, AwsError> {
    let since = marker
        .deployment
        .at()
        .checked_sub(CLOCK_SKEW)
        .unwrap_or(Timestamp::MIN);
    let deployments = codedeploy::deployments_since(clients, group, since).await?;
    Ok(deployments
        .into_iter()
        .find(|found| Marker::find(&found.description).as_ref() == Some(marker)))
}

fn bound(found: Deployment) -> Started {
    Started::As {
        aws_id: found.id,
        task_definition: None,
    }
}

/// An `AppSpec` whose task definition is not registered yet.
pub(crate) enum Unregistered {
    Template(AppSpecTemplate),
    Generated(AppSpec),
}

impl Unregistered {
    fn with_task_definition(self, arn: &str) -> String {
        match self {
            Self::Template(template) => template.to_json(arn),
            Self::Generated(generated) => AppSpec {
                task_definition: arn.to_owned(),
                ..generated
            }
            .to_json(),
        }
    }
}

/// The generated AppSpec; its task definition is filled in when that is registered.
fn app_spec(live: &TaskSet, load_balancer: &LoadBalancer, hooks: Vec<(String, String)>) -> AppSpec {
    AppSpec {
        task_definition: String::new(),
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
    }
}

/// CodeDeploy finds a container that is not there only when it deploys.
fn refuse_other_container(
    start: &Start<'_>,
    file: &TemplateFile,
    app_spec: &AppSpecTemplate,
) -> Result<(), Stop> {
    // One that is registered was looked at before.
    if start.order.prepared.task_definition.is_some() {
        return Ok(());
    }
    let candidate = &start.order.candidate;
    let made = make(start.stored, candidate, start.gathered, Next::Deployment)?;
    let found = made.document.container(app_spec.container());
    found.map(|_| ()).map_err(|error| {
        Stop::Reason(format!(
            "{}: Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerName: {error}; name the \
             container that takes the requests",
            file.name
        ))
    })
}

/// The AppSpec from a template, with the target's gates in its hooks.
fn app_spec_of(
    file: &TemplateFile,
    placeholders: &Placeholders,
    hooks: &[(String, String)],
) -> Result<AppSpecTemplate, Stop> {
    let unusable = |error: &dyn std::error::Error| Stop::Reason(chain(error));
    let template = AppSpecTemplate::parse(&file.text, &file.name, placeholders)
        .map_err(|error| unusable(&error))?;
    template.with_hooks(hooks).map_err(|error| unusable(&error))
}
