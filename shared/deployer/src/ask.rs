//! A person, or the job of a pipeline, asks for a deployment.
//!
//! It takes the same way as a push: a step of the state machine, stored by compare-and-swap, and
//! carried out. What differs is the origin: what somebody asks for may be older than what runs, or
//! have failed before. Files that a job brings are stored before, since another function may be the one
//! that starts the deployment.

use std::collections::BTreeMap;

use futures_util::try_join;
use greenlight_aws::{
    AwsError,
    table::{StoredFiles, StoredTarget},
};
use greenlight_core::{
    deployment::{Candidate, DeploymentId, Explanation, Input},
    job::JobId,
    record::Origin,
    target::{Strategy, TargetName},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    AdvanceError, Deployer,
    plan::{Wish, WishError},
};

/// How long a start is left to whoever asked; after that, any event of the target takes it over.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// How a job asks.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    /// Which job.
    pub(crate) job: JobId,
    /// When it was received.
    pub(crate) at: Timestamp,
    /// Whose it is.
    pub(crate) origin: Origin,
    /// What takes the place of the target's own templates.
    pub(crate) files: Option<StoredFiles>,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The deployment that brings the image: a new one, or one that was under way or waited already.
    pub deployment: DeploymentId,
    /// What was asked for.
    pub candidate: Candidate,
    /// What was decided, and why.
    pub explanation: Explanation,
}

/// Why a deployment could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no such image.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// The image cannot be pulled.
    #[error("{image} is archived in ECR and cannot be pulled; restore it first")]
    Archived {
        /// Which image.
        image: String,
    },
    /// Deployments may not start now, and that is not overridden.
    #[error("nothing is deployed to target `{target}` now: {reason}")]
    Closed {
        /// Which target.
        target: TargetName,
        /// What keeps them.
        reason: String,
    },
    /// The target has gates, and it is not known which function CodeDeploy is to call.
    #[error("target `{target}` has gates, but the hook function that runs them is not known")]
    HookUnknown {
        /// Which target.
        target: TargetName,
    },
    /// The target's state could not be moved.
    #[error("the deployment to target `{target}` was not started")]
    Advance {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
    /// The files that came with the wish could not be kept.
    #[error("the files for the deployment to target `{target}` could not be kept")]
    Files {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// What became of it could not be read.
    #[error("what became of the deployment to target `{target}` could not be read")]
    Read {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Somebody removed the target, or deployed something else, at the same moment.
    #[error("target `{target}` was changed by somebody else at the same moment; ask again")]
    Overtaken {
        /// Which target.
        target: TargetName,
    },
}

impl Deployer {
    /// Deploys an image to a target because somebody, `by`, asks for it. Where automatic deployments may not
    /// start now, that is refused unless it `overrides` what keeps them, which is recorded.
    ///
    /// Asking again after an error goes on where this one ended.
    pub async fn ask(
        &self,
        stored: StoredTarget,
        wish: &Wish,
        by: &str,
        overrides: bool,
    ) -> Result<Asked, AskError> {
        let now = self.clock.now();
        let name = stored.target.name.clone();
        let closed = stored.closed(now).map(|closed| closed.reason);
        if let Some(reason) = closed.clone().filter(|_| !overrides) {
            let target = name;
            return Err(AskError::Closed { target, reason });
        }
        let candidate = self.wished(&stored, wish, now).await?;
        let cause = [
            "asked",
            name.as_str(),
            candidate.digest.as_str(),
            by,
            &now.to_string(),
        ];
        let deployment = DeploymentId::of_cause(now, &cause);
        let input = Input::Requested {
            deployment,
            candidate: candidate.clone(),
            origin: Origin::Person {
                by: by.to_owned(),
                overrides: closed,
            },
            job: None,
        };
        self.asked_for(stored, input, deployment, candidate).await
    }

    /// Takes the step by which a person asks for a candidate; `new` is the id of the deployment if one comes of it.
    pub(crate) async fn asked_for(
        &self,
        stored: StoredTarget,
        input: Input,
        new: DeploymentId,
        candidate: Candidate,
    ) -> Result<Asked, AskError> {
        let name = stored.target.name.clone();
        let lease_until = self.clock.now().saturating_add(LEASE);
        let lease_until = lease_until.unwrap_or(Timestamp::MAX);
        let explanation = self
            .advance(stored, input, lease_until, &BTreeMap::new())
            .await
            .map_err(|source| AskError::Advance {
                target: name.clone(),
                source,
            })?;
        let overtaken = || AskError::Overtaken {
            target: name.clone(),
        };
        let explanation = explanation.ok_or_else(overtaken)?;
        let deployment = self.bringing(&name, new, &candidate).await?;
        Ok(Asked {
            deployment: deployment.ok_or_else(overtaken)?,
            candidate,
            explanation,
        })
    }

    /// Deploys an image to a target because a job asks for it, and waits for the end. Gives what was
    /// decided; `None` if the target was removed meanwhile.
    ///
    /// Asking again for the same job is no second deployment.
    pub(crate) async fn ask_for_job(
        &self,
        stored: StoredTarget,
        wish: &Wish,
        asking: Asking,
        lease_until: Timestamp,
    ) -> Result<Option<Explanation>, AskError> {
        let name = stored.target.name.clone();
        let cause = ["job", name.as_str(), asking.job.as_str()];
        let deployment = DeploymentId::of_cause(asking.at, &cause);
        let files = asking
            .files
            .filter(|files| *files != StoredFiles::default());
        let has_files = files.is_some();
        let (candidate, ()) = try_join!(
            self.wished(&stored, wish, self.clock.now()),
            self.keep(&name, deployment, files),
        )?;
        let candidate = Candidate {
            files: has_files.then_some(deployment),
            ..candidate
        };
        let input = Input::Requested {
            deployment,
            candidate,
            origin: asking.origin,
            job: Some(asking.job),
        };
        self.advance(stored, input, lease_until, &BTreeMap::new())
            .await
            .map_err(|source| AskError::Advance {
                target: name,
                source,
            })
    }

    async fn keep(
        &self,
        name: &TargetName,
        deployment: DeploymentId,
        files: Option<StoredFiles>,
    ) -> Result<(), AskError> {
        let Some(files) = files else { return Ok(()) };
        self.table
            .put_files(name, deployment, &files)
            .await
            .map_err(|source| AskError::Files {
                target: name.clone(),
                source,
            })
    }

    /// The images that are meant, if they can be deployed.
    async fn wished(
        &self,
        stored: &StoredTarget,
        wish: &Wish,
        at: Timestamp,
    ) -> Result<Candidate, AskError> {
        let resolved = self.resolve(stored, wish, at).await?;
        if resolved.is_archived {
            return Err(AskError::Archived {
                image: resolved.candidate.describe(),
            });
        }
        if self.lacks_hook(stored) {
            return Err(AskError::HookUnknown {
                target: stored.target.name.clone(),
            });
        }
        Ok(resolved.candidate)
    }

    /// A deployment that CodeDeploy is to ask about cannot be started where it is not known whom.
    pub(crate) fn lacks_hook(&self, stored: &StoredTarget) -> bool {
        let target = &stored.target;
        let is_called = matches!(target.deploy, Strategy::CodeDeploy(_));
        is_called && !target.gates.is_empty() && self.hook_function.is_none()
    }

    /// The deployment that brings a candidate: the new one, if a record came of it, or else the one
    /// that has it already.
    pub(crate) async fn bringing(
        &self,
        name: &TargetName,
        new: DeploymentId,
        candidate: &Candidate,
    ) -> Result<Option<DeploymentId>, AskError> {
        let failed = |source| AskError::Read {
            target: name.clone(),
            source,
        };
        if self
            .table
            .record(name, new)
            .await
            .map_err(failed)?
            .is_some()
        {
            return Ok(Some(new));
        }
        let stored = self.table.target(name).await.map_err(failed)?;
        let Some(Ok(stored)) = stored else {
            return Ok(None);
        };
        let state = &stored.state;
        let wanted = state
            .rollback
            .iter()
            .map(|it| (it.deployment, &it.candidate));
        let active = state.active.iter().map(|it| (it.deployment, &it.candidate));
        let queued = state.queued.iter().map(|it| (it.deployment, &it.candidate));
        let current = state
            .current
            .iter()
            .map(|it| (it.deployment, &it.candidate));
        Ok(wanted
            .chain(active)
            .chain(queued)
            .chain(current)
            .find(|(_, other)| candidate.is_within(other))
            .map(|(deployment, _)| deployment))
    }
}
