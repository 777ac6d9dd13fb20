//! Policy documents, and what they decide.
//!
//! A crate evaluates policies too (`iam-rs`), but asks for an ARN where a call has no resource, and would read
//! conditions whose keys no call here gives a value to: such a policy has to be refused.

use serde_json::{Map, Value};
use wildmatch::WildMatch;

use super::arn;
use super::condition::{Condition, Context};

/// The members of a statement that are understood.
const MEMBERS: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];

/// What an identity may do: the statements of its policies.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its `Sid`, or `#` and its place.
    pub sid: String,
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// Such as `ecs:DescribeServices` or `ecs:Describe*`.
    pub actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// What a policy says of an action on a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decision<'a> {
    /// The first statement that allows it, and the action as it is written there.
    Allowed(&'a Statement, &'a str),
    /// A statement denies it, whatever others allow.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
}

impl Policy {
    /// Reads policy documents. The error is a sentence.
    pub fn parse(documents: &[Value]) -> Result<Self, String> {
        let mut statements = Vec::new();
        for document in documents {
            if document.get("Statement").is_none() {
                return Err(format!("`{document}` is not a policy document"));
            }
            for statement in list(&document["Statement"]) {
                let statement = Statement::parse(statement, statements.len())?;
                statements.push(statement);
            }
        }
        Ok(Self { statements })
    }

    /// Its statements.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Takes the statement of this `Sid` away, and says whether there was one.
    pub fn remove(&mut self, sid: &str) -> bool {
        let before = self.statements.len();
        self.statements.retain(|statement| statement.sid != sid);
        self.statements.len() < before
    }

    /// What it says of an action on a resource; `None` if it is not known which, since that is not there: then it is
    /// enough if the action is allowed on any, and not denied on all.
    pub(crate) fn decide(
        &self,
        action: &str,
        resource: Option<&str>,
        context: &Context,
    ) -> Decision<'_> {
        let mut decision = Decision::ImplicitDeny;
        for statement in &self.statements {
            let Some(named) = statement.applies(action, resource, context) else {
                continue;
            };
            if !statement.allows {
                return Decision::ExplicitDeny;
            }
            if matches!(decision, Decision::ImplicitDeny) {
                decision = Decision::Allowed(statement, named);
            }
        }
        decision
    }
}

impl Statement {
    fn parse(value: &Value, place: usize) -> Result<Self, String> {
        let members = value.as_object();
        let sid = value["Sid"].as_str();
        let sid = sid.map_or_else(|| format!("#{place}"), str::to_owned);
        let refuse = |why: String| format!("statement {sid}: {why}");
        let mut names = members.into_iter().flat_map(Map::keys);
        if let Some(unknown) = names.find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(refuse(format!("`{unknown}` is not understood")));
        }
        let allows = match value["Effect"].as_str() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(refuse("its Effect is neither Allow nor Deny".to_owned())),
        };
        let texts = |member: &str| {
            let texts: Option<Vec<String>> = list(&value[member])
                .iter()
                .map(|text| text.as_str().map(str::to_owned))
                .collect();
            texts
                .filter(|texts| !texts.is_empty())
                .ok_or_else(|| refuse(format!("its {member} is no text")))
        };
        Ok(Self {
            allows,
            actions: texts("Action")?,
            resources: texts("Resource")?,
            conditions: Condition::all_of(&value["Condition"]).map_err(refuse)?,
            sid,
        })
    }

    /// The action as it is written here, if the statement is about this.
    fn applies(&self, action: &str, resource: Option<&str>, context: &Context) -> Option<&str> {
        let is_meant = |named: &&String| WildMatch::new_case_insensitive(named).matches(action);
        let named = self.actions.iter().find(is_meant)?;
        let is_there = |resource: &str| {
            let mut patterns = self.resources.iter();
            patterns.any(|pattern| arn::matches(pattern, resource))
        };
        let is_any = || self.allows || self.resources.iter().any(|it| it == "*");
        let applies = resource.map_or_else(is_any, is_there)
            && self.conditions.iter().all(|it| it.holds(context));
        applies.then_some(named)
    }
}

/// IAM writes one thing where it could write a list of one.
pub(super) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "written down where it is called"
    )]
    fn policy(statements: Value) -> Policy {
        Policy::parse(&[json!({"Version": "2012-10-17", "Statement": statements})]).unwrap()
    }

    fn says(policy: &Policy, action: &str, resource: &str) -> String {
        match policy.decide(action, Some(resource), &Context::new()) {
            Decision::Allowed(statement, named) => format!("{} by {}", named, statement.sid),
            Decision::ExplicitDeny => "denied".to_owned(),
            Decision::ImplicitDeny => "not allowed".to_owned(),
        }
    }

    #[test]
    fn a_statement_allows_its_actions_on_its_resources_and_a_denial_wins() {
        let policy = policy(json!([
            {"Sid": "Read", "Effect": "Allow", "Action": ["ecs:Describe*", "ecs:ListTasks"], "Resource": "*"},
            {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": ["arn:aws:ecs:r:1:service/a/*", "arn:aws:ecs:r:1:service/b/*"]},
            {"Effect": "Deny", "Action": "ecs:*", "Resource": "arn:aws:ecs:r:1:service/a/secret"},
        ]));
        let table = [
            ("ecs:DescribeTasks", "*", "ecs:Describe* by Read"),
            ("ECS:listtasks", "*", "ecs:ListTasks by Read"),
            ("ecs:ListServices", "*", "not allowed"),
            (
                "ecs:UpdateService",
                "arn:aws:ecs:r:1:service/b/x",
                "ecs:UpdateService by #1",
            ),
            (
                "ecs:UpdateService",
                "arn:aws:ecs:r:1:service/c/x",
                "not allowed",
            ),
            (
                "ecs:UpdateService",
                "arn:aws:ecs:r:1:service/a/secret",
                "denied",
            ),
        ];
        for (action, resource, expected) in table {
            assert_eq!(
                says(&policy, action, resource),
                expected,
                "{action} on {resource}"
            );
        }
        let unknown = policy.decide("ecs:UpdateService", None, &Context::new());
        assert!(matches!(unknown, Decision::Allowed(..)), "{unknown:?}");
    }

    #[test]
    fn what_is_not_there_may_be_any_resource() {
        let policy =
            policy(json!({"Effect": "Allow", "Action": "a:B", "Resource": "arn:aws:a:r:1:c"}));
        let decision = policy.decide("a:B", None, &Context::new());
        assert!(matches!(decision, Decision::Allowed(..)));
        let decision = policy.decide("a:C", None, &Context::new());
        assert!(matches!(decision, Decision::ImplicitDeny));
    }

    #[test]
    fn a_document_that_is_not_understood_is_refused() {
        let good = json!({"Effect": "Allow", "Action": "a:B", "Resource": "*"});
        let with = |member: &str, value: Value| {
            let mut statement = good.clone();
            statement[member] = value;
            json!({"Statement": statement})
        };
        let table = [
            (json!("AmazonECS_FullAccess"), "not a policy document"),
            (
                with("NotAction", json!("a:C")),
                "`NotAction` is not understood",
            ),
            (with("Effect", json!("Maybe")), "neither Allow nor Deny"),
            (
                with("Resource", json!([{"Ref": "x"}])),
                "Resource is no text",
            ),
            (
                with("Condition", json!({"IsFullMoon": {"ecs:cluster": "a"}})),
                "statement #0: the condition operator `IsFullMoon`",
            ),
        ];
        for (document, part) in table {
            let why = Policy::parse(&[document]).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }
}
