//! AWS Secrets Manager: which secrets there are. None has a value, since nobody asks for one.
//!
//! Names, members and errors are those of the API's model (`DescribeSecret`).

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Account, Members, ServiceError, epoch, functions, hex};

/// What the service puts behind a name in an ARN: a hyphen and so many characters (API reference, `CreateSecret`).
const SUFFIX: usize = 6;
/// So long a secret that is deleted can be had back, unless somebody says otherwise (API reference, `DeleteSecret`).
const RECOVERY_DAYS: i64 = 30;
/// Of an id (API model).
const LONGEST_ID: usize = 2048;

/// Every secret.
#[derive(Debug, Default)]
pub(crate) struct State {
    secrets: Vec<Secret>,
}

/// One secret.
#[derive(Debug, Clone)]
struct Secret {
    arn: String,
    name: String,
    version: String,
    created_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    match operation {
        "DescribeSecret" => describe_secret(account, members),
        _ => Err(ServiceError::unknown_operation("secretsmanager", operation)),
    }
}

fn describe_secret(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    input.only(&["SecretId"])?;
    let id = input.string("SecretId")?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(ServiceError::validation(
            "Invalid length for parameter SecretId: it must have 1 to 2048 characters",
        ));
    }
    let state = account.state();
    let secret = state.secretsmanager.find(id).ok_or_else(|| {
        let message = "Secrets Manager can't find the specified secret.";
        ServiceError::new("ResourceNotFoundException", message)
    })?;
    let mut described = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "LastChangedDate": epoch(secret.created_at),
        "CreatedDate": epoch(secret.created_at),
        "VersionIdsToStages": {&secret.version: ["AWSCURRENT"]},
    });
    if let Some(at) = secret.deleted_at {
        described["DeletedDate"] = epoch(at);
    }
    Ok(described)
}

impl State {
    /// The secret of this name or ARN. An ARN without the characters that the service puts behind the name is
    /// understood, too (API reference, `DescribeSecret`).
    fn find(&self, id: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| {
            let end = secret.arn.len().saturating_sub(SUFFIX + 1);
            secret.name == id || secret.arn == id || secret.arn.get(..end) == Some(id)
        })
    }
}

impl Account {
    /// A secret that somebody has made, with one version. Returns its ARN; that of an older one, if there is one of
    /// this name.
    pub fn add_secret(&self, name: &str) -> String {
        let now = self.clock().now();
        let mut state = self.state();
        if let Some(known) = state.secretsmanager.find(name) {
            return known.arn.clone();
        }
        // Of the name, so that a secret more does not change the ids of everything else.
        let digits = hex(&Sha256::digest(name));
        let suffix: String = digits.chars().take(SUFFIX).collect();
        let arn = self.arn("secretsmanager", &format!("secret:{name}-{suffix}"));
        state.secretsmanager.secrets.push(Secret {
            arn: arn.clone(),
            name: name.to_owned(),
            version: functions::uuid(&digits),
            created_at: now,
            deleted_at: None,
        });
        arn
    }

    /// Somebody deletes a secret: it can be described for thirty days more, and its value not be had.
    pub fn delete_secret(&self, name: &str) {
        let at = self.clock().now() + SignedDuration::from_hours(24 * RECOVERY_DAYS);
        let mut state = self.state();
        let secrets = state.secretsmanager.secrets.iter_mut();
        for secret in secrets.filter(|secret| secret.name == name) {
            secret.deleted_at = Some(at);
        }
    }
}
