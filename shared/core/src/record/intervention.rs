//! What people have done at a target, beside asking for deployments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deployment::DeploymentId;

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intervention {
    /// Unique, and sorts by time.
    pub id: DeploymentId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
}

/// The kinds of interventions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// Automatic deployments were held.
    Held {
        /// When that ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// They were released.
    Released,
    /// An image was rolled away from.
    RolledBack {
        /// Our id of the deployment that brings back what was proved before.
        deployment: DeploymentId,
        /// The image that was rolled away from, for people.
        from: String,
        /// The image that is brought back, for people.
        to: String,
    },
}
