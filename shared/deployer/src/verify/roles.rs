//! Roles and what they may do. Each role is read once, whatever it is named for.

use std::sync::{Arc, PoisonError};

use futures_util::{future::join_all, join};
use greenlight_aws::{Clients, iam, sts};
use greenlight_core::{
    target::RoleArn,
    task_definition::{Reference, TaskDefinition},
    verification::{
        Branch, Finding, Lack, Look, check,
        roles::{self, Decision, Permission, Role, Use},
        task_definition, uses,
    },
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    Verifier,
    look::{looked, seen},
};

/// What a role is asked: one action on several resources.
pub(super) struct Question<'a> {
    pub(super) check: &'static str,
    pub(super) role: &'a str,
    pub(super) action: &'static str,
    /// Each with what doing it means: ``pass role `api` to ECS ``.
    pub(super) resources: Vec<(String, String)>,
    pub(super) context: &'a [(&'a str, &'a str)],
    pub(super) parameter: Option<&'static str>,
    pub(super) may_be_allowed_elsewhere: bool,
}

impl Verifier<'_> {
    /// Whether the role in `role_arn` can be assumed: any call says so, and this one needs no permission.
    pub(super) async fn assumed(&self) -> Option<Finding> {
        let role = self.target.role_arn.as_ref()?;
        let lack = self.place.own_lack("sts:AssumeRole", role.as_str());
        let look = match seen(self.bounded(sts::caller(&self.clients)).await, lack) {
            Look::Found(_) => Look::Found(()),
            Look::Unseen(unseen) if unseen.lacks.is_none() => Look::Unseen(unseen),
            Look::Missing | Look::Unseen(_) => Look::Missing,
        };
        Some(roles::assumable(role.as_str(), &self.place.us, &look))
    }

    /// A role by its name or ARN, and whether it trusts who is to assume it.
    pub(super) async fn role_findings(&self, name: &str, usage: Use<'_>) -> (Vec<Finding>, bool) {
        let arn = self.place.role(name);
        let look = self.role(&arn).await;
        let is_there = look.found().is_some();
        (roles::judge(&arn, usage, &look), is_there)
    }

    async fn role(&self, arn: &str) -> Look<Role> {
        let cell = {
            let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(roles.entry(arn.to_owned()).or_default())
        };
        let read: &OnceCell<Look<Role>> = &cell;
        read.get_or_init(async || {
            let lack = self.place.lack("iam:GetRole", arn);
            let asked = iam::role(&self.clients, roles::name_of(arn));
            looked(self.bounded(asked).await, lack).map(|role| Role {
                arn: role.arn,
                trust: role.trust,
            })
        })
        .await
        .clone()
    }

    /// What IAM's simulation says of a question: one call.
    pub(super) async fn permissions(&self, question: Question<'_>) -> Vec<Finding> {
        self.permissions_by(&self.clients, question).await
    }

    /// The same by other clients: a role is known only in its own account.
    pub(super) async fn permissions_by(
        &self,
        clients: &Clients,
        question: Question<'_>,
    ) -> Vec<Finding> {
        if question.resources.is_empty() {
            return Vec::new();
        }
        let role = self.place.role(question.role);
        let resources: Vec<&str> = question
            .resources
            .iter()
            .map(|(arn, _)| arn.as_str())
            .collect();
        let actions = [question.action];
        let call = iam::simulate(clients, &role, &actions, &resources, question.context);
        let lack = self
            .place
            .lack("iam:SimulatePrincipalPolicy", role.as_str());
        let look = looked(self.bounded(call).await, lack);
        let asked = question.resources.iter().map(|(resource, what)| {
            let permission = Permission {
                check: question.check,
                lack: Lack {
                    of: role.clone(),
                    action: question.action.to_owned(),
                    resource: resource.clone(),
                },
                what: what.clone(),
                condition: condition(question.context),
                parameter: question.parameter,
                may_be_allowed_elsewhere: question.may_be_allowed_elsewhere,
                look: look.clone().map(|decisions| decided(&decisions, resource)),
            };
            permission.finding()
        });
        asked.collect()
    }

    /// The roles of a task definition, and whether whoever deploys may pass them. `gate` is the role of Greenlight's
    /// functions, where it is known.
    pub(super) async fn task_roles(
        &self,
        definition: &TaskDefinition,
        gate: Option<&str>,
    ) -> Option<Branch> {
        let named = [
            (definition.task_role(), uses::TASK),
            (definition.execution_role(), uses::EXECUTION),
        ];
        let named: Vec<(&str, Use<'_>)> = named
            .into_iter()
            .filter_map(|(name, usage)| Some((name?, usage)))
            .collect();
        let found = join_all(
            named
                .iter()
                .map(|(name, usage)| self.role_findings(name, *usage)),
        );
        let passed = self.passed(&named, gate);
        let needs = self.execution_role(definition);
        let (found, passed, needs) = join!(found, passed, needs);
        let mut findings: Vec<Finding> = found.into_iter().flat_map(|(found, _)| found).collect();
        findings.extend(task_definition::execution_role(definition));
        findings.extend(passed);
        findings.extend(needs);
        (!findings.is_empty()).then(|| Branch {
            name: format!("roles of task definition `{}`", definition.family()),
            findings,
        })
    }

    async fn passed(&self, named: &[(&str, Use<'_>)], gate: Option<&str>) -> Vec<Finding> {
        let assumed = self.target.role_arn.as_ref().map(RoleArn::as_str);
        // Without a role of the target's own all functions have one and the same statement.
        let Some(passes) = assumed.or(gate) else {
            return Vec::new();
        };
        let mut resources: Vec<(String, String)> = named
            .iter()
            .map(|(name, _)| {
                let arn = self.place.role(name);
                let what = format!("pass role `{}` to ECS", roles::name_of(&arn));
                (arn, what)
            })
            .collect();
        resources.dedup();
        self.permissions(Question {
            check: check::PASS_ROLE,
            role: passes,
            action: "iam:PassRole",
            resources,
            context: &[("iam:PassedToService", uses::TASKS)],
            parameter: assumed.is_none().then_some("TaskRoleNames"),
            may_be_allowed_elsewhere: false,
        })
        .await
    }

    /// Whether the execution role may read the secrets, and create the log groups that are to be created.
    async fn execution_role(&self, definition: &TaskDefinition) -> Vec<Finding> {
        let Some(role) = definition.execution_role() else {
            return Vec::new();
        };
        let (mut secrets, mut parameters, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for container in definition.containers() {
            for (name, reference) in container.references() {
                let what = format!("read `{name}` of container `{}`", container.name());
                match reference {
                    Reference::Secret(arn) => secrets.push((arn, what)),
                    Reference::Parameter(name) => {
                        parameters.push((self.place.parameter(&name), what));
                    }
                }
            }
            if let Some(group) = container.log_group().filter(|group| group.is_created) {
                let arn = self.place.log_group(&group.name, group.region.as_deref());
                groups.push((arn, format!("create log group `{}`", group.name)));
            }
        }
        let ask = |check, action, resources, may_be_allowed_elsewhere| {
            self.permissions(Question {
                check,
                role,
                action,
                resources,
                context: &[],
                parameter: None,
                may_be_allowed_elsewhere,
            })
        };
        let readable = check::SECRET_READABLE;
        let (secrets, parameters, groups) = join!(
            ask(readable, "secretsmanager:GetSecretValue", secrets, true),
            ask(readable, "ssm:GetParameters", parameters, false),
            ask(
                check::LOG_GROUP_CREATE,
                "logs:CreateLogGroup",
                groups,
                false
            ),
        );
        [secrets, parameters, groups].concat()
    }
}

fn condition(context: &[(&str, &str)]) -> Option<Value> {
    if context.is_empty() {
        return None;
    }
    let keys = context
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)));
    Some(json!({"StringEquals": keys.collect::<serde_json::Map<_, _>>()}))
}

/// What was decided of a resource. IAM leaves out what it has no opinion of: that is not allowed.
fn decided(decisions: &[iam::Decision], resource: &str) -> Decision {
    let found = decisions.iter().find(|it| it.resource == resource);
    let Some(found) = found.or(decisions.first().filter(|_| decisions.len() == 1)) else {
        return Decision::NotAllowed;
    };
    match found.decision.as_str() {
        _ if found.is_allowed() => Decision::Allowed,
        "explicitDeny" => Decision::Denied,
        _ if !found.missing_context.is_empty() => {
            Decision::Depends(found.missing_context.join("`, `"))
        }
        _ => Decision::NotAllowed,
    }
}
