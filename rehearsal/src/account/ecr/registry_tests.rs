//! Other accounts' and regions' registries, and images that arrive from them.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecr::types::ImageIdentifier;
use aws_types::SdkConfig;
use aws_types::region::Region;
use serde_json::{Value, json};

use crate::account::containers::ImageSpec;
use crate::account::ecr::{self, Registry};
use crate::account::sample::{Sample, task_definition};
use crate::account::{Account, Replication, Settings};

const URI: &str = "210987654321.dkr.ecr.us-east-1.amazonaws.com/tools/log-router";

fn other() -> Registry {
    Registry {
        account_id: "210987654321".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

fn client(account: &Account, region: &'static str) -> aws_sdk_ecr::Client {
    let credentials = Credentials::new("AKIAX", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .http_client(account.http_client())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .behavior_version(aws_sdk_ecr::config::BehaviorVersion::latest())
        .build();
    aws_sdk_ecr::Client::new(&config)
}

/// Source, detail-type, `image-tag` and `action-type` of the events so far.
fn told(account: &Account) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("absent").to_owned();
    let events = account.events().history().into_iter();
    events
        .map(|event| {
            (
                text(&event["detail-type"]),
                text(&event["detail"]["action-type"]),
                text(&event["detail"]["image-tag"]),
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_repository_is_found_by_its_registry_and_the_region_that_is_asked() {
    let account = Account::new(Settings::for_tests());
    assert_eq!(ecr::create_repository(&account, URI), URI);
    assert_eq!(other().uri("tools/log-router"), URI);
    let digest = ecr::push_image(&account, URI, &["v1"], &ImageSpec::healthy("v1")).unwrap();
    let describe = |region: &'static str, registry: Option<&str>| {
        client(&account, region)
            .describe_images()
            .repository_name("tools/log-router")
            .set_registry_id(registry.map(str::to_owned))
            .image_ids(ImageIdentifier::builder().image_tag("v1").build())
            .send()
    };
    let found = describe("us-east-1", Some("210987654321")).await.unwrap();
    let image = &found.image_details()[0];
    assert_eq!(image.image_digest(), Some(digest.as_str()));
    assert_eq!(image.registry_id(), Some("210987654321"));
    for (region, registry) in [
        ("eu-west-1", Some("210987654321")),
        ("us-east-1", None),
        ("eu-west-1", None),
    ] {
        let error = describe(region, registry).await.unwrap_err();
        let error = error.into_service_error();
        assert!(error.is_repository_not_found_exception(), "{error:?}");
    }
    let malformed = describe("eu-west-1", Some("somebody")).await.unwrap_err();
    let malformed = malformed.into_service_error();
    assert!(malformed.is_invalid_parameter_exception(), "{malformed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_pulls_from_another_registry() {
    let sample = Sample::open();
    ecr::create_repository(&sample.account, URI);
    let image = ImageSpec::healthy("router");
    let digest = ecr::push_image(&sample.account, URI, &["v1"], &image).unwrap();
    let with = |image: String| {
        let mut document = task_definition("test");
        document["containerDefinitions"][1]["image"] = image.into();
        sample.green_with(document)
    };
    let set = with(format!("{URI}@{digest}"));
    let unknown = with(URI.replace("log-router", "nothing"));
    sample.after(60).await;
    let task = &sample.tasks(&set, "RUNNING")[0];
    assert_eq!(task["containers"][1]["imageDigest"], digest);
    let task = &sample.tasks(&unknown, "STOPPED")[0];
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(reason.contains("pull access denied"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_push_to_another_registry_is_told_only_if_it_is_forwarded() {
    let account = Account::new(Settings::for_tests());
    ecr::create_repository(&account, URI);
    ecr::push_image(&account, URI, &["v1"], &ImageSpec::healthy("v1")).unwrap();
    assert_eq!(account.events().history(), Vec::<Value>::new());
    ecr::forward_events(&account, &other());
    ecr::push_image(&account, URI, &["v2"], &ImageSpec::healthy("v2")).unwrap();
    let events = account.events().history();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (&events[0]["account"], &events[0]["region"]),
        (&json!("210987654321"), &json!("us-east-1"))
    );
    assert_eq!(events[0]["detail"]["repository-name"], "tools/log-router");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_arrives_by_replication_is_told_with_or_without_a_push() {
    for replication in [Replication::IsNoPush, Replication::AlsoSendsPush] {
        let account = Account::new(Settings {
            replication,
            ..Settings::for_tests()
        });
        ecr::create_repository(&account, "mco/api");
        let image = ImageSpec::healthy("v1");
        let digest =
            ecr::replicate_image(&account, &other(), "mco/api", &["test"], &image).unwrap();
        assert_eq!(
            ecr::tagged(&account, "mco/api", "test"),
            Some(digest.clone())
        );
        let events = account.events().history();
        let event = &events[0];
        assert_eq!(event["detail-type"], "ECR Replication Action");
        assert_eq!(
            event["resources"],
            json!(["arn:aws:ecr:eu-west-1:123456789012:repository/mco/api"])
        );
        assert_eq!(
            event["detail"],
            json!({
                "result": "SUCCESS",
                "repository-name": "mco/api",
                "image-digest": digest,
                "source-account": "210987654321",
                "action-type": "REPLICATE",
                "source-region": "us-east-1",
                "image-tag": "test",
            })
        );
        let text =
            |kind: &str, action: &str| (kind.to_owned(), action.to_owned(), "test".to_owned());
        let mut expected = vec![text("ECR Replication Action", "REPLICATE")];
        if replication == Replication::AlsoSendsPush {
            expected.push(text("ECR Image Action", "PUSH"));
        }
        assert_eq!(told(&account), expected);
    }
}
