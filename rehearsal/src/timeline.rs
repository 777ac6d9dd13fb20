//! The timeline in the terminal: who did what, when, and whether it was good.
//!
//! [`Line::of`] decides what of the journal is worth a line and how it reads; [`Timeline`] prints. Offsets
//! are the account's time, which may run faster than the clock on the wall. Colours are for terminals
//! only, and not where `NO_COLOR` is set.

use std::io::{IsTerminal as _, Write};

use jiff::Timestamp;
use serde_json::Value;

use crate::account::Account;
use crate::account::journal::{Call, Entry, Happening, Tone};

/// One line, before it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When, on the account's clock.
    pub at: Timestamp,
    /// A service, a function, or `greenlight` for Greenlight's own events.
    pub who: String,
    /// What.
    pub text: String,
    /// Good, bad, or just a step.
    pub tone: Tone,
}

/// A printer of timelines.
#[derive(Debug, Clone, Copy)]
pub struct Timeline {
    start: Timestamp,
    colour: bool,
    quiet: bool,
}

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

impl Line {
    /// The line that a journal entry deserves, if any.
    pub fn of(entry: &Entry) -> Vec<Self> {
        match entry {
            Entry::Happening(happening) => Self::of_happening(happening).into_iter().collect(),
            Entry::Call(call) => Self::of_call(call),
        }
    }

    fn of_happening(happening: &Happening) -> Option<Self> {
        let Happening { at, service, tone, text } = happening;
        let (who, text) = match *service {
            // A function's log is the function's word.
            "log" => text.split_once(": ")?,
            // What was invoked shows in what it does.
            "lambda" if *tone == Tone::Neutral => return None,
            service => (service, text.as_str()),
        };
        Some(Self { at: *at, who: who.to_owned(), text: text.to_owned(), tone: *tone })
    }

    /// Of the calls, those that decide something, and those that were refused.
    fn of_call(call: &Call) -> Vec<Self> {
        let line = |tone, text: String| Self { at: call.at, who: call.caller.clone(), text, tone };
        let input = |member: &str| call.request[member].as_str().unwrap_or_default().to_owned();
        if call.status != 200 {
            return refusal(call).map(|text| line(Tone::Bad, text)).into_iter().collect();
        }
        match call.operation.as_str() {
            "CreateDeployment" => {
                let id = call.response["deploymentId"].as_str().unwrap_or_default();
                vec![line(Tone::Neutral, format!("starts CodeDeploy deployment {id}"))]
            }
            "PutLifecycleEventHookExecutionStatus" => {
                let status = input("status");
                let tone = if status == "Succeeded" { Tone::Good } else { Tone::Bad };
                vec![line(tone, format!("answers {}: {status}", input("deploymentId")))]
            }
            "RegisterTaskDefinition" if call.caller != "operator" => {
                let arn = call.response["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default();
                vec![line(Tone::Neutral, format!("registers {}", arn.rsplit('/').next().unwrap_or_default()))]
            }
            "PutImage" if call.caller != "operator" => {
                vec![line(Tone::Neutral, format!("points {}:{} at an earlier image", input("repositoryName"), input("imageTag")))]
            }
            "PutEvents" => {
                let entries = call.request["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
                entries.iter().map(|entry| Self::of_event(call, entry)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// An event that Greenlight emits.
    fn of_event(call: &Call, entry: &Value) -> Self {
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap_or_default()).unwrap_or_default();
        let detail_type = entry["DetailType"].as_str().unwrap_or_default();
        let words = [text_of(&detail["target"]), text_of(&detail["reason"])];
        let words: Vec<String> = words.into_iter().flatten().collect();
        let tone = match detail_type {
            "Deployment Succeeded" => Tone::Good,
            "Deployment Failed" => Tone::Bad,
            _ => Tone::Neutral,
        };
        let text = format!("{detail_type}: {}", words.join(": "));
        Self { at: call.at, who: "greenlight".to_owned(), text, tone }
    }
}

/// A sentence, whether it is a string or an object with one.
fn text_of(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| ["text", "message", "summary"].iter().find_map(|key| value[*key].as_str()));
    text.map(str::to_owned)
}

/// A call that was refused. A lost race for the table is how Greenlight works, and no news.
fn refusal(call: &Call) -> Option<String> {
    let code = call.response["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    if matches!(code, "ConditionalCheckFailedException" | "TransactionCanceledException") {
        return None;
    }
    let message = call.response["message"].as_str().or_else(|| call.response["Message"].as_str()).unwrap_or_default();
    Some(format!("{}:{} is refused: {code}: {message}", call.service, call.operation))
}

impl Timeline {
    /// A timeline whose offsets count from `start`. A quiet one prints nothing.
    pub fn new(start: Timestamp, quiet: bool) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Self { start, colour, quiet }
    }

    /// Prints the journal as it grows, from entry number `from` on; never returns.
    pub async fn follow(self, account: Account, from: usize) {
        let journal = account.journal();
        let mut seen = from;
        loop {
            seen = self.print_from(&account, seen);
            journal.beyond(seen).await;
        }
    }

    /// Prints what the journal has from entry number `from` on. Returns how far it came.
    pub fn print_from(self, account: &Account, from: usize) -> usize {
        let entries = account.journal().entries(from);
        for line in entries.iter().flat_map(Line::of) {
            self.say(&self.format(&line));
        }
        from + entries.len()
    }

    /// Prints a heading.
    pub fn heading(self, text: &str) {
        self.say(&self.painted(BOLD, text));
    }

    /// Prints a sentence, green or red.
    pub fn sentence(self, tone: Tone, text: &str) {
        let colour = match tone {
            Tone::Good => GREEN,
            Tone::Bad => RED,
            Tone::Neutral => "",
        };
        self.say(&self.painted(colour, text));
    }

    fn format(self, line: &Line) -> String {
        let seconds = line.at.duration_since(self.start).as_secs().max(0);
        let offset = format!("{:>3}:{:02}", seconds / 60, seconds % 60);
        let (mark, colour) = match line.tone {
            Tone::Good => ("✔", GREEN),
            Tone::Bad => ("✘", RED),
            Tone::Neutral => ("·", ""),
        };
        let who = format!("{:<16}", line.who);
        let text = line.text.replace('\n', "\n                          ");
        let text = self.painted(colour, &format!("{mark} {text}"));
        format!("{}  {} {text}", self.painted(DIM, &offset), self.painted(BOLD, &who))
    }

    fn painted(self, colour: &str, text: &str) -> String {
        if self.colour && !colour.is_empty() { format!("{colour}{text}{RESET}") } else { text.to_owned() }
    }

    fn say(self, text: &str) {
        if self.quiet {
            return;
        }
        // A reader that has gone away (`| head`) is no reason to end in the middle.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn call(operation: &str, request: Value, status: u16, response: Value) -> Entry {
        let (caller, operation) = ("DeployOnPush".to_owned(), operation.to_owned());
        Entry::Call(Call { at: AT, caller, service: "it", operation, request, status, response })
    }

    fn happening(service: &'static str, tone: Tone, text: &str) -> Entry {
        Entry::Happening(Happening { at: AT, service, tone, text: text.to_owned() })
    }

    #[test]
    fn what_decides_something_or_is_refused_is_worth_a_line() {
        let event = json!({"target": "api-test", "reason": "newer than what runs"}).to_string();
        let lost = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
        let table = [
            (happening("ecs", Tone::Good, "steady"), vec!["ecs ✔ steady"]),
            (happening("log", Tone::Neutral, "DeployOnPush: claimed"), vec!["DeployOnPush · claimed"]),
            (happening("lambda", Tone::Neutral, "It is invoked"), vec![]),
            (happening("lambda", Tone::Bad, "It failed"), vec!["lambda ✘ It failed"]),
            (
                call("CreateDeployment", json!({}), 200, json!({"deploymentId": "d-1"})),
                vec!["DeployOnPush · starts CodeDeploy deployment d-1"],
            ),
            (
                call("PutLifecycleEventHookExecutionStatus", json!({"deploymentId": "d-1", "status": "Failed"}), 200, json!({})),
                vec!["DeployOnPush ✘ answers d-1: Failed"],
            ),
            (
                call("PutEvents", json!({"Entries": [{"DetailType": "Deployment Started", "Detail": event}]}), 200, json!({})),
                vec!["greenlight · Deployment Started: api-test: newer than what runs"],
            ),
            (
                call("DescribeServices", json!({}), 400, json!({"__type": "ClusterNotFoundException", "message": "Cluster not found."})),
                vec!["DeployOnPush ✘ it:DescribeServices is refused: ClusterNotFoundException: Cluster not found."],
            ),
            (call("UpdateItem", json!({}), 400, lost), vec![]),
            (call("DescribeServices", json!({}), 200, json!({})), vec![]),
        ];
        for (entry, expected) in table {
            let plain = Timeline { start: AT, colour: false, quiet: true };
            let lines: Vec<String> = Line::of(&entry).iter().map(|line| plain.format(line)).collect();
            let lines: Vec<String> =
                lines.iter().map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")).collect();
            assert_eq!(lines, expected, "{entry:?}");
        }
    }

    #[test]
    fn offsets_are_minutes_and_seconds_and_colours_only_where_wanted() {
        let at = Timestamp::from_second(61).unwrap();
        let line = Line { at, who: "ecs".to_owned(), text: "steady".to_owned(), tone: Tone::Good };
        let plain = Timeline { start: AT, colour: false, quiet: true };
        assert_eq!(plain.format(&line), "  1:01  ecs              ✔ steady");
        let coloured = Timeline { colour: true, ..plain }.format(&line);
        assert!(coloured.contains("\x1b[32m✔ steady\x1b[0m"));
    }
}
