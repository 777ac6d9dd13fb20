//! Buckets and objects, with AWS's own SDK in front of them.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::BehaviorVersion;
use aws_sdk_s3::primitives::ByteStream;
use aws_types::region::Region;
use bytes::Bytes;
use http::Request;
use serde_json::json;

use super::put_object;
use crate::account::{Account, Settings};
use crate::clock::Clock;
use crate::endpoint::Endpoint;

fn client(account: &Account, key: &str, path_style: bool) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest())
        .force_path_style(path_style);
    aws_sdk_s3::Client::from_conf(config.build())
}

async fn read(client: &aws_sdk_s3::Client, bucket: &str, key: &str) -> String {
    let got = client.get_object().bucket(bucket).key(key).send().await;
    let body = got.unwrap().body.collect().await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_object_is_read_in_path_style_and_by_its_virtual_host() {
    let account = Account::new(Settings::for_tests());
    let key = "releases/2026 01/task+def.json";
    put_object(&account, "templates", key, "{\"family\": \"a\"}")
        .await
        .unwrap();
    for path_style in [true, false] {
        let client = client(&account, "AKIAX", path_style);
        assert_eq!(read(&client, "templates", key).await, "{\"family\": \"a\"}");
    }
    let calls = account.journal().calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!((call.service, call.operation.as_str()), ("s3", "GetObject"));
        assert_eq!(call.request, json!({"Bucket": "templates", "Key": key}));
        assert_eq!(call.response["Content-Length"], 15);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_sdk_puts_can_be_headed_got_listed_and_deleted() {
    let account = Account::new(Settings::for_tests());
    put_object(&account, "evidence", "first", "1")
        .await
        .unwrap();
    put_object(&account, "evidence", "first", "2")
        .await
        .unwrap();
    let client = client(&account, "AKIAX", true);
    let put = client.put_object().bucket("evidence").key("second");
    put.body(ByteStream::from_static(b"hello"))
        .send()
        .await
        .unwrap();
    let head = client.head_object().bucket("evidence").key("second");
    assert_eq!(head.send().await.unwrap().content_length(), Some(5));
    assert_eq!(read(&client, "evidence", "first").await, "2");
    let listed = client.list_objects_v2().bucket("evidence").send().await;
    let keys: Vec<String> = listed
        .unwrap()
        .contents()
        .iter()
        .filter_map(|object| object.key().map(str::to_owned))
        .collect();
    assert_eq!(keys, ["first", "second"]);
    let delete = client.delete_object().bucket("evidence").key("second");
    delete.send().await.unwrap();
    let head = client.head_object().bucket("evidence").key("second");
    let error = head.send().await.unwrap_err().into_service_error();
    assert!(error.is_not_found(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_a_missing_bucket_and_a_refusal_are_told_apart() {
    let account = Account::new(Settings::for_tests());
    put_object(&account, "templates", "a", "1").await.unwrap();
    let key = account.add_caller("DeployOnPush");
    let client = client(&account, &key, true);
    let get = |bucket: &str, key: &str| client.get_object().bucket(bucket).key(key).send();

    let error = get("templates", "b")
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_no_such_key(), "{error:?}");
    let error = get("nothing", "a").await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("NoSuchBucket"));

    account.deny("DeployOnPush", "s3:GetObject");
    let error = get("templates", "a").await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 403);
    let error = error.into_service_error();
    assert_eq!(error.meta().code(), Some("AccessDenied"));
    let message = error.meta().message().unwrap();
    assert!(message.contains("s3:GetObject"), "{message}");
    let journal = account.journal().calls();
    assert_eq!(journal[2].response["__type"], "AccessDenied");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_a_bucket_is_not_told_that_a_key_is_missing() {
    let account = Account::new(Settings::for_tests());
    put_object(&account, "templates", "a", "1").await.unwrap();
    let key = account.add_caller("DeployOnPush");
    account.deny("DeployOnPush", "s3:ListBucket");
    let client = client(&account, &key, true);
    assert_eq!(read(&client, "templates", "a").await, "1");
    let get = client.get_object().bucket("templates").key("b").send();
    let error = get.await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("AccessDenied"));
}

#[tokio::test]
async fn an_object_is_read_from_the_endpoint_too() {
    let clock = Clock::scaled(jiff::Timestamp::UNIX_EPOCH, 1.0);
    let account = Account::new(Settings::loopback(clock));
    put_object(&account, "templates", "a/b.yaml", "x: 1")
        .await
        .unwrap();
    let endpoint = Endpoint::open(&account, 0).unwrap();
    let config = aws_sdk_s3::Config::builder()
        .endpoint_url(endpoint.url())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIAX", "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest())
        .timeout_config(
            aws_sdk_s3::config::timeout::TimeoutConfig::builder()
                .operation_timeout(Duration::from_secs(10))
                .build(),
        )
        .force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    assert_eq!(read(&client, "templates", "a/b.yaml").await, "x: 1");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_is_refused_by_name() {
    let account = Account::new(Settings::for_tests());
    put_object(&account, "templates", "a", "1").await.unwrap();
    for (method, path) in [
        ("GET", "/templates/a?acl"),
        ("POST", "/templates/a?uploads"),
        ("GET", "/"),
    ] {
        let request = Request::builder().method(method).uri(path).header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=K/20260101/eu-west-1/s3/aws4_request",
        );
        let response = account.handle(request.body(Bytes::new()).unwrap()).await;
        assert_eq!(response.status().as_u16(), 501, "{method} {path}");
        let body = String::from_utf8_lossy(response.body()).into_owned();
        assert!(body.contains("<Code>NotImplemented</Code>"), "{body}");
    }
}
