//! A service deployment of ECS under way: its stage, counts, weights, circuit breaker and hooks
//! (AWS-FACTS 6.4, 7.3, 7.6).

use greenlight_aws::{
    ecs::{HookDetail, Revision, ServiceDeployment},
    table::StoredTarget,
};

use super::{Awaiting, Told, remedy, short};

pub(super) fn told(stored: &StoredTarget, deployment: &ServiceDeployment) -> Told {
    let (id, status) = (short(&deployment.arn), &deployment.status);
    let headline = match &deployment.stage {
        Some(stage) => format!("ECS service deployment {id} is {status}: {stage}"),
        None => format!("ECS service deployment {id} is {status}"),
    };
    let mut facts = Vec::new();
    facts.extend(
        deployment
            .target_revision
            .as_ref()
            .map(|it| revision("new", it)),
    );
    facts.extend(
        deployment
            .source_revisions
            .iter()
            .map(|it| revision("old", it)),
    );
    if let Some(breaker) = &deployment.breaker
        && (breaker.failures > 0 || breaker.status == "TRIGGERED")
    {
        facts.push(format!(
            "circuit breaker {}: {} failed tasks, at {} it goes off",
            breaker.status, breaker.failures, breaker.threshold
        ));
    }
    if !deployment.alarms.is_empty() {
        facts.push(format!(
            "alarms have gone off: {}",
            deployment.alarms.join(", ")
        ));
    }
    facts.extend(deployment.hooks.iter().map(|hook| {
        let of = hook.target_arn.as_deref().map_or("", function);
        let of = if of.is_empty() { &hook.target_type } else { of };
        format!("hook {} ({of}) {}", hook.id, hook.status)
    }));
    let said = [&deployment.status_reason, &deployment.rollback_reason];
    facts.extend(
        said.into_iter()
            .flatten()
            .map(|said| format!("ECS says: {said}")),
    );
    let awaiting = deployment
        .awaiting()
        .map(|hook| awaiting(stored, deployment, hook));
    (headline, facts, awaiting)
}

fn awaiting(stored: &StoredTarget, deployment: &ServiceDeployment, hook: &HookDetail) -> Awaiting {
    let at = deployment
        .stage
        .as_deref()
        .map_or_else(String::new, |stage| format!(" at {stage}"));
    Awaiting {
        what: format!("pause hook {} waits for an answer{at}", hook.id),
        until: hook.expires_at,
        otherwise: hook.timeout_action.as_deref().map(|action| match action {
            "ROLLBACK" => "ECS rolls it back".to_owned(),
            "CONTINUE" => "ECS lets it go on".to_owned(),
            other => format!("ECS does {other}"),
        }),
        remedy: remedy(stored),
    }
}

fn revision(which: &str, revision: &Revision) -> String {
    let counts = format!(
        "{which} revision {}: {} of {} tasks running, {} pending",
        short(&revision.arn),
        revision.running,
        revision.requested,
        revision.pending
    );
    let weight = |weight: Option<f64>, kind: &str| {
        weight.map(|weight| format!("{weight} % of the {kind} traffic"))
    };
    let weights = [
        weight(revision.production_weight, "production"),
        weight(revision.test_weight, "test"),
    ];
    let parts: Vec<String> = [Some(counts)]
        .into_iter()
        .chain(weights)
        .flatten()
        .collect();
    parts.join(", ")
}

/// The name of a function from its ARN.
fn function(arn: &str) -> &str {
    let name = arn.split_once(":function:").map_or(arn, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}
