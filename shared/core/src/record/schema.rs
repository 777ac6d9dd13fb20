//! JSON Schema of the events that Greenlight emits: what whoever acts upon them may rely on.
//!
//! The schemas are strict, and every event that a test emits is checked against them: a field more or less is a
//! change of the contract, and is made here, too. `schemas/events/` holds them for others.

use serde_json::{Map, Value, json};

use super::DetailType;
use crate::target::GatePoint;

const DIGEST: &str = "^sha256:[0-9a-f]{64}$";
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";
const TARGET: &str = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$";
const TAG: &str = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,299}$";
const INSTANT: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$";

impl DetailType {
    /// Every one that there is.
    pub const ALL: [Self; 11] = [
        Self::Started,
        Self::Succeeded,
        Self::Failed,
        Self::Skipped,
        Self::Queued,
        Self::Blocked,
        Self::Drifted,
        Self::Promoted,
        Self::ApprovalRequested,
        Self::Held,
        Self::Released,
    ];

    /// When it is emitted, and what for.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Started => {
                "A deployment was started in AWS: CodeDeploy's, one of the service, a task or a pipeline."
            }
            Self::Succeeded => "The image is live: what runs was read, and it is the image.",
            Self::Failed => {
                "The image did not go live, or was rolled back. `reason` says why, `gates` what the checks found."
            }
            Self::Skipped => {
                "A pushed image was not deployed. `reason` names the rule; a newer one may have taken its place."
            }
            Self::Queued => "An image waits until the deployment before it is over.",
            Self::Blocked => {
                "An image waits because automatic deployments may not start now: a hold, or a closed window."
            }
            Self::Drifted => "What runs is not what the record said: somebody else has deployed.",
            Self::Promoted => "An image that is live was given a tag that other targets may watch.",
            Self::ApprovalRequested => "A gate asks people whether a deployment may go on.",
            Self::Held => "A person holds automatic deployments to a target, or to every one.",
            Self::Released => "A person releases them.",
        }
    }

    /// The name of its schema's file: `deployment-started`.
    pub fn file_name(self) -> String {
        self.as_str().to_ascii_lowercase().replace(' ', "-")
    }

    /// The schema of the whole event, with its envelope; JSON Schema, draft 2020-12.
    pub fn schema(self) -> Value {
        let detail = match self {
            Self::ApprovalRequested => approval_requested(),
            Self::Held => handed_over(true),
            Self::Released => handed_over(false),
            _ => announcement(self == Self::Promoted),
        };
        let mut schema = object([
            ("version", required(constant("0", "EventBridge's own."))),
            (
                "id",
                required(text("Of the event; a duplicate may have another.")),
            ),
            (
                "detail-type",
                required(constant(self.as_str(), "Which event it is.")),
            ),
            ("source", required(constant("greenlight", "Who emits it."))),
            (
                "account",
                required(pattern(
                    "^[0-9]{12}$",
                    "The account that Greenlight runs in.",
                )),
            ),
            ("time", required(instant("When it was emitted."))),
            (
                "region",
                required(text("The region that Greenlight runs in.")),
            ),
            (
                "resources",
                required(json!({"type": "array", "maxItems": 0, "description": "Always empty."})),
            ),
            ("detail", required(detail)),
        ]);
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema["title"] = json!(self.as_str());
        schema["description"] = json!(self.says());
        schema
    }
}

/// The `detail` of what happens to an image at a target.
fn announcement(is_promotion: bool) -> Value {
    let points: Map<String, Value> = GatePoint::ALL
        .into_iter()
        .map(|point| (point.name().to_owned(), gate(point)))
        .collect();
    let mut fields = vec![
        ("target", required(target("The target's name."))),
        ("deployment", required(deployment())),
        (
            "image",
            required(pattern(
                "^.+@sha256:[0-9a-f]{64}$",
                "The image by its digest: `registry/repository@sha256:…`.",
            )),
        ),
        ("digest", required(pattern(DIGEST, "The image's digest."))),
        (
            "tags",
            required(json!({
                "type": "array",
                "items": {"type": "string", "pattern": TAG},
                "description": "The tags by which the image came; none if it came by its digest.",
            })),
        ),
        (
            "reason",
            required(text(
                "Why, in one sentence, for people: its words may change.",
            )),
        ),
        (
            "gates",
            required(json!({
                "type": "object",
                "properties": points,
                "additionalProperties": false,
                "description": "What each gate found that was run, by its point.",
            })),
        ),
    ];
    if is_promotion {
        let mut note = object([
            (
                "from",
                required(target("The target that has the image live and proved.")),
            ),
            (
                "to",
                required(pattern(TAG, "The tag that the image was given.")),
            ),
            (
                "by",
                required(text(
                    "Who gave it: a person, a pipeline, or the target's own rule.",
                )),
            ),
        ]);
        note["description"] = json!("From where to which tag, and by whom.");
        fields.push(("promotion", required(note)));
    }
    object(fields)
}

fn gate(point: GatePoint) -> Value {
    let verdict = |says: &str| {
        json!({
            "type": "string",
            "enum": ["passed", "inconclusive", "error", "failed"],
            "description": says,
        })
    };
    let count =
        |says: &str| required(json!({"type": "integer", "minimum": 0, "description": says}));
    let mut counts = object([
        ("successful", count("Measured and good.")),
        ("failed", count("Measured and bad.")),
        ("errors", count("Could not be measured.")),
        ("inconclusive", count("There was nothing to be measured.")),
    ]);
    counts["description"] = json!("How many measurements ended how.");
    let check = object([
        (
            "check",
            required(text("The check, with its label: `http (checkout)`.")),
        ),
        ("verdict", required(verdict("The check's verdict."))),
        ("summary", required(text("Why, in one sentence."))),
        ("counts", required(counts)),
        (
            "limits",
            optional(text("The limits that were in force, in words.")),
        ),
        (
            "dry_run",
            optional(json!({"type": "boolean", "description": "Its verdict does not count."})),
        ),
        (
            "evidence",
            optional(json!({
                "type": "array",
                "items": {"type": "string"},
                "description": "What the last measurement of a check rests on that did not pass, a line each.",
            })),
        ),
        ("started_at", required(instant("When the check began."))),
        ("ended_at", required(instant("When it ended."))),
    ]);
    object([
        (
            "point",
            required(constant(point.name(), "The gate's point.")),
        ),
        (
            "verdict",
            required(verdict(
                "The worst among the verdicts of its checks that count.",
            )),
        ),
        (
            "stage",
            optional(text(
                "The lifecycle stage, and how much traffic reached the green tasks.",
            )),
        ),
        (
            "checks",
            required(json!({
                "type": "array",
                "items": check,
                "description": "Each check, in the order of the target's document.",
            })),
        ),
        ("started_at", required(instant("When the gate began."))),
        ("ended_at", required(instant("When it ended."))),
    ])
}

fn approval_requested() -> Value {
    object([
        ("target", required(target("The target's name."))),
        ("deployment", required(or_null(deployment()))),
        (
            "aws_id",
            required(text(
                "CodeDeploy's id of its deployment, or the ARN of the service's.",
            )),
        ),
        (
            "point",
            required(json!({
                "type": "string",
                "enum": GatePoint::ALL.map(GatePoint::name),
                "description": "The gate that asks.",
            })),
        ),
        (
            "label",
            required(or_null(text("The label of the check, if it has one."))),
        ),
        (
            "images",
            required(text("What is being deployed, for people.")),
        ),
        (
            "question",
            required(or_null(text("What people are asked."))),
        ),
        (
            "needed",
            required(json!({
                "type": "integer",
                "minimum": 1,
                "description": "So many different people have to approve.",
            })),
        ),
        (
            "until",
            required(instant("When it has failed if they have not.")),
        ),
        ("answer", required(text("How to answer."))),
    ])
}

fn handed_over(is_held: bool) -> Value {
    let name = target("The target's name; `null` where it is every target.");
    let until = if is_held {
        or_null(instant("When the hold ends by itself."))
    } else {
        json!({"type": "null", "description": "Only of a hold."})
    };
    object([
        ("target", required(or_null(name))),
        ("by", required(text("Who."))),
        (
            "reason",
            required(or_null(text("Why, in their own words."))),
        ),
        ("until", required(until)),
    ])
}

/// Whether a field is always there, and what it is.
struct Field(bool, Value);

fn required(schema: Value) -> Field {
    Field(true, schema)
}

fn optional(schema: Value) -> Field {
    Field(false, schema)
}

fn object(fields: impl IntoIterator<Item = (&'static str, Field)>) -> Value {
    let mut properties = Map::new();
    let mut names = Vec::new();
    for (name, Field(is_required, schema)) in fields {
        properties.insert(name.to_owned(), schema);
        names.extend(is_required.then_some(name));
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

fn text(says: &str) -> Value {
    json!({"type": "string", "minLength": 1, "description": says})
}

fn pattern(pattern: &str, says: &str) -> Value {
    json!({"type": "string", "pattern": pattern, "description": says})
}

fn constant(value: &str, says: &str) -> Value {
    json!({"const": value, "description": says})
}

fn instant(says: &str) -> Value {
    pattern(INSTANT, says)
}

fn target(says: &str) -> Value {
    pattern(TARGET, says)
}

fn deployment() -> Value {
    pattern(
        ULID,
        "Greenlight's id of the deployment: a ULID, which sorts by time.",
    )
}

fn or_null(mut schema: Value) -> Value {
    schema["type"] = json!(["string", "null"]);
    schema
}
