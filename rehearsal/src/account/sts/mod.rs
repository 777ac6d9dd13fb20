//! STS: roles that may be assumed, and who is asking.
//!
//! A role's temporary credentials are credentials like any others: their access key id stands for the
//! caller `role:<name>`, under which their calls are journalled and denied. Roles are seeds
//! ([`create_role`]); they may be of another account, but what is called with them is this account.

mod assume_role;
mod job_credentials;
mod session;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Account, Members, ServiceError, iam};
pub(crate) use job_credentials::{job_credentials, may_touch};
use session::Session;
pub(crate) use session::check;

/// What STS remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By ARN.
    roles: BTreeMap<String, Role>,
    /// By access key id; those that are over are forgotten when the next one begins.
    sessions: BTreeMap<String, Session>,
}

/// A role that may be assumed.
#[derive(Debug)]
struct Role {
    /// `AROA…`
    id: String,
    name: String,
    /// The callers whom its trust policy names.
    trusted: Vec<String>,
}

/// A role that these callers may assume (`operator` for whoever has no credentials of their own). A role of
/// the same ARN is replaced. The error is a sentence.
pub fn create_role(account: &Account, arn: &str, trusted: &[&str]) -> Result<(), String> {
    let name = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":role/"))
        .and_then(|(_, path)| path.rsplit('/').next())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| format!("`{arn}` is not the ARN of a role"))?;
    let mut state = account.state();
    let id = format!("AROA{}", state.unique()[..17].to_ascii_uppercase());
    let role = Role {
        id,
        name: name.to_owned(),
        trusted: trusted.iter().map(|name| (*name).to_owned()).collect(),
    };
    state.sts.roles.insert(arn.to_owned(), role);
    Ok(())
}

/// Answers a call of this caller.
pub(crate) fn handle(
    account: &Account,
    caller: &str,
    key: Option<&str>,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "AssumeRole" => assume_role::assume_role(account, caller, members),
        "GetCallerIdentity" => Ok(caller_identity(account, caller, key)),
        _ => Err(ServiceError::unknown_operation("sts", operation)),
    }
}

fn caller_identity(account: &Account, caller: &str, key: Option<&str>) -> Value {
    let principal = principal(account, caller);
    let state = account.state();
    let session = key.and_then(|key| state.sts.sessions.get(key));
    let own = &account.settings().account_id;
    if let Some(session) = session {
        let account_of_role = session.arn.split(':').nth(4).unwrap_or(own);
        return json!({"UserId": session.user_id, "Account": account_of_role, "Arn": session.arn});
    }
    json!({
        "UserId": super::access_key_id(caller).replacen("AKIA", "AIDA", 1),
        "Account": own,
        "Arn": principal,
    })
}

/// The ARN by which IAM speaks of a caller.
pub(crate) fn principal(account: &Account, caller: &str) -> String {
    if let Some(session) = iam::session(account, caller) {
        return session;
    }
    let id = &account.settings().account_id;
    match caller.strip_prefix("role:").unwrap_or(caller) {
        "operator" => format!("arn:aws:iam::{id}:user/operator"),
        name => format!("arn:aws:sts::{id}:assumed-role/{name}/{name}"),
    }
}
