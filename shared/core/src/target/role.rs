//! The ARN of a role that is assumed for a target.

use std::fmt;
use std::str::FromStr;

use crate::text::excerpt;

/// `arn:<partition>:iam::<account>:role/<path and name>`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn(String);

crate::text::serialised_as_text!(RoleArn);

/// Why a text is not the ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not the ARN of an IAM role (such as `arn:aws:iam::123456789012:role/greenlight-deploys`)"
)]
pub struct InvalidRoleArn {
    text: String,
}

impl RoleArn {
    /// IAM allows a path of 512 characters and a name of 64.
    pub const MAX_LENGTH: usize = 640;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that the role is in.
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl FromStr for RoleArn {
    type Err = InvalidRoleArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_role = || {
            let [arn, partition, service, region, account, resource]: [&str; 6] =
                text.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
            let name = resource.strip_prefix("role/")?;
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&byte);
            (arn == "arn"
                && (partition == "aws" || partition.starts_with("aws-"))
                && service == "iam"
                && region.is_empty()
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && !name.is_empty()
                && !name.ends_with('/')
                && name.bytes().all(fits))
            .then_some(())
        };
        if text.len() <= Self::MAX_LENGTH && is_role().is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRoleArn {
                text: excerpt(text, 80),
            })
        }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_role_is_one() {
        for text in [
            "arn:aws:iam::123456789012:role/deploys",
            "arn:aws-cn:iam::123456789012:role/team/a/deploys",
        ] {
            let role: RoleArn = text.parse().unwrap();
            assert_eq!(
                (role.to_string().as_str(), role.account()),
                (text, "123456789012")
            );
        }
        for text in [
            "",
            "deploys",
            "arn:aws:iam::123456789012:user/ada",
            "arn:aws:iam::12345678901:role/deploys",
            "arn:aws:iam:eu-west-1:123456789012:role/deploys",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:sts::123456789012:assumed-role/a/b",
        ] {
            assert!(text.parse::<RoleArn>().is_err(), "{text}");
        }
    }
}
