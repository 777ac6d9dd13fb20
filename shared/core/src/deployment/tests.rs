//! What follows from each input, one promise a test.

mod awaiting;
mod before;
mod by_hand;
mod going_back;
mod histories;
mod missed;
mod ranks;
mod several_images;
mod target;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use target::Target;

use super::*;
use crate::{
    image::Digest,
    job::JobId,
    record::{DetailType, Intervention, Origin, Status},
    target::TargetName,
};

const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn digest(number: u8) -> Digest {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
        .parse()
        .unwrap()
}

/// The image that was pushed as the `number`th, at second `number`.
fn candidate(number: u8) -> Candidate {
    Candidate {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: digest(number),
        tag: Some("test".parse().unwrap()),
        ordered_at: at(i64::from(number)),
        rank: None,
        with: Vec::new(),
        files: None,
    }
}

fn id(number: u8) -> DeploymentId {
    DeploymentId::of_cause(at(i64::from(number)), &[&number.to_string()])
}

fn requested(number: u8) -> Input {
    Input::Requested {
        deployment: id(number),
        candidate: candidate(number),
        origin: Origin::Push,
        job: None,
    }
}

fn started(number: u8) -> Input {
    Input::Started {
        deployment: id(number),
        aws_id: format!("d-{number}"),
        task_definition: Some(format!("mco-api:{number}")),
    }
}

fn succeeded(number: u8) -> Input {
    Input::Concluded {
        deployment: id(number),
        aws_id: format!("d-{number}"),
        outcome: Outcome::Succeeded {
            task_definition: Some(format!("mco-api:{number}")),
        },
    }
}

fn failed(number: u8, rolling_back: bool) -> Input {
    Input::Concluded {
        deployment: id(number),
        aws_id: format!("d-{number}"),
        outcome: Outcome::Failed {
            reason: "gate before_traffic failed".to_owned(),
            evidence: vec!["answered 500".to_owned()],
            aftermath: if rolling_back {
                Aftermath::RollingBack
            } else {
                Aftermath::Over
            },
        },
    }
}

fn rollback_of(number: u8, running: Option<u8>) -> Input {
    Input::ConcludedElsewhere(Foreign {
        deployment: id(200),
        aws_id: "d-rollback".to_owned(),
        origin: Origin::Rollback {
            of: format!("d-{number}"),
            by: None,
        },
        running: running.map(candidate),
        outcome: Outcome::Succeeded {
            task_definition: Some("mco-api:1".to_owned()),
        },
    })
}

#[test]
fn a_new_image_is_deployed_and_becomes_the_current_one() {
    let mut target = Target::default();
    assert_eq!(target.take(requested(1)), (Decision::Start, Rule::NewImage));
    assert_eq!(target.starts, [(id(1), false)]);
    assert_eq!(target.take(started(1)), (Decision::Record, Rule::Bound));
    assert_eq!(
        target.take(succeeded(1)),
        (Decision::Record, Rule::Succeeded)
    );
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(target.status(1), Some(Status::Succeeded));
    assert_eq!(
        target.announced,
        [(DetailType::Started, id(1)), (DetailType::Succeeded, id(1))]
    );
}

#[test]
fn the_same_image_again_changes_nothing_at_any_time() {
    let mut target = Target::default();
    target.take(requested(1));
    assert_eq!(
        target.take(requested(1)),
        (Decision::Skip, Rule::AlreadyDeploying)
    );
    target.take(started(1));
    assert_eq!(
        target.take(started(1)),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    assert_eq!(
        target.take(requested(1)),
        (Decision::Skip, Rule::AlreadyDeploying)
    );
    target.take(succeeded(1));
    assert_eq!(
        target.take(requested(1)),
        (Decision::Skip, Rule::AlreadyLive)
    );
    assert_eq!(
        target.take(succeeded(1)),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    assert_eq!(target.starts.len(), 1);
}

#[test]
fn of_the_images_that_come_meanwhile_the_newest_waits_and_the_others_are_superseded() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1)]);
    assert_eq!(
        target.take(requested(2)),
        (Decision::Queue, Rule::OneAtATime)
    );
    assert_eq!(
        target.take(requested(4)),
        (Decision::Queue, Rule::OneAtATime)
    );
    assert_eq!(
        target.take(requested(3)),
        (Decision::Supersede, Rule::NewerAccepted)
    );
    assert_eq!(
        target.take(requested(4)),
        (Decision::Skip, Rule::AlreadyQueued)
    );
    target.take_all([succeeded(1), started(4), succeeded(4)]);
    assert_eq!(target.live(), Some(&digest(4)));
    assert_eq!(target.starts, [(id(1), false), (id(4), false)]);
    assert_eq!(target.status(2), Some(Status::Superseded));
    assert_eq!(target.status(3), Some(Status::Superseded));
}

#[test]
fn an_image_that_failed_is_not_deployed_again() {
    let mut target = Target::default();
    target.take_all([
        requested(1),
        started(1),
        succeeded(1),
        requested(2),
        started(2),
    ]);
    assert_eq!(
        target.take(failed(2, false)),
        (Decision::Record, Rule::Failed)
    );
    assert_eq!(
        target.live(),
        Some(&digest(1)),
        "the old image is still the current one"
    );
    let again = Input::Requested {
        deployment: id(9),
        candidate: candidate(2),
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(target.take(again), (Decision::Skip, Rule::Rejected));
    // The tag given back to the live image arrives as a push, too.
    let restored = Candidate {
        ordered_at: at(50),
        rank: None,
        ..candidate(1)
    };
    let restored = Input::Requested {
        deployment: id(10),
        candidate: restored,
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(target.take(restored), (Decision::Skip, Rule::AlreadyLive));
}

#[test]
fn what_waits_is_started_only_when_the_roll_back_has_ended() {
    let mut target = Target::default();
    target.take_all([
        requested(1),
        started(1),
        succeeded(1),
        requested(2),
        started(2),
        requested(3),
    ]);
    target.take(failed(2, true));
    assert_eq!(
        target.starts.len(),
        2,
        "the service is still busy with the roll-back"
    );
    assert_eq!(
        target.take(rollback_of(2, Some(1))),
        (Decision::Record, Rule::EndedElsewhere)
    );
    assert_eq!(target.starts.last(), Some(&(id(3), false)));
    assert_eq!(target.live(), Some(&digest(1)));
}

#[test]
fn a_start_that_was_broken_off_is_resumed_once_its_lease_is_over() {
    let mut target = Target::default();
    target.take_at(requested(1), 0);
    assert_eq!(
        target.take_at(requested(1), 59),
        (Decision::Skip, Rule::AlreadyDeploying)
    );
    assert_eq!(
        target.take_at(requested(1), 60),
        (Decision::Resume, Rule::BrokenOffStart)
    );
    assert_eq!(target.starts, [(id(1), false), (id(1), true)]);
    // Whoever resumed it has a lease, too.
    assert_eq!(
        target.take_at(requested(1), 61),
        (Decision::Skip, Rule::AlreadyDeploying)
    );
}

#[test]
fn a_newer_image_waits_for_a_broken_off_start_and_takes_it_up() {
    let mut target = Target::default();
    target.take_at(requested(1), 0);
    assert_eq!(
        target.take_at(requested(2), 100),
        (Decision::Resume, Rule::BrokenOffStart)
    );
    assert_eq!(target.starts, [(id(1), false), (id(1), true)]);
    assert_eq!(target.status(2), Some(Status::Queued));
}

#[test]
fn a_start_that_failed_is_recorded_and_makes_way() {
    let mut target = Target::default();
    target.take_all([requested(1), requested(2)]);
    let input = Input::StartFailed {
        deployment: id(1),
        obstacle: Obstacle::Permission,
        reason: "no such service".to_owned(),
    };
    assert_eq!(target.take(input), (Decision::Record, Rule::StartFailed));
    assert_eq!(target.status(1), Some(Status::StartFailed));
    assert_eq!(target.starts.last(), Some(&(id(2), false)));
    // The image is not to blame.
    assert!(target.state.rejected.is_empty());
}

#[test]
fn behind_somebody_elses_deployment_the_newest_image_waits() {
    let mut target = Target::default();
    let deferred = |number| Input::StartDeferred {
        deployment: id(number),
        reason: "busy".to_owned(),
    };
    target.take(requested(1));
    assert_eq!(
        target.take(deferred(1)),
        (Decision::Queue, Rule::BusyElsewhere)
    );
    assert_eq!(target.status(1), Some(Status::Queued));
    assert_eq!(target.take(requested(2)), (Decision::Start, Rule::NewImage));
    assert_eq!(target.status(1), Some(Status::Superseded));
    target.take(requested(3));
    assert_eq!(
        target.take(deferred(2)),
        (Decision::Supersede, Rule::BusyElsewhere)
    );
    assert_eq!(target.status(2), Some(Status::Superseded));
    target.take(Input::ConcludedElsewhere(Foreign {
        deployment: id(201),
        aws_id: "d-other".to_owned(),
        origin: Origin::Elsewhere {
            creator: "user".to_owned(),
        },
        running: Some(candidate(0)),
        outcome: Outcome::Succeeded {
            task_definition: Some("mco-api:9".to_owned()),
        },
    }));
    assert_eq!(target.starts.last(), Some(&(id(3), false)));
    assert_eq!(
        target.live(),
        Some(&digest(0)),
        "what somebody else deployed is recorded as live"
    );
}

#[test]
fn a_tag_that_has_moved_on_supersedes_the_image_it_named() {
    let mut target = Target::default();
    let outdated = Input::Outdated {
        deployment: id(1),
        candidate: candidate(1),
    };
    assert_eq!(target.take(outdated), (Decision::Supersede, Rule::TagMoved));
    assert_eq!(target.status(1), Some(Status::Superseded));
    target.take_all([requested(2), started(2)]);
    let outdated = Input::Outdated {
        deployment: id(8),
        candidate: candidate(2),
    };
    assert_eq!(target.take(outdated), (Decision::Skip, Rule::AlreadyKnown));
}

#[test]
fn an_older_image_never_follows_a_newer_one() {
    let mut target = Target::default();
    target.take_all([requested(5), started(5), succeeded(5)]);
    assert_eq!(
        target.take(requested(3)),
        (Decision::Supersede, Rule::NewerAccepted)
    );
    // A tag that a person moves back is a newer wish for an older image.
    let back = Candidate {
        ordered_at: at(60),
        rank: None,
        ..candidate(3)
    };
    let back = Input::Requested {
        deployment: id(60),
        candidate: back,
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(target.take(back), (Decision::Start, Rule::NewImage));
}

#[test]
fn what_runs_when_greenlight_comes_is_taken_over_once() {
    let mut target = Target::default();
    let adopted = |number, of| Input::Adopted {
        deployment: id(number),
        candidate: candidate(of),
        task_definition: Some("mco-api:1".to_owned()),
    };
    assert_eq!(
        target.take(adopted(1, 1)),
        (Decision::Record, Rule::Adopted)
    );
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(
        target.take(adopted(2, 2)),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(
        target.take(requested(1)),
        (Decision::Skip, Rule::AlreadyLive)
    );
    assert!(target.starts.is_empty());
}

#[test]
fn an_end_before_the_binding_was_stored_is_the_end_all_the_same() {
    let mut target = Target::default();
    target.take_all([requested(1), succeeded(1)]);
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(
        target.take(started(1)),
        (Decision::Skip, Rule::AlreadyKnown)
    );
}

#[test]
fn only_so_many_digests_are_remembered_as_rejected() {
    let mut target = Target::default();
    for number in 0..60 {
        target.take_all([requested(number), started(number), failed(number, false)]);
    }
    assert_eq!(target.state.rejected.len(), 50);
    assert_eq!(target.state.rejected.last(), Some(&digest(59)));
}
