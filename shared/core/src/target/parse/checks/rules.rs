//! The keys of every check: how often, how long, within which limits.

use std::time::Duration;

use crate::problems::Problems;
use crate::target::check::{CheckKind, OnNoData, Rules};
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

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
        n.duration(Duration::from_secs(1)..=Rules::MAX_TIMEOUT, out)
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
