//! `ListDeployments`: its filters and pages. The newest come first.

use serde_json::{Value, json};

use super::State;
use super::deployment::{Deployment, Record};
use super::request;
use crate::account::{Members, ServiceError, epoch};

/// How many ids there are on a page.
const PAGE: usize = 100;

/// Of the API, also those that an ECS deployment never has.
const STATUSES: [&str; 8] = [
    "Created",
    "Queued",
    "InProgress",
    "Baking",
    "Succeeded",
    "Failed",
    "Stopped",
    "Ready",
];

/// The ids of the deployments that pass all filters. Application and group are given both or not at all.
pub(super) fn list_deployments(state: &State, members: Members<'_>) -> Result<Value, ServiceError> {
    let filter = Filter::of(state, members)?;
    let token = members.optional_string("nextToken")?;
    let mut found: Vec<String> = state
        .deployments
        .iter()
        .rev()
        .filter(|it| it.read(|record| filter.takes(record)))
        .map(Deployment::id)
        .collect();
    if let Some(token) = token {
        // A token is the last id of the page before, and good for as long as that is remembered.
        let last = token
            .strip_prefix("after-")
            .and_then(|id| found.iter().position(|known| known == id));
        let Some(last) = last else {
            let message = "The next token was specified in an invalid format";
            return Err(ServiceError::new("InvalidNextTokenException", message));
        };
        found.drain(..=last);
    }
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let mut answer = json!({"deployments": found});
    if let (true, Some(last)) = (more, found.last()) {
        answer["nextToken"] = format!("after-{last}").into();
    }
    Ok(answer)
}

struct Filter<'a> {
    group: Option<(&'a str, &'a str)>,
    statuses: Vec<&'a str>,
    start: Option<f64>,
    end: Option<f64>,
}

impl<'a> Filter<'a> {
    fn of(state: &State, members: Members<'a>) -> Result<Self, ServiceError> {
        let named = members.get("applicationName").is_some()
            || members.get("deploymentGroupName").is_some();
        let group = named
            .then(|| {
                let (application, group) = (
                    request::application_name(members)?,
                    request::group_name(members)?,
                );
                state
                    .group(application, group)
                    .map(|_| (application, group))
            })
            .transpose()?;
        let statuses = members.strings("includeOnlyStatuses")?;
        if let Some(unknown) = statuses.iter().find(|status| !STATUSES.contains(status)) {
            let message = format!("Unknown deployment status: {unknown}");
            return Err(ServiceError::new(
                "InvalidDeploymentStatusException",
                message,
            ));
        }
        let range = members.optional_structure("createTimeRange")?;
        let bound = |name| {
            range
                .and_then(|range| range.get(name))
                .map(seconds)
                .transpose()
        };
        let (start, end) = (bound("start")?, bound("end")?);
        if start.zip(end).is_some_and(|(start, end)| start > end) {
            let message = "The start of the time range lies after its end";
            return Err(ServiceError::new("InvalidTimeRangeException", message));
        }
        Ok(Self {
            group,
            statuses,
            start,
            end,
        })
    }

    fn takes(&self, record: &Record) -> bool {
        let created = epoch(record.created).as_f64().unwrap_or_default();
        let group = (
            record.group.application.as_str(),
            record.group.name.as_str(),
        );
        self.group.is_none_or(|wanted| wanted == group)
            && (self.statuses.is_empty() || self.statuses.contains(&record.status.name()))
            && self.start.is_none_or(|start| created >= start)
            && self.end.is_none_or(|end| created <= end)
    }
}

fn seconds(value: &Value) -> Result<f64, ServiceError> {
    value.as_f64().ok_or_else(|| {
        ServiceError::new("SerializationException", "Expected a time in epoch seconds")
    })
}
