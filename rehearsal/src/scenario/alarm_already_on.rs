//! An alarm is on before anything is deployed: the gate says so at once, since that alarm tells nothing of the new
//! image. When it is OK again, the next image goes through.

use std::time::Duration;

use super::both::{Found, Side};
use super::expectations::Expectations;
use super::sample::{ALARM, WEB_ALARM};
use super::stage::{Stage, StageError};
use crate::account::cloudwatch::AlarmState;
use crate::account::containers::ImageSpec;

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.first();
    set_both(stage, AlarmState::Alarm, "errors since the morning");
    stage.pass(Duration::from_mins(1)).await;
    let v2 = stage.release_at_both(&ImageSpec::healthy("v2")).await?;
    let records = expectations.both_turned_away(stage, &v2, &v1).await?;
    for (side, record) in Side::BOTH.into_iter().zip(&records) {
        let on = Found {
            point: "before_traffic",
            check: "alarms",
            verdict: "failed",
            words: &[
                alarm(side),
                "was on before the deployment began",
                "errors since the morning",
                "\"failed\":1",
            ],
        };
        expectations.found(side, record, on);
    }

    set_both(stage, AlarmState::Ok, "no errors any more");
    let v3 = stage.release_at_both(&ImageSpec::healthy("v3")).await?;
    let records = expectations.both_took_over(stage, &v3).await?;
    for (side, record) in Side::BOTH.into_iter().zip(&records) {
        let ok = format!("alarm `{}` is OK", alarm(side));
        let off = Found {
            point: "before_traffic",
            check: "alarms",
            verdict: "passed",
            words: &[&ok],
        };
        expectations.found(side, record, off);
    }
    Ok(())
}

const fn alarm(side: Side) -> &'static str {
    match side {
        Side::CodeDeploy => ALARM,
        Side::Ecs => WEB_ALARM,
    }
}

fn set_both(stage: &Stage, value: AlarmState, reason: &str) {
    for side in Side::BOTH {
        let account = &stage.sample.account;
        account.set_alarm_state(alarm(side), value, reason);
    }
}
