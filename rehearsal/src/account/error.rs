//! An error as an AWS service answers it.
//!
//! Only the code and the message are AWS's; how they are laid out in the body is the protocol's affair,
//! see `wire.rs`.

use std::fmt;

use serde_json::{Value, json};

/// An error as an AWS service answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status.
    pub status: u16,
    /// The error's name, such as `ClusterNotFoundException`.
    pub code: String,
    /// AWS's sentence.
    pub message: String,
    /// What else some errors say, such as `resourceIds`.
    pub members: Vec<(&'static str, Value)>,
}

impl ServiceError {
    /// An error with status 400, as nearly all of AWS's are.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.into(),
            message: message.into(),
            members: Vec::new(),
        }
    }

    /// The call itself is malformed.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// The error as JSON has it.
    pub(crate) fn to_json(&self) -> Value {
        let mut body = json!({"__type": self.code, "message": self.message});
        for (name, value) in &self.members {
            body[*name] = value.clone();
        }
        body
    }

    /// The account does not simulate this operation.
    pub fn unknown_operation(service: &str, operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("The simulated account does not know the operation {operation} of {service}"),
        )
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ServiceError {}
