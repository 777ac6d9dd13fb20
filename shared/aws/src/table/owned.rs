//! Targets that a resource of a stack has registered, and what its requests were answered.
//!
//! Who owns a target is an attribute of the target's own item, so that it comes and goes with it. A change by a person
//! leaves it as it is.

use std::fmt;

use futures_util::try_join;
use greenlight_core::target::TargetName;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::{
    BadTarget, GET, StoredTarget, Table,
    items::{TARGET, target_key},
};
use crate::{AwsError, Kind, error::failed};

/// CloudFormation waits an hour at the most, and Lambda may hand over an event twice within six.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// The resource of a stack that has registered a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The stack's ARN, which is another one when the stack is deleted and created again.
    pub stack: String,
    /// The resource's logical id in it.
    pub resource: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>
        let name = self.stack.split('/').nth(1).unwrap_or(&self.stack);
        write!(f, "resource `{}` of stack `{name}`", self.resource)
    }
}

/// A registered target, and who owns it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedTarget {
    /// The resource that has registered it; nobody where a person has.
    pub owner: Option<Owner>,
    /// The target.
    pub target: Result<StoredTarget, BadTarget>,
}

#[derive(Deserialize)]
struct OwnerOnly {
    #[serde(default)]
    owner: Option<Owner>,
}

/// What a request was answered.
#[derive(Serialize, Deserialize)]
struct AnswerItem<T> {
    pk: String,
    sk: String,
    expires_at: i64,
    answer: T,
}

impl Table {
    /// One target with its owner, as it is at this moment.
    pub async fn owned_target(&self, name: &TargetName) -> Result<Option<OwnedTarget>, AwsError> {
        let item = Box::pin(self.get(target_key(name), TARGET.to_owned()));
        let (item, line) = try_join!(item, Box::pin(self.line()))?;
        let Some(item) = item else { return Ok(None) };
        let OwnerOnly { owner } = from_item(item.clone()).map_err(|error| {
            let message = format!("an item's owner is not understood: {error}");
            AwsError::unusable(GET, self.resource(), Kind::Invalid, None, message)
        })?;
        let target = self.read(GET, item, line)?;
        Ok(Some(OwnedTarget { owner, target }))
    }

    /// What the request `request` of the stack `stack` was answered, if it was answered before.
    pub async fn answer_to<T: DeserializeOwned>(
        &self,
        stack: &str,
        request: &str,
    ) -> Result<Option<T>, AwsError> {
        let item = self.get(stack_key(stack), request_key(request)).await?;
        let item: Option<AnswerItem<T>> = item.map(from_item).transpose().map_err(|error| {
            let message = format!("an item is not the answer to a request: {error}");
            AwsError::unusable(GET, self.resource(), Kind::Invalid, None, message)
        })?;
        Ok(item.map(|item| item.answer))
    }

    /// Keeps what a request is answered, for the case that it comes again.
    pub async fn keep_answer<T: Serialize + Sync>(
        &self,
        stack: &str,
        request: &str,
        answer: &T,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let expires_at = now.checked_add(ANSWERS_KEPT).unwrap_or(Timestamp::MAX);
        let item = self.item(AnswerItem {
            pk: stack_key(stack),
            sk: request_key(request),
            expires_at: expires_at.as_second(),
            answer,
        })?;
        self.clients
            .dynamodb
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(failed("dynamodb:PutItem", self.resource()))?;
        Ok(())
    }
}

fn stack_key(stack: &str) -> String {
    format!("stack#{stack}")
}

fn request_key(request: &str) -> String {
    format!("request#{request}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_by_the_names_that_people_know() {
        let owner = |stack: &str| Owner {
            stack: stack.to_owned(),
            resource: "Api".to_owned(),
        };
        let stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/targets/51af3dc0-da77";
        assert_eq!(
            owner(stack).to_string(),
            "resource `Api` of stack `targets`"
        );
        assert_eq!(owner("odd").to_string(), "resource `Api` of stack `odd`");
    }
}
