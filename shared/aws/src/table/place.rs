//! Where an event says that something happened, as a key under which the targets there are found.

use greenlight_core::target::Service;

/// A place that targets deploy to, in one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An ECS service.
    Service {
        /// The account's number.
        account: String,
        /// The service.
        service: Service,
    },
    /// A CodeDeploy deployment group.
    Group {
        /// The account's number.
        account: String,
        /// `applicationName`
        application: String,
        /// `deploymentGroupName`
        group: String,
    },
    /// A pipeline.
    Pipeline {
        /// The account's number.
        account: String,
        /// Its name.
        name: String,
    },
}

impl Place {
    /// The partition key of the items that point to targets.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Service { account, service } => format!("service#{account}/{service}"),
            Self::Group {
                account,
                application,
                group,
            } => format!("codedeploy#{account}/{application}/{group}"),
            Self::Pipeline { account, name } => format!("pipeline#{account}/{name}"),
        }
    }
}
