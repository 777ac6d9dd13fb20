//! What an image was built for: its configuration, which can be downloaded, and where it runs.

use aws_credential_types::Credentials;
use aws_sdk_ecr::config::BehaviorVersion;
use aws_types::region::Region;
use bytes::Bytes;
use http::{Request, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::manifest;
use crate::account::containers::ImageSpec;
use crate::account::sample::{Sample, task_definition};
use crate::account::{Account, Settings, ecr};
use crate::clock::Clock;
use crate::endpoint::Endpoint;

/// The manifest under a tag.
fn stored(account: &Account, tag: &str) -> Value {
    let input = json!({"repositoryName": "mco/api", "imageIds": [{"imageTag": tag}]});
    let output = ecr::handle_own(account, "BatchGetImage", &input).unwrap();
    let manifest = output["images"][0]["imageManifest"].as_str().unwrap();
    serde_json::from_str(manifest).unwrap()
}

fn download_url(account: &Account, digest: &Value) -> Result<String, String> {
    let input = json!({"repositoryName": "mco/api", "layerDigest": digest});
    let output = ecr::handle_own(account, "GetDownloadUrlForLayer", &input);
    let url = output.map_err(|error| error.code)?["downloadUrl"].clone();
    Ok(url.as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_configuration_of_an_image_can_be_downloaded() {
    let account = Account::new(Settings::for_tests());
    ecr::create_repository(&account, "mco/api");
    let image = ImageSpec::healthy("v1").platform("linux/arm64");
    ecr::push_image(&account, "mco/api", &["v1"], &image).unwrap();
    let manifest = stored(&account, "v1");
    let digest = &manifest["config"]["digest"];
    let url: Uri = download_url(&account, digest).unwrap().parse().unwrap();
    let get = |url: &Uri| Request::get(url.path()).body(Bytes::new()).unwrap();
    let response = account.request(url.clone(), get(&url)).await.unwrap();
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    assert_eq!(manifest::digest(&body), *digest);
    assert_eq!(body.len(), manifest["config"]["size"]);
    let configuration: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&configuration["architecture"], &configuration["os"]),
        (&json!("arm64"), &json!("linux"))
    );

    let missing: Uri = url
        .to_string()
        .replace("sha256:", "sha256:0")
        .parse()
        .unwrap();
    let response = account
        .request(missing.clone(), get(&missing))
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 404);
    let layer = &manifest["layers"][0]["digest"];
    assert_eq!(
        download_url(&account, layer).unwrap_err(),
        "LayerInaccessibleException"
    );
    let unknown = json!(manifest::digest("unknown"));
    assert_eq!(
        download_url(&account, &unknown).unwrap_err(),
        "LayersNotFoundException"
    );
}

#[tokio::test]
async fn on_loopback_the_configuration_is_at_the_endpoint_that_was_asked() {
    let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 1.0);
    let account = Account::new(Settings::loopback(clock));
    ecr::create_repository(&account, "mco/api");
    ecr::push_image(&account, "mco/api", &["v1"], &ImageSpec::healthy("v1")).unwrap();
    let endpoint = Endpoint::open(&account, 0).unwrap();
    let config = aws_sdk_ecr::Config::builder()
        .endpoint_url(endpoint.url())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIAX", "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    let client = aws_sdk_ecr::Client::from_conf(config.build());
    let digest = stored(&account, "v1")["config"]["digest"].clone();
    let given = client
        .get_download_url_for_layer()
        .repository_name("mco/api")
        .layer_digest(digest.as_str().unwrap())
        .send()
        .await
        .unwrap();
    let url = given.download_url().unwrap();
    assert!(url.starts_with(&endpoint.url()), "{url}");
    let connector =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
    let client = connector.build_http::<http_body_util::Full<Bytes>>();
    let response = client.get(url.parse().unwrap()).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body());
    let body = String::from_utf8(body.await.unwrap().to_bytes().to_vec()).unwrap();
    assert_eq!(manifest::digest(&body), digest);
}

#[tokio::test(start_paused = true)]
async fn an_index_without_the_machines_platform_cannot_be_pulled() {
    let sample = Sample::open();
    let image = ImageSpec::healthy("v2").index(&["linux/arm64"]);
    let set = sample.green("v2", &image);
    sample.after(60).await;
    let task = &sample.tasks(&set, "STOPPED")[0];
    assert_eq!(task["stopCode"], "TaskFailedToStart");
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(reason.starts_with("CannotPullContainerError"), "{reason}");
    let what = "image Manifest does not contain descriptor matching platform 'linux/amd64'";
    assert!(reason.contains(what), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_single_manifest_for_another_machine_is_pulled_and_does_not_run() {
    let sample = Sample::open();
    let image = ImageSpec::healthy("v2").platform("linux/arm64");
    let set = sample.green("v2", &image);
    sample.after(60).await;
    let task = &sample.tasks(&set, "STOPPED")[0];
    assert_eq!(task["stopCode"], "EssentialContainerExited");
    let container = &task["containers"][0];
    assert_eq!(container["exitCode"], 255);
    assert!(container["imageDigest"].is_string());
    let reason = container["reason"].as_str().unwrap();
    assert!(reason.contains("exec format error"), "{reason}");
    // The same image on the machine that it is for.
    let mut document = task_definition("v2");
    document["runtimePlatform"] = json!({"cpuArchitecture": "ARM64"});
    let set = sample.green_with(document);
    sample.after(60).await;
    assert_eq!(sample.tasks(&set, "RUNNING")[0]["lastStatus"], "RUNNING");
}
