//! Storing and removing targets.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};
use greenlight_core::image::Registry;

use super::{
    BadTarget, Owner, StoredTarget, Table,
    items::{TARGET, TargetItem, repository_key, target_key},
};
use crate::{AwsError, Kind, error::failed};

const ACTION: &str = "dynamodb:TransactWriteItems";

/// What became of an attempt to store or remove a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// It is done.
    Done,
    /// Somebody else has changed the target meanwhile: read it again.
    Conflict,
}

impl Table {
    /// The registry of the account and region in which the table is: what a repository without a
    /// registry means.
    pub async fn home(&self) -> Result<Registry, AwsError> {
        const ACTION: &str = "dynamodb:DescribeTable";
        let answer = self
            .clients
            .dynamodb
            .describe_table()
            .table_name(&self.name)
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        // arn:aws:dynamodb:<region>:<account>:table/<name>
        let arn = answer
            .table()
            .and_then(|table| table.table_arn())
            .unwrap_or_default();
        let mut parts = arn.split(':').skip(3);
        let (region, account) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        Registry::of(account, region).map_err(|error| {
            let message = format!("the table's ARN is `{arn}`: {error}");
            AwsError::unusable(ACTION, self.resource(), Kind::Invalid, None, message)
        })
    }

    /// Stores a new target, and who owns it if it is not a person's.
    pub async fn register(
        &self,
        target: &StoredTarget,
        owner: Option<&Owner>,
    ) -> Result<Registration, AwsError> {
        let item = TargetItem {
            owner: owner.cloned(),
            ..TargetItem::new(target)
        };
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(self.item(item)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| self.not_built(&error))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        for pointer in pointers(target) {
            writes.push(self.put_pointer(&pointer)?);
        }
        self.write(writes).await
    }

    /// Gives a stored target a new document. Its state and its owner stay as they are.
    pub async fn reregister(
        &self,
        was: &StoredTarget,
        now: &StoredTarget,
    ) -> Result<Registration, AwsError> {
        let item = TargetItem::new(now);
        let mut update = Update::builder()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(item.pk))
            .key("sk", AttributeValue::S(item.sk))
            .update_expression(
                "SET #document = :document, #repository = :repository, #home = :home, \
                 #version = :version",
            )
            .condition_expression("#version = :was")
            .expression_attribute_names("#document", "document")
            .expression_attribute_names("#repository", "repository")
            .expression_attribute_names("#home", "home")
            .expression_attribute_values(":home", AttributeValue::S(item.home.to_string()))
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(
                ":repository",
                AttributeValue::S(item.repository.to_string()),
            )
            .expression_attribute_values(":was", AttributeValue::N(was.version.to_string()))
            .expression_attribute_values(
                ":version",
                AttributeValue::N((was.version + 1).to_string()),
            );
        if let Some(document) = self.value(Some(item.document))? {
            update = update.expression_attribute_values(":document", document);
        }
        let update = update.build().map_err(|error| self.not_built(&error))?;
        let mut writes = vec![TransactWriteItem::builder().update(update).build()];
        let wanted = pointers(now);
        for pointer in &wanted {
            writes.push(self.put_pointer(pointer)?);
        }
        for pointer in pointers(was) {
            if !wanted.contains(&pointer) {
                writes.push(self.delete_pointer(&pointer)?);
            }
        }
        self.write(writes).await
    }

    /// Removes a target. Its records stay until their time is over.
    pub async fn remove(&self, target: &StoredTarget) -> Result<Registration, AwsError> {
        let mut writes = vec![self.delete_target(target.target.name.as_str(), target.version)?];
        for pointer in pointers(target) {
            writes.push(self.delete_pointer(&pointer)?);
        }
        self.write(writes).await
    }

    /// Removes a target whose document is not understood.
    pub async fn remove_bad(&self, target: &BadTarget) -> Result<Registration, AwsError> {
        let delete = self.delete_target(&target.name, target.version)?;
        self.write(vec![delete]).await
    }

    fn delete_target(&self, name: &str, version: u64) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(format!("target#{name}")))
            .key("sk", AttributeValue::S(TARGET.to_owned()))
            .condition_expression("#version = :was")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":was", AttributeValue::N(version.to_string()))
            .build()
            .map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn put_pointer(&self, pointer: &Pointer) -> Result<TransactWriteItem, AwsError> {
        let mut put = Put::builder()
            .table_name(&self.name)
            .item("pk", AttributeValue::S(pointer.pk.clone()))
            .item("sk", AttributeValue::S(pointer.sk.clone()));
        if let Some(repository) = &pointer.repository {
            put = put.item("repository", AttributeValue::S(repository.clone()));
        }
        let put = put.build().map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete_pointer(&self, pointer: &Pointer) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(pointer.pk.clone()))
            .key("sk", AttributeValue::S(pointer.sk.clone()))
            .build()
            .map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn write(&self, writes: Vec<TransactWriteItem>) -> Result<Registration, AwsError> {
        let result = self
            .clients
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Registration::Done),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(TransactWriteItemsError::TransactionCanceledException(_))
                ) =>
            {
                Ok(Registration::Conflict)
            }
            Err(error) => Err(failed(ACTION, self.resource())(error)),
        }
    }
}

/// An item by which a target is found.
#[derive(Debug, PartialEq, Eq)]
struct Pointer {
    pk: String,
    sk: String,
    /// Its key in the index by repository.
    repository: Option<String>,
}

fn pointers(stored: &StoredTarget) -> Vec<Pointer> {
    let target = target_key(&stored.target.name);
    let places = stored.places().into_iter().map(|place| Pointer {
        pk: place.key(),
        sk: target.clone(),
        repository: None,
    });
    let repositories = stored.repositories().into_iter().skip(1);
    let repositories = repositories.map(|repository| Pointer {
        pk: target.clone(),
        sk: repository_key(&repository),
        repository: Some(repository.to_string()),
    });
    places.chain(repositories).collect()
}
