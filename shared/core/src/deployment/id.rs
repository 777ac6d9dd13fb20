//! The name of one deployment: a ULID, so that history sorts by time.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

/// Greenlight's own id of a deployment, such as `01KAPX2V9M3Z8QK4T7N5R6S0WD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentId(Ulid);

/// A text that is not a deployment id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a deployment id: expected a ULID of 26 characters")]
pub struct InvalidDeploymentId(String);

impl DeploymentId {
    /// The id that belongs to one cause, such as one event at one target: the same cause gives the
    /// same id however often it arrives, so that a duplicate can never become a second deployment.
    ///
    /// `at` should be the time that the cause itself carries, not the time of its delivery.
    pub fn of_cause(at: Timestamp, cause: &[&str]) -> Self {
        let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(Ulid::from_parts(milliseconds, spread(cause)))
    }

    /// When the deployment was caused, to the millisecond.
    pub fn at(self) -> Timestamp {
        i64::try_from(self.0.timestamp_ms())
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// 80 bits of SHA-256 over the parts, each ended by a byte that UTF-8 never holds.
fn spread(parts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0xff]);
    }
    hash.finalize()
        .iter()
        .take(10)
        .fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for DeploymentId {
    type Err = InvalidDeploymentId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ulid::from_string(text)
            .map(Self)
            .map_err(|_| InvalidDeploymentId(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for DeploymentId {
    type Error = InvalidDeploymentId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeploymentId> for String {
    fn from(id: DeploymentId) -> Self {
        id.to_string()
    }
}

impl From<Ulid> for DeploymentId {
    fn from(ulid: Ulid) -> Self {
        Self(ulid)
    }
}
