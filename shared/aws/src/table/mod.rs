//! Greenlight's table: targets with their state, and the records of deployments.
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | target: document, state, version | `target#<name>` | `target` |
//! | record of a deployment | `target#<name>` | `deployment#<ULID>` |
//! | which targets deploy to a service | `service#<cluster>/<service>` | `target#<name>` |
//!
//! The index `by-repository` holds the targets only, since only they have the attribute
//! `repository`. It is eventually consistent, which does no harm: a state moves by compare-and-swap
//! on `version`, so whoever has read an old one reads again.

mod commit;
mod items;
mod records;
mod registration;

use aws_sdk_dynamodb::types::AttributeValue;
use greenlight_core::{
    image::RepositoryUri,
    target::{Service, TargetName},
};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

pub use commit::Commit;
pub use items::{BadTarget, StoredTarget};
pub use registration::Registration;

use crate::{AwsError, Clients, Kind, error::failed};
use items::{TARGET, TargetItem, service_key, target_key};

/// The index of the targets by repository.
pub const BY_REPOSITORY: &str = "by-repository";

/// So many targets are read at the most, of one repository or at all.
const TARGETS_LIMIT: usize = 1000;

/// The table, by its name.
#[derive(Debug, Clone)]
pub struct Table {
    clients: Clients,
    name: String,
}

/// Targets as they were found, and those whose documents cannot be understood.
pub type Targets = Vec<Result<StoredTarget, BadTarget>>;

impl Table {
    /// The table `name`. Nothing is sent.
    pub fn new(clients: Clients, name: impl Into<String>) -> Self {
        Self {
            clients,
            name: name.into(),
        }
    }

    /// The targets that take images of `repository`, in one query.
    pub async fn targets_of_repository(
        &self,
        repository: &RepositoryUri,
    ) -> Result<Targets, AwsError> {
        const ACTION: &str = "dynamodb:Query";
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .clients
                .dynamodb
                .query()
                .table_name(&self.name)
                .index_name(BY_REPOSITORY)
                .key_condition_expression("#repository = :repository")
                .expression_attribute_names("#repository", "repository")
                .expression_attribute_values(
                    ":repository",
                    AttributeValue::S(repository.canonical().to_string()),
                )
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed(ACTION, self.resource()))?;
            for item in page.items.unwrap_or_default() {
                found.push(self.read(ACTION, item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= TARGETS_LIMIT {
                return Ok(found);
            }
        }
    }

    /// All targets.
    pub async fn targets(&self) -> Result<Targets, AwsError> {
        const ACTION: &str = "dynamodb:Scan";
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .clients
                .dynamodb
                .scan()
                .table_name(&self.name)
                .index_name(BY_REPOSITORY)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed(ACTION, self.resource()))?;
            for item in page.items.unwrap_or_default() {
                found.push(self.read(ACTION, item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= TARGETS_LIMIT {
                return Ok(found);
            }
        }
    }

    /// One target, as it is at this moment.
    pub async fn target(
        &self,
        name: &TargetName,
    ) -> Result<Option<Result<StoredTarget, BadTarget>>, AwsError> {
        const ACTION: &str = "dynamodb:GetItem";
        let answer = self
            .clients
            .dynamodb
            .get_item()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(target_key(name)))
            .key("sk", AttributeValue::S(TARGET.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        answer.item.map(|item| self.read(ACTION, item)).transpose()
    }

    /// The names of the targets that deploy to `service`.
    pub async fn targets_of_service(&self, service: &Service) -> Result<Vec<TargetName>, AwsError> {
        let answer = self
            .clients
            .dynamodb
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :service")
            .expression_attribute_values(":service", AttributeValue::S(service_key(service)))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("dynamodb:Query", self.resource()))?;
        Ok(answer
            .items()
            .iter()
            .filter_map(|item| {
                item.get("sk")?
                    .as_s()
                    .ok()?
                    .strip_prefix("target#")?
                    .parse()
                    .ok()
            })
            .collect())
    }

    fn read(
        &self,
        action: &'static str,
        item: std::collections::HashMap<String, AttributeValue>,
    ) -> Result<Result<StoredTarget, BadTarget>, AwsError> {
        let item: TargetItem = from_item(item).map_err(|error| {
            let message = format!("an item is not a target of this version of Greenlight: {error}");
            AwsError::unusable(action, self.resource(), Kind::Invalid, None, message)
        })?;
        Ok(item.understand())
    }

    fn resource(&self) -> String {
        format!("DynamoDB table `{}`", self.name)
    }
}
