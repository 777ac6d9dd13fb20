//! A person goes back to an image that was proved.
//!
//! What is under way is stopped first; the image then comes back by a deployment like any other, past every
//! hold and window. What is gone back from is not deployed again by itself.

use futures_util::future::try_join_all;
use greenlight_aws::{
    AwsError,
    ecr::{self, ImageId},
    sts,
    table::StoredTarget,
};
use greenlight_core::{
    deployment::{BackTo, Candidate, DeploymentId, Explanation, Input, WayBack, way_back},
    target::TargetName,
};

use crate::{AdvanceError, Deployer, ask::AskError, history::HistoryError};

/// So many records are looked through for an image that was proved, …
const RECORDS: u32 = 200;
/// … and so many images are looked up in ECR.
const LOOKED_UP: usize = 10;

/// What came of going back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack {
    /// The deployment that brings the image back: a new one, or one that was under way or waited already.
    pub deployment: DeploymentId,
    /// What is brought back.
    pub candidate: Candidate,
    /// What was decided, and why.
    pub explanation: Explanation,
    /// Images that were proved later and will not do, with why, for people.
    pub passed_over: Vec<String>,
}

/// Why nobody goes back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// Who goes back is not known.
    #[error("it is not known who goes back")]
    Who(#[source] AwsError),
    /// There is no image that would do.
    #[error("there is nothing to go back to at target `{target}`{}", listed(.looked_at))]
    Nothing {
        /// Which target.
        target: TargetName,
        /// What was looked at, with why it will not do.
        looked_at: Vec<String>,
    },
    /// No deployment has brought what is named.
    #[error(
        "of the last {RECORDS} deployments to target `{target}` none that succeeded is or has brought \
         `{wish}`{}; `greenlight history {target}` lists them, and `greenlight deploy` deploys any image",
        listed(.looked_at)
    )]
    Unknown {
        /// Which target.
        target: TargetName,
        /// What is named.
        wish: String,
        /// What was looked at, with why it will not do.
        looked_at: Vec<String>,
    },
    /// The records could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// ECR could not be asked.
    #[error("whether {image} is in ECR could not be seen")]
    Look {
        /// Which image.
        image: String,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The target's state could not be moved.
    #[error("target `{target}` was not rolled back; going back again goes on where this ended")]
    Advance {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
    /// It could not be asked for.
    #[error(transparent)]
    Ask(#[from] AskError),
}

fn listed(looked_at: &[String]) -> String {
    if looked_at.is_empty() {
        return String::new();
    }
    format!("; looked at: {}", looked_at.join("; "))
}

/// The image that is brought back, and what was passed over for it.
struct Choice {
    candidate: Candidate,
    passed_over: Vec<String>,
}

impl Deployer {
    /// Who acts here, as STS says of the credentials.
    pub async fn person(&self) -> Result<String, RollbackError> {
        sts::caller(&self.clients).await.map_err(RollbackError::Who)
    }

    /// Goes back to the last proved image, or to the one that is named, because somebody, `by`, says so. What is
    /// under way is stopped first.
    ///
    /// Asking again after an error goes on where this one ended.
    pub async fn roll_back(
        &self,
        stored: StoredTarget,
        to: Option<&BackTo>,
        by: &str,
        reason: Option<&str>,
    ) -> Result<RolledBack, RollbackError> {
        let name = stored.target.name.clone();
        if self.lacks_hook(&stored) {
            return Err(AskError::HookUnknown { target: name }.into());
        }
        let choice = self.choose(&stored, to).await?;
        let now = self.clock.now();
        let candidate = choice.candidate;
        let cause = [
            "rolled back",
            name.as_str(),
            candidate.digest.as_str(),
            by,
            &now.to_string(),
        ];
        let deployment = DeploymentId::of_cause(now, &cause);
        let input = Input::RolledBack {
            deployment,
            to: candidate.clone(),
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
        };
        let asked = self.asked_for(stored, input, deployment, candidate).await;
        let asked = asked.map_err(|error| match error {
            AskError::Advance { target, source } => RollbackError::Advance { target, source },
            other => other.into(),
        })?;
        Ok(RolledBack {
            deployment: asked.deployment,
            candidate: asked.candidate,
            explanation: asked.explanation,
            passed_over: choice.passed_over,
        })
    }

    /// The first image that would do and is in ECR still.
    async fn choose(
        &self,
        stored: &StoredTarget,
        wish: Option<&BackTo>,
    ) -> Result<Choice, RollbackError> {
        let name = &stored.target.name;
        let records = self.history(name, RECORDS).await?;
        let (choices, mut passed_over) = match way_back(&stored.state, &records, wish) {
            WayBack::UnderWay(candidate) => {
                return Ok(Choice {
                    candidate: *candidate,
                    passed_over: Vec::new(),
                });
            }
            WayBack::To {
                choices,
                passed_over,
            } => (choices, passed_over),
        };
        for choice in choices.into_iter().take(LOOKED_UP) {
            let Some(fault) = self.missing(&choice.candidate).await? else {
                return Ok(Choice {
                    candidate: choice.candidate,
                    passed_over,
                });
            };
            passed_over.push(format!("{}: {fault}", choice.candidate.describe()));
        }
        Err(match wish {
            None => RollbackError::Nothing {
                target: name.clone(),
                looked_at: passed_over,
            },
            Some(wish) => RollbackError::Unknown {
                target: name.clone(),
                wish: wish.to_string(),
                looked_at: passed_over,
            },
        })
    }

    /// Why an image of the candidate cannot be pulled any more.
    async fn missing(&self, candidate: &Candidate) -> Result<Option<String>, RollbackError> {
        let looks = candidate.images().map(async |image| {
            let id = ImageId::Digest(image.digest.clone());
            let found = ecr::image(&self.clients, &image.repository, &id).await;
            let found = found.map_err(|source| RollbackError::Look {
                image: image.pinned(),
                source,
            })?;
            let (name, digest) = (&image.repository.name, image.digest.short());
            Ok::<_, RollbackError>(match found {
                Some(found) if found.is_archived => Some(format!(
                    "{name}@{digest} is archived in ECR; restore it first"
                )),
                Some(_) => None,
                None => Some(format!("{name}@{digest} is not in ECR any more")),
            })
        });
        Ok(try_join_all(looks).await?.into_iter().flatten().next())
    }
}
