//! The temporary credentials of a role, and when they are over.

use http::Request;
use jiff::Timestamp;

use crate::account::scope::Scope;
use crate::account::{Account, ServiceError};

/// Somebody who has assumed a role.
#[derive(Debug)]
pub(super) struct Session {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`
    pub(super) arn: String,
    /// `AROA…:<session>`
    pub(super) user_id: String,
    /// Has to come with every request.
    pub(super) token: String,
    pub(super) expires_at: Timestamp,
    /// What alone it may do, if it is not a role's.
    pub(super) only: Option<Artifacts>,
}

/// The artifacts that a job of CodePipeline may touch.
#[derive(Debug, Clone)]
pub(super) struct Artifacts {
    /// Whose objects may be read.
    pub(super) bucket: String,
    /// The keys that may be written.
    pub(super) writable: Vec<String>,
}

/// Refuses temporary credentials that are over, or come without their token. The error is the one of
/// services that speak JSON.
pub(crate) fn check<B>(account: &Account, request: &Request<B>) -> Result<(), ServiceError> {
    let Some(scope) = Scope::of(request) else {
        return Ok(());
    };
    let now = account.clock().now();
    let state = account.state();
    // An access key id of a role that nobody remembers is one that is over.
    let Some(session) = state.sts.sessions.get(scope.key) else {
        let was_known = scope.key.starts_with("ASIA") && state.callers.contains_key(scope.key);
        return if was_known { Err(expired()) } else { Ok(()) };
    };
    if session.expires_at <= now {
        return Err(expired());
    }
    let token = request.headers().get("x-amz-security-token");
    if token.is_none_or(|token| token.as_bytes() != session.token.as_bytes()) {
        return Err(ServiceError::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ));
    }
    Ok(())
}

fn expired() -> ServiceError {
    ServiceError::new(
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )
}
