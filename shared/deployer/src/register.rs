//! Registering a target: it is verified first, and stored only if a deployment can succeed.

use greenlight_aws::table::Owner;
use greenlight_core::{target::Target, verification::Report};

use crate::{
    Deployer,
    targets::{Applied, TargetsError},
};

/// What a registration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// What became of the target's document.
    pub applied: Applied,
    /// What was found, if it was looked.
    pub report: Option<Report>,
}

/// Why a target was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A deployment would fail.
    #[error("target `{}` is not registered, since a deployment would fail:\n{report}", report.target)]
    Refused {
        /// All that was found.
        report: Report,
    },
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] TargetsError),
}

impl Deployer {
    /// Registers a target, or gives a registered one a new document, if everything that it needs is there, or
    /// `verify` is false.
    pub async fn register(
        &self,
        target: &Target,
        verify: bool,
    ) -> Result<Registered, RegisterError> {
        self.register_as(target, None, verify).await
    }

    /// The same for a resource of a stack, which changes only what it has itself registered.
    pub async fn register_as(
        &self,
        target: &Target,
        owner: Option<&Owner>,
        verify: bool,
    ) -> Result<Registered, RegisterError> {
        let report = if verify {
            Some(self.verify_target(target).await)
        } else {
            None
        };
        if let Some(report) = report.as_ref().filter(|report| report.is_refused()) {
            return Err(RegisterError::Refused {
                report: report.clone(),
            });
        }
        let applied = self.apply_as(target, owner).await?;
        Ok(Registered { applied, report })
    }
}
