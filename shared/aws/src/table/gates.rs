//! The gates that hooks wait for: what has been measured, and where the answer goes.
//!
//! A gate may outlast an invocation of the function that runs it. It is taken for a while by whoever runs it
//! (a lease), so that two never do, and can be taken again when that time is over, whatever became of the
//! first. Those of CodeDeploy, which nobody asks for again, have the attribute `repository` with a value that
//! no repository has, until they are answered, so that the index by repository finds them in one query.

use std::fmt;

use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{AttributeValue, ReturnValue},
};
use greenlight_core::gate::Unfinished;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{Item, Table};
use crate::{AwsError, Kind, error::failed};

/// The place of a gate that is not answered in the index by repository.
const WAITING: &str = "#gates";
/// The place to which an answered gate goes if its hook calls again.
const ANSWERED: &str = "#answered-gates";
/// No hook waits longer than a day (AWS-FACTS 7.5), and no event comes again after that.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
const ACTION: &str = "dynamodb:UpdateItem";

/// Which gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateKey {
    /// AWS's id of the deployment.
    pub deployment: String,
    sort: String,
    hook: Option<HookToken>,
}

/// What CodeDeploy wants to see with an answer. Whoever has it can answer.
#[derive(Clone, PartialEq, Eq)]
pub struct HookToken(String);

/// For whom a gate is taken, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Lease<'a> {
    /// Lambda's id of the invocation. Whoever comes with the same one has it already: the answer to its first call was
    /// lost, or Lambda repeats an invocation that died.
    pub holder: &'a str,
    /// Now.
    pub from: Timestamp,
    /// When the invocation has ended, whatever becomes of it.
    pub until: Timestamp,
}

/// A gate that is being run.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRun {
    /// When its hook called first.
    pub started_at: Timestamp,
    /// When it has to be answered.
    pub answer_by: Timestamp,
    /// What has been measured, if it was broken off.
    pub unfinished: Option<Unfinished>,
    /// What came of it, if it is over.
    pub verdict: Option<GateVerdict>,
}

/// What came of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateVerdict {
    /// Whether the deployment may go on.
    pub may_go_on: bool,
    /// Why, in one sentence.
    pub summary: String,
}

impl GateKey {
    /// The gate at which the hook of this execution waits.
    pub fn of_codedeploy(deployment: &str, execution: &str) -> Self {
        let digest = Sha256::digest(execution.as_bytes());
        let digest = digest[..12]
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self {
            deployment: deployment.to_owned(),
            sort: format!("codedeploy#{digest}"),
            hook: Some(HookToken(execution.to_owned())),
        }
    }

    /// The gate of a stage of a service deployment.
    pub fn of_ecs(deployment: &str, stage: &str) -> Self {
        Self {
            deployment: deployment.to_owned(),
            sort: format!("ecs#{stage}"),
            hook: None,
        }
    }

    /// Where the answer goes, if it has to be sent.
    pub fn hook(&self) -> Option<&HookToken> {
        self.hook.as_ref()
    }
}

impl HookToken {
    /// `lifecycleEventHookExecutionId`
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HookToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookToken(…)")
    }
}

impl Table {
    /// Takes a gate, and creates it if its hook calls for the first time; `answer_by` is when it has to be answered
    /// then. Nothing if somebody else has it at this moment.
    pub async fn take_gate(
        &self,
        key: &GateKey,
        lease: Lease<'_>,
        answer_by: Timestamp,
    ) -> Result<Option<GateRun>, AwsError> {
        let now = lease.from;
        let expires_at = now.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        let mut set = vec![
            "#lease_until = :lease_until",
            "#holder = :holder",
            "#started_at = if_not_exists(#started_at, :now)",
            "#answer_by = if_not_exists(#answer_by, :answer_by)",
            "#due_at = if_not_exists(#due_at, :now)",
            "#expires_at = if_not_exists(#expires_at, :expires_at)",
        ];
        if key.hook.is_some() {
            set.push("#hook = if_not_exists(#hook, :hook)");
            // `answered` holds the place in the index that an answered gate is to have.
            set.push("#repository = if_not_exists(#answered, :waiting)");
        }
        let mut update = self
            .update_gate(key)
            .update_expression(format!("SET {}", set.join(", ")))
            .condition_expression(
                "attribute_not_exists(#lease_until) OR #lease_until <= :now OR #holder = :holder",
            )
            .expression_attribute_names("#started_at", "started_at")
            .expression_attribute_names("#answer_by", "answer_by")
            .expression_attribute_names("#due_at", "due_at")
            .expression_attribute_names("#expires_at", "expires_at")
            .expression_attribute_names("#lease_until", "lease_until")
            .expression_attribute_names("#holder", "holder")
            .expression_attribute_values(":lease_until", milliseconds(lease.until))
            .expression_attribute_values(":holder", AttributeValue::S(lease.holder.to_owned()))
            .expression_attribute_values(":now", milliseconds(now))
            .expression_attribute_values(":answer_by", milliseconds(answer_by))
            .expression_attribute_values(
                ":expires_at",
                AttributeValue::N(expires_at.as_second().to_string()),
            );
        if let Some(hook) = &key.hook {
            update = update
                .expression_attribute_names("#hook", "hook")
                .expression_attribute_names("#repository", "repository")
                .expression_attribute_names("#answered", "answered")
                .expression_attribute_values(":hook", AttributeValue::S(hook.0.clone()))
                .expression_attribute_values(":waiting", AttributeValue::S(WAITING.to_owned()));
        }
        let answer = update
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(failed(ACTION, self.resource()));
        let item = match answer {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) if error.is("ConditionalCheckFailedException") => return Ok(None),
            Err(error) => return Err(error),
        };
        let run = gate_run(&item).ok_or_else(|| {
            let message = format!(
                "the item of the gate of `{}` is not as written",
                key.deployment
            );
            AwsError::unusable(ACTION, self.resource(), Kind::Invalid, None, message)
        })?;
        Ok(Some(run))
    }

    /// Gives a gate back that is broken off: there is something to be done for it at `due_at`.
    pub async fn keep_gate(
        &self,
        key: &GateKey,
        unfinished: &Unfinished,
        due_at: Timestamp,
    ) -> Result<(), AwsError> {
        let unfinished = serde_json::to_string(unfinished).map_err(|error| {
            let message = format!("the gate cannot be written down: {error}");
            AwsError::unusable(ACTION, self.resource(), Kind::Invalid, None, message)
        })?;
        self.update_gate(key)
            .update_expression(
                "SET #unfinished = :unfinished, #due_at = :due_at REMOVE #lease_until",
            )
            .expression_attribute_names("#unfinished", "unfinished")
            .expression_attribute_names("#due_at", "due_at")
            .expression_attribute_names("#lease_until", "lease_until")
            .expression_attribute_values(":unfinished", AttributeValue::S(unfinished))
            .expression_attribute_values(":due_at", milliseconds(due_at))
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        Ok(())
    }

    /// Notes what came of a gate, before it is answered: who has to answer it again says the same.
    pub async fn end_gate(&self, key: &GateKey, verdict: &GateVerdict) -> Result<(), AwsError> {
        // Who still has to send the answer keeps the gate until that is done.
        let (update, lease) = match key.hook {
            Some(_) => (self.update_gate(key), ""),
            None => (
                self.update_gate(key)
                    .expression_attribute_names("#lease_until", "lease_until"),
                ", #lease_until",
            ),
        };
        update
            .update_expression(format!(
                "SET #may_go_on = :may_go_on, #summary = :summary REMOVE #unfinished{lease}"
            ))
            .expression_attribute_names("#may_go_on", "may_go_on")
            .expression_attribute_names("#summary", "summary")
            .expression_attribute_names("#unfinished", "unfinished")
            .expression_attribute_values(":may_go_on", AttributeValue::Bool(verdict.may_go_on))
            .expression_attribute_values(":summary", AttributeValue::S(verdict.summary.clone()))
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        Ok(())
    }

    /// Notes that a gate is answered: nobody has to see to it any more.
    pub async fn gate_answered(&self, key: &GateKey) -> Result<(), AwsError> {
        self.update_gate(key)
            .update_expression("SET #answered = :answered REMOVE #repository, #lease_until")
            .expression_attribute_names("#answered", "answered")
            .expression_attribute_names("#repository", "repository")
            .expression_attribute_names("#lease_until", "lease_until")
            .expression_attribute_values(":answered", AttributeValue::S(ANSWERED.to_owned()))
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        Ok(())
    }

    /// Gates of CodeDeploy for which there is something to be done by `by` and that nobody has at `now`,
    /// `limit` at the most. The index is a little late: whoever takes one sees whether that is still so.
    pub async fn due_gates(
        &self,
        now: Timestamp,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<GateKey>, AwsError> {
        self.waiting(WAITING, limit, |item| {
            is_due(item, now, by).then(|| key_of(item)).flatten()
        })
        .await
    }

    fn update_gate(&self, key: &GateKey) -> UpdateItemFluentBuilder {
        self.update(format!("gate#{}", key.deployment), key.sort.clone())
    }
}

/// Times that are compared are numbers.
fn milliseconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millisecond().to_string())
}

fn time(item: &Item, name: &str) -> Option<Timestamp> {
    let number = item.get(name)?.as_n().ok()?;
    Timestamp::from_millisecond(number.parse().ok()?).ok()
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a String> {
    item.get(name)?.as_s().ok()
}

fn is_due(item: &Item, now: Timestamp, by: Timestamp) -> bool {
    let is_free = time(item, "lease_until").is_none_or(|until| until <= now);
    is_free && time(item, "due_at").is_none_or(|due| due <= by)
}

fn key_of(item: &Item) -> Option<GateKey> {
    let deployment = text(item, "pk")?.strip_prefix("gate#")?;
    Some(GateKey::of_codedeploy(deployment, text(item, "hook")?))
}

fn gate_run(item: &Item) -> Option<GateRun> {
    let may_go_on = item.get("may_go_on").and_then(|value| value.as_bool().ok());
    Some(GateRun {
        started_at: time(item, "started_at")?,
        answer_by: time(item, "answer_by")?,
        // One that was written by another version begins anew.
        unfinished: text(item, "unfinished").and_then(|text| serde_json::from_str(text).ok()),
        verdict: may_go_on.map(|may_go_on| GateVerdict {
            may_go_on: *may_go_on,
            summary: text(item, "summary").cloned().unwrap_or_default(),
        }),
    })
}
