//! The credentials of CodePipeline's jobs: for the artifacts, and nothing else (AWS-FACTS 2.2).

use std::time::Duration;

use serde_json::{Value, json};

use super::Account;
use super::session::{Artifacts, Session};
use crate::secrets::{JOB_SECRET, JOB_TOKEN};

/// How long they last.
const LAST: Duration = Duration::from_hours(1);

/// The caller that calls with them are journalled under.
const CALLER: &str = "job";

/// New credentials that read every object of the bucket and write those of some keys. Secret and token say what
/// they are, so that one that is found where it does not belong is recognised.
pub(crate) fn job_credentials(account: &Account, bucket: &str, writable: Vec<String>) -> Value {
    let now = account.clock().now();
    let expires_at = now.saturating_add(LAST).unwrap_or(now);
    let arn = super::principal(account, CALLER);
    let mut state = account.state();
    let key = format!("ASIA{}", state.unique()[..16].to_ascii_uppercase());
    let secret = format!("{JOB_SECRET}{}", state.unique());
    let token = format!("{JOB_TOKEN}{}", state.unique());
    let sessions = &mut state.sts.sessions;
    let over: Vec<String> = sessions
        .iter()
        .filter(|(_, session)| session.only.is_some() && session.expires_at <= now)
        .map(|(key, _)| key.clone())
        .collect();
    for key in over {
        sessions.remove(&key);
    }
    let session = Session {
        arn,
        user_id: format!("AROAJOB:{CALLER}"),
        token: token.clone(),
        expires_at,
        only: Some(Artifacts {
            bucket: bucket.to_owned(),
            writable,
        }),
    };
    sessions.insert(key.clone(), session);
    state.callers.insert(key.clone(), CALLER.to_owned());
    json!({"accessKeyId": key, "secretAccessKey": secret, "sessionToken": token})
}

/// Whether an access key may do this action (`GetObject`) to this object. Keys that are not a job's may, as far
/// as this is asked.
pub(crate) fn may_touch(
    account: &Account,
    key: &str,
    action: &str,
    (bucket, object): (Option<&str>, Option<&str>),
) -> bool {
    let state = account.state();
    let session = state.sts.sessions.get(key);
    let Some(only) = session.and_then(|session| session.only.as_ref()) else {
        return true;
    };
    let ours = bucket == Some(only.bucket.as_str());
    match (action, object) {
        ("GetObject", Some(_)) => ours,
        ("PutObject", Some(object)) => ours && only.writable.iter().any(|it| it == object),
        _ => false,
    }
}
