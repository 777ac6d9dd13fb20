//! AWS STS: assuming a role, credentials that are got that way, and who is calling.

use std::time::SystemTime;

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};

use crate::{AwsError, Clients, Kind, Lazy, error::failed};

/// The IAM action, by which an [`AwsError`] of this kind is known.
pub(crate) const ASSUME_ROLE: &str = "sts:AssumeRole";

/// As long as a role can always be assumed: longer needs the role's consent, and fails for a role
/// that is assumed from another.
const DURATION_SECONDS: i32 = 3600;

/// The ARN under which AWS knows the caller: of an assumed role that of the session. It needs no permission.
pub async fn caller(clients: &Clients) -> Result<String, AwsError> {
    const ACTION: &str = "sts:GetCallerIdentity";
    let resource = "credentials of the caller";
    let answer = clients
        .sts
        .get_caller_identity()
        .send()
        .await
        .map_err(failed(ACTION, resource))?;
    let arn = answer.arn.filter(|arn| arn.starts_with("arn:"));
    arn.ok_or_else(|| {
        let message = "the answer holds no ARN";
        AwsError::unusable(ACTION, resource, Kind::Invalid, None, message)
    })
}

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
    use crate::scripted::{Scripted, run};

    #[test]
    fn the_caller_is_known_by_the_arn_of_the_session() {
        let aws = Scripted::default();
        let answer = |inner: &str| {
            format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult>{inner}<Account>123456789012</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        };
        let arn = "arn:aws:sts::123456789012:assumed-role/Admin/jane";
        aws.answer(200, answer(&format!("<Arn>{arn}</Arn>")));
        assert_eq!(run(caller(&aws.clients())).unwrap(), arn);
        assert!(aws.sent()[0].body.contains("Action=GetCallerIdentity"));
        for nobody in ["", "<Arn></Arn>"] {
            aws.answer(200, answer(nobody));
            let error = run(caller(&aws.clients())).unwrap_err();
            assert!(error.message().contains("no ARN"), "{error:?}");
        }
    }

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
