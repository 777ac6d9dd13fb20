//! Secrets, with AWS's own SDK in front of them.

use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::BehaviorVersion;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use aws_types::region::Region;
use serde_json::json;

use super::*;
use crate::account::Settings;

fn client(account: &Account, key: &str) -> Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    Client::from_conf(config.build())
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_found_by_name_and_by_arn_whole_or_without_its_end() {
    let account = Account::new(Settings::for_tests());
    let arn = account.add_secret("mco/api");
    assert_eq!(account.add_secret("mco/api"), arn);
    account.add_secret("mco/api-key");
    let client = client(&account, "AKIAX");
    let (partial, suffix) = arn.rsplit_once('-').unwrap();
    assert_eq!(suffix.len(), 6);
    for id in ["mco/api", &arn, partial] {
        let found = client.describe_secret().secret_id(id).send().await.unwrap();
        assert_eq!((found.arn(), found.name()), (Some(&*arn), Some("mco/api")));
        assert!(found.deleted_date().is_none());
        let versions = found.version_ids_to_stages().unwrap();
        assert_eq!(versions.values().next().unwrap(), &["AWSCURRENT"]);
    }
    for id in [
        "mco",
        "api",
        &format!("{arn}x"),
        &arn.replace("eu-west-1", "us-east-1"),
    ] {
        let error = client.describe_secret().secret_id(id).send().await;
        let error = error.unwrap_err().into_service_error();
        assert!(error.is_resource_not_found_exception(), "{id}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_secret_is_still_described() {
    let account = Account::new(Settings::for_tests());
    account.add_secret("mco/api");
    account.delete_secret("mco/api");
    let client = client(&account, "AKIAX");
    let found = client.describe_secret().secret_id("mco/api").send().await;
    let deleted = found.unwrap().deleted_date().unwrap().secs();
    assert_eq!(deleted - account.clock().now().as_second(), 30 * 86_400);
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_look_is_told_the_action() {
    let account = Account::new(Settings::for_tests());
    account.add_secret("mco/api");
    let key = account.add_caller("RegisterTarget");
    account.deny("RegisterTarget", "secretsmanager:DescribeSecret");
    let client = client(&account, &key);
    let refused = client.describe_secret().secret_id("mco/api").send().await;
    let refused = refused.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    assert!(
        refused
            .message()
            .unwrap()
            .contains("secretsmanager:DescribeSecret")
    );
}

#[test]
fn what_is_not_simulated_or_not_right_is_refused() {
    let account = Account::new(Settings::for_tests());
    let code =
        |operation: &str, input: Value| handle(&account, operation, &input).unwrap_err().code;
    for input in [
        json!({}),
        json!({"SecretId": ""}),
        json!({"SecretId": "a", "VersionId": "b"}),
    ] {
        assert_eq!(code("DescribeSecret", input), "ValidationException");
    }
    let value = code("GetSecretValue", json!({"SecretId": "a"}));
    assert_eq!(value, "UnknownOperationException");
}
