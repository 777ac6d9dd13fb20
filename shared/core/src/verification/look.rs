//! What came of looking for a thing in AWS.

use serde_json::json;

use super::Finding;

/// What came of looking for a thing in AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// It is there.
    Found(T),
    /// It is not there.
    Missing,
    /// It could not be seen. It may be there.
    Unseen(Unseen),
}

/// Why something could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// What AWS answered.
    pub reason: String,
    /// The permission that lacks, if it is for one.
    pub lacks: Option<Lack>,
}

/// A permission that a role lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Whose policy lacks it.
    pub of: String,
    /// The IAM action.
    pub action: String,
    /// The ARN, or `*` where the action knows no resources.
    pub resource: String,
}

impl<T> Look<T> {
    /// What was found.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing | Self::Unseen(_) => None,
        }
    }

    /// The same of something that is made from it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Look<U> {
        match self {
            Self::Found(found) => Look::Found(make(found)),
            Self::Missing => Look::Missing,
            Self::Unseen(unseen) => Look::Unseen(unseen),
        }
    }
}

impl Lack {
    /// The statement that gives it.
    pub fn statement(&self) -> serde_json::Value {
        json!({"Effect": "Allow", "Action": self.action, "Resource": self.resource})
    }
}

impl Unseen {
    /// That `what` could not be looked at.
    pub fn finding(&self, check: &'static str, what: &str) -> Finding {
        let text = format!("{what} could not be looked at: {}", self.reason);
        match &self.lacks {
            Some(lack) => Finding::cannot_check(
                check,
                text,
                format!("allow `{}` to `{}`", lack.action, lack.of),
            )
            .with_statement(&lack.of, lack.statement()),
            None => Finding::cannot_check(check, text, "verify it again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verification::State;

    #[test]
    fn what_could_not_be_seen_names_the_statement_to_add() {
        let unseen = Unseen {
            reason: "AccessDenied: no".into(),
            lacks: Some(Lack {
                of: "register-target".into(),
                action: "iam:GetRole".into(),
                resource: "arn:aws:iam::123456789012:role/api".into(),
            }),
        };
        let finding = unseen.finding("task_role.exists", "role `api`");
        assert_eq!(finding.state, State::CannotCheck);
        assert_eq!(
            finding.text,
            "role `api` could not be looked at: AccessDenied: no"
        );
        assert_eq!(
            finding.remedy.as_deref(),
            Some("allow `iam:GetRole` to `register-target`")
        );
        let statement = finding.statement.unwrap();
        assert_eq!(statement.of, "register-target");
        assert_eq!(statement.statement["Action"], "iam:GetRole");
        let passing = Unseen {
            lacks: None,
            ..unseen
        };
        let finding = passing.finding("task_role.exists", "role `api`");
        assert_eq!(finding.remedy.as_deref(), Some("verify it again"));
        assert_eq!(finding.statement, None);
    }
}
