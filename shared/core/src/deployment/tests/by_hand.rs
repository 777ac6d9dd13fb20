//! A person's hand: holding, releasing, going back; and what is seen to run.

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

fn back_to(number: u8) -> Input {
    Input::RolledBack {
        deployment: id(160 + number),
        to: candidate(number),
        by: "ada".to_owned(),
        reason: Some("errors".to_owned()),
    }
}

fn drifted(number: Option<u8>, runs: &str) -> Input {
    Input::Drifted {
        deployment: id(170 + number.unwrap_or(0)),
        running: number.map(candidate),
        runs: runs.to_owned(),
        task_definition: Some("mco-api:9".to_owned()),
        cause: Some("registered by role/Terraform".to_owned()),
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
fn with_live(numbers: &[u8]) -> Target {
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

fn back_is_live(number: u8) -> Input {
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
fn from_an_image_of_another_repository_a_person_goes_back_to_what_the_record_said() {
    let mut target = with_live(&[1]);
    target.take(drifted(None, "nginx:latest"));
    assert_eq!(target.take(back_to(1)), (Decision::Start, Rule::RolledBack));
    assert_eq!(target.unless_live, []);
    assert!(!target.state.rejected.contains(&digest(1)));
    let Deed::RolledBack { from, .. } = &target.noted[0].deed else {
        panic!("{:?}", target.noted)
    };
    assert_eq!(from, "nginx:latest");
}

#[test]
fn since_when_something_is_wrong_is_known_until_a_deployment_succeeds() {
    let mut target = with_live(&[1, 2]);
    assert_eq!(target.state.troubled_since, None);
    target.take_all([requested(3), started(3)]);
    target.take_at(failed(3, false), 50);
    target.take_at(back_to(1), 60);
    assert_eq!(target.state.troubled_since, Some(at(1050)));
    target.take(back_is_live(161));
    assert_eq!(target.state.troubled_since, None);
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

#[test]
fn what_runs_is_recorded_as_what_it_is() {
    let mut target = with_live(&[1, 2]);
    assert_eq!(
        target.take(drifted(Some(1), "mco/api:test")),
        (Decision::Record, Rule::Drifted)
    );
    assert_eq!(target.live(), Some(&digest(1)));
    let current = target.state.current.clone().unwrap();
    assert!(!current.is_proved);
    let drift = current.drift.unwrap();
    assert!(drift.expected.contains("mco/api:test"), "{drift:?}");
    assert_eq!(drift.cause.as_deref(), Some("registered by role/Terraform"));
    assert!(target.announced.contains(&(DetailType::Drifted, id(171))));
    // Seen again it is no news, and while something is under way nothing can be said.
    assert_eq!(
        target.take(drifted(Some(1), "mco/api:test")),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    target.take(requested(3));
    assert_eq!(
        target.take(drifted(Some(2), "mco/api:test")),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    target.take_all([started(3), succeeded(3)]);
    assert_eq!(target.state.current.unwrap().drift, None);
}

#[test]
fn an_image_of_another_repository_makes_nothing_live() {
    let mut target = with_live(&[1]);
    target.take(drifted(None, "nginx:latest"));
    assert!(target.state.current.as_ref().unwrap().is_foreign());
    assert_eq!(
        target.take(drifted(None, "nginx:latest")),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    // So the image that the record had said is not live, and can be deployed again.
    assert!(!target.state.is_live(&candidate(1)));
}

#[test]
fn what_comes_back_as_it_went_is_as_it_was_recorded() {
    for strange in [drifted(Some(2), "mco/api:2"), drifted(None, "nginx:latest")] {
        let mut target = with_live(&[1]);
        let before = target.state.current.clone().unwrap();
        target.take(strange);
        target.take(drifted(Some(3), "mco/api:3"));
        let drift = target.state.current.clone().unwrap().drift.unwrap();
        assert_eq!(drift.recorded.as_deref(), Some(&before));
        let told = target.announced.len();
        assert_eq!(
            target.take(drifted(Some(1), "mco/api:1")),
            (Decision::Record, Rule::DriftEnded)
        );
        let after = target.state.current.clone().unwrap();
        assert_eq!(target.announced.len(), told);
        assert!(after.is_proved && after.drift.is_none());
        assert_eq!(after.deployment, before.deployment);
    }
}

#[test]
fn marks_and_promotions_are_of_what_is_live_now() {
    let mut target = with_live(&[1]);
    let marked = |number| Input::Marked {
        deployment: id(number),
    };
    assert_eq!(target.take(marked(1)), (Decision::Record, Rule::Marked));
    assert_eq!(target.take(marked(1)), (Decision::Skip, Rule::AlreadyKnown));
    assert_eq!(target.take(marked(9)), (Decision::Skip, Rule::AlreadyKnown));
    let promoted = Input::Promoted { deployment: id(1) };
    assert_eq!(target.take(promoted), (Decision::Record, Rule::Marked));
    assert_eq!(target.state.marked, Some(id(1)));
    assert_eq!(target.state.promoted, Some(id(1)));
}
