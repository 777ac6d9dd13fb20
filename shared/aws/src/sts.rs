//! AWS STS: assuming a role, and credentials that are got that way.

use std::time::SystemTime;

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};

use crate::{AwsError, Kind, Lazy, error::failed};

/// The IAM action, by which an [`AwsError`] of this kind is known.
pub(crate) const ASSUME_ROLE: &str = "sts:AssumeRole";

/// As long as a role can always be assumed: longer needs the role's consent, and fails for a role
/// that is assumed from another.
const DURATION_SECONDS: i32 = 3600;

/// Credentials of the role `role_arn`, for an hour.
async fn assume_role(
    sts: &aws_sdk_sts::Client,
    role_arn: &str,
    session: &str,
) -> Result<Credentials, AwsError> {
    let resource = || format!("role `{role_arn}`");
    let answer = sts
        .assume_role()
        .role_arn(role_arn)
        .role_session_name(session_name(session))
        .duration_seconds(DURATION_SECONDS)
        .send()
        .await
        .map_err(failed(ASSUME_ROLE, resource()))?;
    let unusable = |message: &str| {
        AwsError::unusable(ASSUME_ROLE, resource(), Kind::Unavailable, None, message)
    };
    let given = answer
        .credentials
        .ok_or_else(|| unusable("the answer holds no credentials"))?;
    let expiry = SystemTime::try_from(given.expiration)
        .map_err(|_| unusable("the credentials' expiration is no time"))?;
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        Some(expiry),
        "AssumeRole",
    ))
}

/// STS takes 2 to 64 letters, digits and `_+=,.@-`.
fn session_name(session: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = session
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .take(64)
        .collect();
    if name.len() < 2 {
        "greenlight".to_owned()
    } else {
        name
    }
}

/// Provides the credentials of a role. It keeps none: the SDK's identity cache does, until they near
/// their expiry.
#[derive(Debug)]
pub(crate) struct AssumedRole {
    pub(crate) sts: Lazy<aws_sdk_sts::Client>,
    pub(crate) role_arn: String,
    pub(crate) session: String,
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            // `error::failed` finds this error again under the call that needed the credentials.
            assume_role(&self.sts, &self.role_arn, &self.session)
                .await
                .map_err(CredentialsError::provider_error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_name_is_made_to_fit() {
        for (given, expected) in [
            ("greenlight-api-test", "greenlight-api-test"),
            ("a b/c", "a-b-c"),
            ("", "greenlight"),
            ("x", "greenlight"),
        ] {
            assert_eq!(session_name(given), expected);
        }
        assert_eq!(session_name(&"x".repeat(100)).len(), 64);
        assert_eq!(session_name("größe"), "gr--e");
    }
}
