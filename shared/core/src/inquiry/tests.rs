use serde_json::json;

use super::*;
use crate::deployment::{Closure, Hold, Newest, Queued};
use crate::policy::Rank;
use crate::target::{self, Target};

fn target() -> Target {
    let document = json!({
        "name": "api-test",
        "images": [{"container": "api", "repository": "mco/api", "tags": [{"semver": ">=1.2, <2"}]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"rolling": {}},
    });
    target::parse(&document).unwrap().remove(0)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn subject(tags: &[&str]) -> Subject {
    Subject {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: format!("sha256:{}", "ab".repeat(32)).parse().unwrap(),
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        pushed_at: Some(at(5)),
        is_archived: false,
    }
}

/// A state in which 1.10.0 is the newest image that was taken.
fn state() -> TargetState {
    let newest = Newest {
        at: at(1),
        rank: Some(Rank::Version("1.10.0".parse().unwrap())),
        digest: format!("sha256:{}", "cd".repeat(32)).parse().unwrap(),
    };
    TargetState {
        newest: [(subject(&[]).repository, newest)].into(),
        ..TargetState::default()
    }
}

fn told(state: &TargetState, subject: &Subject, closure: Option<Closure>) -> Account {
    let target = target();
    let circumstances = Circumstances {
        target: &target.name,
        at: at(100),
        lease_until: at(100),
        closure,
    };
    inquire(circumstances, state, &target.images[0], subject)
}

#[test]
fn what_is_not_taken_is_told_by_which_rule() {
    for (tags, standing, text) in [
        (
            &[][..],
            Standing::Untagged,
            "it has no tag, and only pushes of tags are deployed",
        ),
        (
            &["sha256-0a.sig"],
            Standing::Ignored,
            "the target ignores `*.sig`, and so `sha256-0a.sig`",
        ),
        (
            &["2.0.0"],
            Standing::NotTaken,
            "the target takes only semver `>=1.2, <2`, not `2.0.0`: 2.0.0 is not within `>=1.2, <2`",
        ),
        (
            &["x.sig", "1.11.0-rc.1"],
            Standing::NotTaken,
            "the target ignores `*.sig`, and so `x.sig`; the target takes only semver `>=1.2, <2`, not \
             `1.11.0-rc.1`: it is a pre-release",
        ),
    ] {
        let account = told(&state(), &subject(tags), None);
        assert_eq!(account.standing, standing);
        assert_eq!(account.text, text);
        assert_eq!(account.decision, None);
    }
    let archived = Subject {
        is_archived: true,
        ..subject(&["1.11.0"])
    };
    let account = told(&state(), &archived, None);
    assert_eq!(account.standing, Standing::Archived);
}

#[test]
fn what_is_taken_is_told_what_the_state_machine_would_say() {
    let account = told(&state(), &subject(&["1.11.0"]), None);
    assert_eq!(account.standing, Standing::Taken);
    assert_eq!(account.decision, Some((Decision::Start, Rule::NewImage)));
    assert_eq!(
        account.text,
        "nothing speaks against it: it would be deployed if it were pushed now"
    );
    let account = told(&state(), &subject(&["1.9.9"]), None);
    assert_eq!(
        account.decision,
        Some((Decision::Supersede, Rule::NewerAccepted))
    );
    assert!(
        account.text.contains("is older than 1.10.0 (cdcd"),
        "{}",
        account.text
    );
    // Of several tags the highest counts.
    let account = told(&state(), &subject(&["1.9.9", "1.11.0", "stable"]), None);
    assert_eq!(account.decision, Some((Decision::Start, Rule::NewImage)));
    assert_eq!(account.tags.len(), 3);
    let rejecting = TargetState {
        rejected: vec![subject(&[]).digest],
        ..state()
    };
    let account = told(&rejecting, &subject(&["1.11.0"]), None);
    assert_eq!(account.decision, Some((Decision::Skip, Rule::Rejected)));
    let hold = Hold {
        by: "ada".to_owned(),
        reason: None,
        since: at(0),
        until: None,
    };
    let closure = Some(Closure::line_stopped(&hold));
    let account = told(&state(), &subject(&["1.11.0"]), closure);
    assert_eq!(account.decision, Some((Decision::Block, Rule::LineStopped)));
}

#[test]
fn an_image_that_is_there_is_said_to_be_whatever_the_policy_says() {
    let image = PushedImage {
        repository: subject(&[]).repository,
        digest: subject(&[]).digest,
        tag: None,
        ordered_at: at(2),
        rank: None,
    };
    let queued = Queued {
        deployment: DeploymentId::of_cause(at(2), &["2"]),
        candidate: Candidate::of(image),
        reason: "held".to_owned(),
        origin: Origin::Push,
        jobs: Vec::new(),
    };
    let waiting = TargetState {
        queued: Some(queued),
        ..state()
    };
    let account = told(&waiting, &subject(&["2.0.0"]), None);
    assert_eq!(account.standing, Standing::NotTaken);
    assert_eq!(account.presence, Some(Presence::Waiting));
    assert_eq!(told(&state(), &subject(&["2.0.0"]), None).presence, None);
}
