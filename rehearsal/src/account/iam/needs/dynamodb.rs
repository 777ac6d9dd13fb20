//! `DynamoDB`: the table, or the index that is read; of a transaction, what its parts need.

use serde_json::{Map, Value};

use super::{Call, Need};

pub(super) fn needs(call: &Call<'_>) -> Option<Vec<Need>> {
    let table = |name: &str| call.arn_of("dynamodb", "table/", name);
    let name = call.text("TableName").unwrap_or_default();
    let own = call.action();
    Some(match call.operation {
        "DeleteItem" | "DescribeTable" | "GetItem" | "PutItem" | "UpdateItem" => {
            vec![Need::on(&own, table(name))]
        }
        "Query" | "Scan" => {
            let resource = match call.text("IndexName") {
                Some(index) => format!("{}/index/{index}", table(name)),
                None => table(name),
            };
            vec![Need::on(&own, resource)]
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let items = call.input["TransactItems"].as_array();
            let parts = items.into_iter().flatten().filter_map(Value::as_object);
            let mut needs = Vec::new();
            for (part, of) in parts.flat_map(Map::iter) {
                let action = match part.as_str() {
                    "ConditionCheck" => "dynamodb:ConditionCheckItem",
                    "Delete" => "dynamodb:DeleteItem",
                    "Get" => "dynamodb:GetItem",
                    "Put" => "dynamodb:PutItem",
                    "Update" => "dynamodb:UpdateItem",
                    _ => return None,
                };
                let name = of["TableName"].as_str().unwrap_or_default();
                needs.push(Need::on(action, table(name)));
            }
            needs
        }
        _ => return None,
    })
}
