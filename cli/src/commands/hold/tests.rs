use crate::commands::promises::assert_kept;
use std::time::Duration;

use greenlight_core::deployment::{Decision, Explanation, Hold, Rule};
use greenlight_deployer::AdvanceError;
use greenlight_deployer::hold::Released;
use jiff::Timestamp;

use super::{ends, line_released, line_stopped, told};
use crate::commands::sample;

const WHO: &str = "arn:aws:sts::123456789012:assumed-role/Admin/jane";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_hold_ends_at_a_time_or_after_one_or_when_it_is_released() {
    let now = at("2026-11-22T10:00:00Z");
    let until = at("2026-11-22T18:00:00Z");
    assert_eq!(ends(Some(until), None, now), Some(until));
    let two_hours = Some(Duration::from_hours(2));
    assert_eq!(ends(None, two_hours, now), Some(at("2026-11-22T12:00:00Z")));
    assert_eq!(ends(None, None, now), None);
    assert_eq!(ends(None, Some(Duration::MAX), now), Some(Timestamp::MAX));
}

#[test]
fn what_was_done_is_said_with_who_did_it() {
    let explanation = Explanation {
        decision: Decision::Record,
        rule: Rule::HandedOver,
        text: format!("`api-test` is held by {WHO} (ticket 7) until 2026-11-22T18:00:00Z"),
    };
    let output = told(&"api-test".parse().unwrap(), WHO, &explanation);
    assert_kept("hold", &output.json);
    assert_kept("release", &output.json);
    sample::assert_documented(&output.text);
    sample::assert_documented(&format!("{:#}\n", output.json));
    insta::assert_snapshot!(output.text, @"
    api-test  `api-test` is held by arn:aws:sts::123456789012:assumed-role/Admin/jane (ticket 7) until 2026-11-22T18:00:00Z
    ");
}

#[test]
fn the_line_is_stopped_by_somebody() {
    let hold = Hold {
        by: WHO.to_owned(),
        reason: Some("the database is being moved".to_owned()),
        since: at("2026-11-22T10:00:00Z"),
        until: None,
    };
    let output = line_stopped(&hold);
    assert_kept("hold", &output.json);
    sample::assert_documented(&output.text);
    assert_eq!(output.json["hold"]["reason"], "the database is being moved");
    insta::assert_snapshot!(output.text, @"
    every target is held by arn:aws:sts::123456789012:assumed-role/Admin/jane (the database is being moved)
    ");
}

#[test]
fn what_starts_when_the_line_is_released_is_said_though_something_does_not() {
    let started = Explanation {
        decision: Decision::Start,
        rule: Rule::TurnCame,
        text: "mco/api:test (d60bbfffc19a) is deployed to `api-test` as 01KAPX2V9M3Z8QK4T7N5R6S0W2"
            .to_owned(),
    };
    let outcome = line_released(
        WHO,
        Released {
            was_held: true,
            opened: vec![
                ("api-test".parse().unwrap(), Ok(started)),
                (
                    "web".parse().unwrap(),
                    Err(AdvanceError::Contended {
                        target: "web".parse().unwrap(),
                    }),
                ),
            ],
        },
    );
    let output = outcome.output.unwrap();
    assert_kept("release", &output.json);
    sample::assert_documented(&output.text);
    insta::assert_snapshot!(output.text, @"
    every target is released by arn:aws:sts::123456789012:assumed-role/Admin/jane
    api-test  mco/api:test (d60bbfffc19a) is deployed to `api-test` as 01KAPX2V9M3Z8QK4T7N5R6S0W2
    ");
    let failure = outcome.failure.unwrap().message();
    assert!(
        failure.contains("what waits at target `web` was not gone on with"),
        "{failure}"
    );
}

#[test]
fn a_line_that_runs_is_no_failure() {
    let nothing = Released {
        was_held: false,
        opened: Vec::new(),
    };
    let outcome = line_released(WHO, nothing);
    assert_eq!(outcome.output.unwrap().text, "the line is not stopped\n");
    assert!(outcome.failure.is_none());
}
