//! The place of an image in an order that its tag tells.

use std::cmp::Ordering;
use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

/// What a policy orders an image by, before the time of its push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// A semantic version.
    Version(Version),
    /// A whole number: its decimal digits, of any length.
    Number(String),
    /// A text, ordered by its bytes.
    Text(String),
}

impl Rank {
    /// Which comes first. Ranks of different kinds, as a target has them after its policy was changed,
    /// say nothing of each other, and neither do versions that differ in their build metadata only.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Version(a), Self::Version(b)) => a.cmp_precedence(b),
            (Self::Number(a), Self::Number(b)) => {
                let (a, b) = (significant(a), significant(b));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Version(_) | Self::Number(_) | Self::Text(_), _) => Ordering::Equal,
        }
    }
}

/// As the tag says it.
impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "{version}"),
            Self::Number(text) | Self::Text(text) => f.write_str(text),
        }
    }
}

fn significant(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_order_and_none_with_another() {
        let version = |text: &str| Rank::Version(text.parse().unwrap());
        let number = |text: &str| Rank::Number(text.to_owned());
        let text = |text: &str| Rank::Text(text.to_owned());
        for (earlier, later) in [
            (version("1.9.0"), version("1.10.0")),
            (version("2.0.0-rc.2"), version("2.0.0-rc.10")),
            (version("2.0.0-rc.1"), version("2.0.0")),
            (number("9"), number("10")),
            (number("0099"), number("100")),
            (
                number("99999999999999999999999"),
                number("100000000000000000000000"),
            ),
            (text("10"), text("9")),
        ] {
            assert_eq!(earlier.compare(&later), Ordering::Less, "{earlier:?}");
            assert_eq!(later.compare(&earlier), Ordering::Greater, "{earlier:?}");
        }
        for (one, other) in [
            (version("1.0.0+a"), version("1.0.0+b")),
            (number("007"), number("7")),
            (number("1"), text("2")),
            (version("1.0.0"), number("2")),
        ] {
            assert_eq!(one.compare(&other), Ordering::Equal, "{one:?}");
        }
    }
}
