//! Roles: that they are there, that they trust who assumes them, and that they may do what is asked of them.

use serde_json::{Value, json};

use super::{Finding, Lack, Look, check};

/// Of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its trust policy.
    pub trust: Value,
}

/// Who assumes a role, and what it is called in whose configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'a> {
    /// The check that it is there.
    pub exists: &'static str,
    /// The check that it trusts.
    pub trust: &'static str,
    /// `ecs-tasks.amazonaws.com`
    pub service: &'a str,
    /// What it is: ``the task role of task definition `api` ``.
    pub what: &'a str,
    /// Where it is named: `` `taskRoleArn` ``.
    pub named: &'a str,
}

/// Whether a role is there and trusts the service that assumes it.
pub fn judge(arn: &str, usage: Use<'_>, look: &Look<Role>) -> Vec<Finding> {
    let what = format!("role `{}`, {},", name_of(arn), usage.what);
    match look {
        Look::Found(role) => vec![
            Finding::ok(usage.exists, format!("{what} is there")),
            trust(&role.arn, &role.trust, usage),
        ],
        Look::Missing => vec![Finding::missing(
            usage.exists,
            format!("{what} does not exist"),
            format!("create it, or name another in {}", usage.named),
        )],
        Look::Unseen(unseen) => vec![unseen.finding(usage.exists, &what)],
    }
}

fn trust(arn: &str, policy: &Value, usage: Use<'_>) -> Finding {
    let (name, service) = (name_of(arn), usage.service);
    if trusts(policy, service) {
        return Finding::ok(usage.trust, format!("it trusts `{service}`"));
    }
    let statement = json!({
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
    });
    Finding::missing(
        usage.trust,
        format!(
            "role `{name}`, {}, does not trust `{service}`, which has to assume it",
            usage.what
        ),
        format!("add the statement to the trust policy of role `{name}`"),
    )
    .with_statement(format!("trust policy of {arn}"), statement)
}

/// Whether a trust policy lets a service assume the role. Conditions are not looked at.
fn trusts(policy: &Value, service: &str) -> bool {
    let allows = |statement: &Value| {
        let assumes = |action: &str| matches!(action, "sts:AssumeRole" | "sts:*" | "*");
        let principal = &statement["Principal"];
        let named = |it: &str| it == service || it == "*";
        statement["Effect"] == "Allow"
            && each(&statement["Action"]).any(assumes)
            && (principal == "*" || each(&principal["Service"]).any(named))
    };
    match &policy["Statement"] {
        Value::Array(statements) => statements.iter().any(allows),
        statement => allows(statement),
    }
}

/// IAM writes a list of one as the one.
fn each(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value
        .as_str()
        .into_iter()
        .chain(list.iter().filter_map(Value::as_str))
}

/// What a role was asked, and what IAM's simulation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The check.
    pub check: &'static str,
    /// The role, the action, and the resource.
    pub lack: Lack,
    /// What it is for: ``pass role `api` to ECS ``.
    pub what: String,
    /// Conditions that the statement should have.
    pub condition: Option<Value>,
    /// The parameter of Greenlight's stack that narrows the statement, where the role is one of Greenlight's functions.
    pub parameter: Option<&'static str>,
    /// The resource's own policy may allow it as well, and is not looked at.
    pub may_be_allowed_elsewhere: bool,
    /// Whether it may.
    pub look: Look<Decision>,
}

/// What IAM's simulation decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
    /// It depends on what only the call itself has: these condition keys.
    Depends(String),
}

impl Permission {
    /// Whether the role may do it, with the statement to add where none allows it.
    pub fn finding(&self) -> Finding {
        let (of, action) = (name_of(&self.lack.of), &self.lack.action);
        let what = &self.what;
        let mut statement = self.lack.statement();
        if let Some(condition) = &self.condition {
            statement["Condition"] = condition.clone();
        }
        match &self.look {
            Look::Found(Decision::Allowed) => {
                Finding::ok(self.check, format!("role `{of}` may {what}"))
            }
            Look::Found(Decision::Denied) => Finding::missing(
                self.check,
                format!("role `{of}` may not {what}: a statement denies `{action}`"),
                format!(
                    "take the statement away that denies `{action}` on `{}`: it is in a policy of the role, \
                     in its permissions boundary, or in one of the organisation",
                    self.lack.resource
                ),
            ),
            Look::Found(Decision::NotAllowed) => self
                .not_allowed(of)
                .with_statement(&self.lack.of, statement),
            Look::Found(Decision::Depends(keys)) => Finding::cannot_check(
                self.check,
                format!("whether role `{of}` may {what} depends on `{keys}`"),
                format!("see that the conditions of `{action}` hold when it is done"),
            ),
            Look::Missing => Finding::missing(
                self.check,
                format!("role `{of}`, which has to {what}, does not exist"),
                "create it",
            ),
            Look::Unseen(unseen) => {
                unseen.finding(self.check, &format!("whether role `{of}` may {what}"))
            }
        }
    }
}

impl Permission {
    fn not_allowed(&self, of: &str) -> Finding {
        let what = &self.what;
        let text = format!(
            "role `{of}` may not {what}: no statement allows `{}`",
            self.lack.action
        );
        let remedy = match self.parameter {
            Some(parameter) => format!(
                "name it in the parameter `{parameter}` of Greenlight's stack, whose functions all have the statement"
            ),
            None => format!("add the statement to a policy of role `{of}`"),
        };
        if self.may_be_allowed_elsewhere {
            let text = format!("{text}, and the resource's own policy was not looked at");
            return Finding::warning(self.check, text, remedy);
        }
        Finding::missing(self.check, text, remedy)
    }
}

/// Whether the role in `role_arn` can be assumed. `us` is the ARN of whoever assumes it.
pub fn assumable(role: &str, us: &str, look: &Look<()>) -> Finding {
    let name = name_of(role);
    match look {
        Look::Found(()) => Finding::ok(check::ROLE_ARN, format!("role `{name}` can be assumed")),
        Look::Missing => Finding::missing(
            check::ROLE_ARN,
            format!("role `{name}` of `role_arn` cannot be assumed by `{us}`"),
            format!(
                "allow `sts:AssumeRole` on `{role}` to `{us}` and to Greenlight's functions (parameter \
                 `TargetRoleArns`), and add the statement to the trust policy of role `{name}`"
            ),
        )
        .with_statement(
            format!("trust policy of {role}"),
            json!({"Effect": "Allow", "Principal": {"AWS": us}, "Action": "sts:AssumeRole"}),
        ),
        Look::Unseen(unseen) => unseen.finding(check::ROLE_ARN, &format!("role `{name}`")),
    }
}

/// The name of a role, from its ARN.
pub fn name_of(arn: &str) -> &str {
    match arn.split_once(":role/") {
        Some((_, path)) => path.rsplit('/').next().unwrap_or(path),
        None => arn,
    }
}

#[cfg(test)]
mod tests;
