//! `greenlight replay`: what was given up on is looked at, and sent again.

use greenlight_core::dead_letter::{Destination, Queue};
use greenlight_deployer::Deployer;
use greenlight_deployer::replay::{Fate, Replay, Replayed};
use serde_json::{Value, json};

use super::{Outcome, Output, time};
use crate::arguments;
use crate::columns::Columns;
use crate::connection::DeadLetters;
use crate::failure::Failure;

/// Looks into the dead-letter queues that are meant, and sends again what lies there.
pub(super) async fn replay(
    deployer: &Deployer,
    what: &arguments::Replay,
    known: &DeadLetters,
) -> Result<Outcome, Failure> {
    let queues = chosen(what, known)?;
    let mut done = Vec::new();
    let mut failure = None;
    for (queue, url) in queues {
        let replay = Replay {
            queue,
            url,
            limit: what.limit,
            dry_run: what.dry_run,
        };
        let told = |replayed| done.push((queue, replayed));
        if let Err(error) = deployer.replay(&replay, told).await {
            // The other queue is none the worse for it.
            failure.get_or_insert(Failure::Replay(error));
        }
    }
    Ok(outcome(what.dry_run, &done, failure))
}

/// The queues that are meant, with their URLs: the one that was asked for, or all that are known.
fn chosen(what: &arguments::Replay, known: &DeadLetters) -> Result<Vec<(Queue, String)>, Failure> {
    let of = |queue| match queue {
        Queue::Push => known.push.clone(),
        Queue::Functions => known.functions.clone(),
    };
    let queues: Vec<(Queue, String)> = match (what.queue.map(Queue::from), &what.url) {
        (Some(queue), Some(url)) => vec![(queue, url.clone())],
        (Some(queue), None) => of(queue).map(|url| (queue, url)).into_iter().collect(),
        (None, _) => [Queue::Push, Queue::Functions]
            .into_iter()
            .filter_map(|queue| Some((queue, of(queue)?)))
            .collect(),
    };
    if queues.is_empty() {
        return Err(Failure::NoDeadLetters);
    }
    Ok(queues)
}

fn outcome(dry_run: bool, done: &[(Queue, Replayed)], failure: Option<Failure>) -> Outcome {
    let mut columns = Columns::headed(["QUEUE", "RESULT", "WHEN", "EVENT", "OF", "WHY"]);
    for (queue, replayed) in done {
        columns.row(row(*queue, replayed));
    }
    let text = if done.is_empty() {
        "nothing was given up on\n".to_owned()
    } else {
        columns.text()
    };
    let messages: Vec<Value> = done.iter().map(|(queue, it)| message(*queue, it)).collect();
    let stay = done.iter().filter(|(_, it)| it.fate.is_kept()).count();
    let stays = (stay > 0 && !dry_run).then_some(Failure::NotReplayed { count: stay });
    Outcome {
        output: Some(Output {
            text,
            json: json!({"dry_run": dry_run, "messages": messages}),
        }),
        failure: failure.or(stays),
        says_no: false,
    }
}

fn row(queue: Queue, replayed: &Replayed) -> [String; 6] {
    let letter = replayed.letter.as_ref();
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let reason = letter.and_then(|letter| letter.reason.clone());
    let why = match (problem(&replayed.fate), reason) {
        (Some(problem), _) => Some(problem),
        (None, reason) => reason,
    };
    [
        name(queue).to_owned(),
        result(&replayed.fate).replace('_', " "),
        or_dash(letter.and_then(|letter| letter.at).map(time)),
        or_dash(letter.map(|letter| letter.event.clone())),
        or_dash(letter.and_then(|letter| letter.subject.clone())),
        or_dash(why),
    ]
}

fn message(queue: Queue, replayed: &Replayed) -> Value {
    let letter = replayed.letter.as_ref();
    let function = letter.and_then(|letter| match &letter.to {
        Destination::Function { arn, .. } => Some(arn.as_str()),
        Destination::Source => None,
    });
    json!({
        "queue": name(queue),
        "message": replayed.id,
        "result": result(&replayed.fate),
        "problem": problem(&replayed.fate),
        "event": letter.map(|letter| letter.event.as_str()),
        "subject": letter.and_then(|letter| letter.subject.as_deref()),
        "at": letter.and_then(|letter| letter.at),
        "reason": letter.and_then(|letter| letter.reason.as_deref()),
        "function": function,
    })
}

const fn name(queue: Queue) -> &'static str {
    match queue {
        Queue::Push => "push",
        Queue::Functions => "functions",
    }
}

const fn result(fate: &Fate) -> &'static str {
    match fate {
        Fate::Seen => "would_be_sent",
        Fate::Sent => "sent",
        Fate::SentAndKept(_) => "sent_and_stays",
        Fate::Kept(_) | Fate::Unusable(_) => "stays",
    }
}

/// Why a message stays.
fn problem(fate: &Fate) -> Option<String> {
    match fate {
        Fate::Seen | Fate::Sent => None,
        Fate::SentAndKept(error) | Fate::Kept(error) => Some(greenlight_aws::chain(error)),
        Fate::Unusable(why) => Some(why.to_string()),
    }
}

#[cfg(test)]
mod tests;
