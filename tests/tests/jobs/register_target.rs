//! A target as a resource of a stack: `register-target` behind the simulated CloudFormation, with everything that can go
//! wrong between them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use bytes::Bytes;
use greenlight_aws::table::Owner;
use greenlight_core::record::Status;
use greenlight_tests::{
    heard::Heard,
    web::Reply,
    wire::Fault,
    world::{REGISTER_TARGET, World, name, sample_targets},
};
use http::{Response, StatusCode, header};
use rehearsal::account::{
    Settings,
    cloudformation::{StackFailure, Stacks},
    template::Choices,
};
use serde_json::{Value, json};

const STACK: &str = "targets";

/// The sample account without its target.
pub(crate) async fn world() -> World {
    let world = World::open().await;
    world.operator.remove(&name()).await.unwrap();
    world.register_wire.forget();
    world
}

fn stacks(world: &World) -> Stacks {
    world.sample.account.stacks()
}

/// The sample target's properties, called `name` and with a timeout that makes one differ from another.
fn properties(world: &World, name: &str, timeout: &str) -> Value {
    let template = &world.sample.template;
    let function = &template.function(REGISTER_TARGET).unwrap().name;
    let mut properties = sample_targets()[0].to_value();
    properties["name"] = name.into();
    properties["timeout"] = timeout.into();
    properties["Verify"] = false.into();
    properties["ServiceToken"] = world.sample.account.functions().arn(function).into();
    properties
}

fn stack(resources: &[(&str, Value)]) -> String {
    let resources = resources.iter().map(|(id, properties)| {
        let resource = json!({"Type": "Custom::GreenlightTarget", "Properties": properties});
        ((*id).to_owned(), resource)
    });
    let resources: serde_json::Map<_, _> = resources.collect();
    json!({ "Resources": resources }).to_string()
}

fn choices() -> Choices {
    Choices::of(&Settings::for_tests())
}

async fn create(world: &World, resources: &[(&str, Value)]) -> Result<(), StackFailure> {
    stacks(world)
        .create(STACK, &stack(resources), &choices())
        .await
}

async fn update(world: &World, resources: &[(&str, Value)]) -> Result<(), StackFailure> {
    stacks(world)
        .update(STACK, &stack(resources), &choices())
        .await
}

/// Names and timeouts of the targets that are registered.
pub(crate) async fn registered(world: &World) -> Vec<String> {
    let targets = world.operator.targets().await.unwrap();
    let told = targets.into_iter().map(|target| {
        let target = target.unwrap().target;
        let minutes = target.timeout.unwrap_or_default().as_secs() / 60;
        format!("{} {minutes}m", target.name)
    });
    told.collect()
}

/// Who owns the sample target.
async fn owner(world: &World) -> Option<Owner> {
    let target = world.operator.owned_target(&name()).await.unwrap();
    target.and_then(|target| target.owner)
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_created_changed_renamed_and_deleted() {
    let world = world().await;
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    assert_eq!(registered(&world).await, ["api-test 60m"]);
    let stacks = stacks(&world);
    let physical_id = || stacks.physical_id(STACK, "Api");
    assert_eq!(physical_id().as_deref(), Some("greenlight/api-test"));
    let attribute = |name: &str| stacks.attribute(STACK, "Api", name);
    assert_eq!(attribute("Name").as_deref(), Some("api-test"));
    assert!(attribute("Version").unwrap().parse::<u64>().unwrap() > 0);
    // What runs was taken over.
    assert_eq!(world.recorded().await, Some(world.sample.v1.clone()));

    update(&world, &[("Api", properties(&world, "api-test", "2h"))])
        .await
        .unwrap();
    assert_eq!(registered(&world).await, ["api-test 120m"]);
    assert_eq!(physical_id().as_deref(), Some("greenlight/api-test"));
    assert_eq!(world.recorded().await, Some(world.sample.v1.clone()));

    update(&world, &[("Api", properties(&world, "api-new", "2h"))])
        .await
        .unwrap();
    assert_eq!(registered(&world).await, ["api-new 120m"]);
    assert_eq!(physical_id().as_deref(), Some("greenlight/api-new"));

    stacks.delete(STACK).await.unwrap();
    assert_eq!(registered(&world).await, [""; 0]);
    // The records stay.
    let status = world.status_of(&world.sample.v1).await;
    assert_eq!(status, Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn what_others_have_registered_is_neither_taken_over_nor_removed() {
    let world = World::open().await;
    let by_hand = registered(&world).await;
    let failure = create(&world, &[("Api", properties(&world, "api-test", "2h"))]).await;
    let failure = failure.unwrap_err().to_string();
    assert!(
        failure.contains("is registered already, by hand"),
        "{failure}"
    );
    assert!(
        failure.contains("greenlight targets remove api-test"),
        "{failure}"
    );
    // The roll back has deleted the resource, and not the target.
    assert_eq!(registered(&world).await, by_hand);

    world.operator.remove(&name()).await.unwrap();
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    let other = stack(&[("Other", properties(&world, "api-test", "2h"))]);
    let failure = stacks(&world).create("other", &other, &choices()).await;
    let failure = failure.unwrap_err().to_string();
    assert!(
        failure.contains("by resource `Api` of stack `targets`"),
        "{failure}"
    );
    assert_eq!(registered(&world).await, ["api-test 60m"]);

    // A person may change it; the resource stays its owner, and the record of who it is stays.
    let owned = owner(&world).await;
    world.operator.apply(&sample_targets()[0]).await.unwrap();
    assert_eq!(owner(&world).await, owned);
    assert_eq!(owned.unwrap().resource, "Api");

    // What a person has removed and registered anew is not the resource's any more.
    world.operator.remove(&name()).await.unwrap();
    world.operator.apply(&sample_targets()[0]).await.unwrap();
    stacks(&world).delete(STACK).await.unwrap();
    assert_eq!(registered(&world).await, by_hand);
}

#[tokio::test(start_paused = true)]
async fn a_mistake_fails_the_stack_in_plain_words_and_what_was_there_before_stays() {
    let world = world().await;
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    let mut mistaken = properties(&world, "api-test", "2h");
    mistaken["deplyo"] = json!({});
    let failure = update(&world, &[("Api", mistaken)]).await.unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("deplyo"), "{text}");
    assert!(text.contains("did you mean"), "{text}");
    assert_eq!(registered(&world).await, ["api-test 60m"]);
    let StackFailure::Resource { rollback, .. } = failure else {
        panic!("{failure:?}")
    };
    assert_eq!(rollback, [""; 0]);

    // One resource fails, so the other goes back to what it was.
    let mut strange = properties(&world, "api-two", "1h");
    strange["Verify"] = "perhaps".into();
    let renamed = properties(&world, "api-renamed", "3h");
    let failure = update(&world, &[("Api", renamed), ("Two", strange)])
        .await
        .unwrap_err();
    assert!(failure.to_string().contains("Verify"), "{failure}");
    assert_eq!(registered(&world).await, ["api-test 60m"]);
    let id = stacks(&world).physical_id(STACK, "Api");
    assert_eq!(id.as_deref(), Some("greenlight/api-test"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_again_is_answered_as_before_and_changes_nothing() {
    let world = world().await;
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    update(&world, &[("Api", properties(&world, "api-test", "2h"))])
        .await
        .unwrap();
    stacks(&world).delete(STACK).await.unwrap();
    create(&world, &[("Api", properties(&world, "api-test", "3h"))])
        .await
        .unwrap();
    let requests = stacks(&world).requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        let answer = world
            .invoke(REGISTER_TARGET, request.clone())
            .await
            .unwrap();
        assert_eq!(answer["status"], "SUCCESS", "{request}");
        assert_eq!(registered(&world).await, ["api-test 180m"], "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_writes_nothing_to_the_target() {
    let world = world().await;
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    let mut same = properties(&world, "api-test", "60m");
    same["ServiceTimeout"] = json!(300);
    let writes = || {
        let account = &world.sample.account;
        let calls = account
            .journal()
            .calls_of(REGISTER_TARGET, "dynamodb:TransactWriteItems");
        calls.len()
    };
    let before = writes();
    update(&world, &[("Api", same)]).await.unwrap();
    assert_eq!(writes(), before);
}

/// The function dies, or an answer of AWS is lost, at each of its calls: Lambda invokes it again.
#[tokio::test(start_paused = true)]
async fn a_death_at_any_call_is_made_good_by_the_next_attempt() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost] {
        let world = world().await;
        let wire = &world.register_wire;
        for number in 0.. {
            wire.inject(number, fault);
            create(&world, &[("Api", properties(&world, "api-test", "1h"))])
                .await
                .unwrap();
            let has_struck = wire.has_struck();
            wire.forget();
            assert_eq!(
                registered(&world).await,
                ["api-test 60m"],
                "{fault:?} at {number}"
            );

            wire.inject(number, fault);
            let renamed = [("Api", properties(&world, "api-new", "1h"))];
            update(&world, &renamed).await.unwrap();
            wire.forget();
            assert_eq!(
                registered(&world).await,
                ["api-new 60m"],
                "{fault:?} at {number}"
            );

            wire.inject(number, fault);
            stacks(&world).delete(STACK).await.unwrap();
            wire.forget();
            assert_eq!(registered(&world).await, [""; 0], "{fault:?} at {number}");
            if !has_struck {
                assert!(number > 5, "{number}");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_arrive_is_sent_again_and_never_to_where_it_is_redirected() {
    let world = world().await;
    let status = |status: StatusCode| {
        let answer = Response::builder().status(status);
        let answer = answer.header(
            header::LOCATION,
            "https://bucket.s3.amazonaws.com/elsewhere",
        );
        Reply::Answer(answer.body(Bytes::new()).unwrap())
    };
    let asked = std::sync::atomic::AtomicUsize::new(0);
    world.web.replies(move |request| {
        assert_eq!(request.method(), http::Method::PUT);
        match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => status(StatusCode::SERVICE_UNAVAILABLE),
            1 => Reply::Never,
            // Refused for good: the next attempt is Lambda's.
            2 => status(StatusCode::TEMPORARY_REDIRECT),
            _ => Reply::Usual,
        }
    });
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    let puts = world.web.asked();
    assert_eq!(puts.len(), 4);
    let body = |put: &http::Request<Bytes>| serde_json::from_slice::<Value>(put.body()).unwrap();
    for put in &puts {
        assert_eq!(put.uri(), puts[0].uri());
        assert_eq!(body(put), body(&puts[0]));
        assert_eq!(put.headers()[header::CONTENT_TYPE], "");
    }
    assert_eq!(registered(&world).await, ["api-test 60m"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered_before_the_function_ends() {
    let world = world().await;
    let slow = std::time::Duration::from_mins(10);
    world.register_wire.delay("TransactWriteItems", slow);
    let before = world.sample.account.clock().now();
    let failure = create(&world, &[("Api", properties(&world, "api-test", "1h"))]).await;
    let failure = failure.unwrap_err().to_string();
    assert!(failure.contains("Message returned"), "{failure}");
    let took = world.sample.account.clock().now().duration_since(before);
    assert!(took.as_secs() < 400, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_url_of_an_answer_is_in_no_log() {
    let world = world().await;
    let (heard, _guard) = Heard::listen();
    world
        .web
        .replies(|_| Reply::Answer(Response::builder().status(403).body(Bytes::new()).unwrap()));
    let mut properties = properties(&world, "api-test", "1h");
    properties["ServiceTimeout"] = json!(30);
    create(&world, &[("Api", properties)]).await.unwrap_err();
    let url = stacks(&world).requests()[0]["ResponseURL"]
        .as_str()
        .unwrap()
        .to_owned();
    let (place, signature) = url.split_once("Signature=").unwrap();
    let lines = heard.lines();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(!line.contains(signature), "{line}");
        assert!(!line.contains(place.split('?').next().unwrap()), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn damaged_requests_are_answered_and_those_that_cannot_be_change_nothing() {
    let world = world().await;
    create(&world, &[("Api", properties(&world, "api-test", "1h"))])
        .await
        .unwrap();
    let good = stacks(&world).requests().remove(0);
    let puts = || world.web.asked().len();
    for (key, value) in [
        ("RequestType", json!("Explode")),
        ("RequestType", json!(null)),
        ("RequestType", json!("Update")),
        ("RequestType", json!("Delete")),
        ("ResourceProperties", json!("text")),
        ("ResourceProperties", json!({})),
        ("StackId", json!(7)),
        ("LogicalResourceId", json!("")),
        ("RequestId", json!(null)),
    ] {
        let mut damaged = good.clone();
        damaged["RequestId"] = format!("damaged-{key}-{value}").into();
        damaged[key] = value;
        let before = puts();
        let answer = world.invoke(REGISTER_TARGET, damaged.clone()).await;
        assert_eq!(answer.unwrap()["status"], "FAILED", "{damaged}");
        assert!(puts() > before, "{damaged}");
        assert_eq!(registered(&world).await, ["api-test 60m"], "{damaged}");
    }
    for url in [
        json!("https://example.org/answer"),
        json!("http://169.254.169.254/"),
        json!(5),
    ] {
        let mut foreign = good.clone();
        foreign["RequestId"] = "foreign".into();
        foreign["RequestType"] = "Delete".into();
        foreign["PhysicalResourceId"] = "greenlight/api-test".into();
        foreign["ResponseURL"] = url;
        let before = puts();
        let answer = world.invoke(REGISTER_TARGET, foreign).await.unwrap();
        assert!(answer["dropped"].is_string(), "{answer}");
        assert_eq!(puts(), before);
        assert_eq!(registered(&world).await, ["api-test 60m"]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_invokes_the_function_directly_gets_an_answer() {
    let world = world().await;
    let target = sample_targets()[0].to_value();
    let ask = |action: &str, target: &Value| {
        let payload = json!({"action": action, "target": target, "verify": false});
        world.invoke(REGISTER_TARGET, payload)
    };
    let answer = ask("register", &target).await.unwrap();
    assert_eq!(answer["registered"], true);
    assert_eq!(answer["applied"], "created");
    let answer = ask("register", &target).await.unwrap();
    assert_eq!(answer["applied"], "unchanged");
    let answer = ask("register", &json!({"name": "api-test"})).await.unwrap();
    assert_eq!(answer["registered"], false);
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("`images` is missing")
    );
    let answer = ask("verify", &json!("nobody")).await.unwrap();
    assert_eq!(
        answer,
        json!({"verified": false, "reason": "there is no target `nobody`"})
    );
    let answer = ask("verify", &json!("api-test")).await.unwrap();
    assert_eq!(answer["report"]["target"], "api-test");
    assert_eq!(
        ask("remove", &json!("api-test")).await.unwrap(),
        json!({"removed": true})
    );
    assert_eq!(
        ask("remove", &json!("api-test")).await.unwrap(),
        json!({"removed": false})
    );
    assert!(ask("explode", &target).await.unwrap()["dropped"].is_string());
    assert_eq!(registered(&world).await, [""; 0]);
}
