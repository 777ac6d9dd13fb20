//! Jobs of pipelines that wait for a deployment's end.

use super::*;

pub(super) fn job(number: u8) -> JobId {
    format!("00000000-0000-4000-8000-0000000000{number:02x}")
        .parse()
        .unwrap()
}

/// A pipeline asks for the image of that number.
pub(super) fn asked(number: u8) -> Input {
    asked_by(number, number)
}

/// Each job asks under an id of its own.
fn asked_by(number: u8, by: u8) -> Input {
    Input::Requested {
        deployment: id(by + 50),
        candidate: candidate(number),
        origin: Origin::Pipeline {
            pipeline: Some("release".to_owned()),
            execution: None,
        },
        job: Some(job(by)),
    }
}

/// A push of another repository of the same target.
pub(super) fn of_a_sidecar(number: u8) -> Input {
    Input::Requested {
        deployment: id(number + 150),
        candidate: Candidate {
            repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/sidecar"
                .parse()
                .unwrap(),
            digest: digest(number + 150),
            ..candidate(number)
        },
        origin: Origin::Push,
        job: None,
    }
}

pub(super) fn awaited(number: u8, by: u8, instead_of: Option<u8>) -> Input {
    Input::Awaited {
        deployment: id(number),
        job: job(by),
        instead_of: instead_of.map(job),
    }
}

fn ended(number: u8, outcome: Outcome) -> Input {
    Input::Concluded {
        deployment: id(number),
        aws_id: "d-1".to_owned(),
        outcome,
    }
}

fn well() -> Outcome {
    Outcome::Succeeded {
        task_definition: Some("mco-api:2".to_owned()),
    }
}

#[test]
fn a_job_waits_for_the_deployment_that_it_asks_for_and_is_told_what_is_live() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), succeeded(1)]);
    assert_eq!(target.take(asked(2)), (Decision::Start, Rule::Asked));
    assert_eq!(target.waited_for[&job(2)], id(52));
    assert_eq!(target.answered, []);
    target.take(ended(52, well()));
    let ending = Ending::Succeeded {
        candidate: candidate(2),
        aws_id: "d-1".to_owned(),
        task_definition: Some("mco-api:2".to_owned()),
        previous: Some(digest(1)),
    };
    assert_eq!(target.answered, [(job(2), id(52), ending)]);
    assert_eq!(target.waiting(), []);
}

#[test]
fn a_job_that_asks_for_what_a_push_has_begun_waits_for_that() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1)]);
    assert_eq!(
        target.take(asked(1)),
        (Decision::Skip, Rule::AlreadyDeploying)
    );
    assert_eq!(target.waited_for[&job(1)], id(1));
    assert_eq!(target.starts.len(), 1);
    target.take(failed(1, false));
    let [(_, deployment, Ending::Failed { reason, .. })] = &target.answered[..] else {
        panic!("{:?}", target.answered);
    };
    assert_eq!(*deployment, id(1));
    assert_eq!(reason, "gate before_traffic failed");
}

#[test]
fn a_job_whose_image_waits_is_told_when_a_newer_one_takes_its_place() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), asked(2)]);
    assert_eq!(target.waited_for[&job(2)], id(52));
    target.take(requested(3));
    let [(_, deployment, Ending::Superseded { reason })] = &target.answered[..] else {
        panic!("{:?}", target.answered);
    };
    assert_eq!(*deployment, id(52));
    assert!(reason.starts_with("superseded by"), "{reason}");
    assert_eq!(target.status(52), Some(Status::Superseded));
}

#[test]
fn a_job_goes_with_its_image_into_the_deployment_that_brings_more_besides() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), asked(2)]);
    let sidecar = Candidate {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/sidecar"
            .parse()
            .unwrap(),
        ..candidate(3)
    };
    target.take(Input::Requested {
        deployment: id(3),
        candidate: sidecar,
        origin: Origin::Push,
        job: None,
    });
    assert_eq!(target.status(52), Some(Status::Superseded));
    assert_eq!(target.answered, []);
    assert_eq!(target.waited_for[&job(2)], id(3));
    target.take_all([succeeded(1), ended(3, well())]);
    assert_eq!(target.answered[0].1, id(3));
    assert!(matches!(target.answered[0].2, Ending::Succeeded { .. }));
}

#[test]
fn a_job_is_told_why_its_deployment_could_not_be_started() {
    let mut target = Target::default();
    target.take(asked(2));
    target.take(Input::StartFailed {
        deployment: id(52),
        obstacle: Obstacle::Permission,
        reason: "ecs:RegisterTaskDefinition is denied".to_owned(),
    });
    let ending = Ending::NotStarted {
        obstacle: Obstacle::Permission,
        reason: "ecs:RegisterTaskDefinition is denied".to_owned(),
    };
    assert_eq!(target.answered, [(job(2), id(52), ending)]);
}

#[test]
fn a_job_waits_on_while_somebody_elses_deployment_is_in_the_way() {
    let mut target = Target::default();
    target.take(asked(2));
    target.take(Input::StartDeferred {
        deployment: id(52),
        reason: "busy".to_owned(),
    });
    assert_eq!(target.waiting(), [job(2)]);
    target.take(Input::Revisited);
    assert_eq!(target.starts.last(), Some(&(id(52), false)));
    assert_eq!(target.waiting(), [job(2)]);
    assert_eq!(target.answered, []);
}

#[test]
fn the_next_job_of_an_action_waits_in_the_place_of_the_one_before() {
    let mut target = Target::default();
    target.take(asked(2));
    assert_eq!(
        target.take(awaited(52, 9, Some(2))),
        (Decision::Record, Rule::Awaited)
    );
    assert_eq!(target.waiting(), [job(9)]);
    assert_eq!(target.waited_for[&job(9)], id(52));
    target.take(ended(52, well()));
    assert_eq!(target.answered[0].0, job(9));
    // Too late: whoever asks then finds the record.
    assert_eq!(
        target.take(awaited(52, 10, Some(9))),
        (Decision::Skip, Rule::AlreadyKnown)
    );
    assert_eq!(target.waiting(), []);
}

#[test]
fn what_a_job_waits_for_is_deployed_although_a_push_would_not_be() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), requested(2), asked(2)]);
    assert_eq!(target.waited_for[&job(2)], id(2), "it waits for the push's");
    let Some(queued) = target.state.queued.as_ref() else {
        panic!("nothing waits");
    };
    assert!(queued.origin.is_push());
    // The image becomes live by somebody else.
    target.take(Input::ConcludedElsewhere(Foreign {
        deployment: id(201),
        aws_id: "d-elsewhere".to_owned(),
        origin: Origin::Elsewhere {
            creator: "user".to_owned(),
        },
        running: Some(candidate(2)),
        outcome: well(),
    }));
    target.take(succeeded(1));
    assert_eq!(target.starts.last(), Some(&(id(2), false)));
    assert_eq!(target.answered, []);
}

#[test]
fn a_crowd_of_jobs_is_bounded_and_the_surplus_is_told_so() {
    let mut target = Target::default();
    target.take(requested(1));
    for by in 0..25 {
        target.take(asked_by(1, by));
    }
    assert_eq!(target.waiting().len(), 20);
    assert_eq!(target.answered.len(), 5);
    for (_, deployment, ending) in &target.answered {
        assert_eq!((*deployment, ending), (id(1), &Ending::Crowded));
    }
}

#[test]
fn files_make_an_image_a_deployment_of_its_own() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1)]);
    let with_files = |by: u8| {
        let mut input = asked_by(1, by);
        if let Input::Requested {
            candidate,
            deployment,
            ..
        } = &mut input
        {
            candidate.files = Some(*deployment);
            candidate.ordered_at = at(i64::from(by) + 10);
        }
        input
    };
    assert_eq!(
        target.take(with_files(2)),
        (Decision::Queue, Rule::OneAtATime)
    );
    target.take(succeeded(1));
    assert_eq!(target.starts.last(), Some(&(id(52), false)));
    target.take(ended(52, well()));
    let current = target.state.current.as_ref().unwrap();
    assert_eq!(current.candidate.files, Some(id(52)));
    // A push of the same image is live already, and needs no files.
    let mut pushed = requested(3);
    if let Input::Requested { candidate, .. } = &mut pushed {
        candidate.digest = digest(1);
    }
    assert_eq!(target.take(pushed), (Decision::Skip, Rule::AlreadyLive));
}
