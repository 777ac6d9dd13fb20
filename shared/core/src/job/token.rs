//! The text by which a continued job knows what it waits for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::JobId;
use crate::deployment::DeploymentId;
use crate::target::TargetName;

/// CodePipeline takes tokens of so many characters, AWS-FACTS 2.3. Nothing of ours comes near.
const LIMIT: usize = 2048;
const VERSION: u32 = 1;

/// What a job waits for. CodePipeline gives the token of one job to the job that continues it, which
/// has an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobToken {
    pub target: TargetName,
    pub deployment: DeploymentId,
    /// The job that gave the token.
    pub job: JobId,
}

/// The token as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    greenlight: u32,
    target: TargetName,
    deployment: DeploymentId,
    job: JobId,
}

/// A token that is not Greenlight's, or of another version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the job's continuation token is not one that this version of Greenlight has written")]
pub struct InvalidJobToken;

impl fmt::Display for JobToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = Written {
            greenlight: VERSION,
            target: self.target.clone(),
            deployment: self.deployment,
            job: self.job.clone(),
        };
        f.write_str(&serde_json::to_string(&written).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for JobToken {
    type Err = InvalidJobToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LIMIT {
            return Err(InvalidJobToken);
        }
        let written: Written = serde_json::from_str(text).map_err(|_| InvalidJobToken)?;
        if written.greenlight != VERSION {
            return Err(InvalidJobToken);
        }
        Ok(Self {
            target: written.target,
            deployment: written.deployment,
            job: written.job,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> JobToken {
        JobToken {
            target: "a".repeat(TargetName::MAX_LENGTH).parse().unwrap(),
            deployment: "01KAPX2V9M3Z8QK4T7N5R6S0WD".parse().unwrap(),
            job: "11111111-abcd-1111-abcd-111111abcdef".parse().unwrap(),
        }
    }

    #[test]
    fn a_token_comes_back_as_it_was_given_and_fits() {
        let text = token().to_string();
        assert!(text.len() < LIMIT, "{text}");
        assert_eq!(text.parse(), Ok(token()));
    }

    #[test]
    fn a_token_of_somebody_else_is_refused() {
        let good = token().to_string();
        for text in [
            "",
            "d-ABCDEF123",
            "{}",
            "[]",
            "null",
            &good.replace("\"greenlight\":1", "\"greenlight\":2"),
            &good.replace("\"job\"", "\"jab\""),
            &good.replace("1111-abcd", "1111-ABCD"),
            &good.replace("01KAPX", "?1KAPX"),
            &good.replace('}', ",\"more\":1}"),
            &format!("{good}{}", " ".repeat(LIMIT)),
            &"[".repeat(2000),
        ] {
            assert_eq!(text.parse::<JobToken>(), Err(InvalidJobToken), "{text}");
        }
    }
}
