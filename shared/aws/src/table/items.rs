//! The shapes of the table's items.

use greenlight_core::{
    deployment::{DeploymentId, TargetState},
    image::RepositoryUri,
    problems::Problems,
    record::DeploymentRecord,
    target::{self, Service, Target, TargetName},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The sort key of a target's own item.
pub(super) const TARGET: &str = "target";

/// How long records are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A target as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTarget {
    /// What it is.
    pub target: Target,
    /// Its repository in full.
    pub repository: RepositoryUri,
    /// Counts every change.
    pub version: u64,
    /// What runs, what is being deployed, what waits.
    pub state: TargetState,
}

/// A stored target whose document this version of Greenlight does not understand.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the stored document of target `{name}` cannot be understood; apply it again")]
pub struct BadTarget {
    /// Its name.
    pub name: String,
    /// Counts every change.
    pub version: u64,
    /// What is wrong with it.
    #[source]
    pub problems: Problems,
}

/// The item of a target.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TargetItem {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) name: String,
    pub(super) repository: RepositoryUri,
    pub(super) document: Value,
    pub(super) version: u64,
    #[serde(flatten)]
    pub(super) state: TargetState,
}

impl TargetItem {
    pub(super) fn new(stored: &StoredTarget) -> Self {
        let name = &stored.target.name;
        Self {
            pk: target_key(name),
            sk: TARGET.to_owned(),
            name: name.to_string(),
            repository: stored.repository.canonical(),
            document: stored.target.to_value(),
            version: stored.version,
            state: stored.state.clone(),
        }
    }

    pub(super) fn understand(self) -> Result<StoredTarget, BadTarget> {
        let targets = target::parse(&json!({ "targets": [self.document] }));
        let target = targets.map(|targets| targets.into_iter().next());
        match target {
            Ok(Some(target)) => Ok(StoredTarget {
                target,
                repository: self.repository,
                version: self.version,
                state: self.state,
            }),
            Ok(None) => Err(BadTarget {
                name: self.name,
                version: self.version,
                problems: Problems::default(),
            }),
            Err(problems) => Err(BadTarget {
                name: self.name,
                version: self.version,
                problems,
            }),
        }
    }
}

/// The item of a record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RecordItem {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) expires_at: i64,
    #[serde(flatten)]
    pub(super) record: DeploymentRecord,
}

impl RecordItem {
    pub(super) fn new(record: DeploymentRecord) -> Self {
        let expires_at = record
            .requested_at
            .checked_add(KEPT)
            .unwrap_or(Timestamp::MAX);
        Self {
            pk: target_key(&record.target),
            sk: record_key(record.id),
            expires_at: expires_at.as_second(),
            record,
        }
    }
}

pub(super) fn target_key(name: &TargetName) -> String {
    format!("target#{name}")
}

/// Record keys sort by time.
pub(super) fn record_key(id: DeploymentId) -> String {
    format!("deployment#{id}")
}

pub(super) fn service_key(service: &Service) -> String {
    format!("service#{service}")
}
