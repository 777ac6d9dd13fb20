//! A person goes back to an image that was proved.

use super::{by_hand::with_live, *};

pub(super) fn back_to(number: u8) -> Input {
    Input::RolledBack {
        deployment: id(160 + number),
        to: candidate(number),
        by: "ada".to_owned(),
        reason: Some("errors".to_owned()),
    }
}

pub(super) fn back_is_live(number: u8) -> Input {
    Input::Concluded {
        deployment: id(number),
        aws_id: "d-back".to_owned(),
        outcome: Outcome::Succeeded {
            task_definition: None,
        },
    }
}

fn start_failed(number: u8, obstacle: Obstacle) -> Input {
    Input::StartFailed {
        deployment: id(number),
        obstacle,
        reason: "no deployment was found".to_owned(),
    }
}

fn deferred(number: u8) -> Input {
    Input::StartDeferred {
        deployment: id(number),
        reason: "busy".to_owned(),
    }
}

#[test]
fn going_back_rejects_what_was_live_and_it_does_not_come_back_by_itself() {
    let mut target = with_live(&[1, 2]);
    assert_eq!(target.take(back_to(1)), (Decision::Start, Rule::RolledBack));
    let back = id(161);
    assert_eq!(target.starts.last(), Some(&(back, false)));
    target.take(Input::Concluded {
        deployment: back,
        aws_id: "d-back".to_owned(),
        outcome: Outcome::Succeeded {
            task_definition: None,
        },
    });
    assert_eq!(target.live(), Some(&digest(1)));
    let again = Input::Requested {
        deployment: id(102),
        candidate: candidate(2),
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(target.take(again), (Decision::Skip, Rule::Rejected));
    assert_eq!(target.take(back_to(1)), (Decision::Skip, Rule::AlreadyLive));
    // A newer one goes as ever.
    assert_eq!(target.take(requested(3)), (Decision::Start, Rule::NewImage));
}

#[test]
fn going_back_during_a_deployment_stops_it_first() {
    let mut target = with_live(&[1, 2]);
    target.take_all([requested(3), started(3), requested(4)]);
    assert_eq!(target.take(back_to(1)), (Decision::Queue, Rule::RolledBack));
    assert_eq!(target.stopped, [id(3)]);
    assert_eq!(target.starts.len(), 3);
    // AWS rolls back to 2; only then goes what was wanted back, and what waited after it.
    target.take(failed(3, true));
    assert_eq!(target.starts.len(), 3);
    target.take(rollback_of(3, Some(2)));
    assert_eq!(target.starts[3..], [(id(161), false)]);
    target.take(Input::Concluded {
        deployment: id(161),
        aws_id: "d-back".to_owned(),
        outcome: Outcome::Succeeded {
            task_definition: None,
        },
    });
    assert_eq!(target.starts[4..], [(id(4), false)]);
    assert!(target.state.rejected.contains(&digest(3)));
}

#[test]
fn what_aws_rolls_back_to_by_itself_is_not_deployed_again() {
    let mut target = with_live(&[1]);
    target.take_all([requested(2), started(2), back_to(1)]);
    target.take(failed(2, true));
    target.take(rollback_of(2, Some(1)));
    // Whether that is so is looked at, and not believed.
    assert_eq!(target.starts[2..], [(id(161), false)]);
    assert_eq!(target.unless_live, [id(161)]);
    target.take(back_is_live(161));
    assert_eq!(target.statuses[&id(161)], Status::Succeeded);
    assert_eq!(target.state.rollback, None);
    assert_eq!(target.live(), Some(&digest(1)));
}

#[test]
fn a_start_that_was_broken_off_is_only_looked_for_when_a_person_goes_back() {
    let mut target = with_live(&[1]);
    target.take_at(requested(2), 100);
    // Somebody is starting it: it is stopped when it is known.
    target.take_at(back_to(1), 101);
    assert_eq!(target.starts.len(), 2);
    let again = Input::Requested {
        deployment: id(102),
        candidate: candidate(2),
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(
        target.take_at(again, 300),
        (Decision::Resume, Rule::BrokenOffStart)
    );
    assert_eq!(target.starts[2..], [(id(2), true)]);
    assert_eq!(target.looked_for, [id(2)]);
    target.take(start_failed(2, Obstacle::Person));
    assert_eq!(target.status(2), Some(Status::StartFailed));
    // Nothing had taken the place of what was live.
    assert_eq!(target.starts.len(), 3);
    assert_eq!(target.statuses[&id(161)], Status::Succeeded);
    assert!(target.announced.contains(&(DetailType::Succeeded, id(161))));
    assert_eq!(target.state.active, None);
}

#[test]
fn a_start_that_is_broken_off_already_is_looked_for_at_once() {
    let mut target = with_live(&[1]);
    target.take_at(requested(2), 100);
    target.take_at(back_to(1), 300);
    assert_eq!(target.starts[2..], [(id(2), true)]);
    assert_eq!(target.looked_for, [id(2)]);
    // It is found, and then stopped.
    target.take(started(2));
    assert_eq!(target.stopped, [id(2)]);
}

#[test]
fn the_same_wish_twice_is_one_and_stops_again_what_may_not_have_been_stopped() {
    let mut target = with_live(&[1, 2]);
    target.take_all([requested(3), started(3), back_to(1)]);
    let again = Input::RolledBack {
        deployment: id(170),
        to: candidate(1),
        by: "grace".to_owned(),
        reason: None,
    };
    assert_eq!(
        target.take(again.clone()),
        (Decision::Skip, Rule::AlreadyQueued)
    );
    assert_eq!(target.stopped, [id(3), id(3)]);
    assert_eq!(target.noted.len(), 1);
    target.take(failed(3, false));
    assert_eq!(target.take(again), (Decision::Skip, Rule::AlreadyDeploying));
    assert_eq!(target.starts[3..], [(id(161), false)]);
    assert_eq!(target.stopped.len(), 2);
}

#[test]
fn another_wish_takes_the_place_of_the_one_that_waits_or_goes_on() {
    let mut target = with_live(&[1, 2]);
    target.take_all([requested(3), started(3), back_to(2), back_to(1)]);
    assert_eq!(target.statuses[&id(162)], Status::Superseded);
    assert_eq!(target.state.rollback.as_ref().unwrap().deployment, id(161));
    target.take(failed(3, false));
    assert_eq!(target.starts.last(), Some(&(id(161), false)));
    // From 2, which is live still, a person goes back too.
    assert!(target.state.rejected.contains(&digest(2)));
    // The way back can be gone back from.
    let other = Input::RolledBack {
        deployment: id(171),
        to: candidate(2),
        by: "grace".to_owned(),
        reason: None,
    };
    target.take_all([started(161), other]);
    assert_eq!(target.stopped, [id(3), id(3), id(161)]);
    target.take(failed(161, false));
    assert_eq!(target.starts.last(), Some(&(id(171), false)));
}

#[test]
fn what_a_person_wants_back_waits_for_the_service_and_gives_way_to_nothing() {
    let mut target = with_live(&[1, 2]);
    target.take_all([back_to(1), deferred(161), requested(3)]);
    // It is tried again first.
    assert_eq!(target.starts[2..], [(id(161), false), (id(161), false)]);
    assert_eq!(target.status(3), Some(Status::Queued));
    target.take_all([deferred(161), Input::Revisited]);
    assert_eq!(target.starts[4..], [(id(161), false)]);
    target.take(back_is_live(161));
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(target.starts[5..], [(id(3), false)]);
}

#[test]
fn what_is_to_be_stopped_does_not_wait_for_the_service() {
    let mut target = with_live(&[1]);
    target.take_all([requested(2), back_to(1), deferred(2)]);
    assert_eq!(target.status(2), Some(Status::StartFailed));
    assert_eq!(target.statuses[&id(161)], Status::Succeeded);
    assert_eq!(target.state.queued, None);
}

#[test]
fn a_task_before_the_service_was_touched_is_not_followed_by_a_deployment() {
    let mut target = with_live(&[1]);
    target.take(requested(2));
    target.take(Input::BeforeStarted {
        deployment: id(2),
        step: 0,
        aws_id: "task".to_owned(),
        task_definition: None,
    });
    target.take(back_to(1));
    assert_eq!(target.stopped, [id(2)]);
    target.take(Input::BeforeSucceeded {
        deployment: id(2),
        step: 0,
        task_definition: None,
    });
    assert_eq!(target.status(2), Some(Status::StartFailed));
    assert_eq!(target.starts.len(), 2);
    assert_eq!(target.statuses[&id(161)], Status::Succeeded);
}

#[test]
fn the_jobs_of_what_is_stopped_are_told_who_went_back_and_why() {
    let mut target = with_live(&[1]);
    target.take(Input::Requested {
        deployment: id(2),
        candidate: candidate(2),
        origin: Origin::Pipeline {
            pipeline: None,
            execution: None,
        },
        job: Some("11111111-abcd-1111-abcd-111111abcdef".parse().unwrap()),
    });
    target.take_all([started(2), back_to(1), failed(2, true)]);
    let (_, deployment, ending) = &target.answered[0];
    assert_eq!(*deployment, id(2));
    let Ending::Failed { reason, .. } = ending else {
        panic!("{ending:?}")
    };
    assert!(
        reason.starts_with("rolled back by ada (errors): "),
        "{reason}"
    );
}

#[test]
fn nothing_is_restored_by_itself_where_a_person_goes_back() {
    let mut target = with_live(&[1, 2]);
    target.take_all([requested(3), started(3), back_to(1)]);
    target.take(Input::Concluded {
        deployment: id(3),
        aws_id: "d-3".to_owned(),
        outcome: Outcome::Failed {
            reason: "gate after_traffic failed".to_owned(),
            evidence: Vec::new(),
            aftermath: Aftermath::Restore,
        },
    });
    assert_eq!(target.starts[3..], [(id(161), false)]);
    assert_eq!(target.unless_live, []);
}

#[test]
fn a_deployment_that_could_not_be_stopped_any_more_is_gone_back_from() {
    let mut target = with_live(&[1]);
    target.take_all([requested(2), started(2), back_to(1), succeeded(2)]);
    assert_eq!(target.live(), Some(&digest(2)));
    assert_eq!(target.starts[2..], [(id(161), false)]);
    assert!(target.state.rejected.contains(&digest(2)));
}

#[test]
fn a_start_that_is_not_known_to_aws_yet_is_stopped_when_it_is() {
    let mut target = with_live(&[1]);
    target.take_all([requested(2), back_to(1)]);
    assert_eq!(target.stopped, []);
    target.take(started(2));
    assert_eq!(target.stopped, [id(2)]);
}
