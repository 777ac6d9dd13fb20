//! CloudWatch Logs: what containers with the `awslogs` driver have written, and `GetLogEvents`.
//!
//! A group and its streams are there as soon as something is written to them. A stream keeps its newest
//! lines, as many as a page can have.

mod get_log_events;
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
    groups: BTreeMap<String, BTreeMap<String, Stream>>,
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
    let group = state.logs.groups.entry(id.group.clone()).or_default();
    let stream = group.entry(id.stream.clone()).or_default();
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
    /// Writes a line to a stream of CloudWatch Logs, as a container would.
    pub fn write_log(&self, group: &str, stream: &str, line: &str) {
        let id = StreamId {
            group: group.to_owned(),
            stream: stream.to_owned(),
        };
        write(self, &id, &[line.to_owned()]);
    }
}
