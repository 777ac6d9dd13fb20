//! Tag policies: which tags a target takes.
//!
//! Only the question whether a tag is taken at all; which of several images is the newest, and
//! whether a deployment may start now, is decided elsewhere.

mod rank;

use std::fmt;

use crate::image::Tag;

pub use rank::Rank;

/// One rule of a target's `tags` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagPolicy {
    /// This tag and no other.
    Exact(Tag),
}

impl TagPolicy {
    fn accepts(&self, tag: &Tag) -> bool {
        match self {
            Self::Exact(exact) => exact == tag,
        }
    }
}

impl fmt::Display for TagPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(tag) => write!(f, "`{tag}`"),
        }
    }
}

/// Whether a tag is taken, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub accepted: bool,
    /// A sentence that names the rule, without a full stop.
    pub rule: String,
}

/// Decides by the first rule that accepts the tag.
pub fn decide(policies: &[TagPolicy], tag: &Tag) -> Decision {
    match policies.iter().find(|policy| policy.accepts(tag)) {
        Some(TagPolicy::Exact(_)) => Decision {
            accepted: true,
            rule: format!("the target takes the tag `{tag}`"),
        },
        None => {
            let takes: Vec<String> = policies.iter().map(ToString::to_string).collect();
            let takes = if takes.is_empty() {
                "no tag".to_owned()
            } else {
                format!("only {}", takes.join(", "))
            };
            Decision {
                accepted: false,
                rule: format!("the target takes {takes}, not `{tag}`"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policies: &[&str], tag: &str, accepted: bool, rule: &str) {
        let policies: Vec<_> = policies
            .iter()
            .map(|tag| TagPolicy::Exact(tag.parse().unwrap()))
            .collect();
        let decision = decide(&policies, &tag.parse().unwrap());
        assert_eq!(
            decision,
            Decision {
                accepted,
                rule: rule.to_owned()
            }
        );
    }

    #[test]
    fn an_exact_tag_takes_itself_and_nothing_else() {
        check(&["test"], "test", true, "the target takes the tag `test`");
        check(
            &["test", "main"],
            "main",
            true,
            "the target takes the tag `main`",
        );
        check(
            &["test"],
            "Test",
            false,
            "the target takes only `test`, not `Test`",
        );
        check(
            &["test", "main"],
            "v1",
            false,
            "the target takes only `test`, `main`, not `v1`",
        );
        check(&[], "v1", false, "the target takes no tag, not `v1`");
    }
}
