//! Every third answer is a 500. A check that allows so many failures lets it by, and one that wants a share of good
//! answers does not; an image that always answers passes both.

use super::both::{Found, Side, check_in};
use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

/// Allows three failures of six.
const OFTEN: (&str, &str) = ("test_traffic", "http (often)");
/// Wants nine of ten answers to be good.
const LOAD: (&str, &str) = ("before_traffic", "http (load)");

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.first();
    let v2 = stage.release_at_both(&ImageSpec::flaky("v2", 3)).await?;
    let records = expectations.both_turned_away(stage, &v2, &v1).await?;
    let (point, check) = OFTEN;
    for (side, record) in Side::BOTH.into_iter().zip(&records) {
        let report = check_in(record, point, check);
        let counts = &report["counts"];
        let count = |name: &str| counts[name].as_u64().unwrap_or_default();
        // Which of two tasks answers is not said; of six answers one or two are bad.
        let (good, bad) = (count("successful"), count("failed"));
        expectations.expect(
            &format!(
                "{}: one or two of six measurements are bad, and three may be",
                side.who()
            ),
            good + bad == 6 && (1..=2).contains(&bad) && report["verdict"] == "passed",
            &report,
        );
    }
    let (point, check) = LOAD;
    let few = Found {
        point,
        check,
        verdict: "failed",
        words: &["fewer than 90%", "status 500", "\"failed\":1"],
    };
    expectations.both_found(&records, few);

    let v3 = stage.release_at_both(&ImageSpec::healthy("v3")).await?;
    let records = expectations.both_took_over(stage, &v3).await?;
    let (point, check) = OFTEN;
    let always = Found {
        point,
        check,
        verdict: "passed",
        words: &["\"successful\":6", "\"failed\":0"],
    };
    expectations.both_found(&records, always);
    let (point, check) = LOAD;
    let all = Found {
        point,
        check,
        verdict: "passed",
        words: &["60 of 60 requests (100%)"],
    };
    expectations.both_found(&records, all);
    Ok(())
}
