//! What people are asked at the gates of a target, and what they have said.
//!
//! A deployment asks once at each point: whoever asks again gets what there is. Decisions are added by
//! compare-and-swap on `version`, so that of two at once both count. What they mean is decided in
//! [`greenlight_core::gate`].

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use greenlight_core::{
    deployment::DeploymentId,
    gate::{Approval, ApprovalId, Decision, NotOpen},
    target::TargetName,
};
use jiff::{SignedDuration, Timestamp};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::{
    GET, Item, Table,
    items::{record_key, target_key},
};
use crate::{AwsError, Kind, error::failed};

/// Nobody asks for it so long after the time to answer.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// So many approvals of a target are read, …
const APPROVALS_LIMIT: usize = 200;
/// … in so many pages at the most.
const PAGES_LIMIT: usize = 10;
/// So often a decision is tried again because somebody else has decided meanwhile.
const ATTEMPTS: u32 = 10;
const UPDATE: &str = "dynamodb:UpdateItem";
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It counts; this is how things are with it.
    Taken(Approval),
    /// It comes too late.
    TooLate(NotOpen),
    /// Nobody was asked.
    Unknown,
}

impl Table {
    /// Asks people, unless they have been asked already; then what they were asked comes back as it is.
    pub async fn ask_approval(
        &self,
        target: &TargetName,
        approval: &Approval,
    ) -> Result<Approval, AwsError> {
        let expires_at = approval.until.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        let mut attributes = self.item(approval)?;
        let number = |number: i64| AttributeValue::N(number.to_string());
        attributes.insert("expires_at".to_owned(), number(expires_at.as_second()));
        attributes.insert("version".to_owned(), number(1));
        let mut sets = Vec::new();
        let mut names = HashMap::new();
        let mut values = HashMap::new();
        for (name, value) in attributes {
            sets.push(format!("#{name} = :{name}"));
            values.insert(format!(":{name}"), value);
            names.insert(format!("#{name}"), name);
        }
        let result = self
            .update(target_key(target), approval_key(&approval.id))
            .update_expression(format!("SET {}", sets.join(", ")))
            .condition_expression("attribute_not_exists(pk)")
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .send()
            .await
            .map_err(failed(UPDATE, self.resource()));
        match result {
            Ok(_) => Ok(approval.clone()),
            Err(error) if error.is(CONDITION_FAILED) => {
                let found = self.approval(target, &approval.id).await?;
                Ok(found.unwrap_or_else(|| approval.clone()))
            }
            Err(error) => Err(error),
        }
    }

    /// What people are asked and have said, as it is now.
    pub async fn approval(
        &self,
        target: &TargetName,
        id: &ApprovalId,
    ) -> Result<Option<Approval>, AwsError> {
        let item = self.get(target_key(target), approval_key(id)).await?;
        let read = item.map(|item| self.read_approval(GET, item)).transpose()?;
        Ok(read.map(|(approval, _)| approval))
    }

    /// What people are asked at the gates of a target and were asked lately, newest first.
    pub async fn approvals(&self, target: &TargetName) -> Result<Vec<Approval>, AwsError> {
        const ACTION: &str = "dynamodb:Query";
        let mut found = Vec::new();
        let mut start = None;
        for _ in 0..PAGES_LIMIT {
            let page = self
                .clients
                .dynamodb
                .query()
                .table_name(&self.name)
                .key_condition_expression("pk = :target AND begins_with(sk, :approval)")
                .expression_attribute_values(":target", AttributeValue::S(target_key(target)))
                .expression_attribute_values(":approval", AttributeValue::S("approval#".to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed(ACTION, self.resource()))?;
            for item in page.items.unwrap_or_default() {
                found.push(self.read_approval(ACTION, item)?.0);
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= APPROVALS_LIMIT {
                break;
            }
        }
        found.sort_by_key(|approval| std::cmp::Reverse(approval.asked_at));
        found.truncate(APPROVALS_LIMIT);
        Ok(found)
    }

    /// Adds what a person has decided, as long as it is asked for.
    pub async fn decide(
        &self,
        target: &TargetName,
        id: &ApprovalId,
        decision: &Decision,
    ) -> Result<Decided, AwsError> {
        for _ in 0..ATTEMPTS {
            let item = self.get(target_key(target), approval_key(id)).await?;
            let Some(item) = item else {
                return Ok(Decided::Unknown);
            };
            let (was, version) = self.read_approval(GET, item)?;
            let decided = match was.with(decision.clone()) {
                Ok(decided) => decided,
                Err(too_late) => return Ok(Decided::TooLate(too_late)),
            };
            if self.swap(target, &decided, version).await? {
                return Ok(Decided::Taken(decided));
            }
        }
        let message = format!("others have decided {ATTEMPTS} times in a row meanwhile");
        let resource = self.resource();
        Err(AwsError::unusable(
            UPDATE,
            resource,
            Kind::Unavailable,
            None,
            message,
        ))
    }

    /// Writes the decisions if the approval still has the version that was read.
    async fn swap(
        &self,
        target: &TargetName,
        decided: &Approval,
        version: u64,
    ) -> Result<bool, AwsError> {
        let decisions = self.value(Some(&decided.decisions))?;
        let result = self
            .update(target_key(target), approval_key(&decided.id))
            .update_expression("SET #decisions = :decisions, #version = :version")
            .condition_expression("#version = :was")
            .expression_attribute_names("#decisions", "decisions")
            .expression_attribute_names("#version", "version")
            .set_expression_attribute_values(
                decisions.map(|value| HashMap::from([(":decisions".to_owned(), value)])),
            )
            .expression_attribute_values(":version", AttributeValue::N((version + 1).to_string()))
            .expression_attribute_values(":was", AttributeValue::N(version.to_string()))
            .send()
            .await
            .map_err(failed(UPDATE, self.resource()));
        match result {
            Ok(_) => Ok(true),
            Err(error) if error.is(CONDITION_FAILED) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes that the event that asks for it was emitted.
    pub async fn approval_announced(
        &self,
        target: &TargetName,
        id: &ApprovalId,
    ) -> Result<(), AwsError> {
        self.update(target_key(target), approval_key(id))
            .update_expression("SET #is_announced = :true")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#is_announced", "is_announced")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await
            .map_err(failed(UPDATE, self.resource()))?;
        Ok(())
    }

    /// Adds what a person has decided where AWS waited for it to the record of a deployment.
    pub async fn note_decision(
        &self,
        target: &TargetName,
        deployment: DeploymentId,
        decision: &Decision,
    ) -> Result<(), AwsError> {
        let decision = self.value(Some(&[decision]))?;
        self.update(target_key(target), record_key(deployment))
            .update_expression(
                "SET #decisions = list_append(if_not_exists(#decisions, :none), :decision)",
            )
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#decisions", "decisions")
            .set_expression_attribute_values(
                decision.map(|value| HashMap::from([(":decision".to_owned(), value)])),
            )
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .send()
            .await
            .map_err(failed(UPDATE, self.resource()))?;
        Ok(())
    }

    fn read_approval(&self, action: &'static str, item: Item) -> Result<(Approval, u64), AwsError> {
        let version = item.get("version").and_then(|value| value.as_n().ok());
        let version = version.and_then(|version| version.parse().ok());
        let approval = from_item(item).map_err(|error| error.to_string());
        let version = version.ok_or_else(|| "it has no `version`".to_owned());
        match (approval, version) {
            (Ok(approval), Ok(version)) => Ok((approval, version)),
            (Err(what), _) | (_, Err(what)) => {
                let message =
                    format!("an item is not an approval of this version of Greenlight: {what}");
                let resource = self.resource();
                Err(AwsError::unusable(
                    action,
                    resource,
                    Kind::Invalid,
                    None,
                    message,
                ))
            }
        }
    }
}

fn approval_key(id: &ApprovalId) -> String {
    let ApprovalId {
        point,
        aws_id,
        label,
    } = id;
    let label = label.iter().map(|label| format!("#{label}"));
    format!(
        "approval#{}#{aws_id}{}",
        point.name(),
        label.collect::<String>()
    )
}

#[cfg(test)]
mod tests;
