//! Verifying a target: everything that it needs in AWS is looked at, and all that was found is told at once.

use greenlight_core::{target::Target, verification::Report};

use crate::Deployer;

impl Deployer {
    /// Looks at everything that a target needs. What AWS does not let us see is a finding, not an error.
    #[expect(clippy::unused_async, reason = "what it reads is still to come")]
    pub async fn verify_target(&self, target: &Target) -> Report {
        Report {
            target: target.name.clone(),
            branches: Vec::new(),
        }
    }
}
