//! Reading what people did at a target, beside asking for deployments.

use aws_sdk_dynamodb::types::AttributeValue;
use greenlight_core::{record::Intervention, target::TargetName};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::{
    Table,
    items::{InterventionItem, target_key},
};
use crate::{AwsError, Kind, error::failed};

const ACTION: &str = "dynamodb:Query";

impl Table {
    /// The newest interventions at a target, newest first.
    pub async fn interventions(
        &self,
        target: &TargetName,
        limit: u32,
    ) -> Result<Vec<Intervention>, AwsError> {
        let mut interventions = Vec::new();
        let mut start = None;
        while interventions.len() < limit as usize {
            let page = self
                .clients
                .dynamodb
                .query()
                .table_name(&self.name)
                .key_condition_expression("pk = :target AND begins_with(sk, :hand)")
                .expression_attribute_values(":target", AttributeValue::S(target_key(target)))
                .expression_attribute_values(":hand", AttributeValue::S("hand#".to_owned()))
                .scan_index_forward(false)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed(ACTION, self.resource()))?;
            for item in page.items.unwrap_or_default() {
                let item: InterventionItem = from_item(item).map_err(|error| {
                    let message = format!(
                        "an item is not an intervention of this version of Greenlight: {error}"
                    );
                    AwsError::unusable(ACTION, self.resource(), Kind::Invalid, None, message)
                })?;
                interventions.push(item.intervention);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        interventions.truncate(limit as usize);
        Ok(interventions)
    }
}
