//! `greenlight diff`, and what `greenlight deploy --dry-run` shows: what a deployment would change.

use greenlight_core::deployment::{Decision, Explanation};
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::plan::{BeforeTask, PipelineStart, Plan, Wish};
use serde_json::{Value, json};

use super::{Outcome, Output, image, registered};
use crate::columns::{Cell, Columns, printable};
use crate::failure::{Failure, HOOK_HINT};
use crate::paint::Tone;

/// What deploying an image would change in the task definition.
pub(super) async fn diff(
    deployer: &Deployer,
    name: &TargetName,
    wish: &Wish,
    exit_code: bool,
) -> Result<Outcome, Failure> {
    let stored = registered(deployer, name).await?;
    let plan = deployer.plan(&stored, wish).await?;
    Ok(diffed(&plan, exit_code))
}

fn diffed(plan: &Plan, exit_code: bool) -> Outcome {
    let unmade = plan.document.is_none() && plan.pipeline.is_none();
    let failure = unmade.then(|| Failure::NoDifference {
        target: plan.target.clone(),
        fault: plan.faults.join("; "),
    });
    let mut text = String::new();
    if !unmade {
        for line in changes(plan).into_iter().chain(remarks(plan)) {
            text += &printable(&line);
            text.push('\n');
        }
    }
    Outcome {
        output: Some(Output {
            text,
            json: document(plan),
        }),
        failure,
        says_no: exit_code && differs(plan),
    }
}

/// Whether anything would change. A pipeline always runs.
fn differs(plan: &Plan) -> bool {
    match &plan.difference {
        Some(difference) => !difference.is_empty(),
        None => true,
    }
}

/// What would change, a line each, under a line that says what is compared.
fn changes(plan: &Plan) -> Vec<String> {
    if let Some(pipeline) = &plan.pipeline {
        return started_with(plan, pipeline);
    }
    let image = plan.candidate.describe();
    match (&plan.difference, &plan.live, &plan.document) {
        (Some(difference), Some(live), _) if difference.is_empty() => {
            vec![format!("{image} changes nothing in {live}")]
        }
        (Some(difference), Some(live), _) => {
            let mut lines = vec![format!("{image} changes {live}")];
            lines.extend(difference.iter().map(ToString::to_string));
            lines
        }
        (_, _, Some(document)) => vec![format!(
            "{image} would be the first of task definition `{}`; there is nothing to compare it with",
            document.family()
        )],
        _ => Vec::new(),
    }
}

fn started_with(plan: &Plan, pipeline: &PipelineStart) -> Vec<String> {
    let mut lines = vec![format!(
        "{} starts pipeline `{}`",
        plan.candidate.describe(),
        pipeline.name
    )];
    if let Some(action) = &pipeline.action {
        lines.push(format!("revision of `{action}`: {}", plan.candidate.digest));
    }
    let variables = pipeline.variables.iter();
    lines.extend(variables.map(|(name, value)| format!("variable `{name}`: {value}")));
    lines
}

fn remarks(plan: &Plan) -> impl Iterator<Item = String> + '_ {
    let notes = plan.notes.iter().map(|note| format!("note: {note}"));
    let faults = plan.faults.iter().map(|fault| format!("fault: {fault}"));
    notes.chain(faults)
}

/// All that a deployment would do.
pub(super) fn planned(plan: &Plan) -> Outcome {
    let mut columns = Columns::bare();
    let mut say = |what: &str, text: String| {
        let tone = match what {
            "note" => Some(Tone::Attention),
            "fault" => Some(Tone::Bad),
            _ => None,
        };
        columns.row([what.to_owned().into(), Cell::toned(text, tone)]);
    };
    say("target", plan.target.to_string());
    say("image", plan.candidate.describe());
    say("decision", decision(&plan.decision));
    for (index, task) in plan.before.iter().enumerate() {
        let number = format!("task {} of {}", index + 1, plan.before.len());
        say("before", format!("{number} {}", before(task)));
    }
    for (point, checks) in &plan.gates {
        let checks = if checks.is_empty() {
            "nothing".to_owned()
        } else {
            checks.join(", ")
        };
        say("gate", format!("{point}: {checks}"));
    }
    let what = if plan.pipeline.is_some() {
        "pipeline"
    } else {
        "task definition"
    };
    for (index, line) in changes(plan).into_iter().enumerate() {
        say(if index == 0 { what } else { "" }, line);
    }
    for note in &plan.notes {
        say("note", note.clone());
    }
    for fault in &plan.faults {
        say("fault", fault.clone());
    }
    if plan.lacks_hook {
        let fault = "the target has gates, but the hook function that runs them is not known";
        say("fault", format!("{fault}; {HOOK_HINT}"));
    }
    let refused = plan.lacks_hook || !plan.faults.is_empty();
    Outcome {
        output: Some(Output {
            text: columns.text() + "nothing was done: this is a dry run\n",
            json: document(plan),
        }),
        failure: refused.then(|| Failure::NotStartable {
            target: plan.target.clone(),
        }),
        says_no: false,
    }
}

/// The text of a start names a deployment that there is not.
fn decision(explanation: &Explanation) -> String {
    let rule = json!(explanation.rule);
    let rule = rule.as_str().unwrap_or_default();
    match explanation.decision {
        Decision::Start => format!("it would be started now (rule `{rule}`)"),
        Decision::Resume => format!("{} (rule `{rule}`)", explanation.text),
        Decision::Queue | Decision::Block => {
            format!("it would be queued: {} (rule `{rule}`)", explanation.text)
        }
        Decision::Skip | Decision::Supersede | Decision::Record => {
            format!(
                "it would not be started: {} (rule `{rule}`)",
                explanation.text
            )
        }
    }
}

fn before(task: &BeforeTask) -> String {
    let runs = match &task.container {
        Some(container) => format!(
            "runs `{}` in container `{container}`",
            task.command.join(" ")
        ),
        None => "runs".to_owned(),
    };
    match &task.source {
        Some(source) => format!("{runs}, made from {source}"),
        None => runs,
    }
}

/// The JSON form, the same for both commands. The whole task definition is not in it: its environment
/// may hold secrets.
fn document(plan: &Plan) -> Value {
    let mut document = image::members(&plan.candidate);
    let pipeline = plan.pipeline.as_ref().map(|pipeline| {
        let variables = pipeline.variables.iter();
        let variables = variables.map(|(name, value)| (name.clone(), json!(value)));
        json!({
            "name": pipeline.name,
            "action": pipeline.action,
            "variables": Value::Object(variables.collect()),
        })
    });
    let before = plan.before.iter().map(|task| {
        json!({
            "container": task.container,
            "command": task.command,
            "task_definition": task.source,
        })
    });
    let gates = plan
        .gates
        .iter()
        .map(|(point, checks)| (point.to_string(), json!(checks)));
    let members = [
        ("target", json!(plan.target)),
        ("decision", json!(plan.decision.decision)),
        ("rule", json!(plan.decision.rule)),
        ("live", json!(plan.live)),
        ("registers", json!(plan.registers)),
        ("difference", json!(plan.difference)),
        ("pipeline", json!(pipeline)),
        ("before", before.collect()),
        ("gates", Value::Object(gates.collect())),
        ("notes", json!(plan.notes)),
        ("faults", json!(plan.faults)),
        ("lacks_hook", json!(plan.lacks_hook)),
    ];
    for (key, value) in members {
        document.insert(key.to_owned(), value);
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests;
