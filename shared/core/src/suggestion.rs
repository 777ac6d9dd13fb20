//! The target that somebody would write for a service that is there already.
//!
//! What the service is comes in as [`Found`]; what comes out is a target, and for each part of its document a remark
//! that says what it rests on and what a person has to decide. Nothing is guessed that would deploy something else
//! than what runs: only tags are, and then it is said. Reading is in `shared/deployer`.

mod gates;
mod tags;

use serde_json::{Map, Value, json};

use crate::image::{ImageRef, Mutability, Registry, RepositoryRef, RepositoryUri, Tag};
use crate::policy::{TagPolicy, default_ignore};
use crate::target::{
    AppSpecSource, CodeDeploy, ImageSource, OnFailure, OnSuccess, Service, Strategy, Target,
    TargetName, TaskDefinitionSource,
};
use crate::text::excerpt;
use crate::window::Windows;

/// A target takes images for so many containers.
const MAX_IMAGES: usize = 10;

/// A service as it was found.
#[derive(Debug, Clone)]
pub struct Found {
    pub service: Service,
    /// Whose repositories need no registry before their names.
    pub home: Registry,
    pub way: Way,
    /// Those of the task definition that it runs, in its order.
    pub containers: Vec<FoundContainer>,
    /// How the load balancer asks whether a task is healthy; none where there is no load balancer.
    pub health_check: Option<HealthCheck>,
}

/// How the service is deployed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By CodeDeploy, with the deployment group that owns the service, if it was found.
    CodeDeploy(Option<FoundGroup>),
    /// By ECS, task after task.
    Rolling { has_circuit_breaker: bool },
    /// By ECS itself in another way.
    Native {
        /// `BLUE_GREEN | LINEAR | CANARY`, or what is newer.
        strategy: String,
        /// The stages at which it calls functions.
        stages: Vec<String>,
        has_test_listener: bool,
    },
    /// By somebody else (`EXTERNAL`, or what is newer).
    Other(String),
}

/// A deployment group of CodeDeploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundGroup {
    pub application: String,
    pub name: String,
    pub has_test_listener: bool,
}

/// A container of the task definition.
#[derive(Debug, Clone)]
pub struct FoundContainer {
    pub name: String,
    /// As it is written there.
    pub image: String,
    /// What ECR says of the repository, where the image is in ECR and it could be asked.
    pub repository: Option<FoundRepository>,
}

/// What ECR says of an image and its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRepository {
    /// The tags of the image that runs.
    pub tags: Vec<Tag>,
    pub mutability: Mutability,
}

/// The health check of a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// None where it is not over HTTP.
    pub path: Option<String>,
    /// The statuses that count as healthy, as they are written: `200`, `200,301`, `200-299`.
    pub statuses: String,
}

/// A target to begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    pub target: Target,
    pub remarks: Vec<Remark>,
}

/// What is to be said of a part of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The part.
    pub key: &'static str,
    pub text: String,
}

/// Why no target can be suggested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuggestion {
    #[error(
        "service `{service}` has the deployment controller `{controller}`, which nothing here deploys with"
    )]
    Controller {
        service: Service,
        controller: String,
    },
    #[error("no deployment group of CodeDeploy was found that owns service `{service}`")]
    NoGroup { service: Service },
    #[error("no container of service `{service}` has an image of ECR: {}", images.join(", "))]
    NoImage {
        service: Service,
        images: Vec<String>,
    },
    #[error("no target can be called like service `{service}`")]
    Name { service: Service },
}

impl NoSuggestion {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Controller { .. } => {
                "give the service the controller `ECS` or `CODE_DEPLOY`, or deploy to it by a pipeline"
            }
            Self::NoGroup { .. } => {
                "make one in CodeDeploy, or write `deploy: {codedeploy: {application: …, group: …}}` by hand"
            }
            Self::NoImage { .. } => {
                "Greenlight deploys images of ECR: push the image there, and let the task definition name it"
            }
            Self::Name { .. } => "give it a name with `--name`",
        }
    }
}

/// The target for a service.
pub fn suggest(found: &Found, name: Option<&TargetName>) -> Result<Suggestion, NoSuggestion> {
    let mut remarks = Vec::new();
    let name = match name {
        Some(name) => name.clone(),
        None => name_of(&found.service)?,
    };
    let images = images(found, &mut remarks)?;
    let deploy = strategy(found, &mut remarks)?;
    let gates = gates::gates(found, &mut remarks);
    let on_failure = OnFailure {
        restore_tag: restores_tags(found, &images, &mut remarks),
    };
    let target = Target {
        name,
        images,
        service: Some(found.service.clone()),
        deploy,
        task_definition: TaskDefinitionSource::Service,
        appspec: AppSpecSource::Service,
        role_arn: None,
        before: Vec::new(),
        gates,
        on_failure,
        timeout: None,
        windows: Windows::default(),
        on_success: OnSuccess::default(),
        promote: None,
    };
    Ok(Suggestion { target, remarks })
}

impl Suggestion {
    /// The document, in which one default is written: what the task definition is made from.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        if let Value::Object(written) = self.target.to_value() {
            for (key, value) in written {
                let is_strategy = key == "deploy";
                document.insert(key, value);
                if is_strategy {
                    document.insert("task_definition".to_owned(), json!("service"));
                }
            }
        }
        Value::Object(document)
    }

    /// What is to be said of a part of it.
    pub fn remarks_of(&self, key: &str) -> impl Iterator<Item = &str> {
        let remarks = self.remarks.iter();
        remarks
            .filter(move |remark| remark.key == key)
            .map(|remark| remark.text.as_str())
    }
}

fn say(remarks: &mut Vec<Remark>, key: &'static str, text: impl Into<String>) {
    // Names and images come from outside, and a remark is one line of a comment.
    let text = excerpt(&text.into(), 400);
    remarks.push(Remark { key, text });
}

/// The service's name, as far as a target can be called so.
fn name_of(service: &Service) -> Result<TargetName, NoSuggestion> {
    let fitting = service.name.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
        _ => '-',
    });
    let name: String = fitting.take(TargetName::MAX_LENGTH).collect();
    let name = name.trim_matches('-').parse();
    name.map_err(|_| NoSuggestion::Name {
        service: service.clone(),
    })
}

fn images(found: &Found, remarks: &mut Vec<Remark>) -> Result<Vec<ImageSource>, NoSuggestion> {
    let mut images: Vec<ImageSource> = Vec::new();
    for container in &found.containers {
        let FoundContainer { name, image, .. } = container;
        let Ok(reference) = image.parse::<ImageRef>() else {
            say(
                remarks,
                "images",
                format!(
                    "container `{name}` is left out and stays as it is: `{image}` is no image of ECR"
                ),
            );
            continue;
        };
        if images.len() == MAX_IMAGES {
            say(
                remarks,
                "images",
                format!("container `{name}` is left out: a target takes {MAX_IMAGES} at the most"),
            );
            continue;
        }
        let repository = written(&reference.repository, &found.home);
        // Containers that take images of one repository take the same.
        let same = images.iter().find(|it| it.repository == repository);
        let policy = match same {
            Some(same) => same.tags.clone(),
            None => vec![guess(container, &reference, remarks)],
        };
        images.push(ImageSource {
            container: name.clone(),
            repository,
            tags: policy,
            ignore: default_ignore(),
            placeholder: None,
        });
    }
    if images.is_empty() {
        return Err(NoSuggestion::NoImage {
            service: found.service.clone(),
            images: found
                .containers
                .iter()
                .take(MAX_IMAGES)
                .map(|container| format!("`{}`", excerpt(&container.image, 120)))
                .collect(),
        });
    }
    Ok(images)
}

/// A repository as one writes it.
fn written(repository: &RepositoryUri, home: &Registry) -> RepositoryRef {
    let RepositoryUri { registry, name } = repository.canonical();
    RepositoryRef {
        registry: (registry != home.canonical()).then_some(registry),
        name,
    }
}

fn guess(container: &FoundContainer, reference: &ImageRef, remarks: &mut Vec<Remark>) -> TagPolicy {
    let known = container.repository.as_ref();
    if known.is_none() {
        let repository = &reference.repository.name;
        say(
            remarks,
            "images",
            format!(
                "repository `{repository}` could not be looked at: only the task definition was"
            ),
        );
    }
    let known = known.map(|known| known.tags.as_slice());
    let guess = tags::guess(known.unwrap_or_default(), reference.tag.as_ref());
    say(
        remarks,
        "images",
        format!("{}: {}", container.name, guess.because),
    );
    guess.policy
}

fn strategy(found: &Found, remarks: &mut Vec<Remark>) -> Result<Strategy, NoSuggestion> {
    let service = || found.service.clone();
    match &found.way {
        Way::CodeDeploy(Some(group)) => {
            say(
                remarks,
                "deploy",
                "this deployment group owns the service; `config` would choose another way to shift traffic than the \
                 group's",
            );
            Ok(Strategy::CodeDeploy(CodeDeploy {
                application: group.application.clone(),
                group: group.name.clone(),
                config: None,
            }))
        }
        Way::CodeDeploy(None) => Err(NoSuggestion::NoGroup { service: service() }),
        Way::Rolling {
            has_circuit_breaker,
        } => {
            say(
                remarks,
                "deploy",
                "ECS replaces the tasks step by step, as the service declares",
            );
            if !has_circuit_breaker {
                say(
                    remarks,
                    "deploy",
                    "the service has no circuit breaker: tasks that do not start are tried until `timeout`",
                );
            }
            Ok(Strategy::Rolling)
        }
        Way::Native { strategy, .. } => {
            say(
                remarks,
                "deploy",
                format!("ECS itself deploys, as the service declares: {strategy}"),
            );
            Ok(Strategy::Native)
        }
        Way::Other(controller) => Err(NoSuggestion::Controller {
            service: service(),
            controller: excerpt(controller, 40),
        }),
    }
}

/// Whether the tag of a failed deployment can be given back: it has to name what is to run, and to be able to move.
fn restores_tags(found: &Found, images: &[ImageSource], remarks: &mut Vec<Remark>) -> bool {
    for image in images {
        let container = found
            .containers
            .iter()
            .find(|it| it.name == image.container);
        let Some(known) = container.and_then(|it| it.repository.as_ref()) else {
            // Not known to be possible; it was said that it could not be looked at.
            return false;
        };
        for policy in &image.tags {
            let TagPolicy::Exact(tag) = policy else {
                return false;
            };
            if known.mutability.keeps(tag) {
                let repository = &image.repository;
                say(
                    remarks,
                    "images",
                    format!(
                        "tag `{tag}` of `{repository}` cannot be moved, so that `on_failure` cannot give it back"
                    ),
                );
                return false;
            }
        }
    }
    say(
        remarks,
        "on_failure",
        "the tag goes back to the image that is live, so that nothing else deploys the bad one",
    );
    true
}

#[cfg(test)]
mod tests;
