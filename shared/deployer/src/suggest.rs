//! Looks at a service that nobody has registered, so that a target can be suggested for it.
//!
//! It only looks. What is decided by it is in `greenlight_core::suggestion`.

use futures_util::future::{join_all, try_join};
use greenlight_aws::{
    AwsError, Clients, Kind, codedeploy,
    ecr::{self, ImageId},
    ecs, elbv2,
};
use greenlight_core::{
    image::{ImageRef, Registry, Tag},
    suggestion::{
        self, Found, FoundContainer, FoundGroup, FoundRepository, HealthCheck, NoSuggestion,
        Suggestion, Way,
    },
    target::{Service, TargetName},
};

use crate::{
    Deployer,
    observe::{self, Live},
};

/// Why no target was suggested.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// There is no such cluster.
    #[error("there is no cluster `{cluster}`")]
    NoCluster {
        /// Which cluster.
        cluster: String,
        /// Those that there are, as far as they could be listed.
        known: Vec<String>,
    },
    /// The cluster has no such service.
    #[error("cluster `{cluster}` has no service `{service}`")]
    NoService {
        /// Which cluster.
        cluster: String,
        /// Which service.
        service: String,
        /// Those that it has, as far as they could be listed.
        known: Vec<String>,
    },
    /// It could not be looked at.
    #[error("service `{service}` could not be looked at")]
    Look {
        /// Which service.
        service: Service,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// It runs nothing.
    #[error("service `{service}` has no deployment, so that there is nothing to begin with")]
    RunsNothing {
        /// Which service.
        service: Service,
    },
    /// It is not known whose it is.
    #[error("`{arn}` is not the ARN of a service")]
    Arn {
        /// What ECS says.
        arn: String,
    },
    /// No target fits it.
    #[error(transparent)]
    None(#[from] NoSuggestion),
}

impl Deployer {
    /// The target for a service, called `name` or like the service. Names may be given as ARNs.
    pub async fn suggest(
        &self,
        cluster: &str,
        service: &str,
        name: Option<&TargetName>,
    ) -> Result<Suggestion, SuggestError> {
        let service = Service {
            cluster: last(cluster),
            name: last(service),
        };
        let found = look(&self.clients, service).await?;
        Ok(suggestion::suggest(&found, name)?)
    }
}

/// The last part of an ARN, or all of a name.
fn last(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

async fn look(clients: &Clients, service: Service) -> Result<Found, SuggestError> {
    let Service { cluster, name } = &service;
    let seen = match ecs::service(clients, cluster, name).await {
        Ok(seen) => seen,
        Err(error) if error.is("ClusterNotFoundException") => {
            return Err(SuggestError::NoCluster {
                cluster: cluster.clone(),
                // That the others cannot be listed makes this one no better.
                known: ecs::cluster_names(clients).await.unwrap_or_default(),
            });
        }
        Err(error) if error.kind == Kind::NotFound => {
            return Err(SuggestError::NoService {
                cluster: cluster.clone(),
                service: name.clone(),
                known: ecs::service_names(clients, cluster)
                    .await
                    .unwrap_or_default(),
            });
        }
        Err(source) => return Err(SuggestError::Look { service, source }),
    };
    let Some(home) = home(&seen.arn) else {
        return Err(SuggestError::Arn { arn: seen.arn });
    };
    let Some(live) = Live::of(&seen) else {
        return Err(SuggestError::RunsNothing { service });
    };
    let looked = try_join(
        containers(clients, &live.task_definition),
        try_join(way(clients, &service, &seen), health_check(clients, &seen)),
    );
    match looked.await {
        Ok((containers, (way, health_check))) => Ok(Found {
            service,
            home,
            way,
            containers,
            health_check,
        }),
        Err(source) => Err(SuggestError::Look { service, source }),
    }
}

/// The registry of the account and region of a service.
fn home(arn: &str) -> Option<Registry> {
    // arn:aws:ecs:<region>:<account>:service/…
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    Registry::of(account, region).ok()
}

async fn way(clients: &Clients, service: &Service, seen: &ecs::Service) -> Result<Way, AwsError> {
    Ok(match (seen.controller.as_str(), seen.strategy.as_str()) {
        ("CODE_DEPLOY", _) => {
            let group = codedeploy::owner(clients, &service.cluster, &service.name).await?;
            Way::CodeDeploy(match group {
                Some(group) => {
                    let listeners = codedeploy::listeners(clients, &group).await?;
                    Some(FoundGroup {
                        application: group.application,
                        name: group.name,
                        has_test_listener: !listeners.test.is_empty(),
                    })
                }
                None => None,
            })
        }
        ("ECS", "ROLLING") => Way::Rolling {
            has_circuit_breaker: seen.circuit_breaker.as_ref().is_some_and(|it| it.enabled),
        },
        ("ECS", strategy) => {
            let functions = seen
                .hooks
                .iter()
                .filter(|hook| hook.target_type == "AWS_LAMBDA");
            let mut balancers = seen.load_balancers.iter();
            Way::Native {
                strategy: strategy.to_owned(),
                stages: functions.flat_map(|hook| hook.stages.clone()).collect(),
                has_test_listener: balancers.any(|it| it.test_listener_rule.is_some()),
            }
        }
        (controller, _) => Way::Other(controller.to_owned()),
    })
}

/// That of the first target group: both of a blue/green service ask the same.
async fn health_check(
    clients: &Clients,
    seen: &ecs::Service,
) -> Result<Option<HealthCheck>, AwsError> {
    let mut of_service = seen.load_balancers.iter();
    let of_service = of_service.find_map(|it| it.target_group.clone());
    let of_tasks = || {
        let balancer = seen.primary()?.load_balancers.first()?;
        Some(balancer.target_group.clone())
    };
    let Some(group) = of_service.or_else(of_tasks) else {
        return Ok(None);
    };
    let found = elbv2::target_group(clients, &group).await?.found();
    let Some(found) = found else {
        // It may be there, so that tasks can be asked for by it; how, is not known.
        return Ok(Some(HealthCheck {
            path: None,
            statuses: String::new(),
        }));
    };
    let check = found.health_check;
    let is_http = check.protocol.is_some_and(|it| it.starts_with("HTTP"));
    let is_grpc = found.version.as_deref() == Some("GRPC");
    Ok(Some(HealthCheck {
        path: check.path.filter(|_| is_http && !is_grpc),
        statuses: check.statuses.unwrap_or_default(),
    }))
}

async fn containers(
    clients: &Clients,
    task_definition: &str,
) -> Result<Vec<FoundContainer>, AwsError> {
    let definition = observe::task_definition(clients, task_definition).await?;
    let containers = definition.containers().map(async |container| {
        let image = container.image().unwrap_or_default().to_owned();
        let repository = match image.parse::<ImageRef>() {
            Ok(reference) => repository(clients, &reference).await,
            Err(_) => None,
        };
        FoundContainer {
            name: container.name().to_owned(),
            image,
            repository,
        }
    });
    Ok(join_all(containers).await)
}

/// What ECR says; nothing where it cannot be asked, such as in somebody else's account.
async fn repository(clients: &Clients, image: &ImageRef) -> Option<FoundRepository> {
    let id = match (&image.digest, &image.tag) {
        (Some(digest), _) => Some(ImageId::Digest(digest.clone())),
        (None, Some(tag)) => Some(ImageId::Tag(tag.clone())),
        // Docker means this one.
        (None, None) => "latest".parse().ok().map(ImageId::Tag),
    }?;
    let asked = try_join(
        ecr::image(clients, &image.repository, &id),
        ecr::mutability(clients, &image.repository),
    );
    match asked.await {
        Ok((found, mutability)) => {
            let tags = found.map(|found| found.tags).unwrap_or_default();
            let tags = tags.iter().flat_map(|tag| tag.parse::<Tag>());
            Some(FoundRepository {
                tags: tags.collect(),
                mutability,
            })
        }
        Err(error) => {
            let repository = &image.repository;
            tracing::debug!(repository = %repository, "ECR could not be asked: {error}");
            None
        }
    }
}
