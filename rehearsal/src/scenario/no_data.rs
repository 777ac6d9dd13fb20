//! A metric without a single data point: nothing says that it is bad, and nothing that it is good, so the gate fails.
//! Where the check says that no data is good enough, the next image goes through.

use super::both::Found;
use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

/// The same targets, of which that is good enough.
const PASSES: &str = "rehearsal/sample/gated-no-data-passes.yaml";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.first();
    let v2 = stage.release_at_both(&ImageSpec::healthy("v2")).await?;
    let records = expectations.both_turned_away(stage, &v2, &v1).await?;
    let nothing = Found {
        point: "before_traffic",
        check: "metric (orders)",
        verdict: "inconclusive",
        words: &["has no data of green", "Orders", "\"successful\":0"],
    };
    expectations.both_found(&records, nothing);

    stage.register(PASSES).await?;
    let v3 = stage.release_at_both(&ImageSpec::healthy("v3")).await?;
    let records = expectations.both_took_over(stage, &v3).await?;
    let enough = Found {
        verdict: "passed",
        words: &["has no data of green", "\"successful\":1"],
        ..nothing
    };
    expectations.both_found(&records, enough);
    Ok(())
}
