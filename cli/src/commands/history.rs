//! `greenlight history`: what was deployed to a target, why it ended as it did, and what people did there.

use std::cmp::Reverse;

use greenlight_core::deployment::DeploymentId;
use greenlight_core::record::{Deed, DeploymentRecord, Intervention, Status};
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::progress::watch::written;
use jiff::Timestamp;
use serde_json::json;

use super::{Output, image, no_such_target, origin, time};
use crate::columns::{Cell, Columns, printable};
use crate::failure::Failure;
use crate::paint::Tone;
use crate::since::Since;

/// So many deployments are shown, …
const USUAL: u32 = 20;
/// … and so many where it is said since when.
const MOST: u32 = 1000;

/// The newest deployments of a target, and what people did there. A removed target still has its history.
pub(super) async fn history(
    deployer: &Deployer,
    target: &TargetName,
    limit: Option<u32>,
    since: Option<Since>,
) -> Result<Output, Failure> {
    let limit = limit.unwrap_or(if since.is_some() { MOST } else { USUAL });
    let mut records = deployer.history(target, limit).await?;
    let mut interventions = deployer.interventions(target, limit).await?;
    // They come in the order of what caused them, and the event of a push may be late.
    records.sort_by_key(|record| Reverse(record.requested_at));
    if records.is_empty() && deployer.target(target).await?.is_none() {
        return Err(no_such_target(deployer, target).await?);
    }
    // Where the deployments were cut off, so is what was done before them.
    let is_cut_off = records.len() >= limit as usize;
    let oldest = records.last().filter(|_| is_cut_off);
    let oldest = oldest.map(|record| record.requested_at);
    let since = since.map(|since| since.from(deployer.clock.now()));
    let since = since.max(oldest).unwrap_or(Timestamp::MIN);
    records.retain(|record| record.requested_at >= since);
    interventions.retain(|intervention| intervention.at >= since);
    Ok(told(target, &records, &interventions))
}

/// What a history is made of.
enum Entry<'a> {
    Deployment(&'a DeploymentRecord),
    Hand(&'a Intervention),
}

impl Entry<'_> {
    fn at(&self) -> Timestamp {
        match self {
            Self::Deployment(record) => record.requested_at,
            Self::Hand(intervention) => intervention.at,
        }
    }

    fn row(&self) -> [Cell; 7] {
        match self {
            Self::Deployment(record) => [
                time(record.requested_at).into(),
                status(record.status),
                image::name(&record.candidate).into(),
                image::digests(&record.candidate).into(),
                took(record).into(),
                origin::by(&record.origin).into(),
                aws_or_own_id(record.aws_id.as_deref(), record.id).into(),
            ],
            Self::Hand(intervention) => {
                let none = || "-".to_owned();
                let (deed, deployment) = match &intervention.deed {
                    Deed::Held { .. } => ("hold", none()),
                    Deed::Released => ("release", none()),
                    Deed::RolledBack { deployment, .. } => ("rollback", deployment.to_string()),
                };
                let by = printable(&intervention.by);
                let at = time(intervention.at);
                [at, deed.to_owned(), none(), none(), none(), by, deployment].map(Cell::from)
            }
        }
    }

    /// Why, a line each.
    fn reasons(&self) -> Vec<String> {
        match self {
            Self::Deployment(record) => {
                let overridden = origin::overridden(&record.origin);
                let reasons = record.reason.iter().chain(&record.evidence);
                overridden.into_iter().chain(reasons.cloned()).collect()
            }
            Self::Hand(intervention) => {
                let deed = match &intervention.deed {
                    Deed::Held { until: Some(until) } => Some(format!("until {}", time(*until))),
                    Deed::Held { until: None } | Deed::Released => None,
                    Deed::RolledBack { from, to, .. } => Some(format!("from {from} to {to}")),
                };
                deed.into_iter()
                    .chain(intervention.reason.clone())
                    .collect()
            }
        }
    }
}

fn told(target: &TargetName, records: &[DeploymentRecord], hands: &[Intervention]) -> Output {
    let mut columns = Columns::headed([
        "REQUESTED",
        "STATUS",
        "IMAGE",
        "DIGEST",
        "TOOK",
        "BY",
        "DEPLOYMENT",
    ]);
    let records_first = records.iter().map(Entry::Deployment);
    let mut entries: Vec<Entry<'_>> = records_first.chain(hands.iter().map(Entry::Hand)).collect();
    entries.sort_by_key(|entry| Reverse(entry.at()));
    for entry in &entries {
        columns.row(entry.row());
    }
    let mut lines = columns.lines();
    let mut text = String::new();
    for line in lines.by_ref().take(1) {
        text += &line;
        text.push('\n');
    }
    for (line, entry) in lines.zip(&entries) {
        text += &line;
        text.push('\n');
        for reason in entry.reasons() {
            text += "  ";
            text += &printable(&reason);
            text.push('\n');
        }
    }
    if entries.is_empty() {
        text = format!("nothing was deployed to `{target}` yet\n");
    }
    Output {
        text,
        json: json!({"target": target, "deployments": records, "interventions": hands}),
    }
}

/// A status in words, and in its colour.
pub(super) fn status(status: Status) -> Cell {
    let tone = match status {
        Status::Succeeded => Tone::Good,
        Status::Failed | Status::StartFailed => Tone::Bad,
        Status::Queued | Status::Requested | Status::Started => Tone::Busy,
        Status::Superseded => Tone::Faint,
    };
    Cell::toned(status.as_str().replace('_', " "), Some(tone))
}

fn took(record: &DeploymentRecord) -> String {
    let Some(end) = record.concluded_at else {
        return "-".to_owned();
    };
    written(end.duration_since(record.requested_at))
}

fn aws_or_own_id(aws_id: Option<&str>, id: DeploymentId) -> String {
    aws_id.map_or_else(|| id.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
