//! Tasks before a deployment, what a person asks for, and restoring what was live.

use super::*;

fn before_started(number: u8, step: u32) -> Input {
    Input::BeforeStarted {
        deployment: id(number),
        step,
        aws_id: format!("arn:aws:ecs:eu-west-1:123456789012:task/mco/{number}{step}"),
        task_definition: Some(format!("mco-api:{number}")),
    }
}

fn before_succeeded(number: u8, step: u32) -> Input {
    Input::BeforeSucceeded {
        deployment: id(number),
        step,
        task_definition: None,
    }
}

fn must_be_restored(number: u8) -> Input {
    Input::Concluded {
        deployment: id(number),
        aws_id: format!("d-{number}"),
        outcome: Outcome::Failed {
            reason: "gate after_traffic failed".to_owned(),
            evidence: Vec::new(),
            aftermath: Aftermath::Restore,
        },
    }
}

fn asked(number: u8, of: u8) -> Input {
    Input::Requested {
        deployment: id(number),
        candidate: Candidate {
            ordered_at: at(i64::from(number)),
            rank: None,
            ..candidate(of)
        },
        origin: Origin::Person {
            by: "ada".to_owned(),
            overrides: None,
        },
        job: None,
    }
}

#[test]
fn the_service_is_started_only_when_every_task_before_has_succeeded() {
    let mut target = Target::default();
    target.take(requested(1));
    assert_eq!(
        target.take(before_started(1, 0)),
        (Decision::Record, Rule::BeforeStarted)
    );
    assert_eq!(
        target.take(before_succeeded(1, 0)),
        (Decision::Start, Rule::BeforeSucceeded)
    );
    let active = target.state.active.clone().unwrap();
    let Phase::Requested { prepared, .. } = active.phase else {
        panic!("{:?}", active.phase)
    };
    assert_eq!(prepared.done, 1);
    assert_eq!(prepared.task_definition.as_deref(), Some("mco-api:1"));
    target.take_all([started(1), succeeded(1)]);
    assert_eq!(target.live(), Some(&digest(1)));
}

#[test]
fn the_end_of_a_task_before_counts_once() {
    let mut target = Target::default();
    target.take_all([requested(1), before_started(1, 0), before_succeeded(1, 0)]);
    let starts = target.starts.len();
    assert_eq!(
        target.take_at(before_succeeded(1, 0), target.second),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    assert_eq!(target.starts.len(), starts);
    // What was broken off between the two is taken up again when its lease is over.
    target.take_at(before_succeeded(1, 0), 1000);
    assert_eq!(target.starts.last(), Some(&(id(1), true)));
}

#[test]
fn a_task_before_that_fails_rejects_the_image() {
    let mut target = Target::default();
    target.take_all([requested(1), before_started(1, 0), failed(1, false)]);
    assert_eq!(target.status(1), Some(Status::Failed));
    assert_eq!(target.state.rejected, [digest(1)]);
    assert_eq!(target.state.active, None);
}

#[test]
fn what_was_live_is_deployed_again_after_a_gate_that_failed_too_late() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), succeeded(1)]);
    target.take_all([requested(2), started(2), requested(3)]);
    target.take(must_be_restored(2));
    let restore = target.state.active.clone().unwrap();
    assert_eq!(restore.candidate.digest, digest(1));
    assert_eq!(
        restore.origin,
        Origin::Rollback {
            of: "d-2".to_owned(),
            by: None
        }
    );
    assert_eq!(target.status(3), Some(Status::Queued), "it waits its turn");
    // The restored image fails as well: nothing is restored in its place, and it is not rejected.
    let fails = Input::Concluded {
        deployment: restore.deployment,
        aws_id: "d-9".to_owned(),
        outcome: Outcome::Failed {
            reason: "no capacity".to_owned(),
            evidence: Vec::new(),
            aftermath: Aftermath::Restore,
        },
    };
    target.take(fails);
    assert_eq!(target.state.rejected, [digest(2)]);
    let active = target.state.active.clone().unwrap();
    assert_eq!(active.candidate.digest, digest(3));
}

#[test]
fn what_could_not_be_proved_is_not_rejected() {
    let mut target = Target::default();
    let unproved = Input::Concluded {
        deployment: id(1),
        aws_id: "d-1".to_owned(),
        outcome: Outcome::Failed {
            reason: "no task runs".to_owned(),
            evidence: Vec::new(),
            aftermath: Aftermath::Unproved,
        },
    };
    target.take_all([requested(1), started(1), unproved]);
    assert_eq!(target.status(1), Some(Status::Failed));
    assert!(target.state.rejected.is_empty());
}

#[test]
fn a_person_may_deploy_what_failed_before_and_what_is_older() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), failed(1, false)]);
    target.take_all([requested(3), started(3), succeeded(3)]);
    assert_eq!(target.take(asked(20, 1)), (Decision::Start, Rule::Asked));
    target.take_all([requested(4), asked(21, 2)]);
    let queued = target.state.queued.clone().unwrap();
    assert_eq!(
        queued.candidate.digest,
        digest(2),
        "the person's wish waits"
    );
    assert_eq!(target.status(4), Some(Status::Superseded));
    target.take(succeeded(20));
    assert_eq!(target.state.active.clone().unwrap().deployment, id(21));
}
