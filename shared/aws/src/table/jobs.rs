//! The jobs of pipelines that Greenlight has taken on, until their time to live is over.
//!
//! A job that waits for its answer has the attribute `repository`, with a value that no repository
//! has, so that the index by repository finds all that wait in one query. Which deployment a job
//! waits for is written with the step that takes it on, in [`super::commit`].

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use greenlight_core::{deployment::DeploymentId, job::JobId, target::TargetName};
use jiff::{SignedDuration, Timestamp};

use super::{Item, Table};
use crate::{AwsError, Kind, error::failed};

/// The sort key of a job's item.
pub(super) const JOB: &str = "job";
/// The place of a job that waits in the index by repository.
const WAITING: &str = "#jobs";
/// The place to which an answered job goes if it arrives again.
const ANSWERED: &str = "#answered-jobs";
/// An action ends within a day, AWS-FACTS 2.4; nothing asks for its jobs after that.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// A job that Greenlight has taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingJob {
    /// Its id.
    pub id: JobId,
    /// The target of the deployment that it waits for.
    pub target: Option<TargetName>,
    /// The deployment that it waits for.
    pub deployment: Option<DeploymentId>,
    /// When it arrived first. CodePipeline's 20 minutes for an answer count from about then; a job
    /// that goes on by a token is a new one.
    pub received_at: Timestamp,
    /// Whether it has got its answer.
    pub is_answered: bool,
    /// Whether it is of the custom action, and not of the Lambda invoke action.
    pub is_custom: bool,
}

impl Table {
    /// Takes on a job. One that was taken on before comes back as it was: the same event arrives more
    /// than once, and a job that has its answer never waits again.
    pub async fn receive_job(
        &self,
        id: &JobId,
        is_custom: bool,
        now: Timestamp,
    ) -> Result<WaitingJob, AwsError> {
        const ACTION: &str = "dynamodb:UpdateItem";
        let expires_at = now.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        let answer = self
            .update(job_key(id), JOB.to_owned())
            // `answered` holds the place in the index that an answered job is to have.
            .update_expression(
                "SET #received_at = if_not_exists(#received_at, :now), \
                 #expires_at = if_not_exists(#expires_at, :expires_at), \
                 #is_custom = if_not_exists(#is_custom, :is_custom), \
                 #repository = if_not_exists(#answered, :waiting)",
            )
            .expression_attribute_names("#received_at", "received_at")
            .expression_attribute_names("#expires_at", "expires_at")
            .expression_attribute_names("#is_custom", "is_custom")
            .expression_attribute_names("#repository", "repository")
            .expression_attribute_names("#answered", "answered")
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .expression_attribute_values(
                ":expires_at",
                AttributeValue::N(expires_at.as_second().to_string()),
            )
            .expression_attribute_values(":is_custom", AttributeValue::Bool(is_custom))
            .expression_attribute_values(":waiting", AttributeValue::S(WAITING.to_owned()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        answer
            .attributes
            .as_ref()
            .and_then(waiting_job)
            .ok_or_else(|| {
                let message = format!("the answer does not hold the item of job `{id}`");
                AwsError::unusable(ACTION, self.resource(), Kind::Invalid, None, message)
            })
    }

    /// Notes that a job has its answer. That there is no such item any more is as well.
    pub async fn job_answered(&self, id: &JobId) -> Result<(), AwsError> {
        let result = self
            .update(job_key(id), JOB.to_owned())
            .update_expression("SET #answered = :answered REMOVE #repository")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#answered", "answered")
            .expression_attribute_names("#repository", "repository")
            .expression_attribute_values(":answered", AttributeValue::S(ANSWERED.to_owned()))
            .send()
            .await
            .map_err(failed("dynamodb:UpdateItem", self.resource()));
        match result {
            Err(error) if !error.is("ConditionalCheckFailedException") => Err(error),
            _ => Ok(()),
        }
    }

    /// Jobs that wait for their answers, `limit` at the most. The index is a little late: one that was
    /// answered just now may still be among them, and one that has just arrived may not.
    pub async fn waiting_jobs(&self, limit: usize) -> Result<Vec<WaitingJob>, AwsError> {
        self.waiting(WAITING, limit, waiting_job).await
    }
}

pub(super) fn job_key(id: &JobId) -> String {
    format!("job#{id}")
}

/// Reads an item as far as it can be read: a job with anything odd about it wants its answer, too.
fn waiting_job(item: &Item) -> Option<WaitingJob> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let is_custom = item.get("is_custom").and_then(|value| value.as_bool().ok());
    Some(WaitingJob {
        id: text("pk")?.strip_prefix("job#")?.parse().ok()?,
        target: text("target").and_then(|name| name.parse().ok()),
        deployment: text("deployment").and_then(|id| id.parse().ok()),
        received_at: text("received_at")
            .and_then(|at| at.parse().ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        is_answered: item.contains_key("answered"),
        is_custom: is_custom.copied().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
