//! Why a job cannot be done, and what CodePipeline and people are told of it.

use std::error::Error;

use greenlight_aws::{
    AwsError, Kind, chain,
    table::{BadTarget, StoredTarget},
};
use greenlight_core::job::{
    answer::{FailureType, JobFailure},
    request::JobRequest,
};

use super::{ActionKind, Job, JobOutcome, PATIENCE};
use crate::{AdvanceError, Deployer, ask::AskError, gate::VerifyError, plan::WishError};

/// Why a job was not done.
pub(super) enum Trouble {
    /// It cannot be done as things are.
    Lasting(JobFailure),
    /// It may pass by itself.
    Passing(String),
}

/// A failure that needs no evidence.
pub(super) fn failure(kind: FailureType, what: &str, remedy: Option<&str>) -> JobFailure {
    JobFailure::new::<&str>(kind, what, &[], remedy)
}

impl Trouble {
    /// Something that lasts.
    pub(super) fn of(kind: FailureType, error: &dyn Error) -> Self {
        Self::lasting(kind, chain(error))
    }

    /// Something that lasts, in words.
    pub(super) fn lasting(kind: FailureType, what: impl AsRef<str>) -> Self {
        Self::Lasting(failure(kind, what.as_ref(), None))
    }
}

impl From<AwsError> for Trouble {
    fn from(error: AwsError) -> Self {
        of_aws(&error, chain(&error))
    }
}

/// The failure that `what` tells of, as the AWS call behind it makes it.
pub(super) fn of_aws(error: &AwsError, what: String) -> Trouble {
    let kind = match error.kind {
        Kind::Throttled | Kind::Unreachable | Kind::Unavailable => return Trouble::Passing(what),
        Kind::Denied => FailureType::PermissionError,
        Kind::NotFound | Kind::Conflict | Kind::Invalid => FailureType::ConfigurationError,
    };
    Trouble::Lasting(failure(kind, &what, error.hint().as_deref()))
}

impl From<WishError> for Trouble {
    fn from(error: WishError) -> Self {
        let what = chain(&error);
        match &error {
            WishError::Look { source, .. } => of_aws(source, what),
            WishError::NoSuchImage { .. } => Self::Lasting(failure(
                FailureType::RevisionUnavailable,
                &what,
                Some("push the image under this name, or release one that is there"),
            )),
            WishError::OtherRepository { .. }
            | WishError::Ambiguous { .. }
            | WishError::NotOfEcr { .. }
            | WishError::OtherContainer { .. }
            | WishError::Contradiction { .. }
            | WishError::NoDefault { .. } => Self::lasting(FailureType::ConfigurationError, what),
        }
    }
}

impl From<VerifyError> for Trouble {
    fn from(error: VerifyError) -> Self {
        let what = chain(&error);
        match &error {
            VerifyError::Look { source, .. } => of_aws(source, what),
            VerifyError::NoChecks { .. } | VerifyError::NoService { .. } => {
                Self::lasting(FailureType::ConfigurationError, what)
            }
            VerifyError::NothingRuns { .. } => Self::lasting(FailureType::JobFailed, what),
        }
    }
}

impl From<AskError> for Trouble {
    fn from(error: AskError) -> Self {
        let what = chain(&error);
        match error {
            AskError::Wish(error) => error.into(),
            AskError::Archived { .. } => Self::lasting(FailureType::RevisionUnavailable, what),
            AskError::HookUnknown { .. } => Self::lasting(
                FailureType::ConfigurationError,
                format!("{what}; set `GREENLIGHT_HOOK` of the function pipeline-action"),
            ),
            AskError::Advance { source, .. } => Self::of_advance(&source, what),
            AskError::Read { source, .. } | AskError::Files { source, .. } => of_aws(&source, what),
            // What a job asks for waits, and is not refused.
            AskError::Closed { .. } | AskError::Overtaken { .. } => Self::Passing(what),
        }
    }
}

impl From<AdvanceError> for Trouble {
    fn from(error: AdvanceError) -> Self {
        let what = chain(&error);
        Self::of_advance(&error, what)
    }
}

impl Trouble {
    fn of_advance(error: &AdvanceError, what: String) -> Self {
        match error {
            AdvanceError::State { source, .. }
            | AdvanceError::Announce { source, .. }
            | AdvanceError::Stop { source, .. }
            | AdvanceError::Start { source, .. } => of_aws(source, what),
            AdvanceError::Document(_) => Self::lasting(FailureType::ConfigurationError, what),
            AdvanceError::Contended { .. } | AdvanceError::StartLate { .. } => Self::Passing(what),
        }
    }
}

/// The target that a job names, if it is registered and can be understood.
pub(super) fn registered(
    found: Result<Option<Result<StoredTarget, BadTarget>>, AwsError>,
    request: &JobRequest,
) -> Result<StoredTarget, Trouble> {
    match found? {
        Some(Ok(stored)) => Ok(stored),
        Some(Err(bad)) => Err(Trouble::of(FailureType::ConfigurationError, &bad)),
        None => Err(Trouble::Lasting(failure(
            FailureType::ConfigurationError,
            &format!("no target `{}` is registered", request.target),
            Some(
                "register it with `greenlight targets apply`, or name one of `greenlight targets list`",
            ),
        ))),
    }
}

impl Deployer {
    /// What becomes of a job that is in trouble: what may pass is waited for a while, since the schedule
    /// takes the job up again.
    pub(super) fn trouble(&self, job: &Job, trouble: Trouble) -> JobOutcome {
        match trouble {
            Trouble::Lasting(failure) => JobOutcome::failed(failure),
            // CodePipeline may not tell a second time what it asks: Lambda has the event, and sends it again.
            Trouble::Passing(reason) if job.kind == ActionKind::Invoke && job.known.is_none() => {
                JobOutcome::Again { reason }
            }
            Trouble::Passing(what) => {
                let since = job.known.as_ref().map(|known| known.received_at);
                let waited = since.map(|since| self.clock.now().duration_since(since));
                if waited.is_some_and(|waited| waited > PATIENCE) {
                    return JobOutcome::failed(failure(
                        FailureType::SystemUnavailable,
                        &format!("{what} (it was tried for {PATIENCE:#})"),
                        Some("release the change again"),
                    ));
                }
                tracing::warn!(job = %job.id, "{what}; it is tried again");
                JobOutcome::Later { summary: what }
            }
        }
    }
}
