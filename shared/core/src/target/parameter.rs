//! The name of a parameter in AWS Systems Manager's Parameter Store.

use std::fmt;
use std::str::FromStr;

use crate::text::excerpt;

/// `/greenlight/deployed/api-test`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterName(String);

crate::text::serialised_as_text!(ParameterName);

/// Why a text is not the name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the name of an SSM parameter ({expected})")]
pub struct InvalidParameterName {
    text: String,
    expected: &'static str,
}

impl ParameterName {
    /// AWS allows 1011 characters together with the ARN that stands before the name.
    pub const MAX_LENGTH: usize = 900;
    /// AWS's limit of levels, each behind a `/`.
    pub const MAX_LEVELS: usize = 15;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parameter of this name below this one.
    pub fn below(&self, name: &str) -> Result<Self, InvalidParameterName> {
        format!("{self}/{name}").parse()
    }
}

impl FromStr for ParameterName {
    type Err = InvalidParameterName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |expected| {
            let text = excerpt(text, 80);
            Err(InvalidParameterName { text, expected })
        };
        let path = text.strip_prefix('/').unwrap_or(text);
        let levels = || path.split('/');
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
        if !text.bytes().all(fits) || levels().any(str::is_empty) {
            return invalid(
                "letters, digits, `_`, `.`, `-`, and `/` between its levels, such as \
                 `/greenlight/deployed/api-test`",
            );
        }
        if path.contains('/') && !text.starts_with('/') {
            return invalid("a name of several levels begins with `/`");
        }
        if levels().count() > Self::MAX_LEVELS {
            return invalid("at most 15 levels");
        }
        if text.len() > Self::MAX_LENGTH {
            return invalid("at most 900 characters");
        }
        let reserved = |word: &str| {
            let start = path.get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if reserved("aws") || reserved("ssm") {
            return invalid("AWS keeps names that begin with `aws` or `ssm` to itself");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ParameterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<ParameterName>()
            .unwrap_err()
            .expected
            .to_owned()
    }

    #[test]
    fn a_name_is_one_that_parameter_store_takes() {
        let deep = "/a".repeat(15);
        for text in ["/greenlight/deployed/api-test", "api_test.v1", "/a", &deep] {
            assert_eq!(text.parse::<ParameterName>().unwrap().as_str(), text);
        }
        for text in ["", "/", "/a/", "//a", "/a b", "/a:1", "arn:aws:ssm:x"] {
            assert!(refused(text).starts_with("letters"), "{text}");
        }
        assert!(refused("a/b").contains("begins with `/`"));
        assert!(refused(&"/a".repeat(16)).contains("15 levels"));
        assert!(refused(&format!("/{}", "a".repeat(900))).contains("900"));
        for text in ["/aws/x", "AwsThing", "/SSM/x", "ssm"] {
            assert!(refused(text).contains("AWS keeps"), "{text}");
        }
        assert!("/a/aws".parse::<ParameterName>().is_ok());
    }

    #[test]
    fn a_name_below_another_has_to_be_one_itself() {
        let below = |text: &str| text.parse::<ParameterName>().unwrap().below("api");
        assert_eq!(below("/a/b").unwrap().as_str(), "/a/b/api");
        assert!(below("flat").is_err());
        assert!(below(&"/a".repeat(15)).is_err());
    }
}
