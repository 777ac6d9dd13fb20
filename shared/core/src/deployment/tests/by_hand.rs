//! A person holds automatic deployments, and releases them.

use super::*;
use crate::record::Deed;

fn hold(until: Option<i64>) -> Input {
    Input::Held {
        id: id(150),
        hold: Hold {
            by: "ada".to_owned(),
            reason: Some("ticket 7".to_owned()),
            since: at(0),
            until: until.map(|second| at(1000 + second)),
        },
    }
}

fn release() -> Input {
    Input::Released {
        id: id(151),
        by: "grace".to_owned(),
        reason: None,
    }
}

fn person(number: u8) -> Input {
    Input::Requested {
        deployment: id(number),
        candidate: candidate(number),
        origin: Origin::person("ada"),
        job: None,
    }
}

/// A target on which these were deployed, one after the other.
pub(super) fn with_live(numbers: &[u8]) -> Target {
    let mut target = Target::default();
    for number in numbers {
        target.take_all([requested(*number), started(*number), succeeded(*number)]);
    }
    target
}

#[test]
fn what_is_pushed_while_a_target_is_held_waits_and_the_newest_goes_when_it_is_released() {
    let mut target = with_live(&[1]);
    assert_eq!(
        target.take(hold(None)),
        (Decision::Record, Rule::HandedOver)
    );
    assert_eq!(target.take(requested(2)), (Decision::Block, Rule::Held));
    assert_eq!(target.take(requested(3)), (Decision::Block, Rule::Held));
    assert_eq!(target.status(2), Some(Status::Superseded));
    assert_eq!(target.status(3), Some(Status::Queued));
    assert!(target.announced.contains(&(DetailType::Blocked, id(3))));
    // An older one that comes late changes nothing, and neither does the same again.
    let late = Input::Requested {
        deployment: id(102),
        candidate: candidate(2),
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(
        target.take(late),
        (Decision::Supersede, Rule::NewerAccepted)
    );
    let again = Input::Requested {
        deployment: id(103),
        candidate: candidate(3),
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(target.take(again), (Decision::Skip, Rule::AlreadyQueued));
    assert_eq!(
        target.take(Input::Revisited),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    assert_eq!(target.starts.len(), 1);
    assert_eq!(target.take(release()), (Decision::Record, Rule::HandedOver));
    assert_eq!(target.starts[1..], [(id(3), false)]);
    assert_eq!(target.take(release()), (Decision::Skip, Rule::AlreadyKnown));
    let deeds: Vec<_> = target.noted.iter().map(|it| &it.deed).collect();
    assert_eq!(deeds, [&Deed::Held { until: None }, &Deed::Released]);
}

#[test]
fn a_hold_ends_by_itself_and_does_not_bind_people() {
    let mut target = with_live(&[1]);
    target.take(hold(Some(50)));
    target.take(requested(2));
    assert_eq!(target.take(person(3)), (Decision::Start, Rule::Asked));
    target.take_all([started(3), succeeded(3)]);
    // What waited was older, and has given way.
    assert_eq!(target.status(2), Some(Status::Superseded));
    assert_eq!(target.take(requested(4)), (Decision::Block, Rule::Held));
    target.take_at(Input::Revisited, 49);
    assert_eq!(target.status(4), Some(Status::Queued));
    target.take_at(Input::Revisited, 50);
    assert_eq!(target.status(4), Some(Status::Requested));
    assert_eq!(target.state.hold, None);
}

#[test]
fn the_stopped_line_comes_before_a_hold_and_a_window_after_it() {
    let closed = |rule| {
        Some(Closure {
            rule,
            reason: "why".to_owned(),
        })
    };
    let mut target = with_live(&[1]);
    target.take(hold(None));
    target.closure = closed(Rule::WindowClosed);
    assert_eq!(target.take(requested(2)), (Decision::Block, Rule::Held));
    target.closure = closed(Rule::LineStopped);
    assert_eq!(
        target.take(requested(3)),
        (Decision::Block, Rule::LineStopped)
    );
    target.take(release());
    assert_eq!(target.status(3), Some(Status::Queued));
    target.closure = closed(Rule::WindowClosed);
    assert_eq!(
        target.take(requested(4)),
        (Decision::Block, Rule::WindowClosed)
    );
    target.closure = None;
    target.take(Input::Revisited);
    assert_eq!(target.status(4), Some(Status::Requested));
}

#[test]
fn a_person_does_not_wait_for_what_may_not_start_though_it_is_newer() {
    let mut target = with_live(&[1, 2]);
    target.take(hold(None));
    target.take(requested(3));
    let older = Input::Requested {
        deployment: id(101),
        candidate: candidate(1),
        origin: Origin::person("ada"),
        job: None,
    };
    assert_eq!(target.take(older), (Decision::Start, Rule::Asked));
    assert_eq!(target.status(3), Some(Status::Queued));
    target.take(Input::Concluded {
        deployment: id(101),
        aws_id: "d-101".to_owned(),
        outcome: Outcome::Succeeded {
            task_definition: None,
        },
    });
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(target.status(3), Some(Status::Queued));
}
