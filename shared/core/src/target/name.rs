//! The name of a target.

use std::fmt;
use std::str::FromStr;

use crate::text::excerpt;

/// A target's name: unique within an installation, and part of table keys and log lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetName(String);

crate::text::serialised_as_text!(TargetName);

/// Why a text is not a target's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a target name (lower-case letters, digits and `-`, \
     not beginning or ending with `-`, at most 64)"
)]
pub struct InvalidTargetName {
    text: String,
}

impl TargetName {
    pub const MAX_LENGTH: usize = 64;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TargetName {
    type Err = InvalidTargetName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all_fit = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let framed = text.starts_with('-') || text.ends_with('-');
        if all_fit && !framed && (1..=Self::MAX_LENGTH).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTargetName {
                text: excerpt(text, 80),
            })
        }
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
