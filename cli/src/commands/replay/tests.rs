use greenlight_core::dead_letter::{DeadLetter, Unusable};

use super::*;
use crate::commands::sample;

const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:123456789012:function:greenlight-RecordDeployment-1";

fn sample_of(fate_of_push: Fate) -> Vec<(Queue, Replayed)> {
    let push = DeadLetter {
        event: "ECR Image Action".to_owned(),
        subject: Some("mco/api:test".to_owned()),
        at: "2026-11-22T10:00:00Z".parse().ok(),
        reason: None,
        to: Destination::Source,
    };
    let ended = DeadLetter {
        event: "CodeDeploy Deployment State-change Notification".to_owned(),
        subject: Some("API d-A1B2C3D4E".to_owned()),
        at: "2026-11-22T10:20:00Z".parse().ok(),
        reason: Some("Record.Failed: table `greenlight` could not be read".to_owned()),
        to: Destination::Function {
            arn: FUNCTION.to_owned(),
            payload: "{}".to_owned(),
        },
    };
    let replayed = |id: &str, letter, fate| Replayed {
        id: id.to_owned(),
        letter,
        fate,
    };
    vec![
        (Queue::Push, replayed("1", Some(push), fate_of_push)),
        (Queue::Functions, replayed("2", Some(ended), Fate::Sent)),
        (
            Queue::Functions,
            replayed("3", None, Fate::Unusable(Unusable::NoFunction)),
        ),
    ]
}

#[test]
fn what_was_sent_and_what_stays_is_told_and_what_stays_is_a_failure() {
    let outcome = outcome(false, &sample_of(Fate::Sent), None);
    let output = outcome.output.unwrap();
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    QUEUE      RESULT  WHEN                  EVENT                                            OF               WHY
    push       sent    2026-11-22 10:00:00Z  ECR Image Action                                 mco/api:test     -
    functions  sent    2026-11-22 10:20:00Z  CodeDeploy Deployment State-change Notification  API d-A1B2C3D4E  Record.Failed: table `greenlight` could not be read
    functions  stays   -                     -                                                -                it is neither a record of Lambda nor an event that EventBridge could not deliver
    ");
    let message = &output.json["messages"][1];
    assert_eq!(message["function"], FUNCTION);
    assert_eq!(message["result"], "sent");
    assert_eq!(output.json["messages"][2]["result"], "stays");
    insta::assert_snapshot!(outcome.failure.unwrap().message(), @"
    error: 1 of the messages stay in the dead-letter queue
    hint: mend what the last column says and replay again; what can never be sent is deleted by SQS 14 days after it came
    ");
}

#[test]
fn a_look_is_no_failure_and_nothing_is_said_to_be_sent() {
    let outcome = outcome(true, &sample_of(Fate::Seen), None);
    assert!(outcome.failure.is_none());
    let output = outcome.output.unwrap();
    assert_eq!(output.json["dry_run"], true);
    assert_eq!(output.json["messages"][0]["result"], "would_be_sent");
}

#[test]
fn an_empty_queue_is_said_to_be_empty() {
    let outcome = outcome(false, &[], None);
    assert!(outcome.failure.is_none());
    assert_eq!(outcome.output.unwrap().text, "nothing was given up on\n");
}

#[test]
fn the_queue_that_is_asked_for_counts_and_else_all_that_are_known() {
    let asked = |queue, url: Option<&str>| arguments::Replay {
        queue,
        url: url.map(str::to_owned),
        limit: 100,
        dry_run: false,
    };
    let known = DeadLetters {
        push: Some("p".to_owned()),
        functions: Some("f".to_owned()),
    };
    let all = [
        (Queue::Push, "p".to_owned()),
        (Queue::Functions, "f".to_owned()),
    ];
    assert_eq!(chosen(&asked(None, None), &known).unwrap(), all);
    let functions = Some(arguments::DeadLetterQueue::Functions);
    assert_eq!(chosen(&asked(functions, None), &known).unwrap(), all[1..]);
    let given = chosen(&asked(functions, Some("g")), &known).unwrap();
    assert_eq!(given, [(Queue::Functions, "g".to_owned())]);
    let none = DeadLetters::default();
    assert!(matches!(
        chosen(&asked(functions, None), &none),
        Err(Failure::NoDeadLetters)
    ));
}
