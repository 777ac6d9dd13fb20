//! The timeline in the terminal: who did what, when, and whether it was good.
//!
//! [`Line::of`] decides what of the journal is worth a line and how it reads; [`Timeline`] prints. Offsets
//! are the account's time, which may run faster than the clock on the wall. Colours are for terminals
//! only, and not where `NO_COLOR` is set.

use std::collections::VecDeque;
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

/// Whose word Greenlight's own events are.
const GREENLIGHT: &str = "greenlight";

/// How many lines back a repetition is noticed.
const RECENT: usize = 6;

/// What a function logs, and what can be seen beside it, or is for CloudWatch: figures.
const SAID_OTHERWISE: [&str; 4] = [
    "{\"_aws\":",
    ": the gate has ended",
    " goes on: IN_PROGRESS",
    " is being deployed to",
];

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

    /// A function logs what it has also emitted as an event; the event is enough.
    fn repeats(&self, said: &Self) -> bool {
        said.who == GREENLIGHT && self.who != GREENLIGHT && said.text.ends_with(&self.text)
    }

    fn of_happening(happening: &Happening) -> Option<Self> {
        let Happening {
            at,
            service,
            tone,
            text,
        } = happening;
        let (who, text) = match *service {
            "log" if SAID_OTHERWISE.iter().any(|it| text.contains(it)) => return None,
            // A function's log is the function's word.
            "log" => text.split_once(": ")?,
            // What was invoked, or began, shows in what it does.
            "lambda" if *tone == Tone::Neutral => return None,
            "codedeploy" if text.ends_with(" started") => return None,
            service => (service, text.as_str()),
        };
        Some(Self {
            at: *at,
            who: who.to_owned(),
            text: short(text),
            tone: *tone,
        })
    }

    /// Of the calls, those that decide something, and those that were refused.
    fn of_call(call: &Call) -> Vec<Self> {
        let line = |tone, text: String| Self {
            at: call.at,
            who: call.caller.clone(),
            text,
            tone,
        };
        let input = |member: &str| call.request[member].as_str().unwrap_or_default().to_owned();
        if !(200..300).contains(&call.status) {
            return refusal(call)
                .map(|text| line(Tone::Bad, text))
                .into_iter()
                .collect();
        }
        match call.operation.as_str() {
            "CreateDeployment" => {
                let id = call.response["deploymentId"].as_str().unwrap_or_default();
                vec![line(
                    Tone::Neutral,
                    format!("starts CodeDeploy deployment {id}"),
                )]
            }
            "RegisterTaskDefinition" => {
                let arn = call.response["taskDefinition"]["taskDefinitionArn"]
                    .as_str()
                    .unwrap_or_default();
                vec![line(
                    Tone::Neutral,
                    format!("registers {}", arn.rsplit('/').next().unwrap_or_default()),
                )]
            }
            "UpdateService" => {
                let text = match call.request["taskDefinition"].as_str() {
                    Some(definition) => format!(
                        "updates service {} to {}",
                        input("service"),
                        definition.rsplit('/').next().unwrap_or_default()
                    ),
                    None => format!("updates service {}", input("service")),
                };
                vec![line(Tone::Neutral, text)]
            }
            "GetObject" => vec![line(
                Tone::Neutral,
                format!("reads s3://{}/{}", input("Bucket"), input("Key")),
            )],
            "StartPipelineExecution" => vec![line(
                Tone::Neutral,
                format!("starts pipeline {}", input("name")),
            )],
            "StopServiceDeployment" => {
                vec![line(
                    Tone::Neutral,
                    "rolls the service deployment back".to_owned(),
                )]
            }
            "ContinueServiceDeployment" => {
                let text = match call.request["action"].as_str() {
                    Some("ROLLBACK") => "answers the pause with ROLLBACK",
                    _ => "continues the service deployment",
                };
                vec![line(Tone::Neutral, text.to_owned())]
            }
            "PutImage" if call.caller != "operator" => {
                vec![line(
                    Tone::Neutral,
                    format!(
                        "points {}:{} at an earlier image",
                        input("repositoryName"),
                        input("imageTag")
                    ),
                )]
            }
            "RunTask" => runs(call)
                .into_iter()
                .map(|(tone, text)| line(tone, text))
                .collect(),
            "PutEvents" => {
                let entries = call.request["Entries"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                entries
                    .iter()
                    .map(|entry| Self::of_event(call, entry))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// An event that Greenlight emits.
    fn of_event(call: &Call, entry: &Value) -> Self {
        let detail: Value =
            serde_json::from_str(entry["Detail"].as_str().unwrap_or_default()).unwrap_or_default();
        let detail_type = entry["DetailType"].as_str().unwrap_or_default();
        let words = [text_of(&detail["target"]), text_of(&detail["reason"])];
        let words: Vec<String> = words.into_iter().flatten().collect();
        let tone = match detail_type {
            "Deployment Succeeded" => Tone::Good,
            "Deployment Failed" => Tone::Bad,
            _ => Tone::Neutral,
        };
        let text = short(&format!("{detail_type}: {}", words.join(": ")));
        Self {
            at: call.at,
            who: GREENLIGHT.to_owned(),
            text,
            tone,
        }
    }
}

/// The tasks that were started, and those that found no place.
fn runs(call: &Call) -> Vec<(Tone, String)> {
    let list = |name: &str| {
        call.response[name]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let name = |arn: &Value| {
        let arn = arn.as_str().unwrap_or_default();
        arn.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let started = list("tasks").iter().map(|task| {
        let (definition, id) = (name(&task["taskDefinitionArn"]), name(&task["taskArn"]));
        (Tone::Neutral, format!("runs {definition} as task {id}"))
    });
    let failed = list("failures").iter().map(|failure| {
        let definition = call.request["taskDefinition"].as_str().unwrap_or_default();
        let reason = failure["reason"].as_str().unwrap_or_default();
        let text = format!("cannot run {definition}: {reason}");
        (Tone::Bad, text)
    });
    started.chain(failed).collect()
}

/// The text with names in the place of ARNs, and digests as short as people write them.
fn short(text: &str) -> String {
    let word = |word: &str| {
        let (bracket, inner) = match word.strip_prefix('(') {
            Some(inner) => ("(", inner),
            None => ("", word),
        };
        if let Some(resource) = inner
            .strip_prefix("arn:")
            .and_then(|arn| arn.splitn(5, ':').nth(4))
        {
            let name = resource
                .split_once(['/', ':'])
                .map_or(resource, |(_, name)| name);
            return format!("{bracket}{name}");
        }
        match word.split_once("sha256:") {
            Some((before, digits)) if digits.len() >= 64 => {
                let (digest, after) = digits.split_at(64);
                format!("{before}{}{after}", &digest[..12])
            }
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A sentence, whether it is a string or an object with one.
fn text_of(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| {
        ["text", "message", "summary"]
            .iter()
            .find_map(|key| value[*key].as_str())
    });
    text.map(str::to_owned)
}

/// A call that was refused. A lost race for the table is how Greenlight works, and no news.
fn refusal(call: &Call) -> Option<String> {
    let code = call.response["__type"]
        .as_str()
        .unwrap_or_default()
        .rsplit('#')
        .next()
        .unwrap_or_default();
    if matches!(
        code,
        "ConditionalCheckFailedException" | "TransactionCanceledException"
    ) {
        return None;
    }
    let message = call.response["message"]
        .as_str()
        .or_else(|| call.response["Message"].as_str())
        .unwrap_or_default();
    Some(format!(
        "{}:{} is refused: {code}: {message}",
        call.service, call.operation
    ))
}

impl Timeline {
    /// A timeline whose offsets count from `start`. A quiet one prints nothing.
    pub fn new(start: Timestamp, quiet: bool) -> Self {
        let colour = std::io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Self {
            start,
            colour,
            quiet,
        }
    }

    /// Prints the journal as it grows, from entry number `from` on; never returns.
    pub async fn follow(self, account: Account, from: usize) {
        let journal = account.journal();
        let mut seen = from;
        let mut recent = VecDeque::new();
        loop {
            let entries = journal.entries(seen);
            seen += entries.len();
            for line in entries.iter().flat_map(Line::of) {
                if !recent.iter().any(|said| line.repeats(said)) {
                    self.say(&self.format(&line));
                }
                recent.push_back(line);
                if recent.len() > RECENT {
                    recent.pop_front();
                }
            }
            journal.beyond(seen).await;
        }
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

    /// Prints what a person types.
    pub fn typed(self, command: &str) {
        self.say(&self.painted(BOLD, &format!("        $ {command}")));
    }

    /// Prints a line that a command prints.
    pub fn printed(self, line: &str) {
        self.say(&format!("        {} {line}", self.painted(DIM, "│")));
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
        format!(
            "{}  {} {text}",
            self.painted(DIM, &offset),
            self.painted(BOLD, &who)
        )
    }

    fn painted(self, colour: &str, text: &str) -> String {
        if self.colour && !colour.is_empty() {
            format!("{colour}{text}{RESET}")
        } else {
            text.to_owned()
        }
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
#[path = "timeline_tests.rs"]
mod tests;
