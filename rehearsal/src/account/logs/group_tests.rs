//! Log groups: found by the beginning of their names, or by a part.

use serde_json::json;

use super::*;
use crate::account::Settings;

fn account() -> Account {
    let account = Account::new(Settings::for_tests());
    account.create_log_group("/ecs/api", Some(30));
    account.create_log_group("/ecs/api-test", None);
    account.write_log("/ecs/worker", "worker/worker/1", "hello");
    account
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` reads better without `&`"
)]
fn names(account: &Account, input: Value) -> Result<Vec<String>, String> {
    let output = handle(account, "DescribeLogGroups", &input).map_err(|error| error.code)?;
    let groups = output["logGroups"].as_array().unwrap().iter();
    Ok(groups
        .map(|group| group["logGroupName"].as_str().unwrap().to_owned())
        .collect())
}

#[tokio::test(start_paused = true)]
async fn groups_are_listed_by_name_and_found_by_prefix_or_part() {
    let account = account();
    for (input, expected) in [
        (json!({}), &["/ecs/api", "/ecs/api-test", "/ecs/worker"][..]),
        (
            json!({"logGroupNamePrefix": "/ecs/api"}),
            &["/ecs/api", "/ecs/api-test"],
        ),
        (json!({"logGroupNamePrefix": "ecs"}), &[]),
        (json!({"logGroupNamePattern": "work"}), &["/ecs/worker"]),
        (json!({"logGroupNamePattern": "WORK"}), &[]),
    ] {
        assert_eq!(names(&account, input).unwrap(), expected);
    }
    let all = handle(&account, "DescribeLogGroups", &json!({})).unwrap();
    assert_eq!(all["logGroups"][0]["retentionInDays"], 30);
    assert_eq!(all["logGroups"][1].get("retentionInDays"), None);
    assert_eq!(all["logGroups"][2]["storedBytes"], 5);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/api";
    assert_eq!(all["logGroups"][0]["logGroupArn"], arn);
    assert_eq!(all["logGroups"][0]["arn"], format!("{arn}:*"));
}

#[tokio::test(start_paused = true)]
async fn groups_are_listed_page_by_page() {
    let account = account();
    let page = |input: Value| handle(&account, "DescribeLogGroups", &input).unwrap();
    let first = page(json!({"limit": 2}));
    assert_eq!(first["logGroups"].as_array().unwrap().len(), 2);
    let last = page(json!({"limit": 2, "nextToken": first["nextToken"]}));
    assert_eq!(last["logGroups"][0]["logGroupName"], "/ecs/worker");
    assert_eq!(last.get("nextToken"), None);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_created_again_keeps_its_lines() {
    let account = account();
    account.create_log_group("/ecs/worker", Some(7));
    let input = json!({"logGroupName": "/ecs/worker", "logStreamName": "worker/worker/1"});
    let lines = handle(&account, "GetLogEvents", &input).unwrap();
    assert_eq!(lines["events"][0]["message"], "hello");
}

#[tokio::test(start_paused = true)]
async fn what_the_service_refuses_is_refused() {
    let account = account();
    for input in [
        json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "a"}),
        json!({"logGroupNamePrefix": ""}),
        json!({"logGroupNamePrefix": "a b"}),
        json!({"logGroupNamePattern": "x".repeat(513)}),
        json!({"limit": 51}),
        json!({"limit": 0}),
        json!({"includeLinkedAccounts": true}),
    ] {
        let refused = names(&account, input);
        assert_eq!(refused, Err("InvalidParameterException".to_owned()));
    }
}
