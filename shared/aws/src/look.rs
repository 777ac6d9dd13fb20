//! Looking whether a thing is there: what AWS says of it, that it is not there, or that we must not look.

use crate::{AwsError, Kind, chain};

/// What came of looking at one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// It is there, and this is what it is.
    Found(T),
    /// It is not there.
    Missing,
    /// AWS refuses to tell: the call that was refused, and AWS's words. The thing may be there or not.
    Forbidden(String),
}

impl<T> Look<T> {
    /// Tells the two answers of AWS that are findings from the errors, of which nothing follows.
    pub fn of(result: Result<T, AwsError>) -> Result<Self, AwsError> {
        match result {
            Ok(found) => Ok(Self::Found(found)),
            Err(error) if error.kind == Kind::NotFound => Ok(Self::Missing),
            Err(error) if error.kind == Kind::Denied => Ok(Self::Forbidden(chain(&error))),
            Err(error) => Err(error),
        }
    }

    /// What was found, if it was.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing | Self::Forbidden(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(kind: Kind, message: &str) -> Result<Look<()>, AwsError> {
        let resource = "IAM role `api`";
        Look::of(Err(AwsError::unusable(
            "iam:GetRole",
            resource,
            kind,
            None,
            message,
        )))
    }

    #[test]
    fn what_is_not_there_and_what_is_not_told_are_findings_and_all_else_are_errors() {
        assert_eq!(Look::of(Ok(1)).unwrap().found(), Some(1));
        assert_eq!(look(Kind::NotFound, "gone").unwrap(), Look::Missing);
        assert_eq!(
            look(Kind::Denied, "no").unwrap(),
            Look::Forbidden("`iam:GetRole` failed for the IAM role `api`: no".to_owned())
        );
        for kind in [
            Kind::Throttled,
            Kind::Unreachable,
            Kind::Unavailable,
            Kind::Conflict,
            Kind::Invalid,
        ] {
            assert_eq!(look(kind, "now").unwrap_err().kind, kind);
        }
    }
}
