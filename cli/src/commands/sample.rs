//! A target and its state, as the tests of the commands show them.

use std::collections::BTreeMap;

use greenlight_aws::table::{BadTarget, StoredTarget};
use greenlight_core::deployment::{
    Active, Candidate, Current, DeploymentId, Drift, Phase, PushedImage, Queued, TargetState,
};
use greenlight_core::gate::{
    Approval, ApprovalId, CheckReport, Counts, GateReport, Measured, Phase as Measurement, Verdict,
};
use greenlight_core::image::Digest;
use greenlight_core::record::{DeploymentRecord, Origin, Status};
use greenlight_core::target::check::ApprovalCheck;
use greenlight_core::target::{self, GatePoint};
use greenlight_deployer::progress::meter::Meter;
use greenlight_deployer::progress::{Awaiting, Progress};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Fails unless `docs/cli.md` shows this output.
#[track_caller]
pub(super) fn assert_documented(text: &str) {
    const PAGE: &str = include_str!("../../../docs/cli.md");
    assert!(
        PAGE.contains(&format!("\n{text}```")),
        "docs/cli.md does not show\n{text}"
    );
}

/// When the commands of the tests are given.
pub(super) fn now() -> Timestamp {
    "2026-11-22T14:00:00Z".parse().unwrap()
}

pub(super) fn id(number: u8) -> DeploymentId {
    format!("01KAPX2V9M3Z8QK4T7N5R6S0W{number}")
        .parse()
        .unwrap()
}

pub(super) fn digest(which: char) -> Digest {
    let hex = match which {
        'a' => "3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
        'b' => "d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
        'c' => "56a8e1b8b416d0548eebc2a5232800f932eb345e3a927c7eba1588037370f3bd",
        _ => "f14424a90973b09aac0a5543c5ea465dda7d792b7c9aa53518be7eb18d31f4ff",
    };
    format!("sha256:{hex}").parse().unwrap()
}

pub(super) fn candidate(which: char) -> Candidate {
    Candidate {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: digest(which),
        tag: Some("test".parse().unwrap()),
        ordered_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        rank: None,
        with: Vec::new(),
        files: None,
    }
}

/// A target of which nothing is known yet.
pub(super) fn fresh() -> StoredTarget {
    let document = json!({
        "name": "api-test",
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"codedeploy": {"application": "API", "group": "API"}},
        "gates": {"before_traffic": [{"tasks": {}}, {"http": {"path": "/health"}}], "after_traffic": []},
    });
    StoredTarget {
        target: target::parse(&document).unwrap().remove(0),
        home: candidate('a').repository.registry,
        version: 3,
        line: None,
        state: TargetState::default(),
    }
}

/// The same with something live, something being deployed, and something waiting.
pub(super) fn busy() -> StoredTarget {
    let state = TargetState {
        current: Some(Current {
            deployment: id(1),
            candidate: candidate('a'),
            task_definition: Some(
                "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7".into(),
            ),
            since: "2026-11-22T10:12:03.25Z".parse().unwrap(),
            is_proved: true,
            drift: None,
        }),
        active: Some(Active {
            deployment: id(2),
            candidate: candidate('b'),
            origin: Origin::Push,
            jobs: Vec::new(),
            stop: None,
            since: None,
            phase: Phase::Started {
                aws_id: "d-ABCDEF123".into(),
                task_definition: None,
            },
        }),
        queued: Some(Queued {
            deployment: id(3),
            candidate: candidate('c'),
            reason: "another deployment is under way".into(),
            origin: Origin::Push,
            jobs: Vec::new(),
        }),
        newest: BTreeMap::new(),
        rejected: vec![digest('d')],
        ..TargetState::default()
    };
    StoredTarget { state, ..fresh() }
}

/// The same with nothing but what was deployed by hand, or, if it is foreign, by somebody who knows nothing of the
/// target.
pub(super) fn drifted(is_foreign: bool) -> StoredTarget {
    let mut stored = busy();
    stored.state.active = None;
    stored.state.queued = None;
    stored.state.rejected = Vec::new();
    if let Some(current) = &mut stored.state.current {
        let recorded = Box::new(current.clone());
        let runs = if is_foreign {
            "nginx:latest".to_owned()
        } else {
            current.candidate = candidate('b');
            candidate('b').describe()
        };
        current.drift = Some(Drift {
            found_at: "2026-11-22T11:00:00Z".parse().unwrap(),
            expected: recorded.candidate.describe(),
            runs,
            cause: Some(
                "deployed by ECS service deployment k3Jd8sLq, registered by role Terraform".into(),
            ),
            is_foreign,
            recorded: Some(recorded),
        });
    }
    stored
}

/// [`busy`] with an image of a second repository live, and a pause that waits for an answer.
pub(super) fn paused() -> (StoredTarget, Progress) {
    let mut stored = busy();
    stored.target.deploy = target::Strategy::Native;
    let state = &mut stored.state;
    state.queued = None;
    state.rejected = Vec::new();
    if let Some(current) = &mut state.current {
        current.candidate.with = vec![proxy('c')];
    }
    if let Some(active) = &mut state.active {
        active.origin = Origin::person("ada");
        active.phase = Phase::Started {
            aws_id: SERVICE_DEPLOYMENT.into(),
            task_definition: None,
        };
    }
    let progress = Progress {
        deployment: id(2),
        headline: "ECS service deployment k3Jd8sLq is IN_PROGRESS: POST_TEST_TRAFFIC_SHIFT".into(),
        facts: vec![
            "new revision 4823: 2 of 2 tasks running, 0 pending, 0 % of the production traffic, 100 % of \
             the test traffic"
                .into(),
            "hook ecs-pause-1f2e (PAUSE) AWAITING_ACTION".into(),
        ],
        meter: Meter::default(),
        awaiting: Some(Awaiting {
            what: "pause hook ecs-pause-1f2e waits for an answer at POST_TEST_TRAFFIC_SHIFT".into(),
            until: Some("2026-11-22T11:30:00Z".parse().unwrap()),
            otherwise: Some("ECS rolls it back".into()),
            remedy: "`greenlight continue api-test` lets it go on, `greenlight abort api-test` takes it \
                     back"
                .into(),
        }),
        asked: Vec::new(),
    };
    (stored, progress)
}

const SERVICE_DEPLOYMENT: &str =
    "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/k3Jd8sLq";

/// An image of a second repository.
pub(super) fn proxy(which: char) -> PushedImage {
    PushedImage {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/proxy"
            .parse()
            .unwrap(),
        digest: digest(which),
        tag: Some("stable".parse().unwrap()),
        ordered_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        rank: None,
    }
}

pub(super) fn bad() -> BadTarget {
    BadTarget {
        name: "web".into(),
        version: 1,
        problems: target::parse(&json!({"name": "web"})).unwrap_err(),
    }
}

/// What a gate asks two people.
pub(super) fn approval() -> Approval {
    let check = ApprovalCheck {
        approvals: 2,
        question: Some("Has the migration run?".into()),
    };
    let approval = ApprovalId {
        point: GatePoint::BeforeTraffic,
        aws_id: "d-ABCDEF123".into(),
        label: None,
    };
    let about = (Some(id(2)), "mco/api:test (d60bbfffc19a)".into());
    let asked_at = "2026-11-22T11:00:00Z".parse().unwrap();
    let until = "2026-11-22T11:30:00Z".parse().unwrap();
    Approval::asked(approval, &check, about, asked_at, until)
}

/// A gate with a check that passed and one that did not.
pub(super) fn report() -> GateReport {
    let at = |second: i64| {
        let begin: Timestamp = "2026-11-22T11:05:00Z".parse().unwrap();
        begin + SignedDuration::from_secs(second)
    };
    let measured = |second, phase, summary: &str, value| Measured {
        at: at(second),
        phase,
        summary: summary.into(),
        value,
    };
    let refused = "GET http://10.0.0.1:9001/health: status 500 instead of 200-299";
    let tasks = CheckReport {
        check: "tasks".into(),
        verdict: Verdict::Passed,
        summary: "2 of 2 tasks run".into(),
        counts: Counts {
            successful: 1,
            ..Counts::default()
        },
        limits: "every 3s, for 5m at most, 0 failures allowed, any errors allowed".into(),
        dry_run: false,
        measured: vec![measured(
            3,
            Measurement::Successful,
            "2 of 2 tasks run",
            None,
        )],
        evidence: Vec::new(),
        started_at: at(0),
        ended_at: at(3),
    };
    let http = CheckReport {
        check: "http (health)".into(),
        verdict: Verdict::Failed,
        summary: format!("2 measurements failed, more than 1: {refused}"),
        counts: Counts {
            successful: 1,
            failed: 2,
            ..Counts::default()
        },
        limits: "every 2s, until 3 in a row are good, for 2m at most, 1 failures allowed, any errors allowed"
            .into(),
        measured: vec![
            measured(3, Measurement::Failed, refused, None),
            measured(5, Measurement::Successful, "GET http://10.0.0.1:9001/health answered 200", Some(12.0)),
            measured(7, Measurement::Failed, refused, None),
        ],
        evidence: vec!["the body begins: `no connection to the database`".into()],
        started_at: at(3),
        ended_at: at(7),
        ..tasks.clone()
    };
    GateReport::conclude(GatePoint::BeforeTraffic, vec![tasks, http], at(0), at(7))
}

pub(super) fn records() -> Vec<DeploymentRecord> {
    let failed = DeploymentRecord {
        id: id(2),
        target: "api-test".parse().unwrap(),
        candidate: candidate('b'),
        origin: Origin::Push,
        status: Status::Failed,
        requested_at: "2026-11-22T11:00:00Z".parse().unwrap(),
        started_at: Some("2026-11-22T11:00:01Z".parse().unwrap()),
        concluded_at: Some("2026-11-22T11:06:41Z".parse().unwrap()),
        aws_id: Some("d-ABCDEF123".into()),
        task_definition: None,
        previous: Some(digest('a')),
        reason: Some("the gate before_traffic failed".into()),
        evidence: vec![
            "gate before_traffic: check `http` failed: status 500 instead of 200\n".into(),
        ],
        gates: BTreeMap::new(),
        decisions: Vec::new(),
    };
    let succeeded = DeploymentRecord {
        id: id(1),
        candidate: candidate('a'),
        origin: Origin::Elsewhere {
            creator: "user".into(),
        },
        status: Status::Succeeded,
        requested_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        concluded_at: Some("2026-11-22T10:00:42Z".parse().unwrap()),
        aws_id: None,
        reason: None,
        evidence: Vec::new(),
        ..failed.clone()
    };
    let refused = DeploymentRecord {
        id: id(3),
        candidate: candidate('c'),
        origin: Origin::Push,
        status: Status::StartFailed,
        requested_at: "2026-11-22T12:30:00Z".parse().unwrap(),
        concluded_at: Some("2026-11-22T12:30:01Z".parse().unwrap()),
        reason: Some(
            "the task definition `mco-api` has no container named `api`; it has `app`".into(),
        ),
        ..succeeded.clone()
    };
    let under_way = DeploymentRecord {
        id: id(4),
        status: Status::Started,
        requested_at: "2026-11-22T13:00:00Z".parse().unwrap(),
        concluded_at: None,
        aws_id: Some("d-GHIJKL456".into()),
        reason: None,
        ..refused.clone()
    };
    vec![under_way, refused, failed, succeeded]
}
