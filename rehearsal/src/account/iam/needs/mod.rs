//! Which actions a call needs, and on which resources: the Service Authorization Reference, as far as the account
//! simulates its services (AWS-FACTS 10). One file for each service that has more than a line of it.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/>
//!
//! A resource type that the reference marks as required is one that a policy has to allow; of two, both. An action
//! without resource types is asked for on `*`.

mod codedeploy;
mod codepipeline;
mod dynamodb;
mod ecs;
mod others;

use serde_json::Value;

use super::condition::Context;
use crate::account::Account;
use crate::account::service::Service;

/// An action that a call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// Such as `ecs:UpdateService`.
    pub(crate) action: String,
    /// The ARN, or `*`; `None` if what the call is about is not there.
    pub(crate) resource: Option<String>,
    pub(crate) context: Context,
}

/// A call whose needs are looked for.
pub(in crate::account) struct Call<'a> {
    pub(in crate::account) account: &'a Account,
    /// That the caller's client is in.
    pub(in crate::account) region: &'a str,
    pub(in crate::account) service: Service,
    pub(in crate::account) operation: &'a str,
    pub(in crate::account) input: &'a Value,
}

impl Need {
    fn on(action: &str, resource: impl Into<String>) -> Self {
        Self {
            action: action.to_owned(),
            resource: Some(resource.into()),
            context: Context::new(),
        }
    }

    fn on_anything(action: &str) -> Self {
        Self::on(action, "*")
    }

    /// On something that is perhaps not there.
    fn on_found(action: &str, resource: Option<String>) -> Self {
        Self {
            resource,
            ..Self::on_anything(action)
        }
    }

    fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.push((key.to_owned(), value.into()));
        self
    }

    /// A role is given to the tasks of ECS.
    fn pass_to_tasks(role: &str) -> Self {
        Self::on("iam:PassRole", role).with("iam:PassedToService", "ecs-tasks.amazonaws.com")
    }
}

impl Call<'_> {
    /// What it needs; `None` if that is not known, which is for whoever adds an operation to the account to write down.
    pub(in crate::account) fn needs(&self) -> Option<Vec<Need>> {
        match self.service {
            Service::CodeDeploy => codedeploy::needs(self),
            Service::CodePipeline => codepipeline::needs(self),
            Service::DynamoDb => dynamodb::needs(self),
            Service::Ecs => ecs::needs(self),
            _ => others::needs(self),
        }
    }

    /// The action of the operation's own name.
    fn action(&self) -> String {
        format!("{}:{}", self.service.iam(), self.operation)
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.input[member].as_str()
    }

    fn texts(&self, member: &str) -> Vec<&str> {
        let list = self.input[member].as_array();
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.collect()
    }

    /// An ARN of the account, in the caller's region.
    fn arn(&self, service: &str, resource: &str) -> String {
        let account = &self.account.settings().account_id;
        format!("arn:aws:{service}:{}:{account}:{resource}", self.region)
    }

    /// The same, unless the name is an ARN already.
    fn arn_of(&self, service: &str, kind: &str, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        self.arn(service, &format!("{kind}{name}"))
    }
}

#[cfg(test)]
mod tests;
