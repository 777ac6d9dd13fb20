//! What a call costs of DynamoDB's request units, by the rules of *DynamoDB read and write operations* in its guide.
//!
//! A write is a unit for each KB of the item, two of them in a transaction, and once more for each index that the item
//! is in. A read is half a unit for each 4 KB, a whole one where it is consistent. An update is counted with the size
//! of the item as it is in the end, since the call does not have it; items hardly shrink here.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::HashMap;
use std::iter::Sum;

use greenlight_tests::world::World;
use rehearsal::account::journal::Call;
use serde_json::Value;

/// Request units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Units {
    pub(super) writes: f64,
    pub(super) reads: f64,
}

impl Sum for Units {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            writes: sum.writes + it.writes,
            reads: sum.reads + it.reads,
        })
    }
}

/// The items of the table, by their keys.
pub(super) type Items = HashMap<(String, String), Value>;

/// The items that there are now.
pub(super) async fn items(world: &World) -> Items {
    let scan = world.operator.clients.dynamodb.scan();
    scan.table_name("greenlight").send().await.unwrap();
    let calls = world.sample.account.journal().calls();
    let scan = calls.iter().rfind(|call| call.operation == "Scan").unwrap();
    let items = scan.response["Items"].as_array().unwrap().iter();
    items.map(|item| (key(item), item.clone())).collect()
}

fn key(item: &Value) -> (String, String) {
    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    (text("pk"), text("sk"))
}

impl Units {
    pub(super) fn of(call: &Call, items: &Items) -> Self {
        if call.service != "dynamodb" {
            return Self::default();
        }
        let request = &call.request;
        let updated = |request: &Value| items.get(&key(&request["Key"])).map_or(1.0, written);
        let (writes, reads) = match call.operation.as_str() {
            "GetItem" => (0.0, read(size(&call.response["Item"]), request)),
            "Query" | "Scan" => {
                let found = call.response["Items"].as_array().into_iter().flatten();
                (0.0, read(found.map(size).sum(), request))
            }
            "PutItem" => (written(&request["Item"]), 0.0),
            "UpdateItem" => (updated(request), 0.0),
            "DeleteItem" => (1.0, 0.0),
            "TransactWriteItems" => {
                let parts = request["TransactItems"].as_array().into_iter().flatten();
                let writes = parts.map(|part| match part {
                    part if part.get("Put").is_some() => transacted(&part["Put"]["Item"]),
                    part if part.get("Update").is_some() => {
                        let item = items.get(&key(&part["Update"]["Key"]));
                        item.map_or(2.0, transacted)
                    }
                    _ => 2.0,
                });
                (writes.sum(), 0.0)
            }
            other => panic!("nobody has said what {other} costs"),
        };
        Self { writes, reads }
    }
}

/// The index `by-repository` has the items with this attribute, with all that is in them.
fn indexed(item: &Value) -> f64 {
    item.get("repository").map_or(0.0, |_| kilobytes(item))
}

fn written(item: &Value) -> f64 {
    kilobytes(item) + indexed(item)
}

fn transacted(item: &Value) -> f64 {
    2.0 * kilobytes(item) + indexed(item)
}

fn kilobytes(item: &Value) -> f64 {
    (size(item) / 1024.0).ceil().max(1.0)
}

fn read(bytes: f64, request: &Value) -> f64 {
    let units = (bytes / 4096.0).ceil().max(1.0);
    let consistent = request["ConsistentRead"] == true;
    if consistent { units } else { units / 2.0 }
}

/// The size of an item in bytes: names and values, as the guide counts them.
fn size(item: &Value) -> f64 {
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, value)| length(name) + of_value(value))
        .sum()
}

fn of_value(value: &Value) -> f64 {
    let Some((kind, value)) = value.as_object().and_then(|it| it.iter().next()) else {
        return 0.0;
    };
    let each = |value: &Value| {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| of_value(it) + 1.0)
            .sum::<f64>()
    };
    match (kind.as_str(), value) {
        ("S" | "B", Value::String(text)) => length(text),
        ("N", Value::String(number)) => (length(number) / 2.0).ceil() + 1.0,
        ("L", list) => 3.0 + each(list),
        ("M", map) => 3.0 + size(map) + map.as_object().map_or(0.0, |it| length_of(it.len())),
        ("SS" | "NS" | "BS", set) => {
            let texts = set.as_array().into_iter().flatten();
            texts.filter_map(Value::as_str).map(length).sum()
        }
        _ => 1.0,
    }
}

fn length(text: &str) -> f64 {
    length_of(text.len())
}

fn length_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

#[test]
fn units_are_counted_as_the_guide_says() {
    use serde_json::json;
    let call = |operation: &str, request: Value, response: Value| Call {
        at: "2026-11-29T00:00:00Z".parse().unwrap(),
        caller: "DeployOnPush".to_owned(),
        service: "dynamodb",
        operation: operation.to_owned(),
        request,
        status: 200,
        response,
    };
    let item = |sk: &str, bytes: usize| json!({"pk": {"S": "a"}, "sk": {"S": sk}, "text": {"S": "x".repeat(bytes)}});
    let in_index = |bytes: usize| {
        let mut item = item("b", bytes);
        item["repository"] = json!({"S": "r"});
        item
    };
    let items: Items = [item("big", 2000), in_index(100)]
        .into_iter()
        .map(|it| (key(&it), it))
        .collect();
    let key_of = |sk: &str| json!({"pk": {"S": "a"}, "sk": {"S": sk}});
    for (operation, request, response, writes, reads) in [
        (
            "GetItem",
            json!({}),
            json!({"Item": item("a", 4000)}),
            0.0,
            0.5,
        ),
        (
            "GetItem",
            json!({"ConsistentRead": true}),
            json!({"Item": item("a", 4100)}),
            0.0,
            2.0,
        ),
        ("GetItem", json!({}), json!({}), 0.0, 0.5),
        (
            "Query",
            json!({}),
            json!({"Items": [item("a", 3000), item("a", 3000)]}),
            0.0,
            1.0,
        ),
        (
            "PutItem",
            json!({"Item": item("a", 10)}),
            json!({}),
            1.0,
            0.0,
        ),
        (
            "PutItem",
            json!({"Item": in_index(1100)}),
            json!({}),
            4.0,
            0.0,
        ),
        (
            "UpdateItem",
            json!({"Key": key_of("big")}),
            json!({}),
            2.0,
            0.0,
        ),
        (
            "TransactWriteItems",
            json!({"TransactItems": [
                {"Put": {"Item": item("a", 10)}}, {"Update": {"Key": key_of("b")}}, {"ConditionCheck": {}},
            ]}),
            json!({}),
            7.0,
            0.0,
        ),
    ] {
        let call = call(operation, request, response);
        assert_eq!(
            Units::of(&call, &items),
            Units { writes, reads },
            "{call:?}"
        );
    }
    let document =
        json!({"n": {"N": "1234"}, "l": {"L": [{"S": "ab"}]}, "m": {"M": {"k": {"BOOL": true}}}});
    assert!(
        (size(&document) - 18.0).abs() < f64::EPSILON,
        "{}",
        size(&document)
    );
}
