//! `greenlight deploy`: asks for a deployment, and tells how it goes until it has ended.
//!
//! As text, each line is printed when it is known, and on a terminal a bar moves below them ([`bar`]); as JSON, all of
//! them come in one document at the end. The functions deploy, not this tool: it can be ended at any time.

mod bar;

use std::io::Write as _;
use std::time::Duration;

use greenlight_core::deployment::{DeploymentId, Explanation};
use greenlight_core::duration;
use greenlight_core::record::{DeploymentRecord, Status};
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use greenlight_deployer::progress::watch::{Line, News, Watched};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Outcome, Output, plan, registered};
use crate::arguments::Deploy;
use crate::columns::printable;
use crate::failure::Failure;
use crate::paint::Tone;
use crate::{connection, document};
use bar::Bar;

/// Deploys an image, or says what that would do.
pub(super) async fn deploy(
    mut deployer: Deployer,
    what: Deploy,
    json: bool,
) -> Result<Outcome, Failure> {
    if what.hook.is_some() {
        deployer.hook_function.clone_from(&what.hook);
    }
    let wish = document::wish(what.image, what.images.as_deref())?;
    let stored = registered(&deployer, &what.target).await?;
    if what.dry_run {
        return Ok(plan::planned(&deployer.plan(&stored, &wish).await?));
    }
    let by = what.by.clone().unwrap_or_else(connection::user);
    let asked = deployer.ask(stored, &wish, &by, what.overrides).await?;
    let waiting = Waiting {
        target: &what.target,
        deployment: asked.deployment,
        limit: (!what.no_wait).then_some(what.timeout),
        json,
    };
    let first = [asked.explanation.text.clone()];
    follow(&deployer, waiting, first, &asked.explanation).await
}

/// How a deployment is waited for.
pub(super) struct Waiting<'a> {
    pub(super) target: &'a TargetName,
    pub(super) deployment: DeploymentId,
    /// How long at the most; none where nobody waits.
    pub(super) limit: Option<Duration>,
    pub(super) json: bool,
}

/// Says what was decided, and tells how the deployment goes until it has ended.
pub(super) async fn follow(
    deployer: &Deployer,
    waiting: Waiting<'_>,
    first: impl IntoIterator<Item = String>,
    explanation: &Explanation,
) -> Result<Outcome, Failure> {
    let now = deployer.clock.now();
    let first: Vec<Line> = first
        .into_iter()
        .map(|text| Line { at: now, text })
        .collect();
    let bar = Bar::open(waiting.limit.is_some() && !waiting.json);
    let say = |line: &Line| {
        if !waiting.json {
            bar.above(|| print(line));
        }
    };
    first.iter().for_each(say);
    if waiting.limit.is_some() {
        say(&Line {
            at: now,
            text: format!(
                "waiting for deployment {}; it goes on if this is interrupted",
                waiting.deployment
            ),
        });
    }
    let limit = waiting.limit.unwrap_or_default();
    let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    let until = now.saturating_add(limit).unwrap_or(Timestamp::MAX);
    let watching = deployer.watch(
        waiting.target,
        waiting.deployment,
        until,
        |news| match news {
            // Without waiting there is one look, for the record.
            News::Line(line) if waiting.limit.is_some() => say(line),
            News::Line(_) => {}
            News::Progress(progress) => bar.show(&progress.meter),
        },
    );
    let watched = tokio::select! {
        watched = watching => watched?,
        () = interrupted() => {
            return Err(Failure::Interrupted {
                target: waiting.target.clone(),
                deployment: waiting.deployment,
            });
        }
    };
    Ok(ended(first, explanation, watched, waiting.limit))
}

/// Until somebody presses Ctrl-C. Where that cannot be heard of, it ends the process, as ever.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// What came of it. The text has been printed already. `waited` is how long was waited at the most.
fn ended(
    first: Vec<Line>,
    explanation: &Explanation,
    watched: Watched,
    waited: Option<Duration>,
) -> Outcome {
    let Watched { record, lines } = watched;
    let lines: Vec<_> = first.into_iter().chain(lines).collect();
    let lines = lines
        .iter()
        .map(|line| json!({"at": line.at, "text": line.text}));
    let json = json!({
        "decision": explanation.decision,
        "rule": explanation.rule,
        "deployment": record,
        "lines": lines.collect::<Vec<_>>(),
    });
    Outcome {
        output: Some(Output {
            text: String::new(),
            json,
        }),
        failure: failure(&record, waited),
        says_no: false,
    }
}

fn failure(record: &DeploymentRecord, waited: Option<Duration>) -> Option<Failure> {
    let (target, deployment) = (record.target.clone(), record.id);
    let ended = match record.status {
        Status::Succeeded => return None,
        Status::Failed => "failed",
        Status::StartFailed => "could not be started",
        Status::Superseded => "gave way to another",
        Status::Queued | Status::Requested | Status::Started => {
            return waited.map(|limit| Failure::StillUnderWay {
                target,
                deployment,
                limit: duration::write(limit),
            });
        }
    };
    Some(Failure::NotLive {
        target,
        deployment,
        ended,
    })
}

/// A line with the time of day. Whether anybody reads it makes no difference to the deployment.
fn print(line: &Line) {
    let _ = writeln!(std::io::stdout(), "{}", written(line));
}

fn written(line: &Line) -> String {
    let text = printable(&line.text);
    let text = match tone(&text) {
        Some(tone) => tone.paint(&text),
        None => text,
    };
    format!("{}  {text}", line.at.strftime("%H:%M:%SZ"))
}

/// How a deployment has ended is seen at a glance; the words are those of `watch`.
fn tone(text: &str) -> Option<Tone> {
    let tones = [
        ("succeeded after ", Tone::Good),
        ("failed after ", Tone::Bad),
        ("could not be started", Tone::Bad),
        ("was not deployed", Tone::Attention),
        ("queued: ", Tone::Attention),
    ];
    let found = tones
        .into_iter()
        .find(|(begins, _)| text.starts_with(begins));
    found.map(|(_, tone)| tone)
}

#[cfg(test)]
mod tests;
