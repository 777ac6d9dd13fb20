use greenlight_core::{
    deployment::{Active, Candidate, DeploymentId, PushedImage},
    gate::ApprovalId,
    record::Origin,
    target::check::ApprovalCheck,
};
use serde_json::json;

use super::*;
use crate::plan::sample;

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_764_000_000 + second, 0).unwrap()
}

fn own() -> DeploymentId {
    DeploymentId::of_cause(at(0), &["ours"])
}

fn asked(point: GatePoint, aws_id: &str, deployment: Option<DeploymentId>) -> Approval {
    let check = ApprovalCheck {
        approvals: 2,
        question: None,
    };
    let id = ApprovalId {
        point,
        aws_id: aws_id.to_owned(),
        label: None,
    };
    let about = (deployment, "v2".to_owned());
    Approval::asked(id, &check, about, at(0), at(1800))
}

/// A target with this AWS deployment of ours under way.
fn stored(aws_id: Option<&str>) -> StoredTarget {
    let mut stored = sample::stored(&json!({}));
    stored.state.active = aws_id.map(|aws_id| Active {
        deployment: own(),
        candidate: Candidate::of(PushedImage {
            repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
                .parse()
                .unwrap(),
            digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
            tag: None,
            ordered_at: at(0),
            rank: None,
        }),
        origin: Origin::Push,
        jobs: Vec::new(),
        stop: None,
        since: None,
        phase: Phase::Started {
            aws_id: aws_id.to_owned(),
            task_definition: None,
        },
    });
    stored
}

fn yes() -> Answer {
    Answer {
        approved: true,
        reason: None,
        point: None,
        deployment: None,
    }
}

/// The AWS id of the deployment that is answered, or why there is none.
fn answers(stored: &StoredTarget, all: &[Approval], answer: &Answer) -> Result<String, String> {
    match chosen(stored, all.to_vec(), answer, at(60)) {
        Ok(Some(approval)) => Ok(format!("{} {}", approval.id.point, approval.id.aws_id)),
        Ok(None) => Ok("AWS".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn what_the_deployment_under_way_asks_is_answered() {
    use GatePoint::{AfterInstall, BeforeTraffic};
    let all = [
        asked(BeforeTraffic, "d-2", None),
        asked(BeforeTraffic, "d-1", Some(own())),
        asked(AfterInstall, "d-0", None),
    ];
    let ours = Ok("before_traffic d-1".to_owned());
    assert_eq!(answers(&stored(Some("d-1")), &all, &yes()), ours);
    // Its id is not known yet, but our own is.
    assert_eq!(answers(&stored(Some("d-9")), &all, &yes()), ours);
    // Of ours by its AWS id.
    let theirs = [asked(BeforeTraffic, "d-1", None)];
    assert_eq!(answers(&stored(Some("d-1")), &theirs, &yes()), ours);
}

#[test]
fn where_no_gate_asks_aws_is_told() {
    let over = asked(GatePoint::BeforeTraffic, "d-1", Some(own()));
    let mut rejected = over.clone();
    rejected
        .decisions
        .push(Decision::new("arn:jane", false, None, at(1)));
    let other = asked(GatePoint::BeforeTraffic, "d-2", None);
    let stored = stored(Some("d-1"));
    assert_eq!(answers(&stored, &[], &yes()), Ok("AWS".to_owned()));
    assert_eq!(
        answers(&stored, &[rejected, other], &yes()),
        Ok("AWS".to_owned())
    );
    let late = chosen(&stored, vec![over], &yes(), at(1800));
    assert!(matches!(late, Ok(None)), "{late:?}");
}

#[test]
fn where_nothing_of_ours_is_under_way_the_only_one_is_answered() {
    use GatePoint::{AfterInstall, BeforeTraffic};
    let quiet = stored(None);
    let one = [asked(BeforeTraffic, "d-1", None)];
    let answered = Ok("before_traffic d-1".to_owned());
    assert_eq!(answers(&quiet, &one, &yes()), answered);
    let several = [one[0].clone(), asked(AfterInstall, "d-2", None)];
    assert_eq!(
        answers(&quiet, &several, &yes()),
        Err(
            "several gates ask at target `api-test`; asked is by gate before_traffic of d-1, gate \
             after_install of d-2"
                .to_owned()
        )
    );
    let point = Answer {
        point: Some(BeforeTraffic),
        ..yes()
    };
    assert_eq!(answers(&quiet, &several, &point), answered);
    let deployment = Answer {
        deployment: Some("d-2".to_owned()),
        ..yes()
    };
    let answered = Ok("after_install d-2".to_owned());
    assert_eq!(answers(&quiet, &several, &deployment), answered);
    // Whoever names a deployment means it, whatever else is under way.
    assert_eq!(
        answers(&stored(Some("d-1")), &several, &deployment),
        answered
    );
}

#[test]
fn what_the_flags_say_is_never_guessed() {
    let stored = stored(Some("d-1"));
    let all = [asked(GatePoint::BeforeTraffic, "d-1", Some(own()))];
    let elsewhere = Answer {
        point: Some(GatePoint::AfterTraffic),
        ..yes()
    };
    assert_eq!(
        answers(&stored, &all, &elsewhere),
        Err(
            "no gate asks that at target `api-test`; asked is by gate before_traffic of d-1"
                .to_owned()
        )
    );
    assert_eq!(
        answers(&stored, &[], &elsewhere),
        Err("no gate asks that at target `api-test`".to_owned())
    );
    let by_own_id = Answer {
        deployment: Some(own().to_string()),
        ..yes()
    };
    let answered = Ok("before_traffic d-1".to_owned());
    assert_eq!(answers(&stored, &all, &by_own_id), answered);
}
