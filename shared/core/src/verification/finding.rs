//! What was found out about one thing that a target needs.

use serde::Serialize;

/// Whether a thing is as a target needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is.
    Ok,
    /// AWS does not let us look. It may be as it should.
    CannotCheck,
    /// It works, and probably not as somebody expects.
    Warning,
    /// It is not there, or not as it has to be: a deployment would fail, or not all be done that the target says.
    Missing,
}

/// What was found out about one thing that a target needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it is as the target needs it.
    pub state: State,
    /// A stable name of what is checked, such as `service.exists` or `task_role.trust`: what scripts look for.
    pub check: &'static str,
    /// The resource and what is so, as one sentence without its full stop.
    pub text: String,
    /// What to do about it, as an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The IAM statement to add, and to whose policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// A statement that a policy lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Name or ARN of the role whose policy lacks it, or of the resource whose policy does.
    pub of: String,
    /// The statement, as in a policy document: `{"Effect": "Allow", "Action": …, "Resource": …}`.
    pub statement: serde_json::Value,
}

impl Finding {
    /// It is as it should be.
    pub fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(State::Ok, check, text.into(), None)
    }

    /// It works, and probably not as expected.
    pub fn warning(
        check: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(State::Warning, check, text.into(), Some(remedy.into()))
    }

    /// A deployment would fail for it.
    pub fn missing(
        check: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(State::Missing, check, text.into(), Some(remedy.into()))
    }

    /// AWS does not let us look.
    pub fn cannot_check(
        check: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(State::CannotCheck, check, text.into(), Some(remedy.into()))
    }

    /// With the IAM statement to add.
    #[must_use]
    pub fn with_statement(self, of: impl Into<String>, statement: serde_json::Value) -> Self {
        Self {
            statement: Some(Statement {
                of: of.into(),
                statement,
            }),
            ..self
        }
    }

    fn new(state: State, check: &'static str, text: String, remedy: Option<String>) -> Self {
        Self {
            state,
            check,
            text,
            remedy,
            statement: None,
        }
    }
}
