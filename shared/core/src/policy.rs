//! Tag policies: which tags a target takes, and what in a tag tells which image is the newer one.
//!
//! Whether a deployment may start now is decided elsewhere.

mod glob;
mod pattern;
mod range;
mod rank;

use std::fmt;

use crate::image::Tag;

pub use glob::{Glob, InvalidGlob};
pub use pattern::{InvalidTagPattern, KeyOrder, TagPattern};
pub use range::{InvalidRange, VersionRange};
pub use rank::Rank;

/// One rule of a target's `tags` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagPolicy {
    /// This tag and no other.
    Exact(Tag),
    /// Tags like this.
    Glob(Glob),
    /// Tags that match this as a whole.
    Regex(TagPattern),
    /// Versions within a range.
    Semver(VersionRange),
    /// Every tag: whatever was pushed last.
    Newest,
}

/// By what the images are ordered that a policy takes. All policies of a list have the same, so that of any
/// two images one is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The time of the push.
    Time,
    /// Semantic versions.
    Version,
    /// Whole numbers.
    Number,
    /// Texts.
    Text,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "the time of the push",
            Self::Version => "version",
            Self::Number => "number",
            Self::Text => "text",
        })
    }
}

impl TagPolicy {
    /// By what its images are ordered.
    pub fn order(&self) -> Order {
        match self {
            Self::Exact(_) | Self::Glob(_) | Self::Newest => Order::Time,
            Self::Semver(_) => Order::Version,
            Self::Regex(pattern) => match pattern.order() {
                None => Order::Time,
                Some(KeyOrder::Numeric) => Order::Number,
                Some(KeyOrder::Lexical) => Order::Text,
            },
        }
    }

    /// Whether it takes a tag, and what in the tag tells the order.
    fn verdict(&self, tag: &Tag) -> Verdict {
        let tag = tag.as_str();
        let rank = match self {
            Self::Exact(exact) => (exact.as_str() == tag).then_some(None),
            Self::Glob(glob) => glob.is_match(tag).then_some(None),
            Self::Regex(pattern) => return pattern.verdict(tag),
            Self::Semver(range) => range.version(tag).map(Rank::Version).map(Some),
            Self::Newest => Some(None),
        };
        rank.map_or(Verdict::NotTaken, |rank| Verdict::Taken { rank })
    }

    fn near_miss(&self, tag: &Tag) -> Option<String> {
        match self {
            Self::Regex(pattern) => pattern.near_miss(tag.as_str()),
            Self::Semver(range) => range.near_miss(tag.as_str()),
            Self::Exact(_) | Self::Glob(_) | Self::Newest => None,
        }
    }
}

/// For messages.
impl fmt::Display for TagPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(tag) => write!(f, "`{tag}`"),
            Self::Glob(glob) => write!(f, "glob `{glob}`"),
            Self::Regex(pattern) => write!(f, "regex `{pattern}`"),
            Self::Semver(range) => {
                write!(f, "semver `{range}`")?;
                if range.takes_prereleases() {
                    f.write_str(" with pre-releases")?;
                }
                match range.prefix() {
                    "" => Ok(()),
                    prefix => write!(f, " after `{prefix}`"),
                }
            }
            Self::Newest => f.write_str("every tag"),
        }
    }
}

/// What is ignored where a target says nothing: what signing and attesting tools put beside an image under
/// tags of their own (AWS-FACTS 1.3).
pub fn default_ignore() -> Vec<Glob> {
    let globs = ["*.sig", "*.att", "*.sbom", "sha256-*"];
    globs.iter().filter_map(|glob| glob.parse().ok()).collect()
}

/// What a policy says of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Taken {
        /// What comes before the time in the order, if anything.
        rank: Option<Rank>,
    },
    /// It is ignored, whatever takes it.
    Ignored,
    /// Nothing takes it.
    NotTaken,
}

/// Whether a tag is taken, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// A sentence that names the rule, without a full stop.
    pub rule: String,
}

impl Decision {
    /// Whether the tag is taken.
    pub fn is_taken(&self) -> bool {
        matches!(self.verdict, Verdict::Taken { .. })
    }

    /// What comes before the time in the order of an image that came by this tag.
    pub fn into_rank(self) -> Option<Rank> {
        match self.verdict {
            Verdict::Taken { rank } => rank,
            Verdict::Ignored | Verdict::NotTaken => None,
        }
    }
}

/// Decides by the first rule that takes the tag, after what is to be ignored.
pub fn decide(policies: &[TagPolicy], ignore: &[Glob], tag: &Tag) -> Decision {
    if let Some(glob) = ignore.iter().find(|glob| glob.is_match(tag.as_str())) {
        return Decision {
            verdict: Verdict::Ignored,
            rule: format!("the target ignores `{glob}`, and so `{tag}`"),
        };
    }
    let verdicts = policies.iter().map(|policy| (policy, policy.verdict(tag)));
    let mut verdicts = verdicts.filter(|(_, verdict)| *verdict != Verdict::NotTaken);
    if let Some((policy, verdict)) = verdicts.next() {
        let rule = match policy {
            TagPolicy::Exact(_) => format!("the target takes the tag `{tag}`"),
            TagPolicy::Newest => format!("the target takes every tag, and so `{tag}`"),
            _ => format!("the target takes {policy}, and so `{tag}`"),
        };
        return Decision { verdict, rule };
    }
    let takes: Vec<String> = policies.iter().map(ToString::to_string).collect();
    let takes = if takes.is_empty() {
        "no tag".to_owned()
    } else {
        format!("only {}", takes.join(", "))
    };
    let why = policies.iter().find_map(|policy| policy.near_miss(tag));
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    Decision {
        verdict: Verdict::NotTaken,
        rule: format!("the target takes {takes}, not `{tag}`{why}"),
    }
}

#[cfg(test)]
mod tests;
