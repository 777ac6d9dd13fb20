//! Which images a lost event left, and which are none of its doing.

use super::*;
use crate::policy::Rank;
use crate::record::DeploymentRecord;

/// The image `number` by its tag, pushed at that second.
fn found(number: u8) -> PushedImage {
    candidate(number).images().next().unwrap()
}

fn version(number: u8, text: &str) -> PushedImage {
    PushedImage {
        tag: Some(text.parse().unwrap()),
        rank: Some(Rank::Version(text.parse().unwrap())),
        ..found(number)
    }
}

fn live(number: u8) -> Target {
    let mut target = Target::default();
    target.take(requested(number));
    target.take(started(number));
    target.take(succeeded(number));
    target
}

#[test]
fn what_was_pushed_after_everything_that_was_taken_is_missed() {
    let target = live(3);
    assert_eq!(target.state.missed(&found(4), true), Missed::Yes);
    assert_eq!(target.state.missed(&found(4), false), Missed::Yes);
    assert_eq!(target.state.missed(&found(3), true), Missed::No);
}

#[test]
fn where_nothing_was_taken_nothing_was_missed() {
    let target = Target::default();
    assert_eq!(target.state.missed(&found(4), true), Missed::No);
}

#[test]
fn what_is_known_in_any_way_was_not_missed() {
    let mut target = live(1);
    target.take(requested(2));
    target.take(started(2));
    target.take(requested(3));
    for number in 1..=3 {
        assert_eq!(target.state.missed(&found(number), true), Missed::No);
    }
    target.take(failed(2, false));
    assert_eq!(target.state.missed(&found(2), true), Missed::No);
    assert_eq!(target.state.missed(&found(4), true), Missed::Yes);
}

#[test]
fn versions_go_before_the_time() {
    let mut target = Target::default();
    target.take(Input::Requested {
        deployment: id(1),
        candidate: Candidate::of(version(1, "1.10.0")),
        origin: Origin::Push,
        job: None,
    });
    let later = version(2, "1.9.9");
    assert_eq!(target.state.missed(&later, false), Missed::No);
    let higher = version(0, "1.11.0");
    assert_eq!(target.state.missed(&higher, false), Missed::Yes);
}

#[test]
fn a_tag_that_was_moved_to_an_older_image_is_missed_unless_somebody_has_dealt_with_it() {
    let target = live(3);
    assert_eq!(
        target.state.missed(&found(2), true),
        Missed::MovedSince(id(3))
    );
    // One of many tags is never moved.
    assert_eq!(target.state.missed(&found(2), false), Missed::No);
    let other = PushedImage {
        tag: Some("main".parse().unwrap()),
        ..found(2)
    };
    assert_eq!(target.state.missed(&other, true), Missed::No);

    let record = |number: u8, origin: Origin| DeploymentRecord {
        id: id(number),
        target: "api-test".parse().unwrap(),
        candidate: candidate(number),
        origin,
        status: Status::Succeeded,
        requested_at: at(i64::from(number)),
        started_at: None,
        concluded_at: None,
        aws_id: None,
        task_definition: None,
        previous: None,
        reason: None,
        evidence: Vec::new(),
        gates: BTreeMap::new(),
        decisions: Vec::new(),
    };
    let push = record(3, Origin::Push);
    let before = record(2, Origin::Push);
    assert!(is_missed_since(
        id(3),
        &found(2),
        std::slice::from_ref(&push)
    ));
    assert!(is_missed_since(id(3), &found(2), &[push.clone(), before]));
    let since = DeploymentRecord {
        requested_at: at(9),
        ..record(2, Origin::Push)
    };
    assert!(!is_missed_since(id(3), &found(2), &[since, push]));
    let of = "d-4".to_owned();
    let back = record(3, Origin::Rollback { of, by: None });
    assert!(!is_missed_since(id(3), &found(2), &[back]));
    assert!(!is_missed_since(id(3), &found(2), &[]));
}

#[test]
fn what_a_person_has_gone_back_to_is_not_overridden() {
    let mut target = live(3);
    let older = Candidate {
        tag: None,
        ordered_at: at(50),
        ..candidate(1)
    };
    target.take(Input::Requested {
        deployment: id(50),
        candidate: older,
        origin: Origin::person("ada"),
        job: None,
    });
    target.take(started(50));
    target.take(succeeded(50));
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(target.state.missed(&found(3), true), Missed::No);
    assert_eq!(target.state.missed(&found(51), true), Missed::Yes);
}
