//! Storing and removing targets.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};
use greenlight_core::{image::Registry, target::Service};

use super::{
    BadTarget, StoredTarget, Table,
    items::{TARGET, TargetItem, service_key, target_key},
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

    /// Stores a new target.
    pub async fn register(&self, target: &StoredTarget) -> Result<Registration, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(self.item(TargetItem::new(target))?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| self.not_built(&error))?;
        let target_write = TransactWriteItem::builder().put(put).build();
        let pointer = self.put_pointer(target)?;
        self.write(vec![target_write, pointer]).await
    }

    /// Gives a stored target a new document. Its state stays as it is.
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
                "SET #document = :document, #repository = :repository, #version = :version",
            )
            .condition_expression("#version = :was")
            .expression_attribute_names("#document", "document")
            .expression_attribute_names("#repository", "repository")
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
        let mut writes = vec![
            TransactWriteItem::builder().update(update).build(),
            self.put_pointer(now)?,
        ];
        if was.target.service != now.target.service {
            writes.push(self.delete_pointer(was)?);
        }
        self.write(writes).await
    }

    /// Removes a target. Its records stay until their time is over.
    pub async fn remove(&self, target: &StoredTarget) -> Result<Registration, AwsError> {
        let delete = self.delete_target(target.target.name.as_str(), target.version)?;
        let writes = vec![delete, self.delete_pointer(target)?];
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

    fn put_pointer(&self, target: &StoredTarget) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .item("pk", pointer_key(&target.target.service))
            .item("sk", AttributeValue::S(target_key(&target.target.name)))
            .build()
            .map_err(|error| self.not_built(&error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete_pointer(&self, target: &StoredTarget) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("pk", pointer_key(&target.target.service))
            .key("sk", AttributeValue::S(target_key(&target.target.name)))
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

fn pointer_key(service: &Service) -> AttributeValue {
    AttributeValue::S(service_key(service))
}
