//! Log lines, with AWS's own SDK in front of them.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::BehaviorVersion;
use aws_sdk_cloudwatchlogs::operation::get_log_events::GetLogEventsOutput;
use aws_types::region::Region;
use serde_json::json;

use crate::account::containers::{Behaviour, Crash, ImageSpec};
use crate::account::sample::Sample;
use crate::account::{Account, ServiceError, Settings};

fn client(account: &Account, key: &str) -> Client {
    let config = aws_sdk_cloudwatchlogs::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .behavior_version(BehaviorVersion::latest());
    Client::from_conf(config.build())
}

fn messages(output: &GetLogEventsOutput) -> Vec<&str> {
    let events = output.events().iter();
    events.map(|event| event.message().unwrap()).collect()
}

fn awslogs(definition: &mut serde_json::Value) {
    definition["containerDefinitions"][0]["logConfiguration"] = json!({
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/ecs/api", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "api"},
    });
}

#[tokio::test(start_paused = true)]
async fn a_containers_lines_are_in_the_stream_of_its_task_when_it_has_died() {
    let sample = Sample::open();
    let image = ImageSpec::healthy("v2").behaving(|behaviour: &mut Behaviour| {
        behaviour.log = vec!["v2 starts".to_owned()];
        behaviour.last_words = vec![
            "panicked: no database".to_owned(),
            "at main.rs:7".to_owned(),
        ];
        behaviour.crash = Some(Crash {
            after: Duration::from_secs(20),
            exit_code: 101,
        });
    });
    let mut definition = crate::account::sample::task_definition("v2");
    awslogs(&mut definition);
    crate::account::ecr::push_image(&sample.account, "mco/api", &["v2"], &image).unwrap();
    let set = sample.green_with(definition);
    sample.after(25).await;
    let task = &sample.tasks(&set, "RUNNING")[0];
    let arn = task["taskArn"].as_str().unwrap();
    let stream = format!("api/api/{}", arn.rsplit('/').next().unwrap());
    let key = sample.account.add_caller("ValidateGreen");
    let client = client(&sample.account, &key);
    let get = async || {
        let asked = client.get_log_events().log_group_name("/ecs/api");
        asked.log_stream_name(&stream).send().await
    };
    assert_eq!(messages(&get().await.unwrap()), ["v2 starts"]);
    sample.after(20).await;
    let got = get().await.unwrap();
    let expected = ["v2 starts", "panicked: no database", "at main.rs:7"];
    assert_eq!(messages(&got), expected);
    let apart = got.events()[1].timestamp().unwrap() - got.events()[0].timestamp().unwrap();
    assert_eq!(apart, 20_000);
    sample.account.deny("ValidateGreen", "logs:GetLogEvents");
    let denied = get().await.unwrap_err().into_service_error();
    assert!(
        denied.to_string().contains("AccessDenied")
            || denied.meta().code() == Some("AccessDeniedException")
    );
    let calls = sample
        .account
        .journal()
        .calls_of("ValidateGreen", "logs:GetLogEvents");
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0].request["logStreamName"], stream.as_str());
}

#[tokio::test(start_paused = true)]
async fn a_group_or_stream_that_nobody_wrote_to_is_not_there() {
    let account = Account::new(Settings::for_tests());
    account.write_log("/ecs/api", "api/api/1", "hello");
    let client = client(&account, "AKIAX");
    for (group, stream) in [("/ecs/api", "api/api/2"), ("/ecs/web", "api/api/1")] {
        let asked = client
            .get_log_events()
            .log_group_name(group)
            .log_stream_name(stream);
        let error = asked.send().await.unwrap_err().into_service_error();
        assert!(error.is_resource_not_found_exception(), "{error:?}");
    }
    let asked = client
        .get_log_events()
        .log_group_identifier("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/api");
    let got = asked.log_stream_name("api/api/1").send().await.unwrap();
    assert_eq!(messages(&got), ["hello"]);
}

#[tokio::test(start_paused = true)]
async fn lines_are_read_in_pages_from_either_end() {
    let account = Account::new(Settings::for_tests());
    for number in 0..5 {
        account.write_log("g", "s", &number.to_string());
        account.clock().sleep(Duration::from_secs(1)).await;
    }
    let client = client(&account, "AKIAX");
    let ask = || {
        client
            .get_log_events()
            .log_group_name("g")
            .log_stream_name("s")
            .limit(2)
    };
    let newest = ask().send().await.unwrap();
    assert_eq!(messages(&newest), ["3", "4"]);
    let before = ask()
        .next_token(newest.next_backward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(messages(&before), ["1", "2"]);
    let first = ask()
        .next_token(before.next_backward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(messages(&first), ["0"]);
    let none = ask()
        .next_token(first.next_backward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert!(none.events().is_empty());
    // At the end, the token stays the same: that is how a client knows.
    assert_eq!(none.next_backward_token(), first.next_backward_token());
    let oldest = ask().start_from_head(true).send().await.unwrap();
    assert_eq!(messages(&oldest), ["0", "1"]);
    let after = ask()
        .start_from_head(true)
        .next_token(oldest.next_forward_token().unwrap());
    assert_eq!(messages(&after.send().await.unwrap()), ["2", "3"]);
    let second = newest.events()[0].timestamp().unwrap();
    let until = ask().end_time(second).send().await.unwrap();
    assert_eq!(messages(&until), ["1", "2"]);
    let since = ask()
        .start_time(second)
        .start_from_head(true)
        .send()
        .await
        .unwrap();
    assert_eq!(messages(&since), ["3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_has_a_megabyte_at_most_and_a_stream_its_newest_lines() {
    let account = Account::new(Settings::for_tests());
    let long = "x".repeat(400 * 1024);
    for _ in 0..4 {
        account.write_log("g", "long", &long);
    }
    for number in 0..=super::KEPT {
        account.write_log("g", "many", &number.to_string());
    }
    let client = client(&account, "AKIAX");
    let ask = |stream: &str| {
        client
            .get_log_events()
            .log_group_name("g")
            .log_stream_name(stream)
    };
    assert_eq!(ask("long").send().await.unwrap().events().len(), 2);
    let many = ask("many")
        .start_from_head(true)
        .limit(1)
        .send()
        .await
        .unwrap();
    assert_eq!(messages(&many), ["1"]);
    let next = ask("many").start_from_head(true).limit(1);
    let next = next
        .next_token(many.next_forward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(messages(&next), ["2"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_right_is_an_invalid_parameter() {
    let account = Account::new(Settings::for_tests());
    account.write_log("g", "s", "hello");
    let with = |name: &str, value: serde_json::Value| {
        let mut input = json!({"logGroupName": "g", "logStreamName": "s"});
        input[name] = value;
        super::handle(&account, "GetLogEvents", &input)
    };
    let code = |result: Result<serde_json::Value, ServiceError>| result.unwrap_err().code;
    assert_eq!(code(with("limit", 0.into())), "InvalidParameterException");
    assert_eq!(
        code(with("nextToken", "g/1/s".into())),
        "InvalidParameterException"
    );
    assert_eq!(
        code(with("logGroupIdentifier", "g".into())),
        "InvalidParameterException"
    );
    assert_eq!(
        code(with("unmask", true.into())),
        "InvalidParameterException"
    );
    assert_eq!(
        code(with("logStreamName", json!(null))),
        "InvalidParameterException"
    );
    assert_eq!(
        code(with("startTime", "now".into())),
        "SerializationException"
    );
    assert!(with("limit", 1.into()).is_ok());
    let unknown = super::handle(&account, "PutLogEvents", &json!({})).unwrap_err();
    assert!(unknown.message.contains("PutLogEvents"));
}
