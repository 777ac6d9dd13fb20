//! CloudWatch Logs: what containers with the `awslogs` driver have written, `GetLogEvents` and `DescribeLogGroups`.
//!
//! A group and its streams are there as soon as something is written to them; a group also when it was created. A stream keeps its newest
//! lines, as many as a page can have.

mod describe_log_groups;
mod get_log_events;
#[cfg(test)]
mod group_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::{Account, Members, ServiceError};

/// How many lines a stream keeps.
const KEPT: usize = 10_000;

/// Every group of streams.
#[derive(Debug, Default)]
pub(crate) struct State {
    groups: BTreeMap<String, Group>,
}

/// A group and its streams.
#[derive(Debug)]
struct Group {
    created_at: Timestamp,
    retention_in_days: Option<u32>,
    streams: BTreeMap<String, Stream>,
}

impl Group {
    fn created(at: Timestamp) -> Self {
        Self {
            created_at: at,
            retention_in_days: None,
            streams: BTreeMap::new(),
        }
    }

    fn bytes(&self) -> usize {
        let lines = self.streams.values().flat_map(|stream| &stream.lines);
        lines.map(|line| line.text.len()).sum()
    }
}

/// A group and a stream in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamId {
    pub(crate) group: String,
    pub(crate) stream: String,
}

/// The lines of one container.
#[derive(Debug, Default)]
struct Stream {
    lines: VecDeque<Line>,
    /// How many lines there were before those.
    forgotten: usize,
}

#[derive(Debug)]
struct Line {
    at: Timestamp,
    text: String,
}

/// Answers a call.
pub(crate) fn handle(
    account: &Account,
    operation: &str,
    input: &Value,
) -> Result<Value, ServiceError> {
    let members = Members::of(input)?;
    let result = match operation {
        "DescribeLogGroups" => describe_log_groups::describe_log_groups(account, members),
        "GetLogEvents" => get_log_events::get_log_events(account, members),
        _ => Err(ServiceError::unknown_operation("logs", operation)),
    };
    // The service has a name of its own for it.
    result.map_err(|error| match error.code.as_str() {
        "ValidationException" => ServiceError::new("InvalidParameterException", error.message),
        _ => error,
    })
}

/// Writes lines to a stream; without any, the stream is there afterwards and empty.
pub(crate) fn write(account: &Account, id: &StreamId, lines: &[String]) {
    let at = account.clock().now();
    let mut state = account.state();
    let group = state.logs.groups.entry(id.group.clone());
    let group = group.or_insert_with(|| Group::created(at));
    let stream = group.streams.entry(id.stream.clone()).or_default();
    for text in lines {
        let text = text.clone();
        stream.lines.push_back(Line { at, text });
        if stream.lines.len() > KEPT {
            stream.lines.pop_front();
            stream.forgotten += 1;
        }
    }
}

impl Account {
    /// A log group that somebody has made, in which lines are kept so long: for ever where no days are given.
    pub fn create_log_group(&self, name: &str, retention_in_days: Option<u32>) {
        let at = self.clock().now();
        let mut state = self.state();
        let group = state.logs.groups.entry(name.to_owned());
        let group = group.or_insert_with(|| Group::created(at));
        group.retention_in_days = retention_in_days;
    }

    /// Writes a line to a stream of CloudWatch Logs, as a container would.
    pub fn write_log(&self, group: &str, stream: &str, line: &str) {
        let id = StreamId {
            group: group.to_owned(),
            stream: stream.to_owned(),
        };
        write(self, &id, &[line.to_owned()]);
    }
}
