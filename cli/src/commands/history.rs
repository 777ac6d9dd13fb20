//! `greenlight history`: what was deployed to a target, and why it ended as it did.

use std::cmp::Reverse;

use greenlight_core::deployment::DeploymentId;
use greenlight_core::record::DeploymentRecord;
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::progress::watch::written;
use serde_json::json;

use super::{Output, image, no_such_target, origin, time};
use crate::columns::{Columns, printable};
use crate::failure::Failure;

/// The newest deployments of a target. A removed target still has its history.
pub(super) async fn history(
    deployer: &Deployer,
    target: &TargetName,
    limit: u32,
) -> Result<Output, Failure> {
    let mut records = deployer.history(target, limit).await?;
    // They come in the order of what caused them, and the event of a push may be late.
    records.sort_by_key(|record| Reverse(record.requested_at));
    if records.is_empty() && deployer.target(target).await?.is_none() {
        return Err(no_such_target(deployer, target).await?);
    }
    Ok(told(target, &records))
}

fn told(target: &TargetName, records: &[DeploymentRecord]) -> Output {
    let mut columns = Columns::headed([
        "REQUESTED",
        "STATUS",
        "IMAGE",
        "DIGEST",
        "TOOK",
        "BY",
        "DEPLOYMENT",
    ]);
    for record in records {
        columns.row([
            time(record.requested_at),
            record.status.as_str().replace('_', " "),
            image::name(&record.candidate),
            image::digests(&record.candidate),
            took(record),
            origin::by(&record.origin),
            aws_or_own_id(record.aws_id.as_deref(), record.id),
        ]);
    }
    let mut lines = columns.lines();
    let mut text = String::new();
    for line in lines.by_ref().take(1) {
        text += &line;
        text.push('\n');
    }
    for (line, record) in lines.zip(records) {
        text += &line;
        text.push('\n');
        let overridden = origin::overridden(&record.origin);
        let reasons = record.reason.iter().chain(&record.evidence);
        for reason in overridden.iter().chain(reasons) {
            text += "  ";
            text += &printable(reason);
            text.push('\n');
        }
    }
    if records.is_empty() {
        text = format!("nothing was deployed to `{target}` yet\n");
    }
    Output {
        text,
        json: json!({"target": target, "deployments": records}),
    }
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
