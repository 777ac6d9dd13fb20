//! The page `docs/events.md`: every event that Greenlight emits, with an example, and patterns for rules.
//!
//! The examples are made of the types that are emitted; a test checks them against the schemas, and plays them
//! to the patterns. A test fails where the page is stale.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Announcement, ApprovalRequested, DetailType, HandedOver};
use crate::deployment::{Candidate, DeploymentId};
use crate::gate::{CheckReport, Counts, GateReport, Verdict};
use crate::promotion::PromotionNote;
use crate::target::GatePoint;

/// A pattern for a rule on Greenlight's events.
#[derive(Debug, Clone, Copy)]
pub struct EventPattern {
    /// What it is for.
    pub says: &'static str,
    /// The pattern, as JSON.
    pub pattern: &'static str,
    /// Which of the examples it takes.
    pub takes: &'static [DetailType],
}

/// The patterns of the page.
pub const PATTERNS: &[EventPattern] = &[
    EventPattern {
        says: "Everything that Greenlight tells",
        pattern: r#"{"source": ["greenlight"]}"#,
        takes: &DetailType::ALL,
    },
    EventPattern {
        says: "What came of each deployment",
        pattern: r#"{"source": ["greenlight"], "detail-type": ["Deployment Succeeded", "Deployment Failed"]}"#,
        takes: &[DetailType::Succeeded, DetailType::Failed],
    },
    EventPattern {
        says: "All that a person should look at",
        pattern: r#"{"source": ["greenlight"], "detail-type": ["Deployment Failed", "Drift Detected", "Approval Requested"]}"#,
        takes: &[
            DetailType::Failed,
            DetailType::Drifted,
            DetailType::ApprovalRequested,
        ],
    },
    EventPattern {
        says: "Failures in production, where targets are named so",
        pattern: r#"{"source": ["greenlight"], "detail-type": ["Deployment Failed"], "detail": {"target": [{"suffix": "-prod"}]}}"#,
        takes: &[],
    },
    EventPattern {
        says: "All about one target, holds of every target included",
        pattern: r#"{"source": ["greenlight"], "detail": {"target": ["api-test", null]}}"#,
        takes: &DetailType::ALL,
    },
    EventPattern {
        says: "Deployments that a gate has stopped before traffic shifted",
        pattern: r#"{"source": ["greenlight"], "detail-type": ["Deployment Failed"], "detail": {"gates": {"before_traffic": {"verdict": [{"anything-but": ["passed"]}]}}}}"#,
        takes: &[DetailType::Failed],
    },
    EventPattern {
        says: "All that deploys one repository",
        pattern: r#"{"source": ["greenlight"], "detail-type": [{"prefix": "Deployment "}], "detail": {"image": [{"wildcard": "*.amazonaws.com/mco/api@*"}]}}"#,
        takes: &[
            DetailType::Started,
            DetailType::Succeeded,
            DetailType::Failed,
            DetailType::Skipped,
            DetailType::Queued,
            DetailType::Blocked,
        ],
    },
    EventPattern {
        says: "Promotions to production",
        pattern: r#"{"source": ["greenlight"], "detail-type": ["Image Promoted"], "detail": {"promotion": {"to": ["production"]}}}"#,
        takes: &[],
    },
    EventPattern {
        says: "Holds without an end",
        pattern: r#"{"source": ["greenlight"], "detail-type": ["Target Held"], "detail": {"until": [null]}}"#,
        takes: &[],
    },
];

const DIGEST: &str = "sha256:0b2c1f3a4d5e60718293a4b5c6d7e8f90b2c1f3a4d5e60718293a4b5c6d7e8f9";

impl DetailType {
    /// Such an event as EventBridge delivers it.
    pub fn example(self) -> Value {
        let detail = match self {
            Self::ApprovalRequested => json!(approval_requested()),
            Self::Held | Self::Released => json!(HandedOver {
                target: "api-test".parse().ok(),
                by: "alice".to_owned(),
                reason: (self == Self::Held).then(|| "ticket 7".to_owned()),
                until: (self == Self::Held).then(|| at(40)),
            }),
            _ => announcement(self).map_or(Value::Null, |announcement| json!(announcement)),
        };
        json!({
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": self.as_str(),
            "source": "greenlight",
            "account": "123456789012",
            "time": "2026-11-29T12:20:00Z",
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        })
    }
}

/// So many minutes after noon.
fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(29_930_520 + minutes)
}

fn id() -> DeploymentId {
    DeploymentId::of_cause(at(0), &["example"])
}

fn announcement(kind: DetailType) -> Option<Announcement> {
    let repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
        .parse()
        .ok()?;
    let candidate = Candidate {
        repository,
        digest: DIGEST.parse().ok()?,
        tag: "test".parse().ok(),
        ordered_at: at(0),
        rank: None,
        with: Vec::new(),
        files: None,
    };
    let reason = match kind {
        DetailType::Started => "`test` is one of the target's tags",
        DetailType::Succeeded => "all running tasks have the image",
        DetailType::Failed => "gate before_traffic: check `http` failed: 503 in place of 200",
        DetailType::Skipped => "superseded: a newer image was accepted",
        DetailType::Queued => "waits for the deployment that is under way",
        DetailType::Blocked => "no window is open; the next one opens at 2026-11-30T09:00:00Z",
        DetailType::Drifted => "the service runs another image than the record says",
        _ => "promoted 30m after it went live",
    };
    let target = "api-test".parse().ok()?;
    let mut announcement = Announcement::new(kind, &target, id(), &candidate, reason);
    if kind == DetailType::Failed {
        let report = gate();
        announcement = announcement.with_gates(&[(report.point, report)].into());
    }
    if kind == DetailType::Promoted {
        announcement = announcement.with_promotion(PromotionNote {
            from: target,
            to: "staging".parse().ok()?,
            by: "the target's own rule".to_owned(),
        });
    }
    Some(announcement)
}

fn gate() -> GateReport {
    let check = CheckReport {
        check: "http".to_owned(),
        verdict: Verdict::Failed,
        summary: "503 in place of 200".to_owned(),
        counts: Counts {
            failed: 1,
            ..Counts::default()
        },
        limits: "1 good measurement in a row".to_owned(),
        dry_run: false,
        measured: Vec::new(),
        evidence: vec!["GET /health: 503 Service Unavailable".to_owned()],
        started_at: at(10),
        ended_at: at(12),
    };
    GateReport::conclude(GatePoint::BeforeTraffic, vec![check], at(10), at(12))
}

fn approval_requested() -> Option<ApprovalRequested> {
    let target = "api-test".parse().ok()?;
    Some(ApprovalRequested {
        answer: crate::gate::Approval::remedy(&target),
        target,
        deployment: Some(id()),
        aws_id: "d-EXAMPLE11".to_owned(),
        point: GatePoint::BeforeTraffic,
        label: None,
        images: "mco/api:test (0b2c1f3a4d5e)".to_owned(),
        question: Some("Is the new checkout ready for customers?".to_owned()),
        needed: 1,
        until: at(40),
    })
}

/// The page.
pub fn page() -> String {
    let mut page = String::from(
        "# Events\n\n<!-- Generated from the code; see docs/contributing.md. -->\n\nGreenlight emits an event for \
         each thing that others may act upon, to the bus that `GREENLIGHT_BUS` names. Events are delivered at \
         least once: act upon `detail.deployment`, not upon the event's `id`. What has happened in AWS is told \
         before it is recorded, so that no crash loses it. Each event has a JSON Schema in `schemas/events`; a \
         field is added there before it is emitted, and none is removed. Words in `reason` and `summary` are \
         for people.\n",
    );
    for kind in DetailType::ALL {
        let example = kind.example();
        let _ = write!(
            page,
            "\n## {}\n\n{} Schema: `schemas/events/{}.schema.json`.\n\n```json\n{example:#}\n```\n",
            kind.as_str(),
            kind.says(),
            kind.file_name(),
        );
    }
    page.push_str(
        "\n## Patterns\n\nA rule on the bus takes the events of its pattern. Of the examples above, each takes \
         those that are named below it.\n",
    );
    for EventPattern {
        says,
        pattern,
        takes,
    } in PATTERNS
    {
        let takes: Vec<String> = takes
            .iter()
            .map(|kind| format!("`{}`", kind.as_str()))
            .collect();
        let takes = match takes.as_slice() {
            [] => "none of the examples".to_owned(),
            takes if takes.len() == DetailType::ALL.len() => "all of them".to_owned(),
            takes => takes.join(", "),
        };
        let _ = write!(
            page,
            "\n{says}:\n\n```json\n{pattern}\n```\n\nTakes: {takes}.\n"
        );
    }
    page
}
