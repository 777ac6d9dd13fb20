//! Forty minutes of gate: more than an invocation of a function has, and less than CodeDeploy and ECS wait. Each
//! measurement has an invocation of its own, and what was measured is carried along.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::both::{Found, Side};
use super::expectations::Expectations;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

/// The function that measures.
const GATE: &str = "ValidateGreen";
/// Lambda ends an invocation after a quarter of an hour. Those of a gate that waits are over long before.
const SHORT: Duration = Duration::from_mins(5);

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.release_at_both(&ImageSpec::healthy("v2")).await?;
    let records = expectations.both_took_over(stage, &v2).await?;
    let often = Found {
        point: "before_traffic",
        check: "tasks",
        verdict: "passed",
        words: &["\"successful\":5", "\"failed\":0", "\"errors\":0"],
    };
    expectations.both_found(&records, often);
    for (side, record) in Side::BOTH.into_iter().zip(&records) {
        let report = &record["gates"]["before_traffic"];
        let minutes = minutes(&report["started_at"], &report["ended_at"]);
        expectations.expect(
            &format!(
                "{}: the gate takes forty minutes, and has answered before the hour",
                side.who()
            ),
            minutes.is_some_and(|minutes| (40.0..55.0).contains(&minutes)),
            format!("{minutes:?} minutes"),
        );
    }
    let name = stage.sample.template.function(GATE).map(|it| &it.name);
    let ran = name.map(|name| stage.sample.account.functions().ran(name));
    let (times, longest) = ran.map_or((0, Duration::MAX), |ran| (ran.times, ran.longest));
    expectations.expect(
        "many invocations share it, and each is short",
        times > 20 && longest < SHORT,
        format!(
            "{times} invocations, the longest {:.0} s",
            longest.as_secs_f64()
        ),
    );
    Ok(())
}

fn minutes(from: &Value, to: &Value) -> Option<f64> {
    let at = |value: &Value| text(value).parse::<Timestamp>().ok();
    Some(at(to)?.duration_since(at(from)?).as_secs_f64() / 60.0)
}
