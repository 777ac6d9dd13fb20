//! Amazon CloudWatch Logs: what a container wrote last, and whether there is a group for it to write to.

use crate::{AwsError, Clients, Kind, Look, error::failed};

/// `GetLogEvents` takes no more, and nobody reads so many.
const LINES_LIMIT: u16 = 100;
/// Of one line, so many characters are kept, and of all lines so many bytes.
const LINE_LIMIT: usize = 500;
const BYTES_LIMIT: usize = 16 * 1024;

/// The IAM action by which lines are read.
pub const READ: &str = "logs:GetLogEvents";

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// `/ecs/api`
    pub name: String,
    /// So many days lines are kept; for ever where there is no number.
    pub retention_in_days: Option<u32>,
}

/// The log group of this name.
///
/// Groups can only be listed, by the beginning of their names; the answer is sorted by name (API reference), so that
/// a group comes before those of which it is the beginning.
pub async fn group(clients: &Clients, name: &str) -> Result<Look<LogGroup>, AwsError> {
    const ACTION: &str = "logs:DescribeLogGroups";
    let resource = || format!("log group `{name}`");
    let answer = clients
        .logs
        .describe_log_groups()
        .log_group_name_prefix(name)
        .limit(1)
        .send()
        .await
        .map_err(failed(ACTION, resource()));
    Look::of(answer.and_then(|answer| {
        let groups = answer.log_groups().iter();
        let mut groups = groups.filter(|group| group.log_group_name() == Some(name));
        let group = groups.next().ok_or_else(|| {
            let message = "no log group has this name";
            AwsError::unusable(ACTION, resource(), Kind::NotFound, None, message)
        })?;
        Ok(LogGroup {
            name: name.to_owned(),
            retention_in_days: group
                .retention_in_days()
                .and_then(|days| u32::try_from(days).ok()),
        })
    }))
}

/// The last lines of a log stream, oldest first: `limit` at the most, 100 in any case, and 16 KiB of them.
pub async fn last_lines(
    clients: &Clients,
    group: &str,
    stream: &str,
    limit: u16,
) -> Result<Vec<String>, AwsError> {
    let answer = clients
        .logs
        .get_log_events()
        .log_group_name(group)
        .log_stream_name(stream)
        .start_from_head(false)
        .limit(i32::from(limit.clamp(1, LINES_LIMIT)))
        .send()
        .await
        .map_err(failed(
            READ,
            format!("log stream `{stream}` of log group `{group}`"),
        ))?;
    let mut bytes = 0;
    let mut lines: Vec<String> = answer
        .events()
        .iter()
        .rev()
        .filter_map(|event| event.message())
        .map(line)
        .filter(|line| !line.is_empty())
        .take(usize::from(limit.clamp(1, LINES_LIMIT)))
        .take_while(|line| {
            bytes += line.len();
            bytes <= BYTES_LIMIT
        })
        .collect();
    lines.reverse();
    Ok(lines)
}

/// A line without what would make more than one of it, or colours of it.
fn line(message: &str) -> String {
    let mut line = String::new();
    let mut characters = message.trim_end().chars();
    let mut kept = 0;
    while let Some(character) = characters.next() {
        if kept == LINE_LIMIT {
            line.push('…');
            break;
        }
        // ESC [ … letter: how terminals are told of colours.
        if character == '\u{1b}' {
            if characters.next() == Some('[') {
                characters.find(char::is_ascii_alphabetic);
            }
            continue;
        }
        kept += 1;
        line.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    fn events(messages: impl IntoIterator<Item = String>) -> Value {
        let events = messages
            .into_iter()
            .map(|message| json!({ "message": message }));
        json!({ "events": events.collect::<Vec<_>>() })
    }

    #[test]
    fn a_log_group_is_found_by_its_whole_name() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "logGroups": [{
            "logGroupName": "/ecs/api", "retentionInDays": 30, "storedBytes": 1,
            "arn": "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/api:*",
        }]}));
        let found = run(group(&aws.clients(), "/ecs/api")).unwrap();
        let expected = LogGroup {
            name: "/ecs/api".to_owned(),
            retention_in_days: Some(30),
        };
        assert_eq!(found, Look::Found(expected));
        let sent = &aws.sent()[0];
        assert_eq!(sent.operation, "DescribeLogGroups");
        assert_eq!(
            sent.json(),
            json!({ "logGroupNamePrefix": "/ecs/api", "limit": 1 })
        );
    }

    #[test]
    fn a_log_group_that_only_begins_so_is_another_one() {
        let aws = Scripted::default();
        for answer in [
            json!({ "logGroups": [{ "logGroupName": "/ecs/api-test" }], "nextToken": "more" }),
            json!({ "logGroups": [] }),
        ] {
            aws.answer_json(&answer);
            assert_eq!(
                run(group(&aws.clients(), "/ecs/api")).unwrap(),
                Look::Missing
            );
        }
        aws.refuse("AccessDeniedException", "no");
        let found = run(group(&aws.clients(), "/ecs/api")).unwrap();
        assert!(matches!(found, Look::Forbidden(why) if why.contains("`logs:DescribeLogGroups`")));
    }

    #[test]
    fn the_last_lines_are_asked_for_from_the_end_and_given_in_order() {
        let aws = Scripted::default();
        aws.answer_json(&events([
            "one\n".to_owned(),
            String::new(),
            "two".to_owned(),
        ]));
        let lines = run(last_lines(&aws.clients(), "/ecs/api", "api/api/1", 10)).unwrap();
        assert_eq!(lines, ["one", "two"]);
        let sent = &aws.sent()[0];
        assert_eq!(sent.operation, "GetLogEvents");
        assert_eq!(
            sent.json(),
            json!({
                "logGroupName": "/ecs/api", "logStreamName": "api/api/1",
                "startFromHead": false, "limit": 10,
            })
        );
    }

    #[test]
    fn lines_and_their_number_are_bounded_whatever_comes() {
        let aws = Scripted::default();
        aws.answer_json(&events(
            (0..500).map(|number| format!("{number} {}", "ü".repeat(9000))),
        ));
        let lines = run(last_lines(&aws.clients(), "g", "s", u16::MAX)).unwrap();
        assert!(lines.iter().map(String::len).sum::<usize>() <= BYTES_LIMIT);
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() <= LINE_LIMIT + 1)
        );
        assert!(lines.last().unwrap().starts_with("499 "), "{lines:?}");
        assert_eq!(aws.sent()[0].json()["limit"], 100);
    }

    #[test]
    fn a_line_holds_neither_colours_nor_other_lines() {
        assert_eq!(line("\u{1b}[31mERROR\u{1b}[0m a\tb\r\n"), "ERROR a b");
        assert_eq!(line("\u{1b}"), "");
        assert_eq!(line("\u{1b}[31"), "");
    }

    #[test]
    fn a_stream_that_may_not_be_read_or_is_not_there_is_told_apart() {
        for (code, kind) in [
            ("AccessDeniedException", Kind::Denied),
            ("ResourceNotFoundException", Kind::NotFound),
        ] {
            let aws = Scripted::default();
            aws.refuse(code, "no");
            let error = run(last_lines(&aws.clients(), "g", "s", 1)).unwrap_err();
            assert_eq!(error.kind, kind);
        }
    }
}
