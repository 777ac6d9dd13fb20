//! CloudFormation, as far as a rehearsal of an installation needs it: stacks are created, updated, rolled back and deleted,
//! with the custom resources that a function provides.
//!
//! There is no API of it. A stack is a file and its parameters ([`Stacks`]); what its resources become in the account is
//! in `resources.rs`, how a function is asked for a custom one in `request.rs`, and where it answers in `response_url.rs`.
//!
//! Of a stack with resources of AWS's own, those can only be created: an update that changes one, a roll back and a
//! deletion leave them as they are, and say so. Source of what custom resources do: the CloudFormation User Guide,
//! "CloudFormation custom resource request and response reference" and "Custom resources".

mod alarms;
mod managed_policies;
mod request;
mod resources;
mod response_url;
mod services;
mod stacks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::Account;
use super::template::{Choices, StackFile, TemplateError};
pub(crate) use managed_policies::document as managed_policy;
pub(crate) use response_url::answered;
pub use stacks::StackFailure;

/// What CloudFormation remembers.
#[derive(Default)]
pub(crate) struct State {
    stacks: BTreeMap<String, Stack>,
    /// Export → value.
    exports: BTreeMap<String, String>,
    /// The requests that wait for their answers.
    waiting: BTreeMap<String, response_url::Waiting>,
    /// The endpoint of the account, where it is one on loopback.
    reached_at: Option<String>,
    /// Every request that was sent to a function, oldest first.
    sent: Vec<Value>,
}

/// A stack.
#[derive(Debug, Clone, Default)]
struct Stack {
    arn: String,
    /// In the order in which they were created.
    resources: Vec<Resource>,
}

/// A resource that is there.
#[derive(Debug, Clone)]
struct Resource {
    id: String,
    kind: String,
    /// With every function of the template resolved.
    properties: Value,
    made: Made,
}

/// What a resource has become, for the resources that name it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    /// What `Ref` gives: the physical id.
    pub(crate) reference: String,
    /// What `GetAtt` gives.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// CloudFormation's stacks. Clones are the same.
#[derive(Debug, Clone)]
pub struct Stacks {
    account: Account,
}

/// CloudFormation waits so long for an answer if a resource has no `ServiceTimeout`.
const SERVICE_TIMEOUT: Duration = Duration::from_hours(1);

impl Account {
    /// CloudFormation's stacks.
    pub fn stacks(&self) -> Stacks {
        Stacks {
            account: self.clone(),
        }
    }
}

impl Stacks {
    /// From now on, answers to requests come to this endpoint of the account.
    pub fn reached_at(&self, endpoint: &str) {
        self.account.state().cloudformation.reached_at = Some(endpoint.to_owned());
    }

    /// Notes what a stack exports that was set up otherwise.
    pub fn exports_of(&self, text: &str, choices: &Choices) -> Result<(), TemplateError> {
        let exports = StackFile::parse(text, choices, BTreeMap::new())?.exports()?;
        self.account.state().cloudformation.exports.extend(exports);
        Ok(())
    }

    /// The requests that were sent to functions, oldest first, with their URLs.
    pub fn requests(&self) -> Vec<Value> {
        self.account.state().cloudformation.sent.clone()
    }

    /// What a custom resource of a stack is called: its physical id.
    pub fn physical_id(&self, stack: &str, resource: &str) -> Option<String> {
        self.attribute_of(stack, resource, |made| Some(made.reference.clone()))
    }

    /// An attribute of a resource of a stack, as `GetAtt` gives it.
    pub fn attribute(&self, stack: &str, resource: &str, attribute: &str) -> Option<String> {
        self.attribute_of(stack, resource, |made| {
            made.attributes.get(attribute).cloned()
        })
    }

    fn attribute_of(
        &self,
        stack: &str,
        resource: &str,
        read: impl Fn(&Made) -> Option<String>,
    ) -> Option<String> {
        let state = self.account.state();
        let stack = state.cloudformation.stacks.get(stack)?;
        let resource = stack.resources.iter().find(|it| it.id == resource)?;
        read(&resource.made)
    }
}

impl Resource {
    fn is_custom(&self) -> bool {
        is_custom(&self.kind)
    }
}

fn is_custom(kind: &str) -> bool {
    kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource"
}
