//! What is measured: a program that is a Lambda function, and the event that it is given.

use std::path::PathBuf;

/// A program that speaks to the Runtime API.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// What is started.
    pub(crate) program: PathBuf,
    /// With these arguments.
    pub(crate) arguments: Vec<PathBuf>,
    /// And handed this event.
    pub(crate) event: &'static str,
}

/// An ECR push through SQS.
pub(crate) const PUSH: &str = include_str!("../../../../events/sqs/one.json");
/// A lifecycle hook of CodeDeploy.
pub(crate) const HOOK: &str = include_str!("../../../../events/hook/codedeploy.json");
/// A CodeDeploy deployment that succeeded.
pub(crate) const SUCCESS: &str = include_str!("../../../../events/codedeploy/success.json");

/// An action of the custom type has begun.
pub(crate) const BEGUN: &str = include_str!("../../../../events/codepipeline/action-started.json");

/// A minute has passed.
pub(crate) const TICK: &str = include_str!("../../../../events/schedule/minute.json");

/// Greenlight's functions, by the name of their package and binary, with an event for each.
pub(crate) const FUNCTIONS: [(&str, &str); 5] = [
    ("deploy-on-push", PUSH),
    ("validate-green", HOOK),
    ("record-deployment", SUCCESS),
    ("pipeline-action", BEGUN),
    ("reconcile", TICK),
];
