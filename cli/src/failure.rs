//! What went wrong with a command, and what to do about it.
//!
//! The chain of causes is printed here, once, and nowhere else.

use std::error::Error;
use std::fmt::Write as _;

use greenlight_aws::{AwsError, Kind, chain};
use greenlight_core::deployment::DeploymentId;
use greenlight_core::gate::NotOpen;
use greenlight_core::nearest;
use greenlight_core::target::TargetName;
use greenlight_deployer::AdvanceError;
use greenlight_deployer::approve::ApproveError;
use greenlight_deployer::ask::AskError;
use greenlight_deployer::control::ControlError;
use greenlight_deployer::explain::ExplainError;
use greenlight_deployer::gate::VerifyError;
use greenlight_deployer::history::HistoryError;
use greenlight_deployer::hold::HoldError;
use greenlight_deployer::plan::{PlanError, WishError};
use greenlight_deployer::progress::watch::WatchError;
use greenlight_deployer::promote::PromoteError;
use greenlight_deployer::register::RegisterError;
use greenlight_deployer::replay::ReplayError;
use greenlight_deployer::rollback::RollbackError;
use greenlight_deployer::suggest::SuggestError;
use greenlight_deployer::targets::TargetsError;

use crate::columns::printable;
use crate::connection::ConnectionError;
use crate::document::DocumentError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Explain(#[from] ExplainError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Approve(#[from] ApproveError),
    #[error(transparent)]
    Hold(#[from] HoldError),
    #[error("what waits at target `{target}` was not gone on with")]
    NotGoneOn {
        target: TargetName,
        #[source]
        source: AdvanceError,
    },
    #[error(transparent)]
    Promote(#[from] PromoteError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("it is not known where the dead-letter queues are")]
    NoDeadLetters,
    #[error("{count} of the messages stay in the dead-letter queue")]
    NotReplayed { count: usize },
    #[error("target `{target}` has no gates with checks")]
    NoGates { target: TargetName },
    #[error("nothing was deployed to target `{target}` yet")]
    NoDeployments { target: TargetName },
    #[error("no registered target has a record of deployment {deployment}")]
    NoSuchDeployment { deployment: DeploymentId },
    #[error("it cannot be told what a deployment to target `{target}` would register: {fault}")]
    NoDifference { target: TargetName, fault: String },
    #[error("a deployment to target `{target}` would not be started")]
    NotStartable { target: TargetName },
    #[error("deployment {deployment} to target `{target}` {ended}")]
    NotLive {
        target: TargetName,
        deployment: DeploymentId,
        ended: &'static str,
    },
    #[error("nobody waits any more for deployment {deployment} to target `{target}`")]
    Interrupted {
        target: TargetName,
        deployment: DeploymentId,
    },
    #[error("deployment {deployment} to target `{target}` has not ended within {limit}")]
    StillUnderWay {
        target: TargetName,
        deployment: DeploymentId,
        limit: String,
    },
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    #[error("the document could not be written as YAML")]
    Yaml { source: serde_norway::Error },
    #[error("the manual page could not be made")]
    ManPage {
        #[source]
        source: std::io::Error,
    },
    #[error("the manual pages could not be written to `{}`", .directory.display())]
    ManPages {
        directory: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("no target `{name}` is registered")]
    NoSuchTarget {
        name: TargetName,
        registered: Vec<String>,
    },
    #[error("the registered document of target `{name}` cannot be understood")]
    BadTarget {
        name: TargetName,
        #[source]
        problems: greenlight_core::problems::Problems,
    },
}

impl Failure {
    /// What the process ends with. Shells know 130 as the end by Ctrl-C.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Interrupted { .. } => 130,
            _ => 1,
        }
    }

    /// All of it, as it is printed.
    pub(crate) fn message(&self) -> String {
        if let Self::Document(DocumentError::Wrong { file, problems }) = self {
            return wrong_document(&file.display().to_string(), problems);
        }
        // Each line of it is one finding; what is in a line came from outside.
        let error = chain(self);
        let lines = match self {
            Self::Register(RegisterError::Refused { .. }) => error.lines().map(printable).collect(),
            _ => vec![printable(&error)],
        };
        let mut message = format!("error: {}\n", lines.join("\n"));
        if let Some(hint) = self.hint() {
            // Writing to a string cannot fail.
            let _ = writeln!(message, "hint: {}", printable(&hint));
        }
        message
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Connection(ConnectionError::Environment(_)) => Some(
                "set the variables; for a profile, `eval \"$(aws configure export-credentials \
                 --format env)\"` does so, and `--region` gives the region"
                    .to_owned(),
            ),
            Self::Connection(ConnectionError::Clock(_)) => {
                Some("do not set it: it is for rehearsals only".to_owned())
            }
            Self::Connection(ConnectionError::Trust(_)) => {
                Some("check the file that `AWS_CA_BUNDLE` names".to_owned())
            }
            Self::NoSuchTarget { registered, .. } if registered.is_empty() => {
                Some("register targets with `greenlight targets apply FILE`".to_owned())
            }
            Self::NoSuchTarget { name, registered } => {
                Some(near(name.as_str(), "registered", registered))
            }
            Self::Suggest(error) => suggest_hint(error),
            Self::BadTarget { .. } => {
                Some("apply it again with `greenlight targets apply FILE`".to_owned())
            }
            Self::Targets(error) => aws_hint(error),
            Self::Register(RegisterError::Refused { .. }) => Some(
                "mend what is missing and apply it again; `--no-verify` registers it all the same"
                    .to_owned(),
            ),
            Self::Register(error) => aws_hint(error),
            Self::History(error) => aws_hint(error),
            Self::Explain(error) => aws_hint(error),
            Self::Plan(PlanError::Wish(error)) | Self::Ask(AskError::Wish(error)) => {
                wish_hint(error)
            }
            Self::Plan(error) => aws_hint(error),
            Self::Ask(AskError::Closed { .. }) => {
                Some("`--override` deploys all the same, and is recorded".to_owned())
            }
            Self::Ask(AskError::HookUnknown { .. })
            | Self::Rollback(RollbackError::Ask(AskError::HookUnknown { .. })) => {
                Some(HOOK_HINT.to_owned())
            }
            Self::Rollback(RollbackError::Nothing { target, .. }) => Some(format!(
                "`--to` names an image or a deployment of `greenlight history {target}`; `greenlight deploy` \
                 deploys any image"
            )),
            Self::Rollback(error) => aws_hint(error),
            Self::Ask(error @ AskError::Advance { .. }) => aws_hint(error).or_else(|| {
                Some(
                    "ask again: what was begun is taken up, at the latest after 5 minutes"
                        .to_owned(),
                )
            }),
            Self::Ask(error) => aws_hint(error),
            Self::Watch(error) => {
                aws_hint(error).or_else(|| Some("the deployment goes on all the same".to_owned()))
            }
            Self::Control(error) => aws_hint(error),
            Self::Approve(error) => approve_hint(error),
            Self::Hold(error) => aws_hint(error),
            Self::NotGoneOn { target, source } => aws_hint(source).or_else(|| {
                Some(format!(
                    "it is the next event's turn, or `greenlight release {target}` tries again"
                ))
            }),
            Self::Promote(error) => aws_hint(error).or_else(|| error.hint()),
            Self::Verify(error) => aws_hint(error),
            Self::Replay(error) => replay_hint(error),
            Self::NoDeadLetters => Some(
                "give `--queue` and `--url`, or set `GREENLIGHT_PUSH_DEAD_LETTERS` and \
                 `GREENLIGHT_FUNCTION_DEAD_LETTERS`: they are the outputs `PushDeadLetterQueueUrl` and \
                 `FunctionDeadLetterQueueUrl` of Greenlight's stack"
                    .to_owned(),
            ),
            Self::NotReplayed { .. } => Some(
                "mend what the last column says and replay again; what can never be sent is deleted \
                 by SQS 14 days after it came"
                    .to_owned(),
            ),
            Self::NoSuchDeployment { .. } => Some(
                "`greenlight history TARGET --json` has the ids; `--target` names a target that is not \
                 registered any more"
                    .to_owned(),
            ),
            Self::NoGates { .. } => {
                Some("give its document `gates`, and apply it again".to_owned())
            }
            Self::NotLive { target, .. } => Some(format!(
                "`greenlight history {target}` has all that was found"
            )),
            Self::StillUnderWay { target, .. } | Self::Interrupted { target, .. } => Some(format!(
                "it goes on; `greenlight status {target}` shows how far it is"
            )),
            Self::Document(_)
            | Self::ManPage { .. }
            | Self::Yaml { .. }
            | Self::ManPages { .. }
            | Self::NoDifference { .. }
            | Self::NotStartable { .. }
            | Self::NoDeployments { .. } => None,
        }
    }
}

/// What to do where the function that runs the gates is not known.
pub(crate) const HOOK_HINT: &str = "give `--hook` or set `GREENLIGHT_HOOK`: it is the output \
                                    `HookFunctionArn` of Greenlight's stack";

fn suggest_hint(error: &SuggestError) -> Option<String> {
    match error {
        SuggestError::NoCluster { known, .. } if known.is_empty() => {
            Some("`--region` or `AWS_REGION` says where it is looked for".to_owned())
        }
        SuggestError::NoCluster { cluster, known } => Some(near(cluster, "there are", known)),
        SuggestError::NoService { known, .. } if known.is_empty() => None,
        SuggestError::NoService { service, known, .. } => Some(near(service, "it has", known)),
        SuggestError::None(none) => Some(none.hint().to_owned()),
        error => aws_hint(error),
    }
}

/// So many names are listed.
const MAX_NAMES: usize = 20;

/// The name that was probably meant, and those that there are.
fn near(name: &str, there_are: &str, known: &[String]) -> String {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let meant = nearest(name, &names).map(|near| format!("did you mean `{near}`? "));
    let mut hint = meant.unwrap_or_default();
    let listed: Vec<&str> = names.iter().take(MAX_NAMES).copied().collect();
    // Writing to a string cannot fail.
    let _ = write!(hint, "{there_are}: {}", listed.join(", "));
    let more = names.len().saturating_sub(MAX_NAMES);
    if more > 0 {
        let _ = write!(hint, " and {more} more");
    }
    hint
}

fn approve_hint(error: &ApproveError) -> Option<String> {
    match error {
        ApproveError::Several { .. } | ApproveError::NoneOfThese { .. } => {
            Some("choose by `--point POINT` or `--deployment ID`, or leave both out".to_owned())
        }
        ApproveError::TooLate {
            target,
            why: NotOpen::Approved { .. },
            ..
        } => Some(format!("`greenlight abort {target}` stops the deployment")),
        error => aws_hint(error),
    }
}

fn replay_hint(error: &ReplayError) -> Option<String> {
    match error {
        ReplayError::Source { .. } => Some(
            "give `--url` the output `PushDeadLetterQueueUrl` of Greenlight's stack".to_owned(),
        ),
        ReplayError::Queue(aws) if aws.kind == Kind::NotFound => {
            Some("check the URL, and that `--region` or `AWS_REGION` is its region".to_owned())
        }
        error => aws_hint(error),
    }
}

fn wish_hint(error: &WishError) -> Option<String> {
    match error {
        WishError::Ambiguous { .. } => {
            Some("write `repository:tag` or `repository@sha256:…`".to_owned())
        }
        error => aws_hint(error),
    }
}

fn wrong_document(file: &str, problems: &greenlight_core::problems::Problems) -> String {
    let mut message = String::new();
    for problem in problems.iter() {
        let place = if problem.path.is_empty() {
            String::new()
        } else {
            format!(" {}:", problem.path)
        };
        let _ = writeln!(
            message,
            "{file}:{} {}",
            printable(&place),
            printable(&problem.message)
        );
        if let Some(hint) = &problem.hint {
            let _ = writeln!(message, "  hint: {}", printable(hint));
        }
    }
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let _ = writeln!(message, "error: {count} in `{file}`");
    message
}

/// What to do about the AWS error among the causes, if there is one.
fn aws_hint(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    let aws = loop {
        match cause?.downcast_ref::<AwsError>() {
            Some(aws) => break aws,
            None => cause = cause?.source(),
        }
    };
    let refused = [
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
    ];
    if refused.iter().any(|code| aws.is(code)) {
        return Some("the credentials in the environment are wrong or have expired".to_owned());
    }
    match aws.kind {
        Kind::NotFound if aws.action.starts_with("dynamodb:") => Some(
            "check that Greenlight is installed in this account and region; `--table` or `GREENLIGHT_TABLE` \
             names its table, `--region` or `AWS_REGION` its region"
                .to_owned(),
        ),
        Kind::Unreachable => {
            Some("check the network, and `AWS_ENDPOINT_URL` and `AWS_CA_BUNDLE` if they are set".to_owned())
        }
        _ => aws.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_mistyped_target_is_guessed_and_all_are_named() {
        let failure = |name: &str| Failure::NoSuchTarget {
            name: name.parse().unwrap(),
            registered: there(&["api-live", "api-test", "web"]),
        };
        assert_eq!(
            failure("api-tset").message(),
            "error: no target `api-tset` is registered\n\
             hint: did you mean `api-test`? registered: api-live, api-test, web\n"
        );
        assert_eq!(
            failure("zzzzzzzz").message(),
            "error: no target `zzzzzzzz` is registered\nhint: registered: api-live, api-test, web\n"
        );
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let no_cluster = |known: &[&str]| {
            Failure::from(SuggestError::NoCluster {
                cluster: "mcp".to_owned(),
                known: there(known),
            })
        };
        assert_eq!(
            no_cluster(&["mco", "production"]).message(),
            "error: there is no cluster `mcp`\nhint: did you mean `mco`? there are: mco, production\n"
        );
        assert!(no_cluster(&[]).message().contains("`AWS_REGION`"));
        let no_service = Failure::from(SuggestError::NoService {
            cluster: "mco".to_owned(),
            service: "worker".to_owned(),
            known: (0..30).map(|number| format!("s{number:02}")).collect(),
        });
        let message = no_service.message();
        assert!(message.contains("hint: it has: s00, s01, "), "{message}");
        assert!(message.ends_with(", s19 and 10 more\n"), "{message}");
    }
}
