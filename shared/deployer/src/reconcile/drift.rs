//! What a service really runs, against what its record says.

use std::collections::BTreeMap;

use futures_util::try_join;
use greenlight_aws::{
    AwsError, Clients, chain, codedeploy,
    ecs::{self, Service},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{Candidate, Current, DeploymentId, Input, Marker},
    drift::{self, Seen, Sight, Verdict},
    image::{Digest, ImageRef, RepositoryUri},
    task_definition::TaskDefinition,
    turn,
};
use jiff::Timestamp;

use super::{RepairError, no_gates};
use crate::{
    Deployer,
    observe::{Live, accepted_digests, containers},
    progress::short,
};

/// What was seen, and what runs it.
struct Looked {
    sight: Sight,
    live: Live,
    /// The ARN of whoever registered the task definition.
    registered_by: Option<String>,
}

impl Deployer {
    /// Looks at the target's service, when it is its turn, and records what runs if it is not what was
    /// recorded.
    pub(super) async fn find_drift(
        &self,
        stored: &StoredTarget,
        lease_until: Timestamp,
    ) -> Result<Option<String>, RepairError> {
        let now = self.clock.now();
        if !is_quiet(stored) || !turn::is_due(&stored.target.name, now) {
            return Ok(None);
        }
        // The list of targets is a little late, and so is whoever comes late in a round.
        let Some(stored) = self.now(stored).await? else {
            return Ok(None);
        };
        let (true, Some(current)) = (is_quiet(&stored), stored.state.current.clone()) else {
            return Ok(None);
        };
        let clients = self.clients_of(&stored.target);
        let (cluster, name) = stored.cluster_and_service();
        let service = ecs::service(&clients, cluster, name).await?;
        let Some(looked) = look(&clients, &stored, &service).await? else {
            return Ok(None);
        };
        let verdict = self.judged(&current, &looked.sight).await?;
        let (running, runs) = match verdict {
            Verdict::AsRecorded => return Ok(None),
            Verdict::None { reason } => {
                tracing::debug!(target = %stored.target.name, "no verdict: {reason}");
                return Ok(None);
            }
            Verdict::BackAsRecorded => {
                let runs = current.candidate.describe();
                (Some(current.candidate), runs)
            }
            Verdict::Differs {
                runs,
                is_foreign: true,
                ..
            } => (None, runs),
            Verdict::Differs { images, runs, .. } => {
                let running = self.candidate_of(&stored, &images, now).await?;
                let runs = running.as_ref().map_or(runs, Candidate::describe);
                (running, runs)
            }
        };
        let by = deployed_by(&clients, &service).await;
        let input = Input::Drifted {
            deployment: DeploymentId::of_cause(now, &["drift", stored.target.name.as_str(), &runs]),
            running,
            runs,
            task_definition: Some(looked.live.task_definition),
            cause: drift::cause(by.as_deref(), looked.registered_by.as_deref()),
        };
        let before = stored.state.current.clone();
        let explanation =
            Box::pin(self.advance(stored.clone(), input, lease_until, &no_gates())).await?;
        // What was known before is no news.
        let is_news = self
            .now(&stored)
            .await?
            .is_some_and(|now| now.state.current != before);
        Ok(explanation
            .filter(|_| is_news)
            .map(|explanation| explanation.text))
    }

    /// The verdict; the children of an index are asked for only where a digest does not agree.
    async fn judged(&self, current: &Current, sight: &Sight) -> Result<Verdict, AwsError> {
        let mut counts_as: BTreeMap<RepositoryUri, Vec<Digest>> = BTreeMap::new();
        let verdict = drift::judge(current, sight, &counts_as);
        if !matches!(
            verdict,
            Verdict::Differs {
                is_foreign: false,
                ..
            }
        ) {
            return Ok(verdict);
        }
        // ECR is asked as the function itself: the images are not the role's.
        for image in current.candidate.images() {
            let accepted = accepted_digests(&self.clients, &image.repository, &image.digest);
            counts_as.insert(image.repository.clone(), accepted.await?);
        }
        Ok(drift::judge(current, sight, &counts_as))
    }

    /// The images that run, with the tags by which they probably came.
    async fn candidate_of(
        &self,
        stored: &StoredTarget,
        images: &BTreeMap<RepositoryUri, Digest>,
        at: Timestamp,
    ) -> Result<Option<Candidate>, AwsError> {
        let mut found = Vec::with_capacity(images.len());
        for (repository, digest) in images {
            let mut sources = stored.target.images.iter();
            let source = sources.find(|source| stored.repository_of(source) == *repository);
            if let Some(source) = source {
                found.push(self.named(stored, source, digest.clone(), at).await?);
            }
        }
        Ok(Candidate::of_images(found))
    }
}

/// Nothing is under way or waits, and something is recorded that a service runs.
fn is_quiet(stored: &StoredTarget) -> bool {
    let state = &stored.state;
    state.active.is_none()
        && state.queued.is_none()
        && state.rollback.is_none()
        && state.current.is_some()
        && stored.target.service.is_some()
}

/// Looks at what a service runs; none where nothing serves production.
async fn look(
    clients: &Clients,
    stored: &StoredTarget,
    service: &Service,
) -> Result<Option<Looked>, AwsError> {
    let Some(live) = Live::of(service) else {
        return Ok(None);
    };
    let found = ecs::task_definition(clients, &live.task_definition).await?;
    let registered_by = found.document["registeredBy"].as_str().map(str::to_owned);
    let definition = TaskDefinition::parse(found.document).map_err(|error| {
        AwsError::not_understood(
            "ecs:DescribeTaskDefinition",
            format!("task definition `{}`", live.task_definition),
            chain(&error),
        )
    })?;
    let images = stored.target.images.iter().map(|source| {
        let image = definition.image_of(&source.container).ok();
        (source, image.map(str::to_owned))
    });
    let images: Vec<_> = images.collect();
    // What the task definition pins, the tasks cannot but run.
    let is_pinned = |image: &Option<String>| {
        let image = image.as_deref().and_then(|it| it.parse::<ImageRef>().ok());
        image.is_some_and(|image| image.digest.is_some())
    };
    let tasks = if images.iter().all(|(_, image)| is_pinned(image)) {
        Vec::new()
    } else {
        tasks_of(clients, stored, &live).await?
    };
    let seen = images.into_iter().map(|(source, image)| {
        let running = containers(&tasks, &[source.container.as_str()]);
        Seen {
            repository: stored.repository_of(source),
            image,
            digests: running.into_iter().map(|it| it.digest).collect(),
        }
    });
    let sight = Sight {
        containers: seen.collect(),
        ..stands(service)
    };
    Ok(Some(Looked {
        sight,
        live,
        registered_by,
    }))
}

async fn tasks_of(
    clients: &Clients,
    stored: &StoredTarget,
    live: &Live,
) -> Result<Vec<ecs::Task>, AwsError> {
    let (cluster, name) = stored.cluster_and_service();
    let (mut tasks, of_service) = try_join!(
        ecs::running_tasks(clients, cluster, &live.started_by),
        ecs::tasks_of_service(clients, cluster, name),
    )?;
    if tasks.is_empty() {
        // Whether `startedBy` names the revision is told by AWS's samples only (AWS-FACTS 7.7).
        tasks = of_service;
        tasks.retain(|task| task.task_definition == live.task_definition);
    }
    Ok(tasks)
}

/// How a service stands, but for what its containers run.
fn stands(service: &Service) -> Sight {
    let (revisions, is_in_progress) = if service.controller == "ECS" {
        let mut deployments = service.deployments.iter();
        // Those whose tasks do not start have failed, and are replaced by nothing.
        let is_settled = |state: Option<&str>| state.is_none_or(|state| state == "COMPLETED");
        let moves = deployments.any(|it| !is_settled(it.rollout_state.as_deref()));
        (service.deployments.len(), moves)
    } else {
        let moves = service.task_sets.iter().any(|set| !set.is_steady);
        (service.task_sets.len(), moves)
    };
    Sight {
        desired: service.desired,
        is_daemon: service.scheduling == "DAEMON",
        revisions,
        is_in_progress,
        containers: Vec::new(),
    }
}

/// What has brought the task definition, as AWS calls it. That nothing can be seen of it is no reason not
/// to tell of the drift.
async fn deployed_by(clients: &Clients, service: &Service) -> Option<String> {
    if service.controller == "ECS" {
        let deployment = service.current_deployment.as_deref()?;
        return Some(format!("ECS service deployment {}", short(deployment)));
    }
    let id = service.primary()?.external_id.as_deref()?;
    let found = match codedeploy::deployment(clients, id).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!("what has deployed it could not be seen: {}", chain(&error));
            return None;
        }
    };
    Some(
        match (Marker::find(&found.description), &found.rolls_back) {
            (Some(marker), _) => format!("CodeDeploy deployment {id} ({})", marker.deployment),
            (None, Some(of)) => format!("CodeDeploy deployment {id}, which rolls {of} back"),
            (None, None) => format!("CodeDeploy deployment {id} (creator: {})", found.creator),
        },
    )
}
