use serde_json::{Value, json};

use super::*;
use crate::account::Settings;

fn account() -> Account {
    Account::new(Settings::for_tests())
}

fn put(account: &Account, input: &Value) -> Result<i64, String> {
    let output = handle(account, "PutParameter", input).map_err(|error| error.code)?;
    Ok(output["Version"].as_i64().unwrap())
}

#[tokio::test(start_paused = true)]
async fn each_overwriting_is_a_version() {
    let account = account();
    let written =
        |value: &str| json!({"Name": "/a/b", "Type": "String", "Value": value, "Overwrite": true});
    assert_eq!(put(&account, &written("one")), Ok(1));
    assert_eq!(put(&account, &written("two")), Ok(2));
    let got = handle(&account, "GetParameter", &json!({"Name": "/a/b"})).unwrap();
    assert_eq!(got["Parameter"]["Value"], "two");
    assert_eq!(got["Parameter"]["Version"], 2);
    assert_eq!(got["Parameter"]["DataType"], "text");
    assert_eq!(
        got["Parameter"]["ARN"],
        "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"
    );
    assert_eq!(parameter(&account, "/a/b"), Some(("two".to_owned(), 2)));
    let missing = handle(&account, "GetParameter", &json!({"Name": "/c"}));
    assert_eq!(missing.unwrap_err().code, "ParameterNotFound");
}

#[tokio::test(start_paused = true)]
async fn what_parameter_store_refuses_is_refused() {
    let account = account();
    create_parameter(&account, "/a/secret", "SecureString", "x").unwrap();
    let deep = "/a".repeat(16);
    let long = "x".repeat(4097);
    for (input, code) in [
        (
            json!({"Name": "/a/secret", "Type": "String", "Value": "y"}),
            "ParameterAlreadyExists",
        ),
        (
            json!({"Name": "/a/secret", "Type": "String", "Value": "y", "Overwrite": true}),
            "HierarchyTypeMismatchException",
        ),
        (
            json!({"Name": "/b", "Type": "Text", "Value": "y"}),
            "UnsupportedParameterType",
        ),
        (json!({"Name": "/b", "Value": "y"}), "ValidationException"),
        (
            json!({"Name": "/b", "Type": "String", "Value": long}),
            "ValidationException",
        ),
        (
            json!({"Name": "b c", "Type": "String", "Value": "y"}),
            "ValidationException",
        ),
        (
            json!({"Name": "b/c", "Type": "String", "Value": "y"}),
            "ValidationException",
        ),
        (
            json!({"Name": "/AWS/c", "Type": "String", "Value": "y"}),
            "AccessDeniedException",
        ),
        (
            json!({"Name": deep, "Type": "String", "Value": "y"}),
            "HierarchyLevelLimitExceededException",
        ),
    ] {
        assert_eq!(put(&account, &input), Err(code.to_owned()), "{input}");
    }
    assert_eq!(parameter(&account, "/a/secret"), Some(("x".to_owned(), 1)));
}
