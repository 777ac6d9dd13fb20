//! DynamoDB, by the crate `winterbaume-dynamodb`: expressions, conditions, transactions, indexes.
//!
//! This module only carries requests there and back; docs/rehearsal.md says why that crate was chosen and
//! what was checked. Tables are made from template.yaml, by [`super::template`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use winterbaume_core::{MockRequest, MockService as _};
use winterbaume_dynamodb::DynamoDbService;

use super::{Account, ServiceError};

/// The account's tables.
#[derive(Default)]
pub(crate) struct Tables {
    service: DynamoDbService,
    /// Table and index → the attributes that an item of the index has.
    indexes: Mutex<BTreeMap<(String, String), Vec<String>>>,
}

/// The properties of `AWS::DynamoDB::Table` that `CreateTable` has under the same name.
const TABLE_PROPERTIES: [&str; 6] = [
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
];

/// Would give the old item back with the error.
const UNKNOWN_MEMBER: &str = "ReturnValuesOnConditionCheckFailure";

/// Answers a call to DynamoDB's API.
pub(crate) async fn handle(account: &Account, request: &Request<Bytes>) -> Response<Bytes> {
    // The crate passes over what it does not know, and a client would wait for it in vain.
    if contains(request.body(), UNKNOWN_MEMBER) {
        let message =
            format!("The simulated account does not know the member {UNKNOWN_MEMBER} of DynamoDB");
        let body = json!({"__type": "com.amazonaws.dynamodb.v20120810#ValidationException", "message": message});
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    }
    let request = MockRequest {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        headers: request.headers().clone(),
        body: request.body().clone(),
    };
    let index = scanned_index(account.tables(), &request);
    let answer = account.tables().service.handle(request).await;
    let body = match index {
        Some(keys) if answer.status == 200 => only_with(&keys, &answer.body),
        _ => answer.body,
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

/// The keys of the index that is scanned, if one is.
fn scanned_index(tables: &Tables, request: &MockRequest) -> Option<Vec<String>> {
    if request
        .headers
        .get("x-amz-target")?
        .to_str()
        .ok()?
        .split_once('.')?
        .1
        != "Scan"
    {
        return None;
    }
    let input: Value = serde_json::from_slice(&request.body).ok()?;
    let index = (
        input["TableName"].as_str()?.to_owned(),
        input["IndexName"].as_str()?.to_owned(),
    );
    tables
        .indexes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&index)
        .cloned()
}

/// An index has only the items that have its keys; the crate scans the whole table.
fn only_with(keys: &[String], body: &Bytes) -> Bytes {
    let Ok(mut output) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    let Some(items) = output["Items"].as_array_mut() else {
        return body.clone();
    };
    items.retain(|item| keys.iter().all(|key| item.get(key).is_some()));
    let count = items.len();
    output["Count"] = count.into();
    output["ScannedCount"] = count.into();
    Bytes::from(output.to_string())
}

fn contains(body: &[u8], name: &str) -> bool {
    body.windows(name.len())
        .any(|window| window == name.as_bytes())
}

impl Account {
    /// Makes a table from the properties of an `AWS::DynamoDB::Table`.
    pub async fn add_table(&self, name: &str, properties: &Value) -> Result<(), ServiceError> {
        let mut input = Map::new();
        input.insert("TableName".to_owned(), name.into());
        for property in TABLE_PROPERTIES {
            if let Some(value) = properties.get(property) {
                input.insert(property.to_owned(), value.clone());
            }
        }
        let mut request = Request::new(Bytes::from(Value::Object(input).to_string()));
        let region = &self.settings().region;
        // The crate tells regions apart by the credential scope.
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=OPERATOR/20260101/{region}/dynamodb/aws4_request");
        let headers = request.headers_mut();
        headers.insert(
            "x-amz-target",
            HeaderValue::from_static("DynamoDB_20120810.CreateTable"),
        );
        if let Ok(scope) = HeaderValue::from_str(&scope) {
            headers.insert(header::AUTHORIZATION, scope);
        }
        let response = handle(self, &request).await;
        if response.status().is_success() {
            let indexes = &mut self
                .tables()
                .indexes
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for index in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
                .iter()
                .flat_map(|it| list(&properties[*it]))
            {
                let keys = list(&index["KeySchema"])
                    .iter()
                    .filter_map(|key| key["AttributeName"].as_str());
                let index = index["IndexName"].as_str().unwrap_or_default().to_owned();
                indexes.insert((name.to_owned(), index), keys.map(str::to_owned).collect());
            }
            return Ok(());
        }
        let error: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let text = |member: &str| {
            error
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let code = text("__type");
        let code = code.rsplit('#').next().unwrap_or_default();
        Err(ServiceError::new(
            code,
            format!("table `{name}`: {}", text("message")),
        ))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "dynamodb_tests.rs"]
mod tests;
