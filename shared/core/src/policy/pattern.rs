//! Tags by a regular expression, and what in them tells their order.

use std::fmt;

use regex::Regex;

use super::{Rank, Verdict};
use crate::target::check::{InvalidPattern, Pattern};

/// By what the key in a tag is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrder {
    /// It is a whole number.
    Numeric,
    /// It is a text, and ordered by its bytes.
    Lexical,
}

impl KeyOrder {
    /// As it is written in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Lexical => "lexical",
        }
    }
}

/// A regular expression that a whole tag has to match. It takes linear time, and compiled within a limit
/// of size.
#[derive(Debug, Clone)]
pub struct TagPattern {
    text: String,
    whole: Regex,
    key: Option<Key>,
}

/// The named group whose text tells the order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    group: String,
    order: KeyOrder,
}

/// Why a text is no usable pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTagPattern {
    /// It is no regular expression.
    #[error(transparent)]
    Expression(#[from] InvalidPattern),
    /// There is nothing to order by.
    #[error("there is no named group to order by")]
    NoKey,
    /// It is not clear what to order by.
    #[error("there are several named groups, and none is called `version`")]
    SeveralKeys,
}

impl TagPattern {
    /// The group that tells the order where there are several.
    const KEY: &str = "version";

    /// Without an order, the time of the push tells it.
    pub fn new(text: &str, order: Option<KeyOrder>) -> Result<Self, InvalidTagPattern> {
        // Alone first: what does not parse alone is not to become something else within the brackets.
        Pattern::compile(text)?;
        let whole = Pattern::compile(&format!(r"\A(?:{text})\z"))?;
        let key = order
            .map(|order| {
                let named: Vec<&str> = whole.capture_names().flatten().collect();
                let group = match named.as_slice() {
                    [] => return Err(InvalidTagPattern::NoKey),
                    [only] => only,
                    several if several.contains(&Self::KEY) => Self::KEY,
                    _ => return Err(InvalidTagPattern::SeveralKeys),
                };
                Ok(Key {
                    group: group.to_owned(),
                    order,
                })
            })
            .transpose()?;
        Ok(Self {
            text: text.to_owned(),
            whole,
            key,
        })
    }

    /// By what its tags are ordered; by the time of their push if by nothing in them.
    pub fn order(&self) -> Option<KeyOrder> {
        self.key.as_ref().map(|key| key.order)
    }

    /// Whether it takes a tag; one whose key is not what it should be is not taken.
    pub(super) fn verdict(&self, tag: &str) -> Verdict {
        let Some(found) = self.whole.captures(tag) else {
            return Verdict::NotTaken;
        };
        let Some(key) = &self.key else {
            return Verdict::Taken { rank: None };
        };
        let text = found
            .name(&key.group)
            .map(|found| found.as_str().to_owned());
        let is_number =
            |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let rank = match key.order {
            KeyOrder::Numeric => text.filter(is_number).map(Rank::Number),
            KeyOrder::Lexical => text.map(Rank::Text),
        };
        match rank {
            Some(rank) => Verdict::Taken { rank: Some(rank) },
            None => Verdict::NotTaken,
        }
    }

    /// Why a tag is not taken though it looks like one that is.
    pub(super) fn near_miss(&self, tag: &str) -> Option<String> {
        let key = self.key.as_ref()?;
        (self.whole.is_match(tag) && self.verdict(tag) == Verdict::NotTaken)
            .then(|| format!("its `{}` is no whole number", key.group))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for TagPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.key == other.key
    }
}

impl Eq for TagPattern {}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str, order: Option<KeyOrder>, tag: &str) -> Verdict {
        TagPattern::new(text, order).unwrap().verdict(tag)
    }

    const BY_TIME: Verdict = Verdict::Taken { rank: None };

    #[test]
    fn a_named_group_tells_the_order() {
        let taken = |rank| Verdict::Taken { rank: Some(rank) };
        let number = |text: &str| taken(Rank::Number(text.to_owned()));
        let words = |text: &str| taken(Rank::Text(text.to_owned()));
        let numeric = Some(KeyOrder::Numeric);
        let lexical = Some(KeyOrder::Lexical);
        assert_eq!(verdict(r"^v(?<version>\d+)$", numeric, "v12"), number("12"));
        assert_eq!(
            verdict(r"(?<build>\d+)-\w+", numeric, "007-x"),
            number("007")
        );
        let dated = r"(?<branch>[a-z]+)-(?<version>[0-9t]+)";
        assert_eq!(verdict(dated, lexical, "main-2026t1"), words("2026t1"));
        assert_eq!(verdict(r"v\d+", None, "v12"), BY_TIME);
    }

    #[test]
    fn the_whole_tag_has_to_match() {
        for tag in ["dev1", "v1-rc", "v", "V1"] {
            assert_eq!(verdict(r"v\d+", None, tag), Verdict::NotTaken, "{tag}");
        }
        // The first alternative alone would be satisfied by a part.
        assert_eq!(verdict("a|ab", None, "ab"), BY_TIME);
    }

    #[test]
    fn a_key_that_is_no_number_is_not_taken() {
        let pattern = TagPattern::new(r"v(?<version>\w+)?", Some(KeyOrder::Numeric)).unwrap();
        for tag in ["v1a", "v"] {
            assert_eq!(pattern.verdict(tag), Verdict::NotTaken, "{tag}");
            assert!(pattern.near_miss(tag).is_some(), "{tag}");
        }
        assert_eq!(pattern.near_miss("x"), None);
        assert_eq!(pattern.near_miss("v1"), None);
    }

    #[test]
    fn what_cannot_tell_an_order_is_refused() {
        let new = |text: &str, order| TagPattern::new(text, order).unwrap_err();
        let numeric = Some(KeyOrder::Numeric);
        assert_eq!(new(r"v(\d+)", numeric), InvalidTagPattern::NoKey);
        assert_eq!(
            new(r"(?<major>\d+)\.(?<minor>\d+)", numeric),
            InvalidTagPattern::SeveralKeys
        );
        for text in ["v(", "a)|(?:b", r"(?x) a # comment"] {
            assert!(
                matches!(new(text, None), InvalidTagPattern::Expression(_)),
                "{text}"
            );
        }
        assert_eq!(
            new(&r"\w{100}".repeat(50), None),
            InvalidTagPattern::Expression(InvalidPattern::TooLarge)
        );
    }
}
