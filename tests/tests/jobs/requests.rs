//! Requests of CloudFormation one by one, as they are kept in `events/`, at `register-target`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use bytes::Bytes;
use greenlight_tests::{web::Reply, world::REGISTER_TARGET};
use http::Response;
use serde_json::{Value, json};

use super::register_target::{registered, world};

fn sample(name: &str) -> Value {
    let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_cloudformation_sends_is_understood_and_answered_in_its_words() {
    let world = world().await;
    world
        .web
        .replies(|_| Reply::Answer(Response::new(Bytes::new())));
    for (name, targets) in [
        ("cloudformation/create", vec!["api-stack 0m"]),
        ("cloudformation/update", vec!["api-stack 0m"]),
        ("cloudformation/delete", vec![]),
        ("cloudformation/delete-after-failed-create", vec![]),
    ] {
        let request = sample(name);
        let answer = world
            .invoke(REGISTER_TARGET, request.clone())
            .await
            .unwrap();
        assert_eq!(answer["status"], "SUCCESS", "{name}: {answer}");
        assert_eq!(registered(&world).await, targets, "{name}");
        let put = world.web.asked().pop().unwrap();
        assert_eq!(put.uri().to_string(), request["ResponseURL"], "{name}");
        let body: Value = serde_json::from_slice(put.body()).unwrap();
        for key in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(body[key], request[key], "{name}");
        }
        let expected = request.get("PhysicalResourceId").cloned();
        let expected = expected.unwrap_or_else(|| json!("greenlight/api-stack"));
        assert_eq!(body["PhysicalResourceId"], expected, "{name}");
        assert_eq!(body["NoEcho"], false, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deletion_after_a_creation_that_was_never_answered_removes_what_it_has_registered() {
    let world = world().await;
    world
        .web
        .replies(|_| Reply::Answer(Response::builder().status(403).body(Bytes::new()).unwrap()));
    let create = sample("cloudformation/create");
    let unanswered = world.invoke(REGISTER_TARGET, create).await.unwrap_err();
    assert_eq!(unanswered.error_type, "RegisterTarget.Refused");
    assert_eq!(registered(&world).await, ["api-stack 0m"]);
    world
        .web
        .replies(|_| Reply::Answer(Response::new(Bytes::new())));
    let mut delete = sample("cloudformation/delete-after-failed-create");
    delete["PhysicalResourceId"] = "targets-Api-1ABCDEF".into();
    let answer = world.invoke(REGISTER_TARGET, delete).await.unwrap();
    assert_eq!(answer["status"], "SUCCESS");
    assert_eq!(registered(&world).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rename_that_cloudformation_has_not_heard_of_is_undone_whole() {
    let world = world().await;
    world
        .web
        .replies(|_| Reply::Answer(Response::new(Bytes::new())));
    let ask = async |kind: &str, id: &str, name: &str, old: Option<&str>| {
        let mut request = sample("cloudformation/update");
        request["RequestType"] = kind.into();
        request["RequestId"] = id.into();
        request["ResourceProperties"]["name"] = name.into();
        if let Some(old) = old {
            request["OldResourceProperties"]["name"] = old.into();
        }
        let answer = world.invoke(REGISTER_TARGET, request).await.unwrap();
        assert_eq!(answer["status"], "SUCCESS", "{answer}");
    };
    ask("Create", "1", "api-stack", None).await;
    // Its answer is lost for good; CloudFormation goes back, and knows the resource by its old name.
    ask("Update", "2", "api-renamed", Some("api-stack")).await;
    assert_eq!(registered(&world).await, ["api-renamed 0m", "api-stack 0m"]);
    ask("Update", "3", "api-stack", Some("api-renamed")).await;
    assert_eq!(registered(&world).await, ["api-stack 0m"]);
}
