//! Telling outside what is live: a tag in ECR, a parameter in Parameter Store.
//!
//! The marks say what is deployed, whoever deployed it. They are set after the state was stored, and
//! noted in it afterwards; a crash in between sets them once more. No deployment hangs on them.

use std::collections::BTreeMap;

use greenlight_aws::{
    AwsError, chain, ssm,
    table::{BadTarget, StoredTarget},
};
use greenlight_core::{
    deployment::{Current, Input},
    image::Tag,
    target::{ParameterName, TargetName},
};
use jiff::Timestamp;

use crate::{AdvanceError, Deployer, retag::RetagError};

/// So often marks are set anew because something else went live meanwhile.
const ROUNDS: u32 = 3;

/// Why a mark was not set.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The images could not be given the tag.
    #[error("what is live at target `{target}` could not be given the tag `{tag}`")]
    Tag {
        /// Which target.
        target: TargetName,
        /// Which tag.
        tag: Tag,
        /// Why not.
        #[source]
        source: RetagError,
    },
    /// The parameter could not be set.
    #[error("parameter `{parameter}` could not be told what is live at target `{target}`")]
    Parameter {
        /// Which target.
        target: TargetName,
        /// Which parameter.
        parameter: ParameterName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// That they are set could not be noted.
    #[error("that the marks of target `{target}` are set could not be noted")]
    Note {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AdvanceError,
    },
    /// The target could not be read.
    #[error("target `{target}` could not be read")]
    Read {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// Its document is not understood.
    #[error(transparent)]
    Document(#[from] BadTarget),
}

impl MarkError {
    /// Whether the same may succeed a little later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Tag { source, .. } => source.is_retryable(),
            Self::Parameter { source, .. } | Self::Read { source, .. } => source.is_retryable(),
            Self::Note { .. } => true,
            Self::Document(_) => false,
        }
    }

    /// What to do about it, where there is one thing to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Tag { source, .. } => source.hint(),
            Self::Parameter { source, .. } if source.is("HierarchyTypeMismatchException") => Some(
                "the parameter is there with another type, which AWS does not change: delete it, or name another"
                    .to_owned(),
            ),
            Self::Parameter { source, .. } | Self::Read { source, .. } => source.hint(),
            Self::Note { .. } | Self::Document(_) => None,
        }
    }
}

/// What is live and not told outside yet.
pub fn unmarked(stored: &StoredTarget) -> Option<&Current> {
    let current = stored.state.current.as_ref()?;
    let is_marked = stored.state.marked == Some(current.deployment);
    let is_told = stored.target.on_success.is_nothing() || is_marked || current.is_foreign();
    (!is_told).then_some(current)
}

impl Deployer {
    /// Sets the marks that say what is live, unless they say it; whether there was anything to do.
    /// Doing so again goes on where an earlier call was broken off.
    pub async fn mark(
        &self,
        mut stored: StoredTarget,
        lease_until: Timestamp,
    ) -> Result<bool, MarkError> {
        let mut current = unmarked(&stored).cloned();
        let mut is_done = false;
        for _ in 0..ROUNDS {
            let Some(live) = current.take() else { break };
            Box::pin(self.set_marks(&stored, &live)).await?;
            is_done = true;
            let name = stored.target.name.clone();
            let input = Input::Marked {
                deployment: live.deployment,
            };
            let gates = BTreeMap::new();
            let noted = Box::pin(self.advance(stored, input, lease_until, &gates));
            noted.await.map_err(|source| MarkError::Note {
                target: name.clone(),
                source,
            })?;
            stored = match self.table.target(&name).await {
                Ok(Some(read)) => read?,
                Ok(None) => break,
                Err(source) => {
                    let target = name;
                    return Err(MarkError::Read { target, source });
                }
            };
            // What went live meanwhile may have been told before this was: it is told once more.
            let now = stored.state.current.as_ref();
            current = now
                .filter(|now| now.deployment != live.deployment && !now.is_foreign())
                .cloned();
        }
        Ok(is_done)
    }

    /// One mark that cannot be set does not keep the others from being set.
    async fn set_marks(&self, stored: &StoredTarget, live: &Current) -> Result<(), MarkError> {
        let target = &stored.target;
        let mut failed = None;
        for image in live.candidate.images() {
            let Some(tag) = &target.on_success.tag else {
                break;
            };
            if let Err(source) = Box::pin(self.retag(&image, tag, None)).await {
                let (target, tag) = (target.name.clone(), tag.clone());
                failed.get_or_insert(MarkError::Tag {
                    target,
                    tag,
                    source,
                });
            }
        }
        for (parameter, source) in target.parameters() {
            let Some(image) = live.candidate.image_of(&stored.repository_of(source)) else {
                continue;
            };
            let image = image.pinned();
            let put = ssm::put_parameter(&self.clients, parameter.as_str(), &image);
            if let Err(source) = put.await {
                let target = target.name.clone();
                failed.get_or_insert(MarkError::Parameter {
                    target,
                    parameter,
                    source,
                });
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let what = live.candidate.describe();
        tracing::info!(target = %target.name, "the marks outside say that {what} is live");
        Ok(())
    }

    /// Tells outside what is live after a conclusion was stored, and promotes what is due at once. What
    /// cannot be done is logged: the conclusion stands, and `reconcile` tries again.
    pub(crate) async fn tell_outside(&self, stored: &StoredTarget, lease_until: Timestamp) {
        if stored.target.on_success.is_nothing() && stored.target.promote.is_none() {
            return;
        }
        let name = &stored.target.name;
        let read = || self.table.target(name);
        let stored = match read().await {
            Ok(Some(Ok(stored))) => stored,
            Ok(Some(Err(error))) => return later(name, &error, None),
            Ok(None) => return,
            Err(error) => return later(name, &error, None),
        };
        if let Err(error) = Box::pin(self.mark(stored.clone(), lease_until)).await {
            later(name, &error, error.hint());
        }
        if let Err(error) = Box::pin(self.promote_due(&stored, lease_until)).await {
            later(name, &error, error.hint());
        }
    }
}

fn later(name: &TargetName, error: &dyn std::error::Error, hint: Option<String>) {
    let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
    tracing::error!(target = %name, "{}{hint} (reconcile tries again)", chain(error));
}
