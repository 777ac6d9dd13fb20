//! The conditions of a statement: an operator, a key of the request's context, and values.

use serde_json::{Map, Value};
use wildmatch::WildMatch;

use super::arn;

/// What a request says beside action and resource: the name of a key, and its value.
pub(crate) type Context = Vec<(String, String)>;

/// The keys that [`needs`](super::needs) gives a value to, where AWS would. A condition on any other would
/// never hold here and might there, so it is refused when the policy is read.
const KEYS: [&str; 5] = [
    "aws:ResourceAccount",
    "ecs:CreateAction",
    "ecs:cluster",
    "iam:PassedToService",
    "kms:ViaService",
];

/// A condition; all of a statement's must hold.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    compare: Compare,
    /// `StringNotEquals` and its like.
    negated: bool,
    /// `…IfExists`: it holds if the request does not say.
    if_exists: bool,
    key: String,
    /// One of them is enough.
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    /// The very text.
    Text,
    TextIgnoringCase,
    /// With `*` and `?`.
    Pattern,
    /// The parts of an ARN, each with `*` and `?`. IAM makes no difference between `ArnEquals` and `ArnLike`.
    Arn,
    /// Whether the key is missing.
    Missing,
}

impl Condition {
    /// Reads the block `Condition` of a statement. The error is a sentence.
    pub(super) fn all_of(block: &Value) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        let members = block.as_object().into_iter().flat_map(Map::iter);
        for (operator, keys) in members {
            let keys = keys
                .as_object()
                .ok_or_else(|| format!("the condition {operator} has no keys"))?;
            for (key, values) in keys {
                conditions.push(Self::read(operator, key, values)?);
            }
        }
        Ok(conditions)
    }

    fn read(operator: &str, key: &str, values: &Value) -> Result<Self, String> {
        let (name, if_exists) = match operator.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (operator, false),
        };
        let (compare, negated) = match name {
            "StringEquals" => (Compare::Text, false),
            "StringNotEquals" => (Compare::Text, true),
            "StringEqualsIgnoreCase" => (Compare::TextIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Compare::TextIgnoringCase, true),
            "StringLike" => (Compare::Pattern, false),
            "StringNotLike" => (Compare::Pattern, true),
            "ArnEquals" | "ArnLike" => (Compare::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Compare::Arn, true),
            "Null" if !if_exists => (Compare::Missing, false),
            _ => {
                return Err(format!(
                    "the condition operator `{operator}` is not understood"
                ));
            }
        };
        if !KEYS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            return Err(format!("the condition key `{key}` is not understood"));
        }
        let values: Option<Vec<String>> = super::policy::list(values)
            .iter()
            .map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Bool(flag) => Some(flag.to_string()),
                _ => None,
            })
            .collect();
        let values = values
            .filter(|values| !values.is_empty())
            .ok_or_else(|| format!("the condition {operator} of `{key}` has no text as value"))?;
        Ok(Self {
            compare,
            negated,
            if_exists,
            key: key.to_owned(),
            values,
        })
    }

    pub(super) fn holds(&self, context: &Context) -> bool {
        let said = context
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(&self.key))
            .map(|(_, value)| value.as_str());
        if self.compare == Compare::Missing {
            return self
                .values
                .iter()
                .any(|it| (it == "true") == said.is_none());
        }
        // A negated operator holds for a key that is not there.
        let Some(said) = said else {
            return self.if_exists || self.negated;
        };
        let matches = |value: &String| match self.compare {
            Compare::Text => value == said,
            Compare::TextIgnoringCase => value.eq_ignore_ascii_case(said),
            Compare::Pattern => WildMatch::new(value).matches(said),
            Compare::Arn => arn::matches(value, said),
            Compare::Missing => false,
        };
        self.values.iter().any(matches) != self.negated
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(block: &Value, context: &[(&str, &str)]) -> bool {
        let context = context
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let conditions = Condition::all_of(block).unwrap();
        conditions.iter().all(|condition| condition.holds(&context))
    }

    #[test]
    fn each_operator_says_what_it_says_in_iam() {
        let cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/mco";
        let like = "arn:aws:ecs:*:123456789012:cluster/m*";
        // Operator, key, value; what the request says; whether it holds.
        let table = [
            (
                "StringEquals",
                "ecs:CreateAction",
                "RunTask",
                Some("RunTask"),
                true,
            ),
            (
                "StringEquals",
                "ECS:createaction",
                "RunTask",
                Some("RunTask"),
                true,
            ),
            (
                "StringEquals",
                "ecs:CreateAction",
                "RunTask",
                Some("runtask"),
                false,
            ),
            (
                "StringEquals",
                "ecs:CreateAction",
                "Run*",
                Some("RunTask"),
                false,
            ),
            ("StringEquals", "ecs:CreateAction", "RunTask", None, false),
            (
                "StringEqualsIfExists",
                "ecs:CreateAction",
                "RunTask",
                None,
                true,
            ),
            (
                "StringEqualsIgnoreCase",
                "ecs:CreateAction",
                "RunTask",
                Some("runtask"),
                true,
            ),
            (
                "StringNotEquals",
                "ecs:CreateAction",
                "RunTask",
                Some("RunTask"),
                false,
            ),
            ("StringNotEquals", "ecs:CreateAction", "RunTask", None, true),
            (
                "StringLike",
                "iam:PassedToService",
                "ecs-tasks.amazonaws.com*",
                Some("ecs-tasks.amazonaws.com"),
                true,
            ),
            (
                "StringLike",
                "iam:PassedToService",
                "ecs-tasks.amazonaws.com*",
                Some("ecs.amazonaws.com"),
                false,
            ),
            ("ArnLike", "ecs:cluster", like, Some(cluster), true),
            ("ArnEquals", "ecs:cluster", like, Some(cluster), true),
            (
                "ArnEquals",
                "ecs:cluster",
                "arn:aws:ecs:*/mco",
                Some(cluster),
                false,
            ),
            ("ArnNotLike", "ecs:cluster", like, Some(cluster), false),
            ("Null", "ecs:cluster", "true", None, true),
            ("Null", "ecs:cluster", "false", None, false),
        ];
        for (operator, key, value, said, expected) in table {
            let block = json!({operator: {key: value}});
            let names = key.to_ascii_lowercase();
            let context: Vec<(&str, &str)> = said
                .map(|said| (names.as_str(), said))
                .into_iter()
                .collect();
            assert_eq!(holds(&block, &context), expected, "{block} of {said:?}");
        }
    }

    #[test]
    fn one_of_the_values_is_enough_and_all_conditions_must_hold() {
        let context = [
            ("ecs:cluster", "arn:aws:ecs:r:1:cluster/b"),
            ("ecs:CreateAction", "RunTask"),
        ];
        let either = json!({"ArnLike": {"ecs:cluster": ["arn:aws:ecs:r:1:cluster/a", "arn:aws:ecs:r:1:cluster/b"]}});
        assert!(holds(&either, &context));
        let mut both = either;
        both["StringEquals"] = json!({"ecs:CreateAction": "CreateService"});
        assert!(!holds(&both, &context));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_passed_over() {
        let table = [
            (
                json!({"StringIs": {"ecs:cluster": "a"}}),
                "operator `StringIs`",
            ),
            (
                json!({"ForAllValues:StringEquals": {"ecs:cluster": "a"}}),
                "operator `ForAllValues:StringEquals`",
            ),
            (
                json!({"NullIfExists": {"ecs:cluster": "true"}}),
                "operator `NullIfExists`",
            ),
            (
                json!({"StringEquals": {"aws:SourceIp": "a"}}),
                "key `aws:SourceIp`",
            ),
            (json!({"StringEquals": {"ecs:cluster": []}}), "no text"),
            (json!({"StringEquals": "ecs:cluster"}), "no keys"),
        ];
        for (block, part) in table {
            let why = Condition::all_of(&block).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }
}
