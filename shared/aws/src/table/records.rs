//! Reading records, and adding a gate's report to one.

use aws_sdk_dynamodb::types::AttributeValue;
use greenlight_core::{
    deployment::DeploymentId, gate::GateReport, record::DeploymentRecord, target::TargetName,
};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::{
    GET, Table,
    items::{RecordItem, record_key, target_key},
};
use crate::{AwsError, Kind, error::failed};

impl Table {
    /// The record of one deployment.
    pub async fn record(
        &self,
        target: &TargetName,
        id: DeploymentId,
    ) -> Result<Option<DeploymentRecord>, AwsError> {
        let item = self.get(target_key(target), record_key(id)).await?;
        item.map(|item| self.read_record(GET, item)).transpose()
    }

    /// The newest records of a target, newest first.
    pub async fn history(
        &self,
        target: &TargetName,
        limit: u32,
    ) -> Result<Vec<DeploymentRecord>, AwsError> {
        const ACTION: &str = "dynamodb:Query";
        let mut records = Vec::new();
        let mut start = None;
        while records.len() < limit as usize {
            let page = self
                .clients
                .dynamodb
                .query()
                .table_name(&self.name)
                .key_condition_expression("pk = :target AND begins_with(sk, :deployment)")
                .expression_attribute_values(":target", AttributeValue::S(target_key(target)))
                .expression_attribute_values(
                    ":deployment",
                    AttributeValue::S("deployment#".to_owned()),
                )
                .scan_index_forward(false)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed(ACTION, self.resource()))?;
            for item in page.items.unwrap_or_default() {
                records.push(self.read_record(ACTION, item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        records.truncate(limit as usize);
        Ok(records)
    }

    /// Adds the report of one gate to the record of a deployment; a later report of the same gate
    /// takes the place of the earlier one.
    pub async fn put_gate_report(
        &self,
        target: &TargetName,
        id: DeploymentId,
        report: &GateReport,
    ) -> Result<(), AwsError> {
        let value = self.value(Some(report))?;
        self.clients
            .dynamodb
            .update_item()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(target_key(target)))
            .key("sk", AttributeValue::S(record_key(id)))
            .update_expression("SET #gates.#point = :report")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#gates", "gates")
            .expression_attribute_names("#point", report.point.name())
            .set_expression_attribute_values(
                value.map(|value| [(":report".to_owned(), value)].into_iter().collect()),
            )
            .send()
            .await
            .map_err(failed("dynamodb:UpdateItem", self.resource()))?;
        Ok(())
    }

    fn read_record(
        &self,
        action: &'static str,
        item: std::collections::HashMap<String, AttributeValue>,
    ) -> Result<DeploymentRecord, AwsError> {
        let item: RecordItem = from_item(item).map_err(|error| {
            let message = format!("an item is not a record of this version of Greenlight: {error}");
            AwsError::unusable(action, self.resource(), Kind::Invalid, None, message)
        })?;
        Ok(item.record)
    }
}
