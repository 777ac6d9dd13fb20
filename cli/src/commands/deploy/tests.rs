use crate::commands::promises::assert_kept;
use std::time::Duration;

use greenlight_core::deployment::{Decision, Rule};
use greenlight_deployer::ask::AskError;
use greenlight_deployer::plan::WishError;

use super::*;
use crate::commands::sample;

fn line(at: &str, text: &str) -> Line {
    Line {
        at: format!("2026-11-22T{at}Z").parse().unwrap(),
        text: text.into(),
    }
}

fn explanation() -> Explanation {
    Explanation {
        decision: Decision::Start,
        rule: Rule::Asked,
        text: "mco/api:test (d60bbfffc19a) is deployed to `api-test` as 01KAPX2V9M3Z8QK4T7N5R6S0W2"
            .into(),
    }
}

/// A deployment with this status, watched.
fn outcome(status: Status, waited: Option<Duration>) -> Outcome {
    let mut record = sample::records().remove(2);
    record.status = status;
    let lines = vec![line(
        "11:06:41",
        "failed after 6m 41s: the gate before_traffic failed",
    )];
    let first = line("11:00:00", &explanation().text);
    ended(
        vec![first],
        &explanation(),
        Watched { record, lines },
        waited,
    )
}

#[test]
fn only_what_is_live_is_a_success() {
    let hour = Some(Duration::from_hours(1));
    for (status, waited, expected) in [
        (Status::Succeeded, hour, None),
        (Status::Failed, hour, Some("failed")),
        (Status::StartFailed, hour, Some("could not be started")),
        (Status::StartFailed, None, Some("could not be started")),
        (Status::Superseded, hour, Some("gave way to another")),
        (Status::Started, hour, Some("has not ended within 1h")),
        (Status::Queued, hour, Some("has not ended within 1h")),
        // Whoever does not wait has what they asked for.
        (Status::Started, None, None),
        (Status::Queued, None, None),
    ] {
        let failure = outcome(status, waited)
            .failure
            .map(|failure| failure.to_string());
        let expected = expected.map(|ended| {
            format!("deployment 01KAPX2V9M3Z8QK4T7N5R6S0W2 to target `api-test` {ended}")
        });
        assert_eq!(failure, expected, "{status:?} {waited:?}");
    }
}

#[test]
fn the_document_has_the_record_and_every_line() {
    let outcome = outcome(Status::Failed, Some(Duration::from_hours(1)));
    let output = outcome.output.unwrap();
    assert_eq!(output.text, "", "it was printed line by line");
    assert_kept("deploy", &output.json);
    assert_kept("rollback", &output.json);
    assert_eq!(output.json["deployment"]["status"], "failed");
    let mut json = output.json;
    json["deployment"] = serde_json::json!("the record");
    insta::assert_json_snapshot!(json, @r#"
    {
      "decision": "start",
      "rule": "asked",
      "deployment": "the record",
      "lines": [
        {
          "at": "2026-11-22T11:00:00Z",
          "text": "mco/api:test (d60bbfffc19a) is deployed to `api-test` as 01KAPX2V9M3Z8QK4T7N5R6S0W2"
        },
        {
          "at": "2026-11-22T11:06:41Z",
          "text": "failed after 6m 41s: the gate before_traffic failed"
        }
      ]
    }
    "#);
}

#[test]
fn a_line_holds_nothing_that_a_terminal_would_obey() {
    let line = line("11:00:00", "failed: \u{1b}[31mred\n");
    assert_eq!(written(&line), "11:00:00Z  failed:  [31mred");
}

#[test]
fn each_line_has_the_time() {
    let lines = [
        line("11:00:00", &explanation().text),
        line(
            "11:00:00",
            "waiting for deployment 01KAPX2V9M3Z8QK4T7N5R6S0W2; it goes on if this is interrupted",
        ),
        line(
            "11:00:03",
            "mco/api:test (d60bbfffc19a) is being deployed as d-ABCDEF123",
        ),
        line(
            "11:00:03",
            "CodeDeploy deployment d-ABCDEF123 is InProgress: Install",
        ),
        line("11:00:03", "BeforeInstall Succeeded"),
        line("11:00:03", "Install InProgress"),
        line(
            "11:01:03",
            "green task set ecs-svc/4823: 2 of 2 tasks running, 0 pending, 0 % of the production traffic",
        ),
        line("11:06:39", "gate before_traffic: failed"),
        line(
            "11:06:39",
            "  tasks passed: 2 of 2 tasks are running and steady",
        ),
        line("11:06:39", "  http failed: status 500 instead of 200"),
        line(
            "11:06:42",
            "failed after 6m 41s: the gate before_traffic failed",
        ),
        line(
            "11:06:42",
            "  gate before_traffic: check `http` failed: status 500 instead of 200",
        ),
    ];
    let text: String = lines.iter().map(|line| written(line) + "\n").collect();
    sample::assert_documented(&text);
    insta::assert_snapshot!(text, @"
    11:00:00Z  mco/api:test (d60bbfffc19a) is deployed to `api-test` as 01KAPX2V9M3Z8QK4T7N5R6S0W2
    11:00:00Z  waiting for deployment 01KAPX2V9M3Z8QK4T7N5R6S0W2; it goes on if this is interrupted
    11:00:03Z  mco/api:test (d60bbfffc19a) is being deployed as d-ABCDEF123
    11:00:03Z  CodeDeploy deployment d-ABCDEF123 is InProgress: Install
    11:00:03Z  BeforeInstall Succeeded
    11:00:03Z  Install InProgress
    11:01:03Z  green task set ecs-svc/4823: 2 of 2 tasks running, 0 pending, 0 % of the production traffic
    11:06:39Z  gate before_traffic: failed
    11:06:39Z    tasks passed: 2 of 2 tasks are running and steady
    11:06:39Z    http failed: status 500 instead of 200
    11:06:42Z  failed after 6m 41s: the gate before_traffic failed
    11:06:42Z    gate before_traffic: check `http` failed: status 500 instead of 200
    ");
}

#[test]
fn what_went_wrong_says_what_to_do() {
    let target = || "api-test".parse().unwrap();
    let failures = [
        Failure::from(AskError::HookUnknown { target: target() }),
        Failure::from(AskError::Wish(WishError::Ambiguous {
            target: target(),
            its: "`mco/api`, `mco/proxy`".into(),
        })),
        Failure::from(AskError::Wish(WishError::NoSuchImage {
            repository: sample::candidate('a').repository.to_string(),
            image: "tag `v9`".into(),
        })),
        Failure::from(AskError::Archived {
            image: sample::candidate('a').describe(),
        }),
        outcome(Status::Failed, None).failure.unwrap(),
        outcome(Status::Started, Some(Duration::from_mins(90)))
            .failure
            .unwrap(),
    ];
    let messages: Vec<String> = failures.iter().map(Failure::message).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    error: target `api-test` has gates, but the hook function that runs them is not known
    hint: give `--hook` or set `GREENLIGHT_HOOK`: it is the output `HookFunctionArn` of Greenlight's stack

    error: target `api-test` takes images of several repositories; name one of `mco/api`, `mco/proxy`
    hint: write `repository:tag` or `repository@sha256:…`

    error: repository `123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api` has no tag `v9`

    error: mco/api:test (3a4dfb063801) is archived in ECR and cannot be pulled; restore it first

    error: deployment 01KAPX2V9M3Z8QK4T7N5R6S0W2 to target `api-test` failed
    hint: `greenlight history api-test` has all that was found

    error: deployment 01KAPX2V9M3Z8QK4T7N5R6S0W2 to target `api-test` has not ended within 90m
    hint: it goes on; `greenlight status api-test` shows how far it is
    ");
}

#[test]
fn whoever_stops_waiting_is_told_that_it_goes_on() {
    let failure = Failure::Interrupted {
        target: "api-test".parse().unwrap(),
        deployment: DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &["x"]),
    };
    let message = failure.message();
    assert!(
        message.starts_with("error: nobody waits any more for deployment "),
        "{message}"
    );
    assert!(
        message.contains("hint: it goes on; `greenlight status api-test` shows how far it is\n"),
        "{message}"
    );
    assert_eq!(failure.status(), 130);
}

#[test]
fn the_end_of_a_deployment_has_its_colour() {
    for (text, expected) in [
        ("succeeded after 6m 41s", Some(Tone::Good)),
        ("failed after 2m 3s: the gate", Some(Tone::Bad)),
        ("gate before_traffic: passed", None),
    ] {
        assert_eq!(tone(text), expected, "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_the_waiting() {
    let mut ended = std::pin::pin!(interrupted());
    // The first look begins to listen.
    tokio::select! {
        biased;
        () = &mut ended => panic!("nobody has pressed anything"),
        () = tokio::task::yield_now() => {}
    }
    let this = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &this])
        .status();
    assert!(sent.unwrap().success());
    tokio::time::timeout(Duration::from_secs(30), ended)
        .await
        .unwrap();
}
