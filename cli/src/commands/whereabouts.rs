//! `greenlight where`: the targets at which an image is live, and where it was before.

use greenlight_aws::table::StoredTarget;
use greenlight_core::record::{DeploymentRecord, Status};
use greenlight_deployer::Deployer;
use serde_json::json;

use super::{Output, history, image, service, time};
use crate::columns::{Cell, Columns, printable};
use crate::failure::Failure;

/// So many deployments of each target are looked through.
const LOOKED_THROUGH: u32 = 50;

/// Where an image is live and where it was, by any of its names.
pub(super) async fn whereabouts(deployer: &Deployer, wanted: &str) -> Result<Output, Failure> {
    let targets = deployer.where_is(wanted).await?;
    let (live, others): (Vec<_>, Vec<_>) = targets.into_iter().partition(|(_, is_live)| *is_live);
    let stored = |(stored, _): (StoredTarget, bool)| stored;
    let live: Vec<StoredTarget> = live.into_iter().map(stored).collect();
    let others: Vec<StoredTarget> = others.into_iter().map(stored).collect();
    let before = deployer.where_was(&others, wanted, LOOKED_THROUGH).await?;
    Ok(found(wanted, &live, &newest_of_each(before)))
}

/// Of each target the newest record of each image.
fn newest_of_each(records: Vec<DeploymentRecord>) -> Vec<DeploymentRecord> {
    let mut newest: Vec<DeploymentRecord> = Vec::new();
    for record in records {
        let is_known = newest
            .iter()
            .any(|it| it.target == record.target && it.candidate.digest == record.candidate.digest);
        if !is_known {
            newest.push(record);
        }
    }
    newest
}

fn found(wanted: &str, targets: &[StoredTarget], before: &[DeploymentRecord]) -> Output {
    let mut columns = Columns::headed(["TARGET", "SERVICE", "IMAGE", "DIGEST", "SINCE"]);
    let mut json = Vec::new();
    for stored in targets {
        let Some(current) = &stored.state.current else {
            continue;
        };
        columns.row([
            stored.target.name.to_string(),
            service(&stored.target),
            image::name(&current.candidate),
            image::digests(&current.candidate),
            time(current.since),
        ]);
        let mut members = image::members(&current.candidate);
        members.insert("target".into(), json!(stored.target.name));
        members.insert("deployment".into(), json!(current.deployment));
        members.insert("since".into(), json!(current.since));
        json.push(members);
    }
    let mut text = if json.is_empty() {
        format!("`{}` is live at no target\n", printable(wanted))
    } else {
        columns.text()
    };
    let mut columns = Columns::headed(["NOT LIVE", "IMAGE", "DIGEST", "DEPLOYED", "RESULT"]);
    let mut earlier = Vec::new();
    for record in before {
        let result = match record.status {
            Status::Succeeded => "was live".to_owned().into(),
            status => history::status(status),
        };
        columns.row([
            Cell::from(record.target.to_string()),
            image::name(&record.candidate).into(),
            image::digests(&record.candidate).into(),
            time(record.requested_at).into(),
            result,
        ]);
        let mut members = image::members(&record.candidate);
        members.insert("target".into(), json!(record.target));
        members.insert("deployment".into(), json!(record.id));
        members.insert("status".into(), json!(record.status));
        members.insert("requested_at".into(), json!(record.requested_at));
        members.insert("concluded_at".into(), json!(record.concluded_at));
        earlier.push(members);
    }
    if !earlier.is_empty() {
        text.push('\n');
        text += &columns.text();
    }
    Output {
        text,
        json: json!({"image": wanted, "targets": json, "before": earlier}),
    }
}

#[cfg(test)]
mod tests;
