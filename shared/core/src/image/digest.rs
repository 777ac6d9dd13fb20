//! The digest of an image manifest.

use std::fmt;
use std::str::FromStr;

use super::InvalidImageName;

/// `sha256:` and 64 lower-case hexadecimal digits: the identity of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

crate::text::serialised_as_text!(Digest);

impl Digest {
    /// The whole text, with `sha256:`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hexadecimal digits, as people are used to from `docker images`.
    pub fn short(&self) -> &str {
        &self.0["sha256:".len().."sha256:".len() + 12]
    }
}

impl FromStr for Digest {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidImageName::new(
                text,
                "a digest (`sha256:` and 64 lower-case hexadecimal digits)",
            ))
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
