//! `greenlight explain`: why an image is, or is not, at each target.

use greenlight_core::deployment::{Decision, Rule};
use greenlight_core::image::Tag;
use greenlight_core::inquiry::{Account, Presence, Standing};
use greenlight_core::policy;
use greenlight_core::record::DeploymentRecord;
use greenlight_deployer::Deployer;
use greenlight_deployer::explain::{Answer, AtTarget};
use greenlight_deployer::plan::Named;
use serde_json::{Value, json};

use super::{Output, origin, time};
use crate::columns::printable;
use crate::failure::Failure;

/// What every target says of an image. `wanted` is the image as it was typed.
pub(super) async fn explain(
    deployer: &Deployer,
    wanted: &str,
    named: &Named,
) -> Result<Output, Failure> {
    Ok(told(wanted, &deployer.explain(named).await?))
}

fn told(wanted: &str, targets: &[AtTarget]) -> Output {
    let mut text = String::new();
    let mut others = Vec::new();
    for at in targets {
        if matches!(at.answer, Answer::OtherRepository { .. }) {
            others.push(format!("`{}`", at.target));
        } else {
            text += &paragraph(at);
        }
    }
    if !others.is_empty() {
        text += "of other repositories only: ";
        text += &others.join(", ");
        text.push('\n');
    }
    if targets.is_empty() {
        text += "no targets are registered\n";
    }
    let targets: Vec<Value> = targets.iter().map(value).collect();
    Output {
        text,
        json: json!({"image": wanted, "targets": targets}),
    }
}

fn paragraph(at: &AtTarget) -> String {
    let mut text = format!("{}: {}\n", at.target, headline(&at.answer));
    let mut line = |key: &str, what: &str| {
        let line = format!("  {key:<8}{}\n", printable(what));
        text.push_str(&line);
    };
    match &at.answer {
        Answer::OtherRepository { .. } => {}
        Answer::NotUnderstood => line("now", "apply the target again"),
        Answer::NoSuchImage {
            repositories,
            policy,
        } => {
            let names: Vec<&str> = repositories.iter().map(|it| it.name.as_str()).collect();
            line("image", &format!("{} does not hold it", names.join(", ")));
            if let Some(policy) = policy {
                line("policy", &policy.rule);
            }
        }
        Answer::Found { subject, account } => {
            let name = &subject.repository.name;
            let mut image = format!("{name} {}", subject.digest.short());
            if let Some(at) = subject.pushed_at {
                image += ", pushed ";
                image += &time(at);
            }
            line("image", &image);
            for (_, decision) in &account.tags {
                line("policy", &decision.rule);
            }
            let is_told = account
                .tags
                .iter()
                .any(|(_, decision)| decision.rule == account.text);
            if !is_told {
                line("now", &account.text);
            }
        }
    }
    for record in &at.past {
        line("before", &remembered(record));
    }
    text
}

/// What became of it once, with the reason.
fn remembered(record: &DeploymentRecord) -> String {
    let status = record.status.as_str().replace('_', " ");
    let by = origin::by(&record.origin);
    let reason = record.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{} {status} ({by}){reason}", time(record.requested_at))
}

fn headline(answer: &Answer) -> &'static str {
    match answer {
        Answer::OtherRepository { .. } => "takes nothing of this repository",
        Answer::NoSuchImage { .. } => "there is no such image",
        Answer::NotUnderstood => "its registered document is not understood",
        Answer::Found { account, .. } => match account.presence {
            Some(Presence::Live) => "is live",
            Some(Presence::UnderWay) => "is being deployed",
            Some(Presence::Waiting) => "waits",
            None => absent(account),
        },
    }
}

/// What would come of an image that is not there.
fn absent(account: &Account) -> &'static str {
    match (account.standing, account.decision) {
        (Standing::Untagged | Standing::NotTaken, _) => "is not taken",
        (Standing::Ignored, _) => "is ignored",
        (Standing::Archived, _) => "cannot be pulled",
        (Standing::Taken, Some((decision, rule))) => outlook(decision, rule),
        (Standing::Taken, None) => "is taken",
    }
}

fn outlook(decision: Decision, rule: Rule) -> &'static str {
    match (decision, rule) {
        (_, Rule::Rejected) => "is rejected",
        (Decision::Start, Rule::NewImage) => "would be deployed",
        (Decision::Queue | Decision::Block, _) => "would wait",
        (Decision::Supersede, _) => "would give way to a newer one",
        _ => "would not be deployed",
    }
}

fn value(at: &AtTarget) -> Value {
    let past = json!(at.past);
    let target = &at.target;
    match &at.answer {
        Answer::OtherRepository { its } => {
            json!({"target": target, "verdict": "other_repository", "repositories": its, "past": past})
        }
        Answer::NotUnderstood => {
            json!({"target": target, "verdict": "not_understood", "past": past})
        }
        Answer::NoSuchImage {
            repositories,
            policy,
        } => json!({
            "target": target,
            "verdict": "no_such_image",
            "repositories": repositories,
            "policy": policy.as_ref().map(|policy| &policy.rule),
            "past": past,
        }),
        Answer::Found { subject, account } => json!({
            "target": target,
            "verdict": account.standing,
            "presence": account.presence,
            "repository": subject.repository,
            "digest": subject.digest,
            "pushed_at": subject.pushed_at,
            "tags": account.tags.iter().map(tag).collect::<Vec<_>>(),
            "decision": account.decision.map(|(decision, _)| decision),
            "rule": account.decision.map(|(_, rule)| rule),
            "text": account.text,
            "past": past,
        }),
    }
}

fn tag((tag, decision): &(Tag, policy::Decision)) -> Value {
    let verdict = match decision.verdict {
        policy::Verdict::Taken { .. } => "taken",
        policy::Verdict::Ignored => "ignored",
        policy::Verdict::NotTaken => "not_taken",
    };
    json!({"tag": tag, "verdict": verdict, "rule": decision.rule})
}

#[cfg(test)]
mod tests;
