//! Greenlight's table: targets with their state, and the records of deployments.
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | target: document, state, version | `target#<name>` | `target` |
//! | record of a deployment | `target#<name>` | `deployment#<ULID>` |
//! | which targets deploy to a service | `service#<account>/<cluster>/<service>` | `target#<name>` |
//! | … to a deployment group | `codedeploy#<account>/<application>/<group>` | `target#<name>` |
//! | … by a pipeline | `pipeline#<account>/<name>` | `target#<name>` |
//! | which target takes images of a repository that is not its first | `target#<name>` | `repository#<uri>` |
//! | what people are asked at a gate, and have said | `target#<name>` | `approval#<point>#<AWS id>` |
//! | what a person did: a hold, a release, a way back | `target#<name>` | `hand#<ULID>` |
//! | templates that a pipeline's job has brought for a deployment | `target#<name>` | `files#<ULID>` |
//! | a pipeline's job | `job#<id>` | `job` |
//! | the hold on every target | `line` | `hold` |
//! | what a person has done at a target, or at every one | `target#<name>`, `line` | `hand#<ULID>` |
//! | what a request of CloudFormation was answered | `stack#<ARN>` | `request#<id>` |
//! | a gate that a hook waits for | `gate#<AWS's id of the deployment>` | `codedeploy#<hash>`, `ecs#<stage>` |
//!
//! The index `by-repository` holds the targets, under their first repositories, and the items that
//! point to them from their others, and the jobs and gates that wait for an answer, under names that no repository has.
//! Nothing else has the attribute `repository`. It is eventually consistent, which does no harm: a state moves by compare-and-swap
//! on `version`, so whoever has read an old one reads again.

mod approvals;
mod commit;
mod files;
mod gates;
mod interventions;
mod items;
mod jobs;
mod line;
mod owned;
mod place;
mod records;
mod registration;

use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue,
};
use futures_util::{future::try_join_all, try_join};
use greenlight_core::{deployment::Hold, image::RepositoryUri, target::TargetName};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

pub use approvals::Decided;
pub use commit::Commit;
pub use files::StoredFiles;
pub use gates::{GateKey, GateRun, GateVerdict, HookToken, Lease};
pub use items::{BadTarget, StoredTarget};
pub use jobs::WaitingJob;
pub use owned::{OwnedTarget, Owner};
pub use place::Place;
pub use registration::Registration;

use crate::{AwsError, Clients, Kind, error::failed};
use items::{TARGET, TargetItem, target_key};

/// The index of the targets by repository.
pub const BY_REPOSITORY: &str = "by-repository";

/// The action by which one item is read.
const GET: &str = "dynamodb:GetItem";

/// What waits is asked for in so many pages at the most.
const PAGES_LIMIT: usize = 10;

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

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The targets that take images of `repository`: in one query those whose first repository it is,
    /// and then, all at once, the others.
    pub async fn targets_of_repository(
        &self,
        repository: &RepositoryUri,
    ) -> Result<Targets, AwsError> {
        let ((own, pointed_to), line) = try_join!(
            Box::pin(self.items_of_repository(repository)),
            Box::pin(self.line())
        )?;
        let own = own.into_iter();
        let own = own.map(|item| self.read("dynamodb:Query", item, line.clone()));
        let mut found = own.collect::<Result<Targets, AwsError>>()?;
        let others = pointed_to.iter().map(async |name| {
            let item = self.get(target_key(name), TARGET.to_owned()).await?;
            let item = item.map(|item| self.read(GET, item, line.clone()));
            item.transpose()
        });
        found.extend(try_join_all(others).await?.into_iter().flatten());
        Ok(found)
    }

    /// The items of the targets whose first repository it is, and the names of the others.
    async fn items_of_repository(
        &self,
        repository: &RepositoryUri,
    ) -> Result<(Vec<Item>, Vec<TargetName>), AwsError> {
        let mut found = Vec::new();
        let mut pointed_to = Vec::new();
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
                .map_err(failed("dynamodb:Query", self.resource()))?;
            for item in page.items.unwrap_or_default() {
                if is_target(&item) {
                    found.push(item);
                } else {
                    pointed_to.extend(name_of(&item));
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() + pointed_to.len() >= TARGETS_LIMIT {
                return Ok((found, pointed_to));
            }
        }
    }

    /// All targets.
    pub async fn targets(&self) -> Result<Targets, AwsError> {
        let (items, line) = try_join!(Box::pin(self.items_of_targets()), Box::pin(self.line()))?;
        let items = items.into_iter();
        items
            .map(|item| self.read("dynamodb:Scan", item, line.clone()))
            .collect()
    }

    async fn items_of_targets(&self) -> Result<Vec<Item>, AwsError> {
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
                .map_err(failed("dynamodb:Scan", self.resource()))?;
            let items = page.items.unwrap_or_default();
            found.extend(items.into_iter().filter(is_target));
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
        // Boxed: whoever reads a target would otherwise be as large as two calls.
        let item = Box::pin(self.get(target_key(name), TARGET.to_owned()));
        let (item, line) = try_join!(item, Box::pin(self.line()))?;
        item.map(|item| self.read(GET, item, line)).transpose()
    }

    /// One item, as it is now.
    async fn get(&self, pk: String, sk: String) -> Result<Option<Item>, AwsError> {
        let answer = self
            .clients
            .dynamodb
            .get_item()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed(GET, self.resource()))?;
        Ok(answer.item)
    }

    /// The update of one item.
    fn update(&self, pk: String, sk: String) -> UpdateItemFluentBuilder {
        self.clients
            .dynamodb
            .update_item()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
    }

    /// What `read` finds among the items that wait at `place`, a name in the index by repository that no repository
    /// has; `limit` at the most.
    async fn waiting<T>(
        &self,
        place: &str,
        limit: usize,
        read: impl Fn(&Item) -> Option<T> + Send,
    ) -> Result<Vec<T>, AwsError> {
        let mut found = Vec::new();
        let mut start = None;
        for _ in 0..PAGES_LIMIT {
            let page = self
                .clients
                .dynamodb
                .query()
                .table_name(&self.name)
                .index_name(BY_REPOSITORY)
                .key_condition_expression("#repository = :place")
                .expression_attribute_names("#repository", "repository")
                .expression_attribute_values(":place", AttributeValue::S(place.to_owned()))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed("dynamodb:Query", self.resource()))?;
            found.extend(page.items().iter().filter_map(&read));
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The names of the targets that deploy there.
    pub async fn targets_at(&self, place: &Place) -> Result<Vec<TargetName>, AwsError> {
        let answer = self
            .clients
            .dynamodb
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :place")
            .expression_attribute_values(":place", AttributeValue::S(place.key()))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("dynamodb:Query", self.resource()))?;
        Ok(answer
            .items()
            .iter()
            .filter_map(|item| target_named(item.get("sk")?))
            .collect())
    }

    fn read(
        &self,
        action: &'static str,
        item: Item,
        line: Option<Hold>,
    ) -> Result<Result<StoredTarget, BadTarget>, AwsError> {
        let item: TargetItem = from_item(item).map_err(|error| {
            let message = format!("an item is not a target of this version of Greenlight: {error}");
            AwsError::unusable(action, self.resource(), Kind::Invalid, None, message)
        })?;
        Ok(item.understand(line))
    }

    fn resource(&self) -> String {
        format!("DynamoDB table `{}`", self.name)
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn is_target(item: &Item) -> bool {
    item.get("sk")
        .and_then(|key| key.as_s().ok())
        .map(String::as_str)
        == Some(TARGET)
}

/// The target whose partition an item is in.
fn name_of(item: &Item) -> Option<TargetName> {
    target_named(item.get("pk")?)
}

fn target_named(key: &AttributeValue) -> Option<TargetName> {
    key.as_s().ok()?.strip_prefix("target#")?.parse().ok()
}
