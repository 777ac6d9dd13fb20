//! What Greenlight's storage relies on: conditional writes, transactions, the index.

use super::*;
use crate::account::Settings;

/// An account with the table `greenlight`, shaped as in template.yaml.
async fn account() -> Account {
    let account = Account::new(Settings::for_tests());
    let properties = json!({
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "repository", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-repository",
            "KeySchema": [
                {"AttributeName": "repository", "KeyType": "HASH"},
                {"AttributeName": "pk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }],
    });
    account.add_table("greenlight", &properties).await.unwrap();
    account
}

async fn call(account: &Account, operation: &str, mut input: Value) -> (u16, Value) {
    if !operation.starts_with("Transact") {
        input["TableName"] = json!("greenlight");
    }
    let request = Request::builder()
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=X/20260101/eu-west-1/dynamodb/aws4_request",
        )
        .body(Bytes::from(input.to_string()))
        .unwrap();
    let response = account.handle(request).await;
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

fn key(pk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": "target"}})
}

fn item(pk: &str, version: u32) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": "target"}, "version": {"N": version.to_string()},
           "repository": {"S": "mco/api"}})
}

async fn version(account: &Account, pk: &str) -> Value {
    let (_, answer) = call(
        account,
        "GetItem",
        json!({"Key": key(pk), "ConsistentRead": true}),
    )
    .await;
    answer["Item"]["version"]["N"].clone()
}

fn code(answer: &Value) -> &str {
    answer["__type"]
        .as_str()
        .unwrap()
        .rsplit('#')
        .next()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_conditional_write_changes_nothing_when_its_condition_does_not_hold() {
    let account = account().await;
    let create = json!({"Item": item("a", 1), "ConditionExpression": "attribute_not_exists(pk)"});
    assert_eq!(call(&account, "PutItem", create.clone()).await.0, 200);
    let (status, answer) = call(&account, "PutItem", create).await;
    assert_eq!(
        (status, code(&answer)),
        (400, "ConditionalCheckFailedException")
    );

    let update = |from: u32, to: u32| {
        json!({
            "Key": key("a"),
            "UpdateExpression": "SET #v = :to REMOVE gone",
            "ConditionExpression": "#v = :from AND (attribute_not_exists(active) OR active <> :from)",
            "ExpressionAttributeNames": {"#v": "version"},
            "ExpressionAttributeValues": {":from": {"N": from.to_string()}, ":to": {"N": to.to_string()}},
            "ReturnValues": "ALL_NEW",
        })
    };
    let (status, answer) = call(&account, "UpdateItem", update(1, 2)).await;
    assert_eq!(
        (status, &answer["Attributes"]["version"]["N"]),
        (200, &json!("2")),
        "{answer}"
    );
    let (status, answer) = call(&account, "UpdateItem", update(1, 3)).await;
    assert_eq!(
        (status, code(&answer)),
        (400, "ConditionalCheckFailedException")
    );
    assert_eq!(version(&account, "a").await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_done_whole_or_not_at_all_and_says_which_part_failed() {
    let account = account().await;
    call(&account, "PutItem", json!({"Item": item("a", 1)})).await;
    let transact = |expected: u32| {
        json!({"TransactItems": [
            {"Put": {"TableName": "greenlight", "Item": item("b", 9)}},
            {"Update": {
                "TableName": "greenlight", "Key": key("a"),
                "UpdateExpression": "SET version = :new", "ConditionExpression": "version = :old",
                "ExpressionAttributeValues": {":old": {"N": expected.to_string()}, ":new": {"N": "2"}},
            }},
            {"ConditionCheck": {
                "TableName": "greenlight", "Key": key("c"), "ConditionExpression": "attribute_not_exists(pk)",
            }},
        ]})
    };
    let (status, answer) = call(&account, "TransactWriteItems", transact(7)).await;
    assert_eq!(
        (status, code(&answer)),
        (400, "TransactionCanceledException")
    );
    let codes: Vec<&Value> = answer["CancellationReasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| &reason["Code"])
        .collect();
    assert_eq!(
        json!(codes),
        json!(["None", "ConditionalCheckFailed", "None"]),
        "{answer}"
    );
    assert_eq!(version(&account, "a").await, "1");
    assert_eq!(version(&account, "b").await, json!(null));

    assert_eq!(
        call(&account, "TransactWriteItems", transact(1)).await.0,
        200
    );
    assert_eq!(version(&account, "a").await, "2");
    assert_eq!(version(&account, "b").await, "9");
}

#[tokio::test(start_paused = true)]
async fn targets_are_found_by_repository_through_the_index() {
    let account = account().await;
    for name in ["b", "a"] {
        call(&account, "PutItem", json!({"Item": item(name, 1)})).await;
    }
    let mut other = item("c", 1);
    other["repository"] = json!({"S": "mco/worker"});
    call(&account, "PutItem", json!({"Item": other})).await;
    call(
        &account,
        "PutItem",
        json!({"Item": {"pk": {"S": "d"}, "sk": {"S": "history"}}}),
    )
    .await;
    let query = json!({
        "IndexName": "by-repository",
        "KeyConditionExpression": "repository = :it",
        "ExpressionAttributeValues": {":it": {"S": "mco/api"}},
    });
    let (status, answer) = call(&account, "Query", query).await;
    let found: Vec<&Value> = answer["Items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["pk"]["S"])
        .collect();
    assert_eq!((status, json!(found)), (200, json!(["a", "b"])));

    let (_, answer) = call(&account, "Scan", json!({"IndexName": "by-repository"})).await;
    let found: Vec<&Value> = answer["Items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["pk"]["S"])
        .collect();
    assert_eq!(
        (found.len(), found.contains(&&json!("d")), &answer["Count"]),
        (3, false, &json!(3))
    );
    let (_, answer) = call(&account, "Scan", json!({})).await;
    assert_eq!(answer["Count"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_query_goes_backwards_and_in_pages() {
    let account = account().await;
    for sk in ["deployment#1", "deployment#2", "deployment#3", "other"] {
        let item = json!({"pk": {"S": "a"}, "sk": {"S": sk}});
        call(&account, "PutItem", json!({ "Item": item })).await;
    }
    let mut query = json!({
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
        "ExpressionAttributeValues": {":pk": {"S": "a"}, ":prefix": {"S": "deployment#"}},
        "ScanIndexForward": false,
        "Limit": 2,
    });
    let (_, first) = call(&account, "Query", query.clone()).await;
    assert_eq!(first["Items"][0]["sk"]["S"], "deployment#3");
    assert_eq!(first["Count"], 2);
    query["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    let (_, second) = call(&account, "Query", query).await;
    assert_eq!(second["Items"][0]["sk"]["S"], "deployment#1");
    assert_eq!(second["Count"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_table_and_a_malformed_expression_are_errors() {
    let account = Account::new(Settings::for_tests());
    let (status, answer) = call(&account, "GetItem", json!({"Key": key("a")})).await;
    assert_eq!((status, code(&answer)), (400, "ResourceNotFoundException"));
    let account = self::account().await;
    let broken = json!({"Item": item("a", 1), "ConditionExpression": "attribute_not_exists(pk"});
    let (status, answer) = call(&account, "PutItem", broken).await;
    assert_eq!((status, code(&answer)), (400, "ValidationException"));
    let unbound = json!({"Item": item("a", 1), "ConditionExpression": "version = :nowhere"});
    let (status, answer) = call(&account, "PutItem", unbound).await;
    assert_eq!(
        (status, code(&answer)),
        (400, "ValidationException"),
        "{answer}"
    );
    let old_item = json!({"Item": item("a", 1), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"});
    let (status, answer) = call(&account, "PutItem", old_item).await;
    assert_eq!(
        (status, code(&answer)),
        (400, "ValidationException"),
        "{answer}"
    );
}
