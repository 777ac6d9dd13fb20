//! What is seen to run, and what is told of it outside.

use super::{
    by_hand::with_live,
    going_back::{back_is_live, back_to},
    *,
};
use crate::record::Deed;

fn drifted(number: Option<u8>, runs: &str) -> Input {
    Input::Drifted {
        deployment: id(170 + number.unwrap_or(0)),
        running: number.map(candidate),
        runs: runs.to_owned(),
        task_definition: Some("mco-api:9".to_owned()),
        cause: Some("registered by role/Terraform".to_owned()),
    }
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
