//! A job that makes sure that a target runs an image, and that it passes a gate if one is named. It changes nothing.

use std::time::Duration;

use greenlight_aws::table::StoredTarget;
use greenlight_core::{
    deployment::{Candidate, Current, Ending, Outcome},
    duration,
    gate::Verdict,
    job::{
        answer::{FailureType, JobFailure},
        request::JobRequest,
    },
    target::{Check, GatePoint},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Asked, JobOutcome, answer,
    deploy::named,
    failure::{Trouble, failure},
};
use crate::{
    Deployer,
    gate::{self, Verified, asks_people},
    plan::Wish,
};

/// So long the checks of a gate may take together. The function may not last as long: what is not measured by its end
/// is an error.
const GATE_LIMIT: Duration = Duration::from_mins(10);
/// What is left of the function's time: a last measurement that has just begun may take 12 seconds, and the answer is
/// sent in the last ten. With less, the job would be told that its time was over, and not what the gate has found.
const RESERVE: SignedDuration = SignedDuration::from_secs(25);

impl Deployer {
    pub(super) async fn verify_for(
        &self,
        asked: Asked<'_>,
        gate: Option<GatePoint>,
    ) -> Result<JobOutcome, Trouble> {
        let stored = &asked.stored;
        if let Some(point) = gate {
            let left = self.clock.now().duration_until(until(asked.lease_until));
            in_time(stored, point, left)?;
        }
        let current = self.current_of(stored, &asked.request).await?;
        let is_proved = self.prove_live(stored, &current.candidate).await?;
        if let Outcome::Failed {
            reason, evidence, ..
        } = is_proved
        {
            let what = format!(
                "Target `{}` does not run {}: {reason}",
                stored.target.name,
                current.candidate.describe()
            );
            let failure = JobFailure::new(FailureType::JobFailed, &what, &evidence, None);
            return Ok(JobOutcome::failed(failure));
        }
        if let Some(point) = gate {
            let until = until(asked.lease_until);
            let verified = Box::pin(self.verify_gate(stored, point, until)).await?;
            gate::log(&verified.report);
            if let Some(failure) = not_passed(stored, &current.candidate, &verified) {
                return Ok(JobOutcome::failed(failure));
            }
        }
        self.brought(stored, &current).await
    }

    /// What is live by the record, if it has the image that the job names.
    pub(super) async fn current_of(
        &self,
        stored: &StoredTarget,
        request: &JobRequest,
    ) -> Result<Current, Trouble> {
        let name = &stored.target.name;
        let refuse = |what: String| Trouble::lasting(FailureType::JobFailed, what);
        let wanted = self.wanted(stored, request).await?;
        let Some(current) = &stored.state.current else {
            return Err(refuse(format!(
                "nothing is known to be live at target `{name}`; deploy an image first"
            )));
        };
        match wanted {
            Some(wanted) if !wanted.is_within(&current.candidate) => Err(refuse(format!(
                "target `{name}` runs {}, not {}",
                current.candidate.describe(),
                wanted.describe()
            ))),
            Some(_) | None => Ok(current.clone()),
        }
    }

    /// The image that a job names, if it names one.
    pub(super) async fn wanted(
        &self,
        stored: &StoredTarget,
        request: &JobRequest,
    ) -> Result<Option<Candidate>, Trouble> {
        let Some(image) = &request.image else {
            return Ok(None);
        };
        let wish = Wish::Named(named(image));
        let resolved = self.resolve(stored, &wish, self.clock.now()).await?;
        Ok(Some(resolved.candidate))
    }

    /// The success of the deployment that brought what is live.
    pub(super) async fn brought(
        &self,
        stored: &StoredTarget,
        current: &Current,
    ) -> Result<JobOutcome, Trouble> {
        let record = self.table.record(&stored.target.name, current.deployment);
        let record = record.await?;
        let ending = Ending::Succeeded {
            candidate: current.candidate.clone(),
            aws_id: record
                .as_ref()
                .and_then(|record| record.aws_id.clone())
                .unwrap_or_default(),
            task_definition: current.task_definition.clone(),
            previous: record.and_then(|record| record.previous),
        };
        Ok(answer::outcome(stored, current.deployment, &ending))
    }
}

/// When the checks of a gate have to be over.
fn until(lease_until: Timestamp) -> Timestamp {
    lease_until
        .saturating_sub(RESERVE)
        .unwrap_or(Timestamp::MIN)
}

/// Whether the checks of a gate can be run within the time that a job has: `left` is that of the function.
fn in_time(stored: &StoredTarget, point: GatePoint, left: SignedDuration) -> Result<(), Trouble> {
    let checks = stored.target.gates.get(point).unwrap_or_default();
    let measured: Vec<&Check> = checks.iter().filter(|it| !asks_people(it)).collect();
    let sum = |of: fn(&Check) -> Duration| {
        let each = measured.iter().map(|check| of(check));
        each.fold(Duration::ZERO, Duration::saturating_add)
    };
    let (most, least) = (sum(Check::timeout), sum(at_least));
    let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
    let (takes, has) = if most > GATE_LIMIT {
        (most, GATE_LIMIT)
    } else if least > left {
        (least, left)
    } else {
        return Ok(());
    };
    Err(Trouble::Lasting(failure(
        FailureType::ConfigurationError,
        &format!(
            "the checks of gate {point} of target `{}` take {} together, and the action `verify` has {} for them",
            stored.target.name,
            duration::write(takes),
            duration::write(Duration::from_secs(has.as_secs()))
        ),
        Some("give the checks a shorter `timeout`, or fewer measurements, or verify another gate"),
    )))
}

/// How long a check takes that is good at every measurement.
fn at_least(check: &Check) -> Duration {
    let rules = &check.rules;
    let pauses = rules.fewest().saturating_sub(1);
    let pauses = rules.interval.saturating_mul(pauses);
    rules.initial_delay.saturating_add(pauses)
}

/// The failure of a gate, with all that its checks found.
fn not_passed(
    stored: &StoredTarget,
    candidate: &Candidate,
    verified: &Verified,
) -> Option<JobFailure> {
    let report = &verified.report;
    if report.verdict == Verdict::Passed {
        return None;
    }
    let what = format!(
        "Target `{}` runs {}, which does not pass its gate {}: {}",
        stored.target.name,
        candidate.describe(),
        report.point,
        report.verdict.as_str()
    );
    let evidence: Vec<String> = report.failures().collect();
    let kind = FailureType::JobFailed;
    Some(JobFailure::new(kind, &what, &evidence, None))
}

#[cfg(test)]
mod tests;
