//! Green answers well, but more slowly: compared with what blue's answers take at the same time it is turned away. An
//! image as fast as blue goes through.

use std::time::Duration;

use super::both::Found;
use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const SLOW: Duration = Duration::from_millis(400);

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.first();
    let v2 = stage.release_at_both(&ImageSpec::slow("v2", SLOW)).await?;
    let records = expectations.both_turned_away(stage, &v2, &v1).await?;
    let answered = Found {
        point: "before_traffic",
        check: "http (warm)",
        verdict: "passed",
        words: &["200 of 200 requests (100%)"],
    };
    expectations.both_found(&records, answered);
    let slower = Found {
        point: "before_traffic",
        check: "metric (latency)",
        verdict: "failed",
        words: &[
            "TargetResponseTime",
            "green 0.4",
            "blue 0.00",
            "not by chance",
            "p = less than 0.0001",
            "\"failed\":1",
        ],
    };
    expectations.both_found(&records, slower);

    let v3 = stage.release_at_both(&ImageSpec::healthy("v3")).await?;
    let records = expectations.both_took_over(stage, &v3).await?;
    expectations.both_found(&records, answered);
    let as_fast = Found {
        verdict: "passed",
        words: &["green 0.0", "blue 0.0", "p = ", "\"successful\":1"],
        ..slower
    };
    expectations.both_found(&records, as_fast);
    Ok(())
}
