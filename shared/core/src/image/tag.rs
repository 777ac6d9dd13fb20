//! The tag of an image.

use std::fmt;
use std::str::FromStr;

use super::InvalidImageName;

/// A tag: a name that a repository gives to one of its images, and may give to another tomorrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

crate::text::serialised_as_text!(Tag);

impl Tag {
    /// ECR's limit; Docker itself stops at 128.
    pub const MAX_LENGTH: usize = 300;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first_fits = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let all_fit = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if first_fits && all_fit && text.len() <= Self::MAX_LENGTH {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidImageName::new(
                text,
                "an image tag (letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`, at most 300)",
            ))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
