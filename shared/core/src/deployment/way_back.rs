//! Which image a person goes back to.
//!
//! A record says what a deployment brought; where a target takes images of several repositories that may be
//! one of them only. What ran after it follows from the records before it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Candidate, Current, DeploymentId, TargetState};
use crate::image::Digest;
use crate::record::{DeploymentRecord, Origin, Status};

/// The beginning of a digest has to be so long.
const SHORTEST_DIGEST: usize = 7;

/// What a person names to go back to: a digest or its beginning, a deployment by our id or by AWS's, or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackTo(String);

/// A text that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "what is gone back to is named by a digest, its first 7 digits, a deployment's id or a tag"
)]
pub struct InvalidBackTo;

impl FromStr for BackTo {
    type Err = InvalidBackTo;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.chars().any(char::is_whitespace) {
            return Err(InvalidBackTo);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for BackTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BackTo {
    fn is_deployment(&self, record: &DeploymentRecord) -> bool {
        let is_ours = self.0.parse() == Ok(record.id);
        let aws_id = record.aws_id.as_deref();
        is_ours || aws_id.is_some_and(|id| id == self.0 || id.rsplit('/').next() == Some(&*self.0))
    }

    fn is_image(&self, candidate: &Candidate) -> bool {
        let hex = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
        let is_digest = |digest: &Digest| {
            let whole = digest.as_str().strip_prefix("sha256:");
            hex.len() >= SHORTEST_DIGEST && whole.is_some_and(|whole| whole.starts_with(hex))
        };
        candidate.images().any(|image| {
            let tag = image.tag.as_ref();
            is_digest(&image.digest) || tag.is_some_and(|tag| tag.as_str() == self.0)
        })
    }
}

/// What ran after a deployment had succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Everything that ran then, as far as it is known.
    pub candidate: Candidate,
    /// When it went live.
    pub at: Timestamp,
}

/// What can be gone back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayBack {
    /// A person goes back already, to this.
    UnderWay(Box<Candidate>),
    /// These, the best first.
    To {
        /// Each once.
        choices: Vec<Past>,
        /// What was looked at and will not do, with why, for people.
        passed_over: Vec<String>,
    },
}

/// What can be gone back to at a target with this state and these records. Without a wish it is the last image
/// that a deployment of Greenlight has proved, and that was not rejected since.
pub fn way_back(
    state: &TargetState,
    records: &[DeploymentRecord],
    wish: Option<&BackTo>,
) -> WayBack {
    let pasts = pasts(state, records);
    let Some(wish) = wish else {
        return match goes_back(state) {
            Some(candidate) => WayBack::UnderWay(Box::new(candidate.clone())),
            None => last_proved(state, pasts),
        };
    };
    let mut choices: Vec<Past> = Vec::new();
    for (record, past) in pasts {
        let is_meant = wish.is_deployment(record) || wish.is_image(&record.candidate);
        if is_meant && !choices.iter().any(|it| is_same(it, &past)) {
            choices.push(past);
        }
    }
    let mut failed = records.iter().filter(|record| {
        record.status != Status::Succeeded
            && (wish.is_deployment(record) || wish.is_image(&record.candidate))
    });
    let passed_over = failed.next().map(|record| {
        let (image, status) = (record.candidate.describe(), record.status.as_str());
        format!("{image}: deployment {} has ended as {status}", record.id)
    });
    WayBack::To {
        choices,
        passed_over: passed_over.into_iter().collect(),
    }
}

/// What a person brings back just now, or AWS's failure has Greenlight bring back.
fn goes_back(state: &TargetState) -> Option<&Candidate> {
    if let Some(wanted) = &state.rollback {
        return Some(&wanted.candidate);
    }
    let active = state.active.as_ref()?;
    let goes_back = matches!(active.origin, Origin::Rollback { .. }) && active.stop.is_none();
    goes_back.then_some(&active.candidate)
}

fn last_proved(state: &TargetState, pasts: Vec<(&DeploymentRecord, Past)>) -> WayBack {
    let current = state.current.as_ref();
    let ours = current.filter(|current| !current.is_foreign());
    let active = state.active.as_ref().map(|active| &active.candidate);
    let away_from = active.or_else(|| ours.map(|current| &current.candidate));
    let (mut choices, mut passed_over) = (Vec::new(), Vec::new());
    let mut seen: Vec<Past> = Vec::new();
    let live = ours.filter(|current| active.is_some() && current.is_proved);
    let live = live.map(|current| (past_of(current), true));
    let pasts = pasts
        .into_iter()
        .map(|(record, past)| (past, is_proved(record)));
    for (past, is_proved) in live.into_iter().chain(pasts) {
        if away_from.is_some_and(|from| has_same_images(from, &past.candidate)) {
            continue;
        }
        let why_not = if is_rejected(state, &past.candidate) {
            Some("it has failed or was rolled away from")
        } else if is_proved {
            None
        } else {
            Some("no deployment of Greenlight has proved it")
        };
        // An image that others had deployed first may have been proved before.
        if seen.iter().any(|it| is_same(it, &past)) && why_not.is_some() {
            continue;
        }
        seen.push(past.clone());
        match why_not {
            Some(why) => passed_over.push(format!("{}: {why}", past.candidate.describe())),
            None if choices.iter().any(|it| is_same(it, &past)) => {}
            None => choices.push(past),
        }
    }
    WayBack::To {
        choices,
        passed_over,
    }
}

fn past_of(current: &Current) -> Past {
    Past {
        deployment: current.deployment,
        candidate: current.candidate.clone(),
        at: current.since,
    }
}

/// What ran after each success, the newest first.
fn pasts<'r>(
    state: &TargetState,
    records: &'r [DeploymentRecord],
) -> Vec<(&'r DeploymentRecord, Past)> {
    let ended = |record: &DeploymentRecord| record.concluded_at.unwrap_or(record.requested_at);
    let mut succeeded: Vec<&DeploymentRecord> = records
        .iter()
        .filter(|record| record.status == Status::Succeeded)
        .collect();
    succeeded.sort_by_key(|record| (ended(record), record.id));
    let mut pasts: Vec<(&DeploymentRecord, Past)> = Vec::with_capacity(succeeded.len());
    for record in succeeded {
        let candidate = match pasts.last() {
            Some((_, before)) => record.candidate.completed_by(&before.candidate),
            None => record.candidate.clone(),
        };
        let past = Past {
            deployment: record.id,
            candidate,
            at: ended(record),
        };
        pasts.push((record, past));
    }
    // Of what no record tells, what runs now stays.
    if let Some(current) = &state.current {
        for (_, past) in &mut pasts {
            past.candidate = past.candidate.completed_by(&current.candidate);
        }
    }
    pasts.reverse();
    pasts
}

/// Whether a deployment of Greenlight has proved the image.
fn is_proved(record: &DeploymentRecord) -> bool {
    // What was never started has proved nothing.
    record.aws_id.is_some()
        && match &record.origin {
            Origin::Push | Origin::Person { .. } | Origin::Pipeline { .. } => true,
            Origin::Rollback { by, .. } => by.is_some(),
            Origin::Adopted | Origin::Elsewhere { .. } => false,
        }
}

fn is_rejected(state: &TargetState, candidate: &Candidate) -> bool {
    let mut images = candidate.images();
    images.any(|image| state.rejected.contains(&image.digest))
}

fn is_same(one: &Past, other: &Past) -> bool {
    has_same_images(&one.candidate, &other.candidate)
}

fn has_same_images(one: &Candidate, other: &Candidate) -> bool {
    let is_within = |one: &Candidate, other: &Candidate| {
        one.images().all(|image| {
            let theirs = other.image_of(&image.repository);
            theirs.is_some_and(|theirs| theirs.digest == image.digest)
        })
    };
    is_within(one, other) && is_within(other, one)
}

#[cfg(test)]
mod tests;
