use std::time::Duration;

use super::*;
use crate::deployment::{Active, Candidate, Current, Drift, Phase, PushedImage, Queued};
use crate::record::Origin;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn id(number: u8) -> DeploymentId {
    DeploymentId::of_cause(at(0), &[&number.to_string()])
}

fn candidate() -> Candidate {
    Candidate::of(PushedImage {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
        tag: None,
        ordered_at: at(0),
        rank: None,
    })
}

/// Live and proved since second 0, under id 1.
fn live() -> TargetState {
    TargetState {
        current: Some(Current {
            deployment: id(1),
            candidate: candidate(),
            task_definition: None,
            since: at(0),
            is_proved: true,
            drift: None,
        }),
        ..TargetState::default()
    }
}

fn promote(minutes: u64) -> Promote {
    Promote {
        tag: "staging".parse().unwrap(),
        after: Duration::from_mins(minutes),
    }
}

fn waiting() -> Queued {
    Queued {
        deployment: id(2),
        candidate: candidate(),
        reason: String::new(),
        origin: Origin::Push,
        jobs: Vec::new(),
    }
}

fn hold() -> Hold {
    Hold {
        by: "ada".to_owned(),
        reason: None,
        since: at(0),
        until: Some(at(3600)),
    }
}

#[test]
fn what_is_live_and_proved_is_promoted_when_its_time_is_over() {
    let state = live();
    let due = Next::Due { deployment: id(1) };
    assert_eq!(next(&promote(0), &state, None, at(0)), due);
    let soaking = Next::Soaking { due: at(1800) };
    assert_eq!(next(&promote(30), &state, None, at(1799)), soaking);
    assert_eq!(next(&promote(30), &state, None, at(1800)), due);
}

#[test]
fn it_is_promoted_once() {
    let mut state = live();
    state.promoted = Some(id(1));
    assert_eq!(next(&promote(0), &state, None, at(9)), Next::Done);
    state.promoted = Some(id(0));
    assert!(matches!(
        next(&promote(0), &state, None, at(9)),
        Next::Due { .. }
    ));
}

/// What keeps the promotion, with the hold on every target.
#[track_caller]
fn kept(line: Option<&Hold>, change: impl Fn(&mut TargetState)) -> String {
    let mut state = live();
    change(&mut state);
    match next(&promote(0), &state, line, at(9)) {
        Next::Not { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_else_is_promoted() {
    assert_eq!(kept(None, |state| state.current = None), "nothing is live");
    let unproved = kept(None, |state| {
        state.current.as_mut().unwrap().is_proved = false;
    });
    assert!(unproved.contains("has proved"), "{unproved}");
    let drifted = kept(None, |state| {
        state.current.as_mut().unwrap().drift = Some(Drift {
            found_at: at(1),
            expected: "this".to_owned(),
            runs: "that".to_owned(),
            cause: None,
            is_foreign: false,
            recorded: None,
        });
    });
    assert!(drifted.starts_with("that runs"), "{drifted}");
    let under_way = kept(None, |state| {
        state.active = Some(Active {
            deployment: id(2),
            candidate: candidate(),
            origin: Origin::Push,
            jobs: Vec::new(),
            stop: None,
            since: None,
            phase: Phase::Started {
                aws_id: "d-1".to_owned(),
                task_definition: None,
            },
        });
    });
    assert!(under_way.ends_with("is under way"), "{under_way}");
    let going_back = kept(None, |state| state.rollback = Some(waiting()));
    assert!(going_back.contains("goes back"), "{going_back}");
    let held = "held by ada until";
    assert!(kept(None, |state| state.hold = Some(hold())).starts_with(held));
    assert!(kept(Some(&hold()), |_| ()).starts_with(held));
    // What waits for its turn keeps nothing, and neither does a hold that is over.
    let mut state = live();
    state.queued = Some(waiting());
    state.hold = Some(hold());
    assert!(matches!(
        next(&promote(0), &state, Some(&hold()), at(3600)),
        Next::Due { .. }
    ));
}
