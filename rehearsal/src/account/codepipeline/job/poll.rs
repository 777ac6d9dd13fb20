//! `PollForJobs`, `AcknowledgeJob` and `GetJobDetails` (AWS-FACTS 3.2).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::custom::{CATEGORIES, CustomActionType, is_provider, is_version};
use super::super::pipeline::Kind;
use super::super::start::invalid;
use super::{Account, Job, Members, ServiceError, Status, Worker, data, id, not_found};
use crate::account::JobDetails;
use crate::account::functions::uuid;

/// AWS's limits.
const LONGEST_NONCE: usize = 50;
const LONGEST_QUERIED: usize = 50;

pub(in super::super) fn poll_for_jobs(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let asked = input.optional_structure("actionTypeId")?;
    let asked =
        asked.ok_or_else(|| ServiceError::validation("Missing required member: actionTypeId"))?;
    let most = input.optional_integer("maxBatchSize")?.unwrap_or(1);
    let most = usize::try_from(most)
        .ok()
        .filter(|most| *most >= 1)
        .ok_or_else(|| {
            invalid(
                "maxBatchSize",
                "Member must have value greater than or equal to 1",
            )
        })?;
    let (category, owner) = (asked.string("category")?, asked.string("owner")?);
    let (provider, version) = (asked.string("provider")?, asked.string("version")?);
    if !CATEGORIES.contains(&category) || !["AWS", "ThirdParty", "Custom"].contains(&owner) {
        return Err(invalid(
            "actionTypeId",
            "Member must satisfy enum value set",
        ));
    }
    if !is_provider(provider) || !is_version(version) {
        return Err(invalid(
            "actionTypeId",
            "Member must satisfy regular expression pattern: [0-9A-Za-z_-]+",
        ));
    }
    let now = account.clock().now();
    let again = account.settings().offered_again;
    let state = account.state();
    let kind = Kind {
        owner: "Custom",
        category,
        provider,
        version,
    };
    let known = state.codepipeline.custom_type(&kind);
    let Some(known) = known.filter(|_| owner == "Custom") else {
        return Err(ServiceError::new(
            "ActionTypeNotFoundException",
            format!("There is no action type {category}/{owner}/{provider}/{version}"),
        ));
    };
    let query = query(known, input)?;
    let fits = |job: &Job| {
        let configuration = &job.task.configuration;
        job.task.worker.kind() == kind
            && query.is_none_or(|(name, value)| {
                let mut pairs = configuration.iter();
                pairs.any(|(key, it)| key == name && it == value)
            })
    };
    let due = |job: &Job| match (job.status, &job.offered) {
        (Status::Queued, _) => job.available <= now,
        (Status::Dispatched, Some((at, _))) => at.saturating_add(again).is_ok_and(|at| at <= now),
        _ => false,
    };
    let jobs = state.codepipeline.jobs.jobs.iter();
    let ids: Vec<String> = jobs
        .filter(|job| due(job) && fits(job))
        .take(most)
        .map(|job| job.id.clone())
        .collect();
    drop(state);
    let offered = ids.iter().filter_map(|id| offer(account, id, now));
    Ok(json!({"jobs": offered.collect::<Vec<_>>()}))
}

/// A job with a new nonce; an earlier one is worth nothing from now on.
fn offer(account: &Account, id: &str, now: Timestamp) -> Option<Value> {
    let nonce = uuid(&account.unique());
    let job = {
        let mut state = account.state();
        let job = state.codepipeline.jobs.job_mut(id)?;
        job.status = Status::Dispatched;
        job.offered = Some((now, nonce.clone()));
        job.clone()
    };
    let mut described = data::for_worker(account, &job);
    described["nonce"] = nonce.into();
    Some(described)
}

/// The property that a worker asks by, and its value.
fn query<'a>(
    known: &CustomActionType,
    input: Members<'a>,
) -> Result<Option<(&'a str, &'a str)>, ServiceError> {
    let Some(pairs) = input.get("queryParam") else {
        return Ok(None);
    };
    let pairs = pairs.as_object().ok_or_else(|| {
        ServiceError::new("SerializationException", "Expected queryParam to be a map")
    })?;
    let wrong = |constraint: &str| Err(invalid("queryParam", constraint));
    if pairs.len() > 1 {
        return wrong("Member must have length less than or equal to 1");
    }
    let Some((name, value)) = pairs.iter().next() else {
        return Ok(None);
    };
    let value = value.as_str().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !(1..=LONGEST_QUERIED).contains(&value.len()) || !value.chars().all(allowed) {
        return wrong("Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+");
    }
    match known.queryable() {
        Some(queryable) if queryable == name => Ok(Some((name, value))),
        Some(queryable) => wrong(&format!("The queryable property is {queryable}")),
        None => wrong("The action type has no queryable property"),
    }
}

pub(in super::super) fn acknowledge_job(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let id = id(input)?;
    let nonce = input.string("nonce")?;
    if !(1..=LONGEST_NONCE).contains(&nonce.len()) {
        return Err(invalid("nonce", "Member must have length between 1 and 50"));
    }
    let mut state = account.state();
    let job = state.codepipeline.jobs.asked(id)?;
    // Of two workers that were offered the job, the one with the newest nonce gets it.
    if job.offered.as_ref().is_none_or(|(_, valid)| valid != nonce) {
        return Err(ServiceError::new(
            "InvalidNonceException",
            format!("The nonce for job {id} is not valid"),
        ));
    }
    if job.status == Status::Dispatched {
        job.status = Status::InProgress;
    }
    Ok(json!({"status": job.status.name()}))
}

pub(in super::super) fn get_job_details(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let id = id(input)?;
    let job = account.state().codepipeline.jobs.asked(id)?.clone();
    let of_function = matches!(job.task.worker, Worker::Function(_));
    if of_function && account.settings().job_details == JobDetails::OfCustomJobs {
        return Err(not_found(id));
    }
    Ok(json!({"jobDetails": data::for_worker(account, &job)}))
}
