//! `AssumeRole`: temporary credentials for whoever a role trusts.

use std::time::Duration;

use serde_json::{Value, json};

use super::session::Session;
use super::{Account, Members, ServiceError, principal};
use crate::account::journal::Tone;

/// AWS's bounds for how long credentials last.
const SHORTEST: Duration = Duration::from_mins(15);
const LONGEST: Duration = Duration::from_hours(12);

pub(super) fn assume_role(
    account: &Account,
    caller: &str,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let arn = input.string("RoleArn")?;
    let name = input.string("RoleSessionName")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(invalid(&format!(
            "Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression \
             pattern: [\\w+=,.@-]*"
        )));
    }
    if !(20..=2048).contains(&arn.len()) {
        return Err(invalid(&format!("{arn} is invalid")));
    }
    let lasts = match input.optional_integer("DurationSeconds")? {
        Some(seconds) => u64::try_from(seconds)
            .map(Duration::from_secs)
            .ok()
            .filter(|lasts| (SHORTEST..=LONGEST).contains(lasts))
            .ok_or_else(|| {
                invalid("Value at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200")
            })?,
        None => account.settings().role_session,
    };
    let now = account.clock().now();
    let expires_at = now.saturating_add(lasts).unwrap_or(now);
    let who = principal(account, caller);
    let mut state = account.state();
    let role = state
        .sts
        .roles
        .get(arn)
        .filter(|role| role.trusted.iter().any(|trusted| trusted == caller));
    let Some(role) = role else {
        // AWS does not say which it is: a role that is not there, or one that does not trust the caller.
        let message =
            format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}");
        return Err(ServiceError {
            status: 403,
            ..ServiceError::new("AccessDenied", message)
        });
    };
    let (role_id, role) = (role.id.clone(), role.name.clone());
    let account_of_role = arn.split(':').nth(4).unwrap_or_default();
    let session_arn = format!("arn:aws:sts::{account_of_role}:assumed-role/{role}/{name}");
    let key = format!("ASIA{}", state.unique()[..16].to_ascii_uppercase());
    let (secret, token) = (state.unique(), state.unique());
    state
        .sts
        .sessions
        .retain(|_, session| session.expires_at > now);
    state.callers.insert(key.clone(), format!("role:{role}"));
    let user_id = format!("{role_id}:{name}");
    let session = Session {
        arn: session_arn.clone(),
        user_id: user_id.clone(),
        token: token.clone(),
        expires_at,
        only: None,
    };
    state.sts.sessions.insert(key.clone(), session);
    drop(state);
    let text = format!("{caller} assumed the role {role}");
    account.journal().note("sts", Tone::Neutral, text);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": session_arn},
    }))
}

fn invalid(what: &str) -> ServiceError {
    ServiceError::new(
        "ValidationError",
        format!("1 validation error detected: {what}"),
    )
}
