//! What follows where tags tell the order: never backwards without a person, and one image once.

use proptest::prelude::*;

use super::*;
use crate::policy::Rank;

fn version(text: &str) -> Rank {
    Rank::Version(text.parse().unwrap())
}

/// The image `number`, pushed at that second as this version.
fn image(number: u8, text: &str) -> Candidate {
    Candidate {
        tag: Some(text.parse().unwrap()),
        rank: Some(version(text)),
        ..candidate(number)
    }
}

fn request(deployment: u8, candidate: Candidate, origin: Origin) -> Input {
    Input::Requested {
        deployment: id(deployment),
        candidate,
        origin,
        job: None,
    }
}

fn pushed(number: u8, text: &str) -> Input {
    request(number, image(number, text), Origin::Push)
}

/// Somebody asks for the image `number` at second `deployment`.
fn asked(deployment: u8, number: u8, text: &str) -> Input {
    let candidate = Candidate {
        ordered_at: at(i64::from(deployment)),
        ..image(number, text)
    };
    request(deployment, candidate, Origin::person("ada"))
}

fn live(target: &mut Target, number: u8) {
    target.take(started(number));
    target.take(succeeded(number));
}

const SUPERSEDED: (Decision, Rule) = (Decision::Supersede, Rule::NewerAccepted);
const STARTED: (Decision, Rule) = (Decision::Start, Rule::NewImage);

#[test]
fn a_lower_version_that_comes_later_is_superseded_with_both_named() {
    let mut target = Target::default();
    target.take(pushed(1, "1.10.0"));
    live(&mut target, 1);
    assert_eq!(target.take(pushed(2, "1.9.9")), SUPERSEDED);
    assert_eq!(target.status(2), Some(Status::Superseded));
    let older = image(2, "1.9.9").describe();
    let newest = digest(1);
    assert_eq!(
        target.said,
        format!(
            "{older} is older than 1.10.0 ({}), the newest that `api-test` has taken",
            newest.short()
        )
    );
    assert_eq!(target.take(pushed(3, "1.10.1")), STARTED);
}

#[test]
fn one_version_pushed_again_with_another_image_is_newer() {
    let mut target = Target::default();
    target.take(pushed(1, "1.10.0"));
    live(&mut target, 1);
    assert_eq!(target.take(pushed(2, "1.10.0")), STARTED);
    live(&mut target, 2);
    let late = request(30, image(1, "1.10.0"), Origin::Push);
    assert_eq!(target.take(late), SUPERSEDED);
}

#[test]
fn a_person_goes_back_and_only_what_is_newer_than_the_newest_goes_by_itself() {
    let mut target = Target::default();
    target.take(pushed(1, "1.9.9"));
    live(&mut target, 1);
    target.take(pushed(2, "1.10.0"));
    live(&mut target, 2);
    let (decision, _) = target.take(asked(10, 1, "1.9.9"));
    assert_eq!(decision, Decision::Start);
    live(&mut target, 10);
    assert_eq!(target.live(), Some(&digest(1)));
    assert_eq!(target.take(pushed(11, "1.9.10")), SUPERSEDED);
    // The event of one more tag of the newest, which comes late, takes nothing back.
    let late = request(12, image(2, "1.10.0"), Origin::Push);
    assert_eq!(target.take(late), SUPERSEDED);
    assert_eq!(target.take(pushed(13, "1.11.0")), STARTED);
}

#[test]
fn an_image_without_a_version_that_a_person_asks_for_leaves_the_order_alone() {
    let mut target = Target::default();
    target.take(pushed(1, "1.10.0"));
    live(&mut target, 1);
    let unversioned = Candidate {
        ordered_at: at(10),
        ..candidate(2)
    };
    target.take(request(10, unversioned, Origin::person("ada")));
    live(&mut target, 10);
    assert_eq!(target.take(pushed(11, "1.9.0")), SUPERSEDED);
    assert_eq!(target.take(pushed(12, "1.10.1")), STARTED);
}

#[test]
fn a_policy_that_goes_by_time_from_now_on_forgets_the_versions() {
    let mut target = Target::default();
    target.take(pushed(1, "1.10.0"));
    live(&mut target, 1);
    assert_eq!(target.take(requested(2)), STARTED);
    live(&mut target, 2);
    // And back again.
    assert_eq!(target.take(pushed(3, "1.0.0")), STARTED);
}

#[test]
fn what_a_person_asks_for_waits_before_a_higher_version() {
    let mut target = Target::default();
    target.take(pushed(1, "1.9.0"));
    target.take(started(1));
    target.take(pushed(2, "1.11.0"));
    assert_eq!(
        target.take(asked(10, 3, "1.8.0")),
        (Decision::Queue, Rule::OneAtATime)
    );
    assert_eq!(target.status(2), Some(Status::Superseded));
    // What is outdated does not take its place either, though it is newer than that.
    assert_eq!(target.take(pushed(11, "1.10.0")), SUPERSEDED);
    assert_eq!(target.status(10), Some(Status::Queued));
    target.take(pushed(12, "1.12.0"));
    assert_eq!(target.status(10), Some(Status::Superseded));
}

#[test]
fn several_tags_of_one_image_are_one_deployment_and_the_highest_counts() {
    let tags = ["1.9.9", "1.10.0", "1.2.0"];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for moment in 0..3 {
            let mut target = Target::default();
            if moment == 1 {
                target.take(pushed(1, "1.0.0"));
                target.take(started(1));
            }
            for (number, index) in (20_u8..).zip(order) {
                target.take(request(number, image(2, tags[index]), Origin::Push));
                if moment == 2 && number == 20 {
                    live(&mut target, 20);
                }
            }
            let waiting = target.state.queued.iter().map(|it| &it.candidate);
            let waiting = waiting.filter(|it| it.digest == digest(2)).count();
            let started = target.starts.iter().filter(|(it, _)| *it != id(1)).count();
            assert_eq!(waiting + started, 1, "{order:?} {moment}");
            assert_eq!(
                target.take(pushed(40, "1.9.10")),
                SUPERSEDED,
                "{order:?} {moment}"
            );
            let waiting = target.state.queued.is_some();
            assert_eq!(waiting, moment == 1, "{order:?} {moment}");
        }
    }
}

#[derive(Debug, Clone)]
enum Deed {
    Push(u8, u64),
    Ask(u8, u64),
    Start,
    Succeed,
    Fail,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0_u8..8, 0_u64..6).prop_map(|(number, version)| Deed::Push(number, version)),
        1 => (0_u8..8, 0_u64..6).prop_map(|(number, version)| Deed::Ask(number, version)),
        2 => Just(Deed::Start),
        2 => Just(Deed::Succeed),
        1 => Just(Deed::Fail),
    ]
}

proptest! {
    /// Whatever is pushed, in whatever order, under however many tags.
    #[test]
    fn pushes_never_go_backwards(deeds in prop::collection::vec(any_deed(), 1..60)) {
        let mut target = Target::default();
        let mut highest: Option<u64> = None;
        for (second, deed) in (10_u8..).zip(deeds) {
            let before = target.state.clone();
            let version = |number: u64| format!("1.{number}.0");
            match deed {
                Deed::Push(number, rank) => {
                    let candidate = Candidate {
                        ordered_at: at(i64::from(second)),
                        ..image(number, &version(rank))
                    };
                    let rejected = target.state.rejected.contains(&candidate.digest);
                    target.take(request(second, candidate, Origin::Push));
                    let taken = [&target.state.active.as_ref().map(|it| it.deployment),
                        &target.state.queued.as_ref().map(|it| it.deployment)]
                        .contains(&&Some(id(second)));
                    if taken {
                        prop_assert!(highest.is_none_or(|highest| highest <= rank));
                        prop_assert!(!rejected);
                        highest = Some(rank);
                    }
                }
                Deed::Ask(number, rank) => {
                    let queued = before.queued.is_some();
                    target.take(asked(second, number, &version(rank)));
                    // It is never passed over for what waits.
                    if queued && before.active.is_some() {
                        let waits = target.state.queued.as_ref();
                        let is_known = before.active.as_ref().map(|it| &it.candidate.digest)
                            == Some(&digest(number));
                        prop_assert!(
                            is_known || waits.map(|it| &it.candidate.digest) == Some(&digest(number))
                        );
                    }
                    highest = highest.max(Some(rank));
                }
                Deed::Start | Deed::Succeed | Deed::Fail => {
                    let Some(active) = before.active.as_ref().map(|it| it.deployment) else {
                        continue;
                    };
                    let Some(number) = (10..70).find(|number| id(*number) == active) else {
                        continue;
                    };
                    target.take(match deed {
                        Deed::Start => started(number),
                        Deed::Succeed => succeeded(number),
                        _ => failed(number, false),
                    });
                }
            }
            for (repository, newest) in &before.newest {
                prop_assert!(target.state.newest[repository].compare(newest).is_ge());
            }
        }
    }
}
