//! Targets that take images of several repositories.

use super::*;

/// The `number`th image of the sidecar's repository.
fn sidecar(number: u8) -> Candidate {
    Candidate {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/sidecar"
            .parse()
            .unwrap(),
        ..candidate(number)
    }
}

fn pushed_sidecar(number: u8) -> Input {
    Input::Requested {
        deployment: id(number),
        candidate: sidecar(number),
        origin: Origin::Push,
        job: None,
    }
}

fn digests(candidate: &Candidate) -> BTreeSet<Digest> {
    candidate.images().map(|image| image.digest).collect()
}

#[test]
fn what_is_live_is_the_newest_image_of_each_repository() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), succeeded(1)]);
    target.take_all([pushed_sidecar(2), started(2), succeeded(2)]);
    let current = target.state.current.clone().unwrap().candidate;
    assert_eq!(digests(&current), [digest(1), digest(2)].into());
    assert_eq!(current.digest, digest(2), "its own is the image that came");
    for again in [requested(1), pushed_sidecar(2)] {
        let Input::Requested { candidate, .. } = again else {
            unreachable!()
        };
        let again = Input::Requested {
            deployment: id(9),
            candidate,
            origin: Origin::Push,
            job: None,
        };
        assert_eq!(target.take(again), (Decision::Skip, Rule::AlreadyLive));
    }
}

#[test]
fn images_of_different_repositories_wait_together_and_neither_is_lost() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1)]);
    target.take_all([requested(2), pushed_sidecar(3), requested(4)]);
    let queued = target.state.queued.clone().unwrap();
    assert_eq!(digests(&queued.candidate), [digest(3), digest(4)].into());
    assert_eq!(queued.deployment, id(4));
    assert_eq!(target.status(2), Some(Status::Superseded));
    assert_eq!(target.status(3), Some(Status::Superseded));
    target.take(succeeded(1));
    let active = target.state.active.clone().unwrap();
    assert_eq!(digests(&active.candidate), [digest(3), digest(4)].into());
}

#[test]
fn an_image_that_is_under_way_does_not_disturb_what_waits_of_another_repository() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), pushed_sidecar(2)]);
    let again = Input::Requested {
        deployment: id(7),
        candidate: candidate(1),
        origin: Origin::Push,
        job: None,
    };
    assert_eq!(target.take(again), (Decision::Skip, Rule::AlreadyDeploying));
    assert_eq!(target.status(2), Some(Status::Queued));
}

#[test]
fn an_event_of_one_repository_that_comes_late_is_not_older_than_one_of_another() {
    let mut target = Target::default();
    target.take_all([requested(5), started(5), succeeded(5)]);
    assert_eq!(
        target.take(pushed_sidecar(3)),
        (Decision::Start, Rule::NewImage)
    );
}

#[test]
fn a_failure_rejects_what_it_brought_and_not_what_was_live() {
    let mut target = Target::default();
    target.take_all([requested(1), started(1), succeeded(1)]);
    target.take_all([pushed_sidecar(2), started(2), failed(2, false)]);
    assert_eq!(target.state.rejected, [digest(2)]);
    let current = target.state.current.clone().unwrap().candidate;
    assert_eq!(digests(&current), [digest(1)].into());
}

#[test]
fn several_images_are_described_by_name() {
    let both = sidecar(2).joined_with(&candidate(1));
    insta::assert_snapshot!(both.describe(), @"mco/sidecar:test (020202020202) with mco/api:test (010101010101)");
    let stored = serde_json::to_value(&both).unwrap();
    assert_eq!(serde_json::from_value::<Candidate>(stored).unwrap(), both);
    let alone = serde_json::to_value(candidate(1)).unwrap();
    assert!(alone.get("with").is_none(), "{alone}");
}
