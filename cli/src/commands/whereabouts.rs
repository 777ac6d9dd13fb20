//! `greenlight where`: the targets at which an image is live.

use greenlight_aws::table::StoredTarget;
use greenlight_deployer::Deployer;
use serde_json::json;

use super::{Output, image, service, time};
use crate::columns::{Columns, printable};
use crate::failure::Failure;

/// Where an image is live, by any of its names.
pub(super) async fn whereabouts(deployer: &Deployer, wanted: &str) -> Result<Output, Failure> {
    Ok(found(wanted, &deployer.where_is(wanted).await?))
}

fn found(wanted: &str, targets: &[StoredTarget]) -> Output {
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
    let text = if json.is_empty() {
        format!("`{}` is live at no target\n", printable(wanted))
    } else {
        columns.text()
    };
    Output {
        text,
        json: json!({"image": wanted, "targets": json}),
    }
}

#[cfg(test)]
mod tests;
