//! A regular expression from a document.

use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

/// A regular expression that compiled within a limit of size, so that no document can make a
/// check slow or large. Equal when written the same.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// Why a text is not a usable regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    #[error("the regular expression is too large when compiled (more than {} KiB)", Pattern::MAX_COMPILED / 1024)]
    TooLarge,
    #[error("the regular expression does not parse: {reason}")]
    Syntax { reason: String },
}

impl Pattern {
    const MAX_COMPILED: usize = 256 * 1024;

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// A regular expression within the limits.
    pub(crate) fn compile(text: &str) -> Result<Regex, InvalidPattern> {
        let compiled = RegexBuilder::new(text)
            .size_limit(Self::MAX_COMPILED)
            .dfa_size_limit(Self::MAX_COMPILED)
            .nest_limit(50)
            .build();
        match compiled {
            Ok(regex) => Ok(regex),
            Err(regex::Error::CompiledTooBig(_)) => Err(InvalidPattern::TooLarge),
            Err(error) => {
                // The crate draws the place under the expression, on several lines; the last
                // one is the reason.
                let drawn = error.to_string();
                let last = drawn.lines().last().unwrap_or_default();
                let reason = last.strip_prefix("error: ").unwrap_or(last);
                Err(InvalidPattern::Syntax {
                    reason: crate::text::excerpt(reason, 200),
                })
            }
        }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::compile(text).map(Self)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
