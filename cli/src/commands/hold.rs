//! `greenlight hold` and `greenlight release`: a person's hand on automatic deployments.

use std::fmt::Write as _;
use std::time::Duration;

use greenlight_core::deployment::{Explanation, Hold};
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::hold::Released;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Outcome, Output, registered};
use crate::arguments;
use crate::columns::printable;
use crate::failure::Failure;

/// Holds one target, or every one.
pub(super) async fn hold(deployer: &Deployer, what: &arguments::Hold) -> Result<Output, Failure> {
    let until = ends(what.until, what.lasts, deployer.clock.now());
    let reason = what.reason.as_deref();
    let Some(name) = &what.whom.target else {
        let who = deployer.who().await?;
        return Ok(line_stopped(&deployer.hold_all(&who, reason, until).await?));
    };
    let stored = registered(deployer, name).await?;
    let who = deployer.who().await?;
    let explanation = deployer.hold(stored, &who, reason, until).await?;
    Ok(told(name, &who, &explanation))
}

/// Releases one target, or every one.
pub(super) async fn release(
    deployer: &Deployer,
    what: &arguments::Release,
) -> Result<Outcome, Failure> {
    let reason = what.reason.as_deref();
    let Some(name) = &what.whom.target else {
        let who = deployer.who().await?;
        let released = deployer.release_all(&who, reason).await?;
        return Ok(line_released(&who, released));
    };
    let stored = registered(deployer, name).await?;
    let who = deployer.who().await?;
    let explanation = deployer.release(stored, &who, reason).await?;
    Ok(told(name, &who, &explanation).into())
}

/// When a hold ends that is to end at a time, or after a time.
fn ends(until: Option<Timestamp>, lasts: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
    until.or_else(|| {
        let lasts = SignedDuration::try_from(lasts?).unwrap_or(SignedDuration::MAX);
        Some(now.saturating_add(lasts).unwrap_or(Timestamp::MAX))
    })
}

fn told(name: &TargetName, who: &str, explanation: &Explanation) -> Output {
    Output {
        text: format!("{name}  {}\n", printable(&explanation.text)),
        json: json!({
            "target": name,
            "who": who,
            "decision": explanation.decision,
            "rule": explanation.rule,
            "result": explanation.text,
        }),
    }
}

fn line_stopped(hold: &Hold) -> Output {
    let result = format!("every target is {}", hold.describe());
    Output {
        text: format!("{}\n", printable(&result)),
        json: json!({"target": null, "who": hold.by, "hold": hold, "result": result}),
    }
}

/// What goes on at some targets is said, though it does not at others.
fn line_released(who: &str, released: Released) -> Outcome {
    let result = if released.was_held {
        format!("every target is released by {who}")
    } else {
        "the line is not stopped".to_owned()
    };
    let mut text = format!("{}\n", printable(&result));
    let mut started = Vec::new();
    let mut failure = None;
    for (name, explanation) in released.opened {
        match explanation {
            Ok(explanation) => {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name}  {}", printable(&explanation.text));
                started.push(json!({"target": name, "result": explanation.text}));
            }
            Err(source) => {
                failure.get_or_insert(Failure::NotGoneOn {
                    target: name,
                    source,
                });
            }
        }
    }
    Outcome {
        output: Some(Output {
            text,
            json: json!({"target": null, "who": who, "result": result, "started": started}),
        }),
        failure,
        says_no: false,
    }
}

#[cfg(test)]
mod tests;
