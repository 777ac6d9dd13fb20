//! What can go wrong with an AWS call, classified once.

use std::{error::Error, fmt};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

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
        match self.kind {
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
        }
    }
}

/// AWS names the same thing differently in every service; the words agree.
fn kind_of(code: &str, status: u16) -> Kind {
    let says = |word: &str| code.contains(word);
    if says("Throttl") || says("TooManyRequests") || says("RequestLimitExceeded") || status == 429 {
        Kind::Throttled
    } else if says("AccessDenied") || says("NotAuthorized") || says("UnauthorizedOperation") {
        Kind::Denied
    } else if status >= 500
        || says("ServerException")
        || says("ServiceUnavailable")
        || says("InternalFailure")
    {
        Kind::Unavailable
    } else if says("NotFound") || says("DoesNotExist") {
        Kind::NotFound
    } else if says("AlreadyExists")
        || says("AlreadyCompleted")
        || says("ConditionalCheckFailed")
        || says("TransactionCanceled")
        || says("TransactionConflict")
        || says("TransactionInProgress")
        || says("DeploymentLimitExceeded")
    {
        Kind::Conflict
    } else {
        Kind::Invalid
    }
}

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
            ("InvalidParameterException", 400, Kind::Invalid),
            ("", 502, Kind::Unavailable),
        ] {
            assert_eq!(kind_of(code, status), expected, "{code} {status}");
        }
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
