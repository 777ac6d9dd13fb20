//! The ways in which the sample service can be deployed to, and the sample target of each.

use super::{REPOSITORY, TARGET, WEB_REPOSITORY, WEB_TARGET, WORKER_REPOSITORY, WORKER_TARGET};

/// What the sample account is set up for. The names in it are the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// CodeDeploy, blue/green with a canary, and a test listener.
    CodeDeploy,
    /// The same, with the task definition and the AppSpec from templates in S3.
    Templates,
    /// `UpdateService` of a rolling service whose circuit breaker rolls back.
    Rolling,
    /// The same, with a migration before.
    Migration,
    /// The same, with a second container whose image is of a repository of its own.
    Sidecars,
    /// ECS's own blue/green.
    BlueGreen,
    /// ECS's own canary.
    Canary,
    /// The same, and before each step it waits for a person.
    PausedCanary,
    /// One task. The service is there, but nothing deploys to it.
    Task,
    /// A pipeline that deploys to the service by CodeDeploy.
    Pipeline,
    /// Two services, the sample service with CodeDeploy and a rolling worker, and the pipelines of `examples/`
    /// that release a tag of either or of both.
    Releases,
    /// Two services with test listeners and alarms: the sample service with CodeDeploy, and a second one with ECS's
    /// own blue/green. What their gates check differs from story to story, and so do the targets' documents.
    Gated,
}

impl Stand {
    /// Those at which a push is deployed to the sample service in a way of their own. [`Stand::Releases`] and
    /// [`Stand::Gated`] are not among them: a push is deployed there as at [`Stand::CodeDeploy`].
    pub const ALL: [Self; 10] = [
        Self::CodeDeploy,
        Self::Templates,
        Self::Rolling,
        Self::Migration,
        Self::Sidecars,
        Self::BlueGreen,
        Self::Canary,
        Self::PausedCanary,
        Self::Task,
        Self::Pipeline,
    ];

    /// The sample target's document, for `greenlight targets apply`.
    pub const fn targets(self) -> &'static str {
        match self {
            Self::CodeDeploy => include_str!("../../../sample/targets.yaml"),
            Self::Templates => include_str!("../../../sample/templates.yaml"),
            Self::Rolling => include_str!("../../../sample/rolling.yaml"),
            Self::Migration => include_str!("../../../sample/migration.yaml"),
            Self::Sidecars => include_str!("../../../sample/sidecars.yaml"),
            Self::BlueGreen => include_str!("../../../sample/blue-green.yaml"),
            Self::Canary | Self::PausedCanary => include_str!("../../../sample/canary.yaml"),
            Self::Task => include_str!("../../../sample/task.yaml"),
            Self::Pipeline => include_str!("../../../sample/pipeline.yaml"),
            Self::Releases => include_str!("../../../sample/releases.yaml"),
            Self::Gated => include_str!("../../../sample/gated.yaml"),
        }
    }

    /// Where that document is in the workspace.
    pub const fn file(self) -> &'static str {
        match self {
            Self::CodeDeploy => "rehearsal/sample/targets.yaml",
            Self::Templates => "rehearsal/sample/templates.yaml",
            Self::Rolling => "rehearsal/sample/rolling.yaml",
            Self::Migration => "rehearsal/sample/migration.yaml",
            Self::Sidecars => "rehearsal/sample/sidecars.yaml",
            Self::BlueGreen => "rehearsal/sample/blue-green.yaml",
            Self::Canary | Self::PausedCanary => "rehearsal/sample/canary.yaml",
            Self::Task => "rehearsal/sample/task.yaml",
            Self::Pipeline => "rehearsal/sample/pipeline.yaml",
            Self::Releases => "rehearsal/sample/releases.yaml",
            Self::Gated => "rehearsal/sample/gated.yaml",
        }
    }

    /// The names of its targets, each with the repository of its image.
    pub const fn target_names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Releases => &[(TARGET, REPOSITORY), (WORKER_TARGET, WORKER_REPOSITORY)],
            Self::Gated => &[(TARGET, REPOSITORY), (WEB_TARGET, WEB_REPOSITORY)],
            _ => &[(TARGET, REPOSITORY)],
        }
    }

    /// Whether CodeDeploy deploys to the service.
    pub(super) const fn is_codedeploy(self) -> bool {
        matches!(
            self,
            Self::CodeDeploy | Self::Templates | Self::Pipeline | Self::Releases | Self::Gated
        )
    }
}
