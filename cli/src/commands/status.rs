//! `greenlight status`: what is live, what is being deployed, what waits.

use greenlight_aws::table::{BadTarget, StoredTarget};
use greenlight_core::deployment::{Active, Phase};
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use serde_json::{Value, json};

use super::{Output, image, registered, time};
use crate::columns::Columns;
use crate::failure::Failure;

/// A line for each target.
pub(super) async fn all(deployer: &Deployer) -> Result<Output, Failure> {
    Ok(overview(&deployer.targets().await?))
}

fn overview(targets: &[Result<StoredTarget, BadTarget>]) -> Output {
    let mut columns =
        Columns::headed(["TARGET", "LIVE", "DIGEST", "SINCE", "DEPLOYING", "WAITING"]);
    let mut json = Vec::new();
    for target in targets {
        match target {
            Ok(stored) => {
                columns.row(line(stored));
                json.push(document(stored));
            }
            Err(bad) => {
                let [a, b, c, d] = [(); 4].map(|()| "-".to_owned());
                columns.row([
                    bad.name.clone(),
                    "not understood: apply it again".into(),
                    a,
                    b,
                    c,
                    d,
                ]);
                json.push(json!({"target": bad.name, "problems": bad.problems}));
            }
        }
    }
    let text = if targets.is_empty() {
        "no targets are registered\n".to_owned()
    } else {
        columns.text()
    };
    Output {
        text,
        json: json!({"targets": json}),
    }
}

fn line(stored: &StoredTarget) -> [String; 6] {
    let state = &stored.state;
    let none = || "-".to_owned();
    let (live, digest, since) = match &state.current {
        Some(current) => (
            image::name(&current.candidate),
            current.candidate.digest.short().to_owned(),
            time(current.since),
        ),
        None => ("nothing known".to_owned(), none(), none()),
    };
    let deploying = state
        .active
        .as_ref()
        .map_or_else(none, |active| active.candidate.digest.short().to_owned());
    let waiting = state
        .queued
        .as_ref()
        .map_or_else(none, |queued| queued.candidate.digest.short().to_owned());
    [
        stored.target.name.to_string(),
        live,
        digest,
        since,
        deploying,
        waiting,
    ]
}

/// One target with all that is known of it.
pub(super) async fn one(deployer: &Deployer, name: &TargetName) -> Result<Output, Failure> {
    Ok(detail(&registered(deployer, name).await?))
}

fn detail(stored: &StoredTarget) -> Output {
    let mut columns = Columns::bare();
    let mut say = |what: &str, text: String| columns.row([what.to_owned(), text]);
    say("target", stored.target.name.to_string());
    if let Some(service) = &stored.target.service {
        say("service", service.to_string());
    }
    for repository in stored.repositories() {
        say("repository", repository.to_string());
    }
    match &stored.state.current {
        Some(current) => {
            say("live", image::name(&current.candidate));
            say("digest", current.candidate.digest.to_string());
            say("since", time(current.since));
            say("by", current.deployment.to_string());
            if let Some(task_definition) = &current.task_definition {
                say("task definition", task_definition.clone());
            }
        }
        None => say(
            "live",
            "nothing known: no deployment has concluded since it was registered".to_owned(),
        ),
    }
    if let Some(active) = &stored.state.active {
        say(
            "deploying",
            format!("{}, {}", active.candidate.describe(), phase(active)),
        );
    }
    if let Some(queued) = &stored.state.queued {
        say(
            "waiting",
            format!("{}: {}", queued.candidate.describe(), queued.reason),
        );
    }
    for digest in &stored.state.rejected {
        say("rejected", digest.to_string());
    }
    Output {
        text: columns.text(),
        json: document(stored),
    }
}

fn phase(active: &Active) -> String {
    match &active.phase {
        Phase::Requested { .. } => "being started".to_owned(),
        Phase::Before { aws_id, .. } => aws_id.clone(),
        Phase::Started { aws_id, .. } => aws_id.clone(),
    }
}

/// The JSON form of one target's status, the same in both commands.
fn document(stored: &StoredTarget) -> Value {
    let state = &stored.state;
    let current = state.current.as_ref().map(|current| {
        let mut members = image::members(&current.candidate);
        members.insert("deployment".into(), json!(current.deployment));
        members.insert("task_definition".into(), json!(current.task_definition));
        members.insert("since".into(), json!(current.since));
        members
    });
    let active = state.active.as_ref().map(|active| {
        let mut members = image::members(&active.candidate);
        members.insert("deployment".into(), json!(active.deployment));
        let aws_id = match &active.phase {
            Phase::Requested { .. } => None,
            Phase::Before { aws_id, .. } | Phase::Started { aws_id, .. } => Some(aws_id),
        };
        members.insert("aws_id".into(), json!(aws_id));
        members
    });
    let queued = state.queued.as_ref().map(|queued| {
        let mut members = image::members(&queued.candidate);
        members.insert("deployment".into(), json!(queued.deployment));
        members.insert("reason".into(), json!(queued.reason));
        members
    });
    let service = stored.target.service.as_ref();
    let service = service.map(|it| json!({"cluster": it.cluster, "name": it.name}));
    json!({
        "target": stored.target.name,
        "service": service,
        "repository": stored.repositories().first(),
        "current": current,
        "active": active,
        "queued": queued,
        "rejected": state.rejected,
    })
}

#[cfg(test)]
mod tests;
