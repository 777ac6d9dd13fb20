//! One step of a target's state, with the records that it touches, in one transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Put, TransactWriteItem, Update},
};
use greenlight_core::{
    deployment::{DeploymentId, Effect, TargetState},
    job::JobId,
    record::RecordChange,
    target::TargetName,
};
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::{to_attribute_value, to_item};

use super::{
    StoredTarget, Table,
    items::{InterventionItem, RecordItem, TARGET, record_key, target_key},
    jobs::{JOB, job_key},
};
use crate::{AwsError, Kind, error::failed};

const ACTION: &str = "dynamodb:TransactWriteItems";

/// The attributes of a target's item that are its state.
const STATE: [&str; 10] = [
    "current",
    "active",
    "queued",
    "rollback",
    "newest",
    "rejected",
    "hold",
    "marked",
    "promoted",
    "troubled_since",
];

/// What became of an attempt to store a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// It is stored.
    Stored,
    /// Somebody else has moved the target meanwhile: read it again, and decide again.
    Conflict,
    /// The record that was to be created exists, or the job waits for a deployment already: this very
    /// cause has been dealt with before.
    AlreadyRecorded,
}

impl Table {
    /// Stores the next state of a target if it still has the version that was read, together with
    /// the records that `effects` create and complete.
    pub async fn commit(
        &self,
        was: &StoredTarget,
        state: &TargetState,
        effects: &[Effect],
    ) -> Result<Commit, AwsError> {
        let name = &was.target.name;
        let mut writes = vec![self.move_state(name, was.version, state)?];
        let mut creates = vec![false];
        for effect in effects {
            let write = match effect {
                Effect::Create(record) => self.put_new(RecordItem::new((**record).clone()))?,
                Effect::Update { deployment, change } => {
                    self.complete(name, *deployment, change)?
                }
                Effect::Await {
                    job,
                    deployment,
                    is_new,
                } => self.await_with(name, job, *deployment, *is_new)?,
                Effect::Note(intervention) => {
                    self.put_new(InterventionItem::new(name, (**intervention).clone()))?
                }
                Effect::Start { .. }
                | Effect::Stop { .. }
                | Effect::Announce(_)
                | Effect::Answer { .. } => continue,
            };
            writes.push(write);
            creates.push(matches!(
                effect,
                Effect::Create(_) | Effect::Note(_) | Effect::Await { is_new: true, .. }
            ));
        }
        let result = self
            .clients
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        let Err(error) = result else {
            return Ok(Commit::Stored);
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return Err(failed(ACTION, self.resource())(error));
        };
        let failed_at = |code: &str| {
            cancelled
                .cancellation_reasons()
                .iter()
                .position(|reason| reason.code() == Some(code))
        };
        match failed_at("ConditionalCheckFailed") {
            Some(index) if creates.get(index) == Some(&true) => Ok(Commit::AlreadyRecorded),
            Some(0) => Ok(Commit::Conflict),
            None if failed_at("TransactionConflict").is_some() => Ok(Commit::Conflict),
            // Some: a record that is to be completed has gone, since its time to live is over.
            Some(_) | None => Err(failed(ACTION, self.resource())(error)),
        }
    }

    fn move_state(
        &self,
        name: &TargetName,
        version: u64,
        state: &TargetState,
    ) -> Result<TransactWriteItem, AwsError> {
        let mut values = self.item(state)?;
        let mut expression = Expression::default();
        for attribute in STATE {
            match values.remove(attribute) {
                Some(value) => expression.set(attribute, value),
                None => expression.remove(attribute),
            }
        }
        expression.set("version", AttributeValue::N((version + 1).to_string()));
        let update = expression
            .update(&self.name, target_key(name), TARGET.to_owned())
            .condition_expression("#version = :was")
            .expression_attribute_values(":was", AttributeValue::N(version.to_string()));
        Ok(TransactWriteItem::builder()
            .update(update.build().map_err(|error| self.not_built(&error))?)
            .build())
    }

    pub(super) fn put_new(&self, item: impl Serialize) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(self.item(item)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn complete(
        &self,
        name: &TargetName,
        deployment: DeploymentId,
        change: &RecordChange,
    ) -> Result<TransactWriteItem, AwsError> {
        let RecordChange {
            status,
            started_at,
            concluded_at,
            aws_id,
            task_definition,
            previous,
            reason,
            evidence,
        } = change;
        let mut expression = Expression::default();
        let mut set = |attribute: &'static str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                expression.set(attribute, value);
            }
        };
        set("status", self.value(status.as_ref())?);
        set("started_at", self.value(started_at.as_ref())?);
        set("concluded_at", self.value(concluded_at.as_ref())?);
        set("aws_id", self.value(aws_id.as_ref())?);
        set("task_definition", self.value(task_definition.as_ref())?);
        set("previous", self.value(previous.as_ref())?);
        set("reason", self.value(reason.as_ref())?);
        set("evidence", self.value(evidence.as_ref())?);
        let update = expression
            .update(&self.name, target_key(name), record_key(deployment))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Notes which deployment a job waits for.
    fn await_with(
        &self,
        name: &TargetName,
        job: &JobId,
        deployment: DeploymentId,
        is_new: bool,
    ) -> Result<TransactWriteItem, AwsError> {
        let mut expression = Expression::default();
        expression.set("deployment", AttributeValue::S(deployment.to_string()));
        expression.set("target", AttributeValue::S(name.to_string()));
        let condition = if is_new {
            "attribute_not_exists(#deployment)"
        } else {
            "attribute_exists(pk)"
        };
        let update = expression
            .update(&self.name, job_key(job), JOB.to_owned())
            .condition_expression(condition)
            .build()
            .map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    pub(super) fn item<T: Serialize>(
        &self,
        value: T,
    ) -> Result<HashMap<String, AttributeValue>, AwsError> {
        to_item(value).map_err(|error| self.not_built(&error))
    }

    pub(super) fn value<T: Serialize>(
        &self,
        value: Option<T>,
    ) -> Result<Option<AttributeValue>, AwsError> {
        value
            .map(to_attribute_value)
            .transpose()
            .map_err(|error| self.not_built(&error))
    }

    pub(super) fn not_built(&self, error: &dyn std::error::Error) -> AwsError {
        AwsError::unusable(
            ACTION,
            self.resource(),
            Kind::Invalid,
            None,
            error.to_string(),
        )
    }
}

/// An update expression. Every attribute goes through a name: many words are reserved.
#[derive(Default)]
struct Expression {
    sets: Vec<String>,
    removes: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    fn set(&mut self, attribute: &'static str, value: AttributeValue) {
        self.sets.push(format!("#{attribute} = :{attribute}"));
        self.names
            .insert(format!("#{attribute}"), attribute.to_owned());
        self.values.insert(format!(":{attribute}"), value);
    }

    fn remove(&mut self, attribute: &'static str) {
        self.removes.push(format!("#{attribute}"));
        self.names
            .insert(format!("#{attribute}"), attribute.to_owned());
    }

    fn update(
        self,
        table: &str,
        pk: String,
        sk: String,
    ) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        let mut text = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            text.push_str(" REMOVE ");
            text.push_str(&self.removes.join(", "));
        }
        let mut update = Update::builder()
            .table_name(table)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .update_expression(text)
            .set_expression_attribute_names(Some(self.names));
        for (name, value) in self.values {
            update = update.expression_attribute_values(name, value);
        }
        update
    }
}
