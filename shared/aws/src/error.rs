//! What can go wrong with an AWS call, classified once.

use std::{error::Error, fmt};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::sts::ASSUME_ROLE;

/// Several writes as one.
const TRANSACTION: &str = "dynamodb:TransactWriteItems";

/// What a failed call means to whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The resource is not there.
    NotFound,
    /// The resource is in another state than the call needs.
    Conflict,
    /// Too many calls.
    Throttled,
    /// Not permitted.
    Denied,
    /// The call is wrong, and will be so the next time.
    Invalid,
    /// No answer in time, or no connection.
    Unreachable,
    /// AWS's own fault.
    Unavailable,
}

/// A failed AWS call. Its source says what AWS answered.
#[derive(Debug)]
pub struct AwsError {
    /// The IAM action, such as `ecs:DescribeServices`.
    pub action: &'static str,
    /// What the call was about: ``service `api` in cluster `mco` ``.
    pub resource: String,
    /// What it means.
    pub kind: Kind,
    /// AWS's error code, if AWS answered.
    pub code: Option<String>,
    source: Box<dyn Error + Send + Sync>,
    caller: Caller,
}

/// Whose credentials a call was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// Those of a role, as nearly always.
    Role,
    /// Those of a job of CodePipeline, on its artifact.
    Job,
}

impl AwsError {
    /// Whether the same call may succeed a little later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            Kind::Throttled | Kind::Unreachable | Kind::Unavailable => true,
            Kind::NotFound | Kind::Conflict | Kind::Denied | Kind::Invalid => false,
        }
    }

    /// Whether AWS answered with this error code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// AWS's message, or the reason why there was no answer.
    pub fn message(&self) -> String {
        chain(&*self.source)
    }

    /// What to do about it, where there is one thing to do.
    pub fn hint(&self) -> Option<String> {
        if self.caller == Caller::Job {
            return self.hint_for_job().map(str::to_owned);
        }
        match self.kind {
            Kind::Denied if self.action == ASSUME_ROLE => Some(format!(
                "allow `{ASSUME_ROLE}` on the {} in the policy of the role that calls, and name that \
                 role in the trust policy of this one",
                self.resource
            )),
            // The transaction itself is nothing that a policy knows.
            Kind::Denied if self.action == TRANSACTION => Some(format!(
                "allow what is written in it (`dynamodb:PutItem`, `dynamodb:UpdateItem`; to remove a \
                 target, `dynamodb:DeleteItem`) on {} in the policy of the role that calls",
                self.resource
            )),
            Kind::Denied => Some(format!(
                "allow `{}` on {} in the policy of the role that calls",
                self.action, self.resource
            )),
            Kind::NotFound => Some(format!(
                "check that the {} exists in this account and region, and that the target document \
                 names it so",
                self.resource
            )),
            Kind::Conflict
            | Kind::Throttled
            | Kind::Invalid
            | Kind::Unreachable
            | Kind::Unavailable => None,
        }
    }

    /// What to do about an artifact: the policy of the role that calls has nothing to do with it.
    fn hint_for_job(&self) -> Option<&'static str> {
        match self.kind {
            Kind::NotFound => Some(
                "the artifact bucket has it no longer: start the pipeline anew, and look for a \
                 lifecycle rule of the bucket that deletes too early",
            ),
            Kind::Denied => Some(
                "artifacts are read with the job's own credentials: look for a statement in the policy \
                 of the artifact bucket, or of its KMS key, that keeps the pipeline's role from \
                 `s3:GetObject` and `kms:Decrypt`; an artifact that a lifecycle rule has deleted looks \
                 the same",
            ),
            // S3 has answered, and what it gave is too long.
            Kind::Invalid if self.code.is_none() => {
                Some("give the files for the deployment an artifact of their own")
            }
            _ if self.is("ExpiredToken") => {
                Some("the job's credentials have expired: retry the stage of the pipeline")
            }
            _ => None,
        }
    }

    /// The same error of a call that was made with a job's credentials.
    pub(crate) fn of_job(mut self) -> Self {
        self.caller = Caller::Job;
        self
    }

    /// The same error, seen from the call that could not be made for it.
    fn needed_by(&self, action: &str, resource: &str) -> Self {
        let message = self.message();
        Self {
            action: self.action,
            resource: self.resource.clone(),
            kind: self.kind,
            code: self.code.clone(),
            source: format!("{message} (needed for `{action}` on the {resource})").into(),
            caller: self.caller,
        }
    }

    /// An answer that was given, but does not mean what it should.
    pub fn not_understood(
        action: &'static str,
        resource: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::unusable(action, resource, Kind::Invalid, None, message)
    }

    /// An answer that AWS gave with success, and that is none: a missing member, a `failures` entry.
    pub(crate) fn unusable(
        action: &'static str,
        resource: impl Into<String>,
        kind: Kind,
        code: Option<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            action,
            resource: resource.into(),
            kind,
            code,
            source: message.into().into(),
            caller: Caller::Role,
        }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed for the {}", self.action, self.resource)
    }
}

impl Error for AwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// Turns an SDK error into an [`AwsError`] about `resource`.
pub(crate) fn failed<E>(
    action: &'static str,
    resource: impl Into<String>,
) -> impl FnOnce(SdkError<E, HttpResponse>) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let resource = resource.into();
    move |error| {
        if let Some(role) = role_not_assumed(&error) {
            return role.needed_by(action, &resource);
        }
        let code = error.code().map(str::to_owned);
        let kind = match &error {
            SdkError::ServiceError(reply) => kind_of(
                code.as_deref().unwrap_or_default(),
                reply.raw().status().as_u16(),
            ),
            SdkError::TimeoutError(_)
            | SdkError::DispatchFailure(_)
            | SdkError::ResponseError(_) => Kind::Unreachable,
            _ => Kind::Invalid,
        };
        let source = match (&error, &code) {
            (SdkError::ServiceError(_), Some(code)) => match error.message() {
                Some(message) => format!("{code}: {message}").into(),
                None => code.clone().into(),
            },
            _ => error
                .into_source()
                .unwrap_or_else(|error| Box::<dyn Error + Send + Sync>::from(error.to_string())),
        };
        AwsError {
            action,
            resource,
            kind,
            code,
            source,
            caller: Caller::Role,
        }
    }
}

/// A client whose role cannot be assumed has nothing to sign its call with. That call fails, but what
/// went wrong is the other one.
fn role_not_assumed<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a AwsError> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<AwsError>())
}

/// AWS names the same thing differently in every service; the words agree.
fn kind_of(code: &str, status: u16) -> Kind {
    let says = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if says(&THROTTLED) || status == 429 {
        Kind::Throttled
    } else if says(&DENIED) || (code.is_empty() && status == 403) {
        Kind::Denied
    } else if status >= 500 || says(&UNAVAILABLE) {
        Kind::Unavailable
    } else if says(&NOT_FOUND) {
        Kind::NotFound
    } else if says(&CONFLICT) {
        Kind::Conflict
    } else {
        Kind::Invalid
    }
}

const THROTTLED: [&str; 5] = [
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyUpdates",
];
const DENIED: [&str; 3] = ["AccessDenied", "NotAuthorized", "UnauthorizedOperation"];
/// Credentials that have expired on the way are renewed for the next call.
const UNAVAILABLE: [&str; 6] = [
    "ServerException",
    "ServiceUnavailable",
    "InternalFailure",
    "ExpiredToken",
    "RequestExpired",
    "RequestTimeout",
];
const NOT_FOUND: [&str; 6] = [
    "NotFound",
    "DoesNotExist",
    "NoSuchKey",
    "NoSuchBucket",
    "NonExistentQueue",
    "NoSuchEntity",
];
const CONFLICT: [&str; 13] = [
    "AlreadyExists",
    "AlreadyCompleted",
    "ConditionalCheckFailed",
    "TransactionCanceled",
    "TransactionConflict",
    "TransactionInProgress",
    "DeploymentLimitExceeded",
    "ConcurrentPipelineExecutionsLimitExceeded",
    "ConflictException",
    "NotInReadyState",
    "InvalidDeploymentStatus",
    "NotStoppable",
    "ServiceNotActive",
];

/// An error with all its sources in one line, each said once.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_told_apart() {
        for (code, status, expected) in [
            ("ThrottlingException", 400, Kind::Throttled),
            ("AccessDeniedException", 400, Kind::Denied),
            ("ServerException", 500, Kind::Unavailable),
            ("ServerException", 400, Kind::Unavailable),
            ("ServiceNotFoundException", 400, Kind::NotFound),
            ("DeploymentGroupDoesNotExistException", 400, Kind::NotFound),
            ("ImageTagAlreadyExistsException", 400, Kind::Conflict),
            ("TransactionCanceledException", 400, Kind::Conflict),
            ("DeploymentLimitExceededException", 400, Kind::Conflict),
            ("ConflictException", 400, Kind::Conflict),
            ("DeploymentAlreadyCompletedException", 400, Kind::Conflict),
            ("DeploymentIsNotInReadyStateException", 400, Kind::Conflict),
            ("InvalidDeploymentStatusException", 400, Kind::Conflict),
            (
                "ConcurrentPipelineExecutionsLimitExceededException",
                400,
                Kind::Conflict,
            ),
            (
                "PipelineExecutionNotStoppableException",
                400,
                Kind::Conflict,
            ),
            ("ServiceNotActiveException", 400, Kind::Conflict),
            ("ServiceDeploymentNotFoundException", 400, Kind::NotFound),
            ("ClusterNotFoundException", 400, Kind::NotFound),
            ("PipelineNotFoundException", 400, Kind::NotFound),
            ("PipelineExecutionNotFoundException", 400, Kind::NotFound),
            ("LayersNotFoundException", 400, Kind::NotFound),
            ("NoSuchKey", 404, Kind::NotFound),
            ("NoSuchBucket", 404, Kind::NotFound),
            (
                "AWS.SimpleQueueService.NonExistentQueue",
                400,
                Kind::NotFound,
            ),
            ("NoSuchEntity", 404, Kind::NotFound),
            ("AccessDenied", 403, Kind::Denied),
            ("", 403, Kind::Denied),
            ("SignatureDoesNotMatch", 403, Kind::Invalid),
            ("SlowDown", 503, Kind::Throttled),
            ("RequestTimeout", 400, Kind::Unavailable),
            ("ExpiredToken", 403, Kind::Unavailable),
            ("ExpiredTokenException", 400, Kind::Unavailable),
            ("InvalidParameterException", 400, Kind::Invalid),
            ("UnsupportedFeatureException", 400, Kind::Invalid),
            ("PlatformUnknownException", 400, Kind::Invalid),
            ("ValidationError", 400, Kind::Invalid),
            ("", 502, Kind::Unavailable),
        ] {
            assert_eq!(kind_of(code, status), expected, "{code} {status}");
        }
    }

    #[test]
    fn a_refused_transaction_is_told_by_the_permissions_that_there_are() {
        let denied = |action| {
            let error = AwsError::unusable(action, "table `greenlight`", Kind::Denied, None, "no");
            error.hint().unwrap()
        };
        let hint = denied("dynamodb:TransactWriteItems");
        assert!(hint.contains("`dynamodb:PutItem`") && hint.contains("table `greenlight`"));
        assert!(!hint.contains("TransactWriteItems"), "{hint}");
        assert!(denied("dynamodb:GetItem").starts_with("allow `dynamodb:GetItem` on"));
    }

    #[test]
    fn a_chain_says_each_thing_once() {
        let error = AwsError::unusable(
            "ecs:DescribeServices",
            "service `api` in cluster `mco`",
            Kind::NotFound,
            None,
            "MISSING",
        );
        assert_eq!(
            chain(&error),
            "`ecs:DescribeServices` failed for the service `api` in cluster `mco`: MISSING"
        );
    }
}
