//! A pattern of tags with `*` and `?`.

use std::fmt;
use std::str::FromStr;

use wildmatch::WildMatch;

use crate::text::excerpt;

/// A pattern in which `*` stands for any characters and `?` for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Glob(WildMatch);

impl Eq for Glob {}

/// Why a text is no usable pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is no pattern of tags (letters, digits, `_`, `.`, `-`, `*` and `?`, 1 to {} characters)",
    excerpt(.0, 60),
    Glob::MAX_LENGTH
)]
pub struct InvalidGlob(String);

impl Glob {
    /// As long as the longest wildcard of ECR itself (AWS-FACTS 8.2).
    pub const MAX_LENGTH: usize = 128;

    /// Whether the whole of `text` is as the pattern says.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

impl FromStr for Glob {
    type Err = InvalidGlob;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What no tag can have would never match: somebody has meant another kind of pattern.
        let fits = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-*?".contains(&b));
        if fits && (1..=Self::MAX_LENGTH).contains(&text.len()) {
            Ok(Self(WildMatch::new(text)))
        } else {
            Err(InvalidGlob(text.to_owned()))
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.pattern())
    }
}

crate::text::serialised_as_text!(Glob);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_is_one() {
        for (pattern, text, matches) in [
            ("rel-*", "rel-2026", true),
            ("rel-*", "rel-", true),
            ("rel-*", "prerel-1", false),
            ("*.sig", "sha256-0a.sig", true),
            ("*.sig", "a.sign", false),
            ("v?.*", "v1.2", true),
            ("v?.*", "v10.2", false),
            ("Rel", "rel", false),
            ("a*b*c", "a-b-b-c", true),
        ] {
            let glob: Glob = pattern.parse().unwrap();
            assert_eq!(glob.is_match(text), matches, "{pattern} {text}");
            assert_eq!(glob.to_string(), pattern);
        }
    }

    #[test]
    fn what_no_tag_can_be_is_no_pattern() {
        let long = "a".repeat(129);
        for text in ["", "rel-[0-9]", "{a,b}", "a b", "é*", "a/b", long.as_str()] {
            assert!(text.parse::<Glob>().is_err(), "{text}");
        }
    }
}
