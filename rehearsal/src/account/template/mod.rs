//! template.yaml, read: the very functions, rules, queues and table that are packaged are rehearsed.
//!
//! [`Template::read`] gives the stack as plain structures, with every intrinsic function resolved by the
//! parameters' defaults; `stack.rs` then sets it up in the account. Nothing about the wiring is written a
//! second time in Rust. Resources that the account does not simulate (log groups, alarms) are passed over.
//! The files of `examples/` are read resource by resource (`stack_file.rs`), for the simulated CloudFormation.

mod intrinsics;
mod names;
mod permissions;
mod pipelines;
mod resources;
mod stack;
mod stack_file;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::events::InputTransformer;
use super::iam::Policy;

pub(super) use pipelines::pipeline_of;
pub(super) use stack_file::StackFile;

/// What a template sets up.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// Lambda functions, in the order of the template, as are all.
    pub functions: Vec<Function>,
    /// SQS queues.
    pub queues: Vec<QueueResource>,
    /// Names of SNS topics.
    pub topics: Vec<String>,
    /// DynamoDB tables.
    pub tables: Vec<TableResource>,
    /// EventBridge rules, the functions' own events of that kind included.
    pub rules: Vec<RuleResource>,
    /// EventBridge rules that a clock sets off, the functions' own included.
    pub schedules: Vec<ScheduleResource>,
    /// Event source mappings, the functions' own SQS events included.
    pub mappings: Vec<super::queue::Mapping>,
    /// CodePipeline's custom action types.
    pub action_types: Vec<super::codepipeline::CustomActionType>,
    /// What services may do to the resources: queue policies and Lambda permissions.
    grants: Vec<permissions::Grant>,
}

/// A Lambda function of the template.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name within the template; the calls that it makes are journalled under this.
    pub logical_id: String,
    /// Its `FunctionName`, or the logical id.
    pub name: String,
    /// The folder of its code, which is also the name of its crate and binary.
    pub code: String,
    /// When it is killed.
    pub timeout: Duration,
    /// In MB.
    pub memory: u64,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// How often an asynchronous invocation is tried again.
    pub retries: usize,
    /// ARN of the queue for asynchronous invocations that failed for good.
    pub on_failure: Option<String>,
    /// ARN of the queue of its `DeadLetterConfig`.
    pub dead_letters: Option<String>,
    /// What its policies allow.
    pub policy: Policy,
}

/// An SQS queue of the template.
#[derive(Debug, Clone)]
pub struct QueueResource {
    /// Its `QueueName`, or the logical id.
    pub name: String,
    /// How long a received message is hidden.
    pub visibility_timeout: Duration,
    /// How long a sent message is hidden at first.
    pub delay: Duration,
    /// ARN of the dead-letter queue, and how often a message is received before it goes there.
    pub redrive: Option<(String, u32)>,
}

/// A DynamoDB table of the template.
#[derive(Debug, Clone)]
pub struct TableResource {
    /// Its `TableName`, or the name that the reader was given for it, or the logical id.
    pub name: String,
    /// Its properties, resolved.
    pub properties: Value,
}

/// An EventBridge rule of the template.
#[derive(Debug, Clone)]
pub struct RuleResource {
    /// Its `Name`, or the logical id.
    pub name: String,
    /// Its event pattern.
    pub pattern: Value,
    /// Target ARN and, where there is one, the ARN of its dead-letter queue.
    pub targets: Vec<(String, Option<String>)>,
    /// What is made of the event first, by the ARN of the target.
    pub inputs: BTreeMap<String, InputTransformer>,
}

/// The schedule of an EventBridge rule. A rule may have a pattern besides.
#[derive(Debug, Clone)]
pub struct ScheduleResource {
    /// Name of the rule, or its logical id.
    pub name: String,
    /// How often it ticks.
    pub every: Duration,
    /// As those of a [`RuleResource`].
    pub targets: Vec<(String, Option<String>)>,
}

/// Why a template cannot be rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct TemplateError {
    place: String,
    reason: String,
}

/// Where the stack stands, and what in it is chosen from outside.
#[derive(Debug, Clone)]
pub struct Choices {
    /// The account's number.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// Parameter → value, in place of its default.
    pub parameters: BTreeMap<String, String>,
    /// Logical id → physical name, for resources that the template leaves unnamed. The others are called by
    /// their logical id; CloudFormation would add the stack's name and a random part.
    pub names: BTreeMap<String, String>,
}

impl Choices {
    /// The choices of all rehearsals: the parameters' defaults, and the table called `greenlight`.
    pub fn of(settings: &super::Settings) -> Self {
        Self {
            account_id: settings.account_id.clone(),
            region: settings.region.clone(),
            parameters: BTreeMap::new(),
            names: BTreeMap::from([("Table".to_owned(), "greenlight".to_owned())]),
        }
    }
}

impl Template {
    /// Reads a template's text.
    pub fn parse(text: &str, choices: &Choices) -> Result<Self, TemplateError> {
        resources::Reader::new(intrinsics::parse(text)?, choices)?.read()
    }

    /// Reads a template's file.
    pub fn read(path: &Path, choices: &Choices) -> Result<Self, TemplateError> {
        Self::parse(&text_of(path)?, choices)
    }

    /// The function of this logical id.
    pub fn function(&self, logical_id: &str) -> Option<&Function> {
        self.functions
            .iter()
            .find(|function| function.logical_id == logical_id)
    }
}

impl TemplateError {
    fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            reason: reason.into(),
        }
    }
}

fn text_of(path: &Path) -> Result<String, TemplateError> {
    std::fs::read_to_string(path).map_err(|error| {
        TemplateError::new(
            path.display().to_string(),
            format!("cannot be read: {error}"),
        )
    })
}

#[cfg(test)]
mod tests;
