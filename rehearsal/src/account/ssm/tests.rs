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

fn names(account: &Account, filters: &Value) -> Result<Vec<String>, String> {
    let input = json!({ "ParameterFilters": filters });
    let output = handle(account, "DescribeParameters", &input).map_err(|error| error.code)?;
    let parameters = output["Parameters"].as_array().unwrap().iter();
    Ok(parameters
        .map(|parameter| parameter["Name"].as_str().unwrap().to_owned())
        .collect())
}

#[tokio::test(start_paused = true)]
async fn parameters_are_described_by_name_and_type_without_their_values() {
    let account = account();
    create_parameter(&account, "/a/url", "String", "hunter2").unwrap();
    create_parameter(&account, "/a/key", "SecureString", "hunter2").unwrap();
    create_parameter(&account, "/b", "String", "hunter2").unwrap();
    let filter = |key: &str, option: &str, values: &[&str]| json!([{"Key": key, "Option": option, "Values": values}]);
    for (filters, expected) in [
        (json!([]), &["/a/key", "/a/url", "/b"][..]),
        (
            filter("Name", "Equals", &["/b", "/a/url", "/c"]),
            &["/a/url", "/b"],
        ),
        (filter("Name", "Equals", &["/a"]), &[]),
        (filter("Name", "BeginsWith", &["/a"]), &["/a/key", "/a/url"]),
        (filter("Name", "Contains", &["ur"]), &["/a/url"]),
        (filter("Type", "Equals", &["SecureString"]), &["/a/key"]),
    ] {
        assert_eq!(names(&account, &filters).unwrap(), expected, "{filters}");
    }
    let all = handle(&account, "DescribeParameters", &json!({})).unwrap();
    assert!(!all.to_string().contains("hunter2"), "{all}");
    assert_eq!(all["Parameters"][0]["KeyId"], "alias/aws/ssm");
    assert_eq!(
        all["Parameters"][1]["ARN"],
        "arn:aws:ssm:eu-west-1:123456789012:parameter/a/url"
    );
    assert_eq!(all["Parameters"][1].get("KeyId"), None);
}

#[tokio::test(start_paused = true)]
async fn parameters_are_described_page_by_page() {
    let account = account();
    for name in ["/a", "/b", "/c"] {
        create_parameter(&account, name, "String", "x").unwrap();
    }
    let page = |input: Value| handle(&account, "DescribeParameters", &input).unwrap();
    let first = page(json!({"MaxResults": 2}));
    assert_eq!(first["Parameters"].as_array().unwrap().len(), 2);
    let last = page(json!({"MaxResults": 2, "NextToken": first["NextToken"]}));
    assert_eq!(last["Parameters"][0]["Name"], "/c");
    assert_eq!(last.get("NextToken"), None);
}

#[tokio::test(start_paused = true)]
async fn filters_that_parameter_store_refuses_are_refused() {
    let account = account();
    for (filter, code) in [
        (
            json!({"Key": "Colour", "Values": ["x"]}),
            "InvalidFilterKey",
        ),
        (
            json!({"Key": "Type", "Option": "BeginsWith", "Values": ["x"]}),
            "InvalidFilterOption",
        ),
        (json!({"Key": "Name", "Values": []}), "InvalidFilterValue"),
        (json!({"Key": "Name", "Values": [""]}), "InvalidFilterValue"),
        (json!({"Values": ["x"]}), "ValidationException"),
    ] {
        assert_eq!(names(&account, &json!([filter])), Err(code.to_owned()));
    }
    for (input, code) in [
        (json!({"MaxResults": 51}), "ValidationException"),
        (json!({"NextToken": "x"}), "InvalidNextToken"),
        (json!({"Shared": true}), "ValidationException"),
    ] {
        let refused = handle(&account, "DescribeParameters", &input);
        assert_eq!(refused.unwrap_err().code, code, "{input}");
    }
}
