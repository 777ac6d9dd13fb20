//! The call `GetLogEvents`, with its times, pages and directions.

use serde_json::{Value, json};

use super::{Account, Line, Members, ServiceError, Stream};

/// Of a page: lines, and bytes (CloudWatch Logs API reference).
const MOST_LINES: usize = 10_000;
const MOST_BYTES: usize = 1 << 20;
/// Beside its text, a line counts for so many bytes.
const LINE_BYTES: usize = 26;

/// Where a page begins or ends, by the number of the line in its stream.
enum From {
    Head,
    Tail,
    Forward(usize),
    Backward(usize),
}

pub(super) fn get_log_events(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    input.only(&[
        "logGroupName",
        "logGroupIdentifier",
        "logStreamName",
        "startTime",
        "endTime",
        "nextToken",
        "limit",
        "startFromHead",
    ])?;
    let group = group(input)?;
    let name = input.string("logStreamName")?;
    let (start, end) = (
        input.optional_integer("startTime")?,
        input.optional_integer("endTime")?,
    );
    let limit = match input.optional_integer("limit")? {
        None => MOST_LINES,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MOST_LINES).contains(limit))
            .ok_or_else(|| ServiceError::validation("limit must be between 1 and 10000"))?,
    };
    let from_head = input.optional_bool("startFromHead")?.unwrap_or(false);
    let from = match input.optional_string("nextToken")? {
        None if from_head => From::Head,
        None => From::Tail,
        Some(token) => read_token(token)?,
    };
    let not_found = |what: &str| {
        let message = format!("The specified log {what} does not exist.");
        ServiceError::new("ResourceNotFoundException", message)
    };
    let state = account.state();
    let group = state.logs.groups.get(&group);
    let group = group.ok_or_else(|| not_found("group"))?;
    let stream = group.streams.get(name).ok_or_else(|| not_found("stream"))?;
    let (begin, end) = stream.page(start, end, &from, limit);
    let lines = stream.lines.range(begin..end);
    let events: Vec<Value> = lines.map(event).collect();
    Ok(json!({
        "events": events,
        "nextForwardToken": format!("f/{:056}/s", stream.forgotten + end),
        "nextBackwardToken": format!("b/{:056}/s", stream.forgotten + begin),
    }))
}

fn group(input: Members<'_>) -> Result<String, ServiceError> {
    let name = input.optional_string("logGroupName")?;
    let identifier = input.optional_string("logGroupIdentifier")?;
    let group = match (name, identifier) {
        (Some(name), None) => name,
        (None, Some(identifier)) => identifier
            .split_once(":log-group:")
            .map_or(identifier, |(_, name)| name),
        _ => {
            return Err(ServiceError::validation(
                "Exactly one of logGroupName and logGroupIdentifier must be given",
            ));
        }
    };
    Ok(group.to_owned())
}

fn read_token(token: &str) -> Result<From, ServiceError> {
    let invalid = || ServiceError::validation("The specified nextToken is invalid.");
    let (direction, rest) = token.split_once('/').ok_or_else(invalid)?;
    let number = rest.strip_suffix("/s").ok_or_else(invalid)?;
    let number: usize = number.parse().map_err(|_| invalid())?;
    match direction {
        "f" => Ok(From::Forward(number)),
        "b" => Ok(From::Backward(number)),
        _ => Err(invalid()),
    }
}

fn event(line: &Line) -> Value {
    let at = line.at.as_millisecond();
    json!({"timestamp": at, "message": line.text, "ingestionTime": at})
}

impl Stream {
    /// The lines of a page, by their positions among those that are kept.
    fn page(
        &self,
        start: Option<i64>,
        end: Option<i64>,
        from: &From,
        limit: usize,
    ) -> (usize, usize) {
        let until = |time: i64| {
            self.lines
                .partition_point(|it| it.at.as_millisecond() < time)
        };
        let first = start.map_or(0, until);
        let last = end.map_or(self.lines.len(), until).max(first);
        let kept = |number: usize| number.saturating_sub(self.forgotten).clamp(first, last);
        let (begin, forward) = match from {
            From::Head => (first, true),
            From::Forward(number) => (kept(*number), true),
            From::Tail => (last, false),
            From::Backward(number) => (kept(*number), false),
        };
        if forward {
            (begin, begin + fit(self.lines.range(begin..last), limit))
        } else {
            let before = self.lines.range(first..begin).rev();
            (begin - fit(before, limit), begin)
        }
    }
}

/// How many of these lines fit on a page; one always does.
fn fit<'a>(lines: impl Iterator<Item = &'a Line>, limit: usize) -> usize {
    let mut bytes = 0;
    lines
        .take(limit)
        .enumerate()
        .take_while(|(position, line)| {
            bytes += line.text.len() + LINE_BYTES;
            *position == 0 || bytes <= MOST_BYTES
        })
        .count()
}
