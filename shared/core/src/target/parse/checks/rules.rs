//! The keys of every check: how often, how long, within which limits.

use std::time::Duration;

use crate::problems::Problems;
use crate::target::check::{CheckKind, OnNoData, Rules};
use crate::target::description::{Form, Key};
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

pub(super) const MAX_LABEL: usize = 60;

/// The keys that every check has.
pub(in crate::target) const KEYS: &[Key] = &[
    Key::optional(
        "label",
        Form::Text(1, MAX_LABEL),
        "none",
        "What the check is called in reports, where there are several of a kind.",
    )
    .such_as("load"),
    Key::optional(
        "interval",
        Form::Duration(Rules::MIN_INTERVAL, Rules::MAX_INTERVAL),
        "by kind",
        "The pause between two measurements.",
    )
    .such_as("10s"),
    Key::optional(
        "initial_delay",
        Form::Duration(Duration::ZERO, Rules::MAX_TIMEOUT),
        "`0s`",
        "The pause before the first one.",
    )
    .such_as("3m"),
    Key::optional(
        "count",
        Form::Whole(1, Rules::MAX_COUNT),
        "as many as it takes",
        "So many measurements are made. Alone, each has to be good unless the limits say something else. With \
         `consecutive_success`, it is the most that are tried.",
    ),
    Key::optional(
        "timeout",
        Form::Duration(MIN_TIMEOUT, Rules::MAX_TIMEOUT),
        "by kind",
        "How long the whole check may take, the delay included.",
    )
    .such_as("5m"),
    Key::optional(
        "failure_limit",
        Form::Whole(0, Rules::MAX_LIMIT),
        "by kind; `0` with `count` alone",
        "So many measurements may fail.",
    ),
    Key::optional(
        "error_limit",
        Form::Whole(0, Rules::MAX_LIMIT),
        "as many as there is time for; `0` with `count` alone",
        "So many measurements may be errors.",
    ),
    Key::optional(
        "consecutive_success",
        Form::Whole(1, Rules::MAX_COUNT),
        "by kind",
        "It has passed after so many good measurements in a row.",
    ),
    Key::optional(
        "on_no_data",
        Form::Words(&["fail", "pass", "inconclusive"]),
        "`inconclusive`",
        "What it means that there is nothing to be measured.",
    ),
    Key::optional(
        "dry_run",
        Form::Boolean,
        "`false`",
        "The check is made and reported, and does not count.",
    ),
];

const MIN_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) fn read_rules(
    node: &Node<'_>,
    fields: &Fields<'_>,
    kind: Option<&CheckKind>,
    out: &mut Problems,
) -> Option<Rules> {
    let count = number(fields, "count", 1..=Rules::MAX_COUNT, out);
    let in_a_row = number(fields, "consecutive_success", 1..=Rules::MAX_COUNT, out);
    // What is not right has no usual rules; those of another kind do to look for more mistakes.
    let usual = Rules::usual(kind.unwrap_or(&CheckKind::Tasks))
        .counting(count.flatten(), in_a_row.flatten());
    let interval = or_default(fields.optional("interval"), usual.interval, |n| {
        n.duration(Rules::MIN_INTERVAL..=Rules::MAX_INTERVAL, out)
    });
    let initial_delay = or_default(fields.optional("initial_delay"), usual.initial_delay, |n| {
        n.duration(Duration::ZERO..=Rules::MAX_TIMEOUT, out)
    });
    let timeout = or_default(fields.optional("timeout"), usual.timeout, |n| {
        n.duration(MIN_TIMEOUT..=Rules::MAX_TIMEOUT, out)
    });
    let failure_limit = number(fields, "failure_limit", 0..=Rules::MAX_LIMIT, out);
    let error_limit = number(fields, "error_limit", 0..=Rules::MAX_LIMIT, out);
    let on_no_data = or_default(fields.optional("on_no_data"), usual.on_no_data, |n| {
        read_on_no_data(&n, out)
    });
    let dry_run = or_default(fields.optional("dry_run"), usual.dry_run, |n| {
        n.boolean(out)
    });
    let rules = Rules {
        interval: interval?,
        initial_delay: initial_delay?,
        count: count?.or(usual.count),
        timeout: timeout?,
        failure_limit: failure_limit?.or(usual.failure_limit),
        error_limit: error_limit?.or(usual.error_limit),
        consecutive_success: in_a_row?.or(usual.consecutive_success),
        on_no_data: on_no_data?,
        dry_run: dry_run?,
    };
    can_pass(node, &rules, kind?, out).then_some(rules)
}

#[expect(
    clippy::option_option,
    reason = "the outer one says whether it was understood, as everywhere in this module"
)]
fn number(
    fields: &Fields<'_>,
    key: &str,
    range: std::ops::RangeInclusive<u32>,
    out: &mut Problems,
) -> Option<Option<u32>> {
    or_default(fields.optional(key), None, |n| {
        n.number(range, out).map(Some)
    })
}

fn read_on_no_data(node: &Node<'_>, out: &mut Problems) -> Option<OnNoData> {
    let text = node.text("`fail`, `pass` or `inconclusive`", 1..=20, out)?;
    let found = OnNoData::ALL
        .into_iter()
        .find(|value| value.as_str() == text);
    if found.is_none() {
        out.add(
            &node.path,
            format!(
                "expected `fail`, `pass` or `inconclusive`, found `{}`",
                excerpt(text, 20)
            ),
        );
    }
    found
}

/// A check whose pauses, or requests at their rate, take longer than it may take could never pass; nor could
/// one that wants more good measurements than it makes.
fn can_pass(node: &Node<'_>, rules: &Rules, kind: &CheckKind, out: &mut Problems) -> bool {
    if let (Some(count), Some(wanted)) = (rules.count, rules.consecutive_success)
        && wanted > count
    {
        out.add_with_hint(
            &node.path,
            format!("can never pass: {wanted} good measurements in a row are wanted, and {count} are made"),
            "raise `count`, or lower `consecutive_success`",
        );
        return false;
    }
    let fewest = rules.fewest();
    let pauses = rules
        .interval
        .saturating_mul(fewest - 1)
        .saturating_add(rules.initial_delay);
    if let CheckKind::Http(http) = kind
        && let Some(load) = &http.load
    {
        let requests = load.lasts().saturating_mul(fewest);
        if pauses.saturating_add(requests) > rules.timeout {
            let [all, timeout] = [pauses + requests, rules.timeout].map(crate::duration::write);
            out.add_with_hint(
                &node.path,
                format!("can never pass: {fewest} times the requests of `load` take {all} with the pauses, the whole check may take {timeout}"),
                "lengthen `timeout`, raise `rate`, or ask for fewer `requests`",
            );
            return false;
        }
    }
    let enough = pauses < rules.timeout;
    if !enough {
        let [pauses, timeout] = [pauses, rules.timeout].map(crate::duration::write);
        out.add_with_hint(
            &node.path,
            format!("can never pass: the pauses of {fewest} measurements take {pauses}, the whole check may take {timeout}"),
            "lengthen `timeout`, or shorten `interval`, `initial_delay`, `count` or `consecutive_success`",
        );
    }
    enough
}
