//! The `scan:` check.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::RULES;
use crate::problems::Problems;
use crate::target::check::{CheckKind, Ignored, ScanCheck};
use crate::target::description::{Form, Key, Mapping, Names, Repeats, nearest};
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

pub(super) const SCAN: &Mapping = &Mapping {
    name: "check_scan",
    says: "The image has no findings that count, as ECR has scanned it.",
    keys: &[
        Key::optional(
            "limits",
            Form::Entries(Names::Words(&ScanCheck::SEVERITIES), &Form::Whole(0, 100_000), 10),
            "`{critical: 0}`",
            "Severity, and how many findings of it there may be. A severity that is not named has no limit.",
        )
        .such_as("{critical: 0, high: 0}"),
        Key::optional(
            "ignore",
            Form::List(
                &Form::Either(&[Form::Text(1, 200), Form::Mapping(IGNORED)]),
                0,
                ScanCheck::MAX_IGNORED,
                Repeats::Allowed,
            ),
            "none",
            "Findings that do not count: their names, or mappings with when and why.",
        )
        .such_as("[CVE-2026-1234]"),
    ],
    shared: &[RULES],
    demands: &[],
};

const IGNORED: &Mapping = &Mapping {
    name: "ignored_finding",
    says: "A finding that does not count.",
    keys: &[
        Key::required("id", Form::Text(1, 200), "The finding's name.").such_as("CVE-2026-1234"),
        Key::optional(
            "until",
            Form::Like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", 10, "a date"),
            "for ever",
            "The last day on which it does not count, in UTC.",
        )
        .such_as("'2026-12-31'"),
        Key::optional("reason", Form::Text(1, 200), "none", "Why it does not.")
            .such_as("not reachable"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read(fields: &Fields<'_>, out: &mut Problems) -> Option<CheckKind> {
    let default = ScanCheck::default();
    let limits = or_default(fields.optional("limits"), default.limits, |node| {
        read_limits(&node, out)
    });
    let ignore = or_default(fields.optional("ignore"), default.ignore, |node| {
        let nodes = node.list("findings", 0..=ScanCheck::MAX_IGNORED, out)?;
        let before = out.len();
        let mut ignored: Vec<Ignored> = Vec::new();
        for node in &nodes {
            let Some(finding) = read_ignored(node, out) else {
                continue;
            };
            if ignored.iter().any(|other| other.id == finding.id) {
                let id = excerpt(&finding.id, 60);
                out.add(&node.path, format!("`{id}` is already in the list"));
            } else {
                ignored.push(finding);
            }
        }
        (out.len() == before).then_some(ignored)
    });
    Some(CheckKind::Scan(ScanCheck {
        limits: limits?,
        ignore: ignore?,
    }))
}

fn read_limits(node: &Node<'_>, out: &mut Problems) -> Option<BTreeMap<String, u32>> {
    let entries = node.entries("a mapping from severity to how many there may be", 10, out)?;
    let before = out.len();
    let mut limits = BTreeMap::new();
    for (severity, node) in entries {
        let upper = severity.to_ascii_uppercase();
        if !ScanCheck::SEVERITIES.contains(&upper.as_str()) {
            let message = format!("`{}` is not a severity", excerpt(severity, 40));
            match nearest(&upper, &ScanCheck::SEVERITIES) {
                Some(known) => {
                    let hint = format!("did you mean `{}`?", known.to_ascii_lowercase());
                    out.add_with_hint(&node.path, message, hint);
                }
                None => out.add(&node.path, message),
            }
        } else if let Some(limit) = node.number(0..=100_000, out)
            && limits.insert(upper, limit).is_some()
        {
            out.add(
                &node.path,
                "the severity is there twice; its case does not matter",
            );
        }
    }
    (out.len() == before).then_some(limits)
}

/// `CVE-2026-1234`, or a mapping with when and why.
fn read_ignored(node: &Node<'_>, out: &mut Problems) -> Option<Ignored> {
    if node.value.is_string() {
        return Some(Ignored {
            id: read_id(node, out)?,
            until: None,
            reason: None,
        });
    }
    let fields = node.fields(IGNORED, out)?;
    let id = fields
        .required("id", out)
        .and_then(|node| read_id(&node, out));
    let until = or_default(fields.optional("until"), None, |node| {
        read_date(&node, out).map(Some)
    });
    let reason = or_default(fields.optional("reason"), None, |node| {
        node.text("a reason", 1..=200, out)
            .map(|text| Some(text.to_owned()))
    });
    Some(Ignored {
        id: id?,
        until: until?,
        reason: reason?,
    })
}

/// The last day, written `2026-12-31` and no other way.
fn read_date(node: &Node<'_>, out: &mut Problems) -> Option<Date> {
    const WHAT: &str = "a date such as `2026-12-31`";
    let text = node.any_text(WHAT, out)?;
    let date = text.parse::<Date>().ok();
    let date = date.filter(|date| date.to_string() == text);
    if date.is_none() {
        node.wrong(WHAT, out);
    }
    date
}

fn read_id(node: &Node<'_>, out: &mut Problems) -> Option<String> {
    node.text("the name of a finding, such as CVE-2026-1234", 1..=200, out)
        .map(str::to_owned)
}
