//! A scanner finds something critical in the image, a while after it was pushed: the gate waits for it, and fails by
//! its name. The same finding on the list of what is ignored, with a reason, lets the next image through.

use std::time::Duration;

use super::both::{Found, Side};
use super::expectations::Expectations;
use super::sample::SampleError;
use super::stage::{Stage, StageError};
use crate::account::containers::{Finding, ImageSpec};
use crate::account::ecr::Scanner;

/// The same targets, which ignore the finding.
const IGNORED: &str = "rehearsal/sample/gated-vulnerable-image-ignored.yaml";
const CVE: &str = "CVE-2026-4711";
/// How long a scan takes: longer than the deployment needs to come to its gate.
const SCAN: Duration = Duration::from_mins(4);

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.first();
    for side in Side::BOTH {
        let how = Some((Scanner::Basic, SCAN));
        let account = &stage.sample.account;
        let set = account.set_scan_on_push(side.repository(), how);
        set.map_err(SampleError::of)?;
    }
    let vulnerable = |version| {
        let findings = [
            Finding::new(CVE, "CRITICAL"),
            Finding::new("CVE-2026-4712", "LOW"),
        ];
        ImageSpec::healthy(version).with_findings(findings)
    };
    let v2 = stage.release_at_both(&vulnerable("v2")).await?;
    let records = expectations.both_turned_away(stage, &v2, &v1).await?;
    let critical = Found {
        point: "after_install",
        check: "scan",
        verdict: "failed",
        words: &["1 findings of severity CRITICAL, where 0 are allowed", CVE],
    };
    expectations.both_found(&records, critical);
    let waited = stage.calls(None, "DescribeImageScanFindings");
    expectations.expect(
        "the scans are looked at again until they are over",
        waited > 4,
        format!("{waited} times"),
    );

    stage.register(IGNORED).await?;
    let v3 = stage.release_at_both(&vulnerable("v3")).await?;
    let records = expectations.both_took_over(stage, &v3).await?;
    let ignored = Found {
        verdict: "passed",
        words: &["1 LOW (1 ignored) within the limits"],
        ..critical
    };
    expectations.both_found(&records, ignored);
    Ok(())
}
