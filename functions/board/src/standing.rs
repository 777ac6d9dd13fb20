//! How things are at a target, in a word and a sentence: a pure function of what the table says.

use std::cmp::Reverse;

use greenlight_aws::table::StoredTarget;
use greenlight_core::{
    deployment::{Active, Hold, Phase},
    gate::{Approval, Standing as Asked},
    record::{DeploymentRecord, Origin, Status},
};
use jiff::Timestamp;

/// How good or bad something is; colours follow from it, and never say anything alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Warning,
    Busy,
    Plain,
}

impl Tone {
    pub(crate) const ALL: [Self; 5] = [
        Self::Good,
        Self::Bad,
        Self::Warning,
        Self::Busy,
        Self::Plain,
    ];

    /// The class of what is shown in it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "gl-good",
            Self::Bad => "gl-bad",
            Self::Warning => "gl-warning",
            Self::Busy => "gl-busy",
            Self::Plain => "gl-plain",
        }
    }

    /// A sign, for whoever does not tell colours apart.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Warning => "!",
            Self::Busy => "…",
            Self::Plain => "·",
        }
    }

    pub(crate) fn of_status(status: Status) -> Self {
        match status {
            Status::Succeeded => Self::Good,
            Status::Failed | Status::StartFailed => Self::Bad,
            Status::Requested | Status::Started => Self::Busy,
            Status::Queued => Self::Warning,
            Status::Superseded => Self::Plain,
        }
    }
}

/// How things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) tone: Tone,
    /// A word or two.
    pub(crate) word: &'static str,
    /// Why, or what.
    pub(crate) text: Option<String>,
}

impl Standing {
    fn new(tone: Tone, word: &'static str, text: impl Into<Option<String>>) -> Self {
        Self {
            tone,
            word,
            text: text.into(),
        }
    }
}

/// What is going on at a target, or else how the last thing has ended.
pub(crate) fn standing(
    stored: &StoredTarget,
    records: &[DeploymentRecord],
    asked: &[Approval],
    now: Timestamp,
) -> Standing {
    let state = &stored.state;
    if let Some(active) = &state.active {
        return under_way(active, asked, now);
    }
    if let Some(queued) = &state.queued {
        let text = format!("{} waits: {}", queued.candidate.describe(), queued.reason);
        return Standing::new(Tone::Warning, "blocked", text);
    }
    // A newer one that failed left the older one live.
    let last = records.iter().find(|record| has_run(record));
    if let Some(failed) = last.filter(|it| Tone::of_status(it.status) == Tone::Bad) {
        let image = failed.candidate.describe();
        let reason = failed.reason.as_deref().unwrap_or("no reason is recorded");
        let text = format!("{image}: {reason}");
        return Standing::new(Tone::Bad, "last one failed", text);
    }
    match &state.current {
        None => Standing::new(Tone::Plain, "nothing is known to be live", None),
        Some(current) => match &current.drift {
            Some(drift) => {
                let text = format!("{} runs, not {}", drift.runs, drift.expected);
                Standing::new(Tone::Warning, "drifted", text)
            }
            None => Standing::new(Tone::Good, "live", None),
        },
    }
}

fn under_way(active: &Active, asked: &[Approval], now: Timestamp) -> Standing {
    let image = active.candidate.describe();
    if let Some(stop) = &active.stop {
        let text = format!("{image}, by {}", stop.by);
        return Standing::new(Tone::Warning, "being stopped", text);
    }
    let missing = asked
        .iter()
        .find_map(|approval| match approval.standing(now) {
            Asked::Open { missing } => Some((approval, missing)),
            _ => None,
        });
    if let Some((approval, missing)) = missing {
        let text = format!(
            "{image}: gate {} waits for {missing} of {} approvals",
            approval.id.point, approval.needed
        );
        return Standing::new(Tone::Warning, "waits for approval", text);
    }
    let phase = match &active.phase {
        Phase::Requested { .. } => "being started".to_owned(),
        Phase::Before { step, .. } => format!("task {} before it runs", step + 1),
        Phase::Started { .. } => "under way in AWS".to_owned(),
    };
    Standing::new(Tone::Busy, "deploying", format!("{image}, {phase}"))
}

/// Whether it was tried, or is: what gave way to a newer image says nothing of how things are, and that AWS has brought
/// back what was there before follows from what failed.
pub(crate) fn has_run(record: &DeploymentRecord) -> bool {
    let is_brought_back = matches!(&record.origin, Origin::Rollback { by: None, .. });
    !is_brought_back && !matches!(record.status, Status::Superseded | Status::Queued)
}

/// In the order in which they were asked for: they come in that of what caused them, and the event of a push may be late.
pub(crate) fn newest_first(mut records: Vec<DeploymentRecord>) -> Vec<DeploymentRecord> {
    records.sort_by_key(|record| Reverse(record.requested_at));
    records
}

/// What keeps automatic deployments from starting, each in a word and a sentence: the target's own hold, the stopped line, a
/// closed window. What has expired does not.
pub(crate) fn closures(stored: &StoredTarget, now: Timestamp) -> Vec<(&'static str, String)> {
    let holds = |hold: &&Hold| hold.holds_at(now);
    let own = stored.state.hold.as_ref().filter(holds);
    let line = stored.line.as_ref().filter(holds);
    let window = stored.target.windows.closure(now);
    own.map(|hold| ("held", hold.describe()))
        .into_iter()
        .chain(line.map(|line| ("line stopped", line.describe())))
        .chain(window.map(|closed| ("window closed", closed.reason)))
        .collect()
}
