//! The members of a request, read strictly.
//!
//! AWS's services answer `SerializationException` to a wrong type and `ValidationException` to a missing
//! required member; the simulated account does the same, so that a client's mistake does not pass
//! unnoticed.

use serde_json::{Map, Value};

use super::ServiceError;

/// The members of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    /// The members of a request or of a structure within it.
    pub(crate) fn of(value: &'a Value) -> Result<Self, ServiceError> {
        value
            .as_object()
            .map(|members| Self { members })
            .ok_or_else(|| serialization("the request", "a structure"))
    }

    /// A member that may be absent; `null` counts as absent, as in AWS's JSON.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A required string.
    pub(crate) fn string(self, name: &str) -> Result<&'a str, ServiceError> {
        self.optional_string(name)?.ok_or_else(|| missing(name))
    }

    /// A string that may be absent.
    pub(crate) fn optional_string(self, name: &str) -> Result<Option<&'a str>, ServiceError> {
        self.typed(name, "a string", Value::as_str)
    }

    /// An integer that may be absent.
    pub(crate) fn optional_integer(self, name: &str) -> Result<Option<i64>, ServiceError> {
        self.typed(name, "an integer", Value::as_i64)
    }

    /// A number that may be absent.
    pub(crate) fn optional_number(self, name: &str) -> Result<Option<f64>, ServiceError> {
        self.typed(name, "a number", Value::as_f64)
    }

    /// A boolean that may be absent.
    pub(crate) fn optional_bool(self, name: &str) -> Result<Option<bool>, ServiceError> {
        self.typed(name, "a boolean", Value::as_bool)
    }

    /// A structure that may be absent.
    pub(crate) fn optional_structure(
        self,
        name: &str,
    ) -> Result<Option<Members<'a>>, ServiceError> {
        self.typed(name, "a structure", |value| {
            value.as_object().map(|members| Self { members })
        })
    }

    /// A list that may be absent.
    pub(crate) fn optional_list(self, name: &str) -> Result<Option<&'a [Value]>, ServiceError> {
        self.typed(name, "a list", |value| value.as_array().map(Vec::as_slice))
    }

    /// A required list.
    pub(crate) fn list(self, name: &str) -> Result<&'a [Value], ServiceError> {
        self.optional_list(name)?.ok_or_else(|| missing(name))
    }

    /// A list of strings; an absent one is empty.
    pub(crate) fn strings(self, name: &str) -> Result<Vec<&'a str>, ServiceError> {
        self.optional_list(name)?
            .unwrap_or_default()
            .iter()
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| serialization(name, "a list of strings"))
            })
            .collect()
    }

    /// Refuses a member that is not among these, since it would be passed over without anybody noticing.
    pub(crate) fn only(self, known: &[&str]) -> Result<(), ServiceError> {
        let unknown = self
            .members
            .keys()
            .find(|name| !known.contains(&name.as_str()));
        unknown.map_or(Ok(()), |name| {
            Err(ServiceError::validation(format!(
                "The simulated account does not know the member {name} here"
            )))
        })
    }

    fn typed<T>(
        self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ServiceError> {
        self.get(name)
            .map(|value| read(value).ok_or_else(|| serialization(name, kind)))
            .transpose()
    }
}

fn missing(name: &str) -> ServiceError {
    ServiceError::validation(format!("Missing required member: {name}"))
}

fn serialization(name: &str, kind: &str) -> ServiceError {
    ServiceError::new(
        "SerializationException",
        format!("Expected {name} to be {kind}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_and_a_missing_member_are_told_apart() {
        let request = json!({"cluster": 7, "service": null, "tasks": ["a", 1]});
        let members = Members::of(&request).unwrap();
        assert_eq!(
            members.string("cluster").unwrap_err().code,
            "SerializationException"
        );
        assert_eq!(
            members.string("service").unwrap_err().code,
            "ValidationException"
        );
        assert_eq!(
            members.strings("tasks").unwrap_err().code,
            "SerializationException"
        );
        assert_eq!(
            members.optional_number("tasks").unwrap_err().code,
            "SerializationException"
        );
        let unknown = members.only(&["cluster", "service"]).unwrap_err();
        assert!(unknown.message.contains("member tasks"), "{unknown}");
        assert_eq!(members.only(&["cluster", "service", "tasks"]), Ok(()));
        assert_eq!(
            Members::of(&json!([])).unwrap_err().code,
            "SerializationException"
        );
    }
}
