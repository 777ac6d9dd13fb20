//! IAM: roles, what their policies allow, and whether a call may be made.
//!
//! The functions of a template act in roles of their own, with the policies that the template gives them: whatever
//! they call is decided by those policies, on the very resources that the call is about ([`needs`]). Roles may be added
//! besides ([`add_role`]), to be looked at. Whoever has no role here (the operator, whoever has assumed a role of
//! [`super::sts`], the jobs of pipelines) is not asked.
//!
//! Not simulated: users and groups, managed policies, boundaries, policies of resources (those of queues and topics are
//! compared when a template is set up), and policies of organisations.

mod api;
mod arn;
mod condition;
pub(crate) mod needs;
mod policy;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Account, ServiceError, sts};
pub(crate) use api::handle;
use needs::Call;
use policy::Decision;
pub use policy::{Policy, Statement};
pub use used::{FOLDER, Use};

/// What IAM remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By name.
    roles: BTreeMap<String, Role>,
    /// Caller → the role that it acts in, and what its session is called.
    acting: BTreeMap<String, (String, String)>,
    /// What was not allowed to whom, in AWS's words.
    refused: BTreeSet<String>,
}

/// A role.
#[derive(Debug, Clone)]
struct Role {
    name: String,
    /// Begins and ends with a slash.
    path: String,
    id: String,
    arn: String,
    created: Timestamp,
    /// Who may assume it.
    trust: Value,
    /// Statements are many, and calls more.
    policy: Arc<Policy>,
}

/// Adds a role, by its path and name (`service-role/mco-api`), whom it trusts, and its policy documents. Returns its
/// ARN. A role of the same name is replaced. The error is a sentence.
pub fn add_role(
    account: &Account,
    name: &str,
    trust: &Value,
    documents: &[Value],
) -> Result<String, String> {
    let policy = Policy::parse(documents).map_err(|why| format!("the role {name}: {why}"))?;
    Ok(add(account, name, trust, policy))
}

/// A trust policy for services, such as `ecs-tasks.amazonaws.com`.
pub fn trusts(services: &[&str]) -> Value {
    let principal = match services {
        [one] => json!(one),
        all => json!(all),
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": principal},
            "Action": "sts:AssumeRole",
        }],
    })
}

fn add(account: &Account, name: &str, trust: &Value, policy: Policy) -> String {
    let (path, own) = name.rsplit_once('/').map_or_else(
        || ("/".to_owned(), name),
        |(path, own)| (format!("/{}/", path.trim_matches('/')), own),
    );
    let arn = format!(
        "arn:aws:iam::{}:role{path}{own}",
        account.settings().account_id
    );
    let mut state = account.state();
    let id = format!("AROA{}", state.unique()[..17].to_ascii_uppercase());
    let role = Role {
        name: own.to_owned(),
        path,
        id,
        arn: arn.clone(),
        created: account.clock().now(),
        trust: trust.clone(),
        policy: Arc::new(policy),
    };
    state.iam.roles.insert(own.to_owned(), role);
    arn
}

impl Account {
    /// What policies have not allowed so far, in AWS's words.
    pub fn refused_by_policies(&self) -> Vec<String> {
        self.state().iam.refused.iter().cloned().collect()
    }

    /// From now on `caller` acts in a role of its own with this policy, as a function does.
    pub(crate) fn act_in_role(&self, caller: &str, session: &str, policy: Policy) {
        let role = format!("{caller}Role");
        add(self, &role, &trusts(&["lambda.amazonaws.com"]), policy);
        let acting = (role, session.to_owned());
        self.state().iam.acting.insert(caller.to_owned(), acting);
    }
}

/// The ARN of the role of this name.
pub(super) fn arn_of_role(account: &Account, name: &str) -> Option<String> {
    let state = account.state();
    state.iam.roles.get(name).map(|role| role.arn.clone())
}

/// The ARN of the role that a function acts in: its sessions are called as the function is.
pub(super) fn role_of_function(account: &Account, function: &str) -> Option<String> {
    let state = account.state();
    let mut acting = state.iam.acting.values();
    let (role, _) = acting.find(|(_, session)| session == function)?;
    state.iam.roles.get(role).map(|role| role.arn.clone())
}

/// The ARN of the session in which a caller acts, if it acts in a role.
pub(super) fn session(account: &Account, caller: &str) -> Option<String> {
    let state = account.state();
    let (role, session) = state.iam.acting.get(caller)?;
    let id = &account.settings().account_id;
    Some(format!("arn:aws:sts::{id}:assumed-role/{role}/{session}"))
}

/// Why a caller may not make a call, if it may not; of a call that it may make, it is noted what allows it. The error
/// is the one of services that speak JSON.
pub(super) fn refusal(account: &Account, caller: &str, call: &Call<'_>) -> Option<ServiceError> {
    match judge(account, caller, call) {
        Ok(uses) => {
            used::note(uses);
            None
        }
        Err(error) => {
            let mut state = account.state();
            state.iam.refused.insert(error.message.clone());
            Some(error)
        }
    }
}

/// Whether a caller might make a call that it does not make itself.
pub(super) fn allows(account: &Account, caller: &str, call: &Call<'_>) -> bool {
    judge(account, caller, call).is_ok()
}

/// Notes what allows such a call, after it has made a difference.
pub(super) fn note(account: &Account, caller: &str, call: &Call<'_>) {
    if let Ok(uses) = judge(account, caller, call) {
        used::note(uses);
    }
}

/// What allows a call.
fn judge(account: &Account, caller: &str, call: &Call<'_>) -> Result<Vec<Use>, ServiceError> {
    let policy = {
        let state = account.state();
        let acting = state.iam.acting.get(caller);
        let role = acting.and_then(|(role, _)| state.iam.roles.get(role));
        let Some(role) = role else {
            return Ok(Vec::new());
        };
        role.policy.clone()
    };
    let Some(needs) = call.needs() else {
        // Nothing may be called unnoticed.
        let message = format!(
            "It is not written down which permissions {} of {} needs; see rehearsal/src/account/iam/needs",
            call.operation,
            call.service.name()
        );
        return Err(ServiceError::new("UnknownOperationException", message));
    };
    let mut uses = Vec::new();
    for need in needs {
        let (action, resource) = (need.action.as_str(), need.resource.as_deref());
        let because = match policy.decide(action, resource, &need.context) {
            Decision::Allowed(statement, named) => {
                uses.push(Use::new(caller, statement, named));
                continue;
            }
            Decision::ImplicitDeny => {
                format!("because no identity-based policy allows the {action} action")
            }
            Decision::ExplicitDeny => {
                "with an explicit deny in an identity-based policy".to_owned()
            }
        };
        return Err(denied(account, caller, &need, &because));
    }
    Ok(uses)
}

fn denied(account: &Account, caller: &str, need: &needs::Need, because: &str) -> ServiceError {
    let action = &need.action;
    let resource = need.resource.as_deref().unwrap_or("*");
    // S3 alone quotes it.
    let resource = if action.starts_with("s3:") {
        format!("\"{resource}\"")
    } else {
        resource.to_owned()
    };
    let who = sts::principal(account, caller);
    ServiceError::new(
        "AccessDeniedException",
        format!(
            "User: {who} is not authorized to perform: {action} on resource: {resource} {because}"
        ),
    )
}

#[cfg(test)]
mod tests;
