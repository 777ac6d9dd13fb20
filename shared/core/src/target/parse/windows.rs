//! The `windows:` part of a target.

use std::time::Duration;

use serde_json::Value;

use crate::problems::Problems;
use crate::target::description::{Demand, Form, Key, Mapping};
use crate::target::node::{Node, or_default};
use crate::window::{MAX_DURATION, Once, Recurring, Side, Times, Weekly, Window, Windows, Zone};

pub(super) const MAX_WINDOWS: usize = 20;
const MAX_REASON: usize = 200;

pub(super) const WINDOW: &Mapping = &Mapping {
    name: "window",
    says: "Times at which automatic deployments may start, or may not. A time is open if no window denies it, \
           and, where any window allows something, at least one of them allows it.",
    keys: &[
        Key::optional("allow", TIMES, "", "Deployments may start at these times.")
            .such_as("Mon-Fri 09:00-17:00"),
        Key::optional(
            "deny",
            TIMES,
            "",
            "They may not, whatever else allows it. Each window has exactly one of the two.",
        )
        .such_as("{from: '2026-12-20', to: '2027-01-02'}"),
        Key::optional(
            "zone",
            Form::Meaning("the name of a time zone"),
            "`UTC`",
            "Whose clock shows these times: a name of the IANA database.",
        )
        .such_as("Europe/London"),
        Key::optional(
            "reason",
            Form::Text(1, MAX_REASON),
            "none",
            "Why, for whoever waits.",
        )
        .such_as("year end"),
    ],
    shared: &[],
    demands: &[Demand::ExactlyOne(&["allow", "deny"])],
};

const TIMES: Form = Form::Either(&[
    Form::Meaning("days and times"),
    Form::Mapping(RECURRENCE),
    Form::Mapping(ONCE),
]);

const RECURRENCE: &Mapping = &Mapping {
    name: "recurring_times",
    says: "Times that recur by a rule of iCalendar (RFC 5545).",
    keys: &[
        Key::required(
            "rrule",
            Form::Meaning("a rule"),
            "The rule. It may begin at most once a day: `FREQ` is `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`.",
        )
        .such_as("FREQ=MONTHLY;BYDAY=-1FR"),
        Key::required(
            "start",
            Form::Meaning("a date or time"),
            "When it begins, in the zone. Its time of day is that of each occurrence.",
        )
        .such_as("'2026-01-30T09:00'"),
        Key::required(
            "duration",
            Form::Duration(Duration::from_mins(1), MAX_DURATION),
            "How long each occurrence lasts.",
        )
        .such_as("8h"),
    ],
    shared: &[],
    demands: &[],
};

const ONCE: &Mapping = &Mapping {
    name: "one_time",
    says: "A time that comes once.",
    keys: &[
        Key::required(
            "from",
            Form::Meaning("a date or time"),
            "When it begins, in the zone.",
        )
        .such_as("'2026-12-20T18:00'"),
        Key::required(
            "to",
            Form::Meaning("a date or time"),
            "When it ends. A date alone is its whole day, the last one too.",
        )
        .such_as("'2027-01-02'"),
    ],
    shared: &[],
    demands: &[],
};

const EXAMPLES: &str = "days and times (`Mon-Fri 09:00-17:00`), a mapping with `rrule`, `start` and \
                        `duration`, or one with `from` and `to`";

pub(super) fn read_windows(node: &Node<'_>, out: &mut Problems) -> Option<Windows> {
    let nodes = node.list("windows", 0..=MAX_WINDOWS, out)?;
    let windows: Vec<_> = nodes.iter().map(|node| read_window(node, out)).collect();
    windows.into_iter().collect::<Option<_>>().map(Windows)
}

fn read_window(node: &Node<'_>, out: &mut Problems) -> Option<Window> {
    let fields = node.fields(WINDOW, out)?;
    let zone = or_default(fields.optional("zone"), Zone::default(), |n| {
        n.parsed::<Zone>("a time zone", out)
    });
    let reason = or_default(fields.optional("reason"), None, |n| {
        n.text("a reason", 1..=MAX_REASON, out)
            .map(|reason| Some(reason.to_owned()))
    });
    let sides = [("allow", Side::Allow), ("deny", Side::Deny)];
    let sides = sides.map(|(key, side)| Some((side, fields.optional(key)?)));
    let ([Some((side, times)), None] | [None, Some((side, times))]) = sides else {
        out.add(&node.path, "expected exactly one of `allow` and `deny`");
        return None;
    };
    // What it means depends on the zone, so nothing is said of it where that is not known.
    let (zone, reason) = (zone?, reason?);
    Some(Window {
        side,
        times: read_times(&times, zone, out)?,
        zone,
        reason,
    })
}

fn read_times(node: &Node<'_>, zone: Zone, out: &mut Problems) -> Option<Times> {
    match node.value {
        Value::String(_) => node
            .parsed::<Weekly>("days and times", out)
            .map(Times::Weekly),
        Value::Object(map) if map.keys().any(|key| RECURRENCE.knows(key)) => {
            let recurring = read_recurring(node, zone, out)?;
            Some(Times::Recurring(Box::new(recurring)))
        }
        Value::Object(_) => read_once(node, out).map(Times::Once),
        _ => {
            node.wrong(EXAMPLES, out);
            None
        }
    }
}

fn read_recurring(node: &Node<'_>, zone: Zone, out: &mut Problems) -> Option<Recurring> {
    let fields = node.fields(RECURRENCE, out)?;
    let rule = fields.required("rrule", out);
    let rule = rule.and_then(|n| n.any_text("a rule of iCalendar", out));
    let start = fields.required("start", out);
    let start = start.and_then(|n| n.any_text("a date or time", out));
    let duration = fields.required("duration", out);
    let duration = duration.and_then(|n| n.duration(Duration::from_mins(1)..=MAX_DURATION, out));
    Recurring::new(rule?, start?, duration?, zone)
        .map_err(|error| out.add(&node.path, error.to_string()))
        .ok()
}

fn read_once(node: &Node<'_>, out: &mut Problems) -> Option<Once> {
    let fields = node.fields(ONCE, out)?;
    let mut text = |key| {
        let node = fields.required(key, out)?;
        node.any_text("a date or time", out)
    };
    let (from, to) = (text("from"), text("to"));
    Once::new(from?, to?)
        .map_err(|error| out.add(&node.path, error.to_string()))
        .ok()
}
