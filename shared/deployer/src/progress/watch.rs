//! Following a deployment to its end, with a line for each thing that changes.
//!
//! Nothing is waited for but what is recorded: Greenlight's functions conclude the deployment, and
//! whoever watches may stop watching at any time.

use std::collections::BTreeMap;

use greenlight_aws::{AwsError, chain};
use greenlight_core::{
    deployment::DeploymentId,
    gate::GateReport,
    record::{DeploymentRecord, Status},
    target::{GatePoint, TargetName},
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, sleep};

use super::{Awaiting, Progress};
use crate::Deployer;

/// So often it is looked.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was seen.
    pub at: Timestamp,
    /// What it was.
    pub text: String,
}

/// What whoever watches is told.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// Something that changed.
    Line(&'a Line),
    /// How far it is, at each look at what is under way.
    Progress(&'a Progress),
}

/// A deployment that was watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// As it was seen last. It is under way still, if it was watched for as long as was allowed.
    pub record: DeploymentRecord,
    /// Everything that was told.
    pub lines: Vec<Line>,
}

/// Why a deployment could not be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Its record could not be read.
    #[error("the record of deployment {deployment} could not be read")]
    Read {
        /// Which deployment.
        deployment: DeploymentId,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// It has no record.
    #[error("target `{target}` has no deployment {deployment}")]
    NoRecord {
        /// Which target.
        target: TargetName,
        /// Which deployment.
        deployment: DeploymentId,
    },
}

impl Deployer {
    /// Watches a deployment until it has ended, or until `until`, and tells each line and each look as it is seen.
    pub async fn watch(
        &self,
        target: &TargetName,
        deployment: DeploymentId,
        until: Timestamp,
        mut tell: impl FnMut(News<'_>),
    ) -> Result<Watched, WatchError> {
        let mut seen = Seen::default();
        let mut lines = Vec::new();
        let mut last = None;
        loop {
            let record = match self.table.record(target, deployment).await {
                Ok(Some(record)) => Some(record),
                Ok(None) => {
                    return Err(WatchError::NoRecord {
                        target: target.clone(),
                        deployment,
                    });
                }
                // It may be readable again the next time.
                Err(error) if error.is_retryable() && self.clock.now() < until => {
                    tell_all(
                        &mut lines,
                        &mut tell,
                        self.clock.now(),
                        seen.trouble(&error),
                    );
                    None
                }
                Err(source) => return Err(WatchError::Read { deployment, source }),
            };
            if let Some(record) = record {
                let progress = if record.status.is_final() {
                    None
                } else {
                    self.progress_if_active(target, deployment).await
                };
                if let Some(progress) = &progress {
                    tell(News::Progress(progress));
                }
                let news = seen.news(&record, progress.as_ref());
                tell_all(&mut lines, &mut tell, self.clock.now(), news);
                if record.status.is_final() || self.clock.now() >= until {
                    return Ok(Watched { record, lines });
                }
                last = Some(record);
            }
            if let Some(record) = last.take_if(|_| self.clock.now() >= until) {
                return Ok(Watched { record, lines });
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn progress_if_active(
        &self,
        target: &TargetName,
        deployment: DeploymentId,
    ) -> Option<Progress> {
        let stored = self.table.target(target).await.ok()??.ok()?;
        let active = stored.state.active.as_ref()?;
        if active.deployment != deployment {
            return None;
        }
        self.progress(&stored).await
    }
}

fn tell_all(
    lines: &mut Vec<Line>,
    tell: &mut impl FnMut(News<'_>),
    at: Timestamp,
    news: Vec<String>,
) {
    for text in news {
        let line = Line { at, text };
        tell(News::Line(&line));
        lines.push(line);
    }
}

/// What has been told already.
#[derive(Debug, Default)]
struct Seen {
    status: Option<Status>,
    reason: Option<String>,
    gates: BTreeMap<GatePoint, GateReport>,
    headline: Option<String>,
    facts: Vec<String>,
    awaiting: Option<Awaiting>,
    trouble: Option<String>,
}

impl Seen {
    /// What is new, in the order in which it is to be told.
    fn news(&mut self, record: &DeploymentRecord, progress: Option<&Progress>) -> Vec<String> {
        let mut news = Vec::new();
        self.trouble = None;
        let is_new_status = self.status.replace(record.status) != Some(record.status);
        if is_new_status && !record.status.is_final() {
            news.push(status(record));
        }
        let is_new_reason = self.reason != record.reason;
        if is_new_reason && !record.status.is_final() {
            self.reason.clone_from(&record.reason);
            let is_told = record.status == Status::Queued && is_new_status;
            news.extend(record.reason.clone().filter(|_| !is_told));
        }
        if let Some(progress) = progress {
            if self.headline.as_ref() != Some(&progress.headline) {
                news.push(progress.headline.clone());
                self.headline = Some(progress.headline.clone());
            }
            let facts = progress.facts.iter();
            news.extend(facts.filter(|fact| !self.facts.contains(fact)).cloned());
            self.facts.clone_from(&progress.facts);
        }
        for (point, report) in &record.gates {
            if self.gates.get(point) != Some(report) {
                news.extend(gate(report));
                self.gates.insert(*point, report.clone());
            }
        }
        if let Some(progress) = progress {
            if self.awaiting != progress.awaiting {
                news.extend(progress.awaiting.as_ref().map(waits));
            }
            self.awaiting.clone_from(&progress.awaiting);
        }
        if is_new_status && record.status.is_final() {
            news.push(status(record));
            news.extend(record.evidence.iter().map(|line| format!("  {line}")));
        }
        news
    }

    /// That something cannot be read, if that is new.
    fn trouble(&mut self, error: &AwsError) -> Vec<String> {
        let text = format!("cannot be followed just now: {}", chain(error));
        if self.trouble.as_ref() == Some(&text) {
            return Vec::new();
        }
        self.trouble = Some(text.clone());
        vec![text]
    }
}

fn status(record: &DeploymentRecord) -> String {
    let image = record.candidate.describe();
    let because = |otherwise: &str| {
        let reason = record.reason.clone();
        reason.unwrap_or_else(|| otherwise.to_owned())
    };
    match record.status {
        Status::Queued => format!("queued: {}", because("it waits for its turn")),
        Status::Requested => format!("{image} is being started"),
        Status::Started => match &record.aws_id {
            Some(aws_id) => format!("{image} is being deployed as {aws_id}"),
            None => format!("{image} is being deployed"),
        },
        Status::Succeeded => format!("succeeded after {}", took(record)),
        Status::Failed => format!(
            "failed after {}: {}",
            took(record),
            because("no reason is known")
        ),
        Status::StartFailed => format!("could not be started: {}", because("no reason is known")),
        Status::Superseded => format!("was not deployed: {}", because("a newer image came")),
    }
}

fn gate(report: &GateReport) -> Vec<String> {
    let mut lines = vec![format!(
        "gate {}: {}",
        report.point,
        report.verdict.as_str()
    )];
    lines.extend(report.checks.iter().map(|check| {
        let (name, verdict) = (&check.check, check.verdict.as_str());
        format!("  {name} {verdict}: {}", check.summary)
    }));
    lines
}

/// That something waits, with how to answer, as one line.
pub fn waits(awaiting: &Awaiting) -> String {
    let Awaiting { what, remedy, .. } = awaiting;
    // The fractions of AWS's own times are noise.
    let until = awaiting.until.map(|it| it.strftime("%Y-%m-%dT%H:%M:%SZ"));
    match (until, &awaiting.otherwise) {
        (Some(until), Some(otherwise)) => format!("{what}; {remedy}; at {until} {otherwise}"),
        (Some(until), None) => format!("{what}; {remedy}; it waits until {until}"),
        (None, _) => format!("{what}; {remedy}"),
    }
}

fn took(record: &DeploymentRecord) -> String {
    let end = record.concluded_at.unwrap_or(record.requested_at);
    written(end.duration_since(record.requested_at))
}

/// A length of time as people read it: `42s`, `6m 41s`, `1h 5m`.
pub fn written(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests;
