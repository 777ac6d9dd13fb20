//! DynamoDB, by the crate `winterbaume-dynamodb`: expressions, conditions, transactions, indexes.
//!
//! This module only carries requests there and back; docs/rehearsal.md says why that crate was chosen and
//! what was checked. Tables are made from template.yaml, by [`super::template`].

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
        let message = format!("The simulated account does not know the member {UNKNOWN_MEMBER} of DynamoDB");
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
    let answer = account.tables().service.handle(request).await;
    let mut response = Response::new(answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

fn contains(body: &[u8], name: &str) -> bool {
    body.windows(name.len()).any(|window| window == name.as_bytes())
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
        let scope = format!("AWS4-HMAC-SHA256 Credential=OPERATOR/20260101/{region}/dynamodb/aws4_request");
        let headers = request.headers_mut();
        headers.insert("x-amz-target", HeaderValue::from_static("DynamoDB_20120810.CreateTable"));
        if let Ok(scope) = HeaderValue::from_str(&scope) {
            headers.insert(header::AUTHORIZATION, scope);
        }
        let response = handle(self, &request).await;
        if response.status().is_success() {
            return Ok(());
        }
        let error: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let text = |member: &str| error.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let code = text("__type");
        let code = code.rsplit('#').next().unwrap_or_default();
        Err(ServiceError::new(code, format!("table `{name}`: {}", text("message"))))
    }
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "dynamodb_tests.rs"]
mod tests;
