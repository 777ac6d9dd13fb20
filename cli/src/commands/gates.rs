//! `greenlight gates`: everything that the gates of a deployment have found.

use std::fmt::Write as _;

use greenlight_core::deployment::DeploymentId;
use greenlight_core::gate::{CheckReport, GateReport, Verdict};
use greenlight_core::record::DeploymentRecord;
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::progress::watch::written;
use serde_json::json;

use super::{Output, history, no_such_target, time};
use crate::columns::{Cell, Columns, printable};
use crate::failure::Failure;
use crate::paint::Tone;

/// Which deployment is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// This one.
    Deployment(DeploymentId),
    /// The newest one of this target.
    Newest(TargetName),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Deployment(id));
        }
        let name = text.parse().map(Self::Newest);
        name.map_err(|_| "neither the id of a deployment nor the name of a target".to_owned())
    }
}

/// The gates of a deployment. `target` says whose it is, where that target is not registered any more.
pub(super) async fn gates(
    deployer: &Deployer,
    which: &Which,
    target: Option<&TargetName>,
) -> Result<Output, Failure> {
    let record = match which {
        Which::Newest(name) => newest(deployer, name).await?,
        Which::Deployment(id) => find(deployer, *id, target).await?,
    };
    Ok(told(&record))
}

async fn newest(deployer: &Deployer, name: &TargetName) -> Result<DeploymentRecord, Failure> {
    let records = deployer.history(name, 1).await?;
    if let Some(record) = records.into_iter().next() {
        return Ok(record);
    }
    if deployer.target(name).await?.is_none() {
        return Err(no_such_target(deployer, name).await?);
    }
    Err(Failure::NoDeployments {
        target: name.clone(),
    })
}

async fn find(
    deployer: &Deployer,
    id: DeploymentId,
    target: Option<&TargetName>,
) -> Result<DeploymentRecord, Failure> {
    let names: Vec<TargetName> = if let Some(name) = target {
        vec![name.clone()]
    } else {
        let targets = deployer.targets().await?.into_iter();
        let names = targets.filter_map(|target| match target {
            Ok(stored) => Some(stored.target.name),
            Err(bad) => bad.name.parse().ok(),
        });
        names.collect()
    };
    let found = deployer.record_among(&names, id).await?;
    found.ok_or(Failure::NoSuchDeployment { deployment: id })
}

fn told(record: &DeploymentRecord) -> Output {
    let mut head = Columns::bare();
    let mut say = |what: &str, text: Cell| head.row([what.to_owned().into(), text]);
    say("target", record.target.to_string().into());
    say("deployment", record.id.to_string().into());
    if let Some(aws_id) = &record.aws_id {
        say("as", aws_id.clone().into());
    }
    say("image", record.candidate.describe().into());
    say("status", history::status(record.status));
    for decision in &record.decisions {
        say("decision", decision.in_words().into());
    }
    let mut text = head.text();
    if record.gates.is_empty() {
        text += "\nno gate has a verdict\n";
    }
    let reports: Vec<&GateReport> = record.gates.values().collect();
    for report in &reports {
        text.push('\n');
        text += &report_text(report);
    }
    Output {
        text,
        json: json!({
            "target": record.target,
            "deployment": record.id,
            "status": record.status,
            "gates": reports,
            "decisions": record.decisions,
        }),
    }
}

/// A report as people read it: a line for each check, and below what it rests on.
pub(super) fn report_text(report: &GateReport) -> String {
    let stage = report.stage.iter().map(|stage| format!(" at {stage}"));
    let mut text = printable(&format!(
        "gate {}{}: ",
        report.point,
        stage.collect::<String>()
    ));
    text += " ";
    text += &tone(report.verdict).paint(report.verdict.as_str());
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        ", from {} for {}",
        time(report.started_at),
        written(report.ended_at.duration_since(report.started_at))
    );
    text.push('\n');
    let mut columns = Columns::headed([
        "CHECK", "VERDICT", "GOOD", "BAD", "ERRORS", "NO DATA", "TOOK", "LIMITS",
    ]);
    for check in &report.checks {
        let counts = check.counts;
        let dry = if check.dry_run { " (dry run)" } else { "" };
        let verdict = format!("{}{dry}", check.verdict.as_str());
        columns.row([
            Cell::from(check.check.clone()),
            Cell::toned(verdict, Some(tone(check.verdict))),
            counts.successful.to_string().into(),
            counts.failed.to_string().into(),
            counts.errors.to_string().into(),
            counts.inconclusive.to_string().into(),
            written(check.ended_at.duration_since(check.started_at)).into(),
            check.limits.clone().into(),
        ]);
    }
    text += &indented(&columns.text());
    for check in &report.checks {
        text += &indented(&details(check));
    }
    text
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed | Verdict::Error => Tone::Bad,
        Verdict::Inconclusive => Tone::Attention,
    }
}

fn details(check: &CheckReport) -> String {
    let mut text = printable(&format!("{}: {}", check.check, check.summary));
    text.push('\n');
    let mut columns = Columns::bare();
    for measured in &check.measured {
        columns.row([
            time(measured.at),
            measured.phase.as_str().to_owned(),
            measured.value.map_or_else(String::new, |it| it.to_string()),
            measured.summary.clone(),
        ]);
    }
    text += &indented(&columns.text());
    for line in &check.evidence {
        text += &printable(&format!("  evidence: {line}"));
        text.push('\n');
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

#[cfg(test)]
mod tests;
