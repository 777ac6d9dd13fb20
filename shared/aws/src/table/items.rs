//! The shapes of the table's items.

use greenlight_core::{
    deployment::{Closure, DeploymentId, Hold, Rule, TargetState},
    image::{Registry, RepositoryUri},
    problems::Problems,
    record::{DeploymentRecord, Intervention},
    target::{self, ImageSource, Strategy, Target, TargetName},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Owner, Place, line::LINE};

/// The sort key of a target's own item.
pub(super) const TARGET: &str = "target";

/// How long records are kept, and what belongs to them.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A target as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTarget {
    /// What it is.
    pub target: Target,
    /// The registry that a repository without one is in: that of the account and region in which
    /// Greenlight runs.
    pub home: Registry,
    /// Counts every change.
    pub version: u64,
    /// What runs, what is being deployed, what waits.
    pub state: TargetState,
    /// The hold on every target, if there is one.
    pub line: Option<Hold>,
}

impl StoredTarget {
    /// The repository of one of the target's images, in full.
    pub fn repository_of(&self, image: &ImageSource) -> RepositoryUri {
        image.repository.resolve(&self.home).canonical()
    }

    /// The repositories whose pushes the target takes, each once; the first is its own.
    pub fn repositories(&self) -> Vec<RepositoryUri> {
        self.target.repositories(&self.home)
    }

    /// The names of its service's cluster and of its service; empty where it has none.
    pub fn cluster_and_service(&self) -> (&str, &str) {
        self.target.service.as_ref().map_or(("", ""), |service| {
            (service.cluster.as_str(), service.name.as_str())
        })
    }

    /// What keeps automatic deployments from starting at this time.
    pub fn closed(&self, at: Timestamp) -> Option<Closure> {
        let outside = self.closure(at);
        let line = outside.clone().filter(|it| it.rule == Rule::LineStopped);
        let hold = self.state.hold.as_ref().filter(|hold| hold.holds_at(at));
        line.or_else(|| hold.map(Closure::held)).or(outside)
    }

    /// What keeps automatic deployments from starting at this time, beside the target's own hold.
    pub fn closure(&self, at: Timestamp) -> Option<Closure> {
        let line = self.line.as_ref().filter(|line| line.holds_at(at));
        let line = line.map(Closure::line_stopped);
        line.or_else(|| self.target.windows.closure(at))
    }

    /// Its service, for messages.
    pub fn service_name(&self) -> String {
        self.target
            .service
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The account in which it deploys.
    pub fn account(&self) -> &str {
        match &self.target.role_arn {
            Some(role) => role.account(),
            None => self.home.account(),
        }
    }

    /// Where events tell of its deployments.
    pub fn places(&self) -> Vec<Place> {
        let account = self.account().to_owned();
        let service = self.target.service.iter().map(|service| Place::Service {
            account: account.clone(),
            service: service.clone(),
        });
        let other = match &self.target.deploy {
            Strategy::CodeDeploy(group) => Some(Place::Group {
                account: account.clone(),
                application: group.application.clone(),
                group: group.group.clone(),
            }),
            Strategy::Pipeline(pipeline) => Some(Place::Pipeline {
                account: account.clone(),
                name: pipeline.name.clone(),
            }),
            Strategy::Rolling | Strategy::Native | Strategy::Task(_) => None,
        };
        service.chain(other).collect()
    }
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
    pub(super) home: Registry,
    pub(super) document: Value,
    pub(super) version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<Owner>,
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
            repository: first_repository(stored),
            home: stored.home.clone(),
            document: stored.target.to_value(),
            version: stored.version,
            owner: None,
            state: stored.state.clone(),
        }
    }

    /// The target under the hold on every target.
    pub(super) fn understand(self, line: Option<Hold>) -> Result<StoredTarget, BadTarget> {
        let targets = target::parse(&json!({ "targets": [self.document] }));
        let target = targets.map(|targets| targets.into_iter().next());
        match target {
            Ok(Some(target)) => Ok(StoredTarget {
                target,
                home: self.home,
                version: self.version,
                state: self.state,
                line,
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

/// The item of what a person did.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InterventionItem {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) expires_at: i64,
    #[serde(flatten)]
    pub(super) intervention: Intervention,
}

impl InterventionItem {
    pub(super) fn new(target: &TargetName, intervention: Intervention) -> Self {
        Self::at(target_key(target), intervention)
    }

    /// What was done at every target.
    pub(super) fn of_line(intervention: Intervention) -> Self {
        Self::at(LINE.to_owned(), intervention)
    }

    fn at(pk: String, intervention: Intervention) -> Self {
        let expires_at = intervention.at.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        Self {
            pk,
            sk: format!("hand#{}", intervention.id),
            expires_at: expires_at.as_second(),
            intervention,
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

/// The sort key of the item by which a target is found under a repository that is not its first.
pub(super) fn repository_key(repository: &RepositoryUri) -> String {
    format!("repository#{repository}")
}

fn first_repository(stored: &StoredTarget) -> RepositoryUri {
    // A target has at least one image.
    stored.repository_of(&stored.target.images[0])
}
