//! The stopped line: the hold on every target, which is one item.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem},
};
use greenlight_core::{deployment::Hold, record::Intervention};
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::{GET, Table, items::InterventionItem};
use crate::{AwsError, Kind, error::failed};

/// The partition of the hold on every target, and of what people have done with it.
pub(super) const LINE: &str = "line";
const HOLD: &str = "hold";

const ACTION: &str = "dynamodb:TransactWriteItems";

/// The item of the hold.
#[derive(Debug, Serialize)]
struct LineItem<'a> {
    pk: &'static str,
    sk: &'static str,
    #[serde(flatten)]
    hold: &'a Hold,
}

impl Table {
    /// The hold on every target, if there is one. It may be over by now.
    pub async fn line(&self) -> Result<Option<Hold>, AwsError> {
        let item = self.get(LINE.to_owned(), HOLD.to_owned()).await?;
        let hold = item.map(from_item).transpose();
        // Whoever cannot read it must not take the line for running.
        hold.map_err(|error| {
            let message = format!(
                "the hold on every target is not one of this version of Greenlight: {error}"
            );
            AwsError::unusable(GET, self.resource(), Kind::Invalid, None, message)
        })
    }

    /// Holds every target, and notes who does. An earlier hold gives way.
    pub async fn stop_line(&self, hold: &Hold, note: &Intervention) -> Result<(), AwsError> {
        let item = LineItem {
            pk: LINE,
            sk: HOLD,
            hold,
        };
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(self.item(item)?))
            .build()
            .map_err(|error| self.not_built(&error))?;
        let put = TransactWriteItem::builder().put(put).build();
        let note = self.put_new(InterventionItem::of_line(note.clone()))?;
        self.clients
            .dynamodb
            .transact_write_items()
            .transact_items(put)
            .transact_items(note)
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        Ok(())
    }

    /// Releases what [`Table::stop_line`] holds, and notes who does. Gives whether it was held.
    pub async fn release_line(&self, note: &Intervention) -> Result<bool, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(LINE.to_owned()))
            .key("sk", AttributeValue::S(HOLD.to_owned()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|error| self.not_built(&error))?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        let note = self.put_new(InterventionItem::of_line(note.clone()))?;
        let result = self
            .clients
            .dynamodb
            .transact_write_items()
            .transact_items(delete)
            .transact_items(note)
            .send()
            .await;
        let Err(error) = result else {
            return Ok(true);
        };
        let is_gone = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled
                .cancellation_reasons()
                .first()
                .is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed")),
            _ => false,
        };
        if is_gone {
            return Ok(false);
        }
        Err(failed(ACTION, self.resource())(error))
    }
}
