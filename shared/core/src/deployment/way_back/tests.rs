//! Which image is the last proved one.

use std::collections::BTreeMap;

use super::*;
use crate::deployment::{Active, Drift, Phase, PushedImage};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn digest(number: u8) -> Digest {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
        .parse()
        .unwrap()
}

fn image_of(repository: &str, number: u8) -> Candidate {
    Candidate::of(PushedImage {
        repository: format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{repository}")
            .parse()
            .unwrap(),
        digest: digest(number),
        tag: Some(format!("v{number}").parse().unwrap()),
        ordered_at: at(i64::from(number)),
        rank: None,
    })
}

fn candidate(number: u8) -> Candidate {
    image_of("mco/api", number)
}

fn id(number: u8) -> DeploymentId {
    DeploymentId::of_cause(at(i64::from(number)), &[&number.to_string()])
}

fn record(number: u8, candidate: Candidate, status: Status, origin: Origin) -> DeploymentRecord {
    DeploymentRecord {
        id: id(number),
        target: "api-test".parse().unwrap(),
        candidate,
        origin,
        status,
        requested_at: at(i64::from(number)),
        started_at: None,
        concluded_at: Some(at(i64::from(number) + 1)),
        aws_id: Some(format!("d-{number}")),
        task_definition: None,
        previous: None,
        reason: None,
        evidence: Vec::new(),
        gates: BTreeMap::new(),
        decisions: Vec::new(),
    }
}

fn pushed(number: u8) -> DeploymentRecord {
    record(number, candidate(number), Status::Succeeded, Origin::Push)
}

fn state(live: Candidate) -> TargetState {
    TargetState {
        current: Some(Current {
            deployment: id(99),
            candidate: live,
            task_definition: None,
            since: at(99),
            is_proved: true,
            drift: None,
        }),
        ..TargetState::default()
    }
}

fn active(number: u8, origin: Origin) -> Active {
    Active {
        deployment: id(number),
        candidate: candidate(number),
        origin,
        jobs: Vec::new(),
        stop: None,
        since: None,
        phase: Phase::Started {
            aws_id: "d-1".to_owned(),
            task_definition: None,
        },
    }
}

fn back(by: Option<&str>) -> Origin {
    Origin::Rollback {
        of: "d-1".to_owned(),
        by: by.map(str::to_owned),
    }
}

/// The deployments that can be gone back to, and how many were passed over.
fn choices(
    state: &TargetState,
    records: &[DeploymentRecord],
    wish: Option<&str>,
) -> (Vec<DeploymentId>, usize) {
    let wish = wish.map(|wish| wish.parse::<BackTo>().unwrap());
    match way_back(state, records, wish.as_ref()) {
        WayBack::To {
            choices,
            passed_over,
        } => {
            let choices = choices.into_iter().map(|it| it.deployment);
            (choices.collect(), passed_over.len())
        }
        WayBack::UnderWay(candidate) => panic!("{} is under way", candidate.describe()),
    }
}

#[test]
fn it_is_the_last_one_that_a_deployment_has_proved_and_not_the_revision_before() {
    let elsewhere = Origin::Elsewhere {
        creator: "user".to_owned(),
    };
    let records = [
        record(1, candidate(1), Status::Succeeded, Origin::Adopted),
        pushed(2),
        pushed(3),
        record(4, candidate(4), Status::Failed, Origin::Push),
        record(5, candidate(5), Status::Succeeded, elsewhere),
        pushed(6),
    ];
    let (found, passed_over) = choices(&state(candidate(6)), &records, None);
    assert_eq!(found, [id(3), id(2)]);
    // The one by hand, and the one that was there.
    assert_eq!(passed_over, 2);
    // From what others have deployed the way leads to the last proved one, too.
    let (found, _) = choices(&state(candidate(5)), &records[..5], None);
    assert_eq!(found, [id(3), id(2)]);
}

#[test]
fn what_was_rejected_since_and_what_was_never_started_will_not_do() {
    let mut state = state(candidate(4));
    state.rejected = vec![digest(3)];
    let mut believed = record(2, candidate(2), Status::Succeeded, back(Some("ada")));
    believed.aws_id = None;
    let records = [pushed(1), believed, pushed(3), pushed(4)];
    assert_eq!(choices(&state, &records, None), (vec![id(1)], 2));
}

#[test]
fn what_aws_brought_back_by_itself_proves_nothing_and_what_a_person_brought_back_does() {
    let by_aws = record(2, candidate(2), Status::Succeeded, back(None));
    let by_ada = record(3, candidate(3), Status::Succeeded, back(Some("ada")));
    let records = [by_aws, by_ada, pushed(4)];
    let (found, _) = choices(&state(candidate(4)), &records, None);
    assert_eq!(found, [id(3)]);
}

#[test]
fn during_a_deployment_it_is_what_is_live_if_that_was_proved() {
    let mut live = state(candidate(2));
    live.active = Some(active(3, Origin::Push));
    let records = [pushed(1), pushed(2)];
    // The current one is first, by the deployment that brought it.
    assert_eq!(choices(&live, &records, None), (vec![id(99), id(1)], 0));
    live.current.as_mut().unwrap().is_proved = false;
    let adopted = record(2, candidate(2), Status::Succeeded, Origin::Adopted);
    assert_eq!(
        choices(&live, &[pushed(1), adopted], None),
        (vec![id(1)], 1)
    );
}

#[test]
fn a_person_who_goes_back_while_another_does_goes_the_same_way() {
    let mut going = state(candidate(3));
    going.active = Some(active(2, back(Some("ada"))));
    let records = [pushed(1), pushed(2), pushed(3)];
    let same = WayBack::UnderWay(Box::new(candidate(2)));
    assert_eq!(way_back(&going, &records, None), same);
    going.active = Some(active(4, Origin::Push));
    going.rollback = Some(super::super::Queued {
        deployment: id(5),
        candidate: candidate(2),
        reason: String::new(),
        origin: back(Some("ada")),
        jobs: Vec::new(),
    });
    assert_eq!(way_back(&going, &records, None), same);
    // Who names an image means it.
    assert_eq!(choices(&going, &records, Some("v1")).0, [id(1)]);
}

#[test]
fn of_several_repositories_everything_comes_back_that_ran_together() {
    let (first, sidecar) = (candidate(1), image_of("mco/sidecar", 11));
    let whole = first.completed_by(&sidecar);
    let newer = image_of("mco/sidecar", 12);
    let records = [
        record(1, first.clone(), Status::Succeeded, Origin::Push),
        record(2, sidecar.clone(), Status::Succeeded, Origin::Push),
        record(3, newer.clone(), Status::Succeeded, Origin::Push),
    ];
    let live = state(newer.completed_by(&first));
    let WayBack::To { choices, .. } = way_back(&live, &records, None) else {
        panic!("nothing is under way")
    };
    // What ran before the sidecar's first push is not known: with what runs now it is what is live.
    assert_eq!(choices.len(), 1);
    assert_eq!(choices[0].deployment, id(2));
    assert!(whole.is_within(&choices[0].candidate));
}

#[test]
fn an_image_is_named_by_its_digest_its_tag_or_its_deployment() {
    let records = [pushed(1), pushed(2), pushed(3)];
    let live = state(candidate(3));
    let (ours, long) = (id(1).to_string(), digest(1).to_string());
    for wish in [&*ours, &*long, &long[..14], "0101010", "v1", "d-1"] {
        assert_eq!(choices(&live, &records, Some(wish)).0, [id(1)], "{wish}");
    }
    for wish in ["010101", "v9", "sha256:ff"] {
        assert_eq!(choices(&live, &records, Some(wish)), (vec![], 0), "{wish}");
    }
    let failed = record(4, candidate(4), Status::Failed, Origin::Push);
    assert_eq!(choices(&live, &[failed], Some("v4")), (vec![], 1));
    for wrong in ["", "a b"] {
        assert!(wrong.parse::<BackTo>().is_err());
    }
}

#[test]
fn from_an_image_that_is_none_of_the_targets_the_last_proved_one_is_the_recorded_one() {
    let mut live = state(candidate(2));
    live.current.as_mut().unwrap().drift = Some(Drift {
        found_at: at(100),
        expected: String::new(),
        runs: "nginx:latest".to_owned(),
        cause: None,
        is_foreign: true,
        recorded: None,
    });
    let records = [pushed(1), pushed(2)];
    assert_eq!(choices(&live, &records, None).0, [id(2), id(1)]);
}
