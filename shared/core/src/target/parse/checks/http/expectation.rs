//! What an answer has to be: `expect:`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::request::read_header_name;
use crate::problems::Problems;
use crate::target::check::{Expectation, Pattern, StatusRange};
use crate::target::description::{Form, Key, Mapping, Names, Repeats};
use crate::target::node::{Node, or_default};
use crate::text::excerpt;

const MAX_EXPECTED: usize = 8 * 1024;
const MAX_LISTED: usize = 50;

const PATTERN: Form = Form::Bytes(MAX_EXPECTED);
/// `RFC 6901`
const POINTER: Names = Names::Like("^(/([^~]|~[01])*)?$");

pub(super) const EXPECT: &Mapping = &Mapping {
    name: "expect",
    says: "What an answer has to be. All that is written has to hold.",
    keys: &[
        Key::optional(
            "status",
            Form::List(
                &Form::Either(&[
                    Form::Whole(100, 599),
                    Form::Like("^[1-5][0-9]{2}-[1-5][0-9]{2}$", 7, "a range of statuses"),
                ]),
                1,
                MAX_LISTED,
                Repeats::Allowed,
            ),
            "`[\"200-299\"]`",
            "Statuses from 100 to 599, or ranges of them as text.",
        )
        .such_as("[200, '300-302']"),
        Key::optional(
            "headers",
            Form::Entries(Names::Like(super::HEADER), &PATTERN, MAX_LISTED),
            "–",
            "Name, and a regular expression that one of the header's values matches somewhere.",
        )
        .such_as("{x-version: '^2'}"),
        Key::optional(
            "body_contains",
            Form::Bytes(MAX_EXPECTED),
            "–",
            "The body contains this text.",
        )
        .such_as("ok"),
        Key::optional(
            "body_matches",
            PATTERN,
            "–",
            "The body matches this regular expression somewhere.",
        )
        .such_as("'^ok'"),
        Key::optional(
            "json",
            Form::Entries(POINTER, &Form::Anything, MAX_LISTED),
            "–",
            "JSON pointers into the body, and the value that is to be there.",
        )
        .such_as("{/status: ok, /checks/0/healthy: true}"),
        Key::optional(
            "json_matches",
            Form::Entries(POINTER, &PATTERN, MAX_LISTED),
            "–",
            "JSON pointers into the body, and a regular expression that what is there matches somewhere: a text \
             as it is, anything else as JSON.",
        )
        .such_as("{/version: '^2[.]'}"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read_expectation(node: &Node<'_>, out: &mut Problems) -> Option<Expectation> {
    let fields = node.fields(EXPECT, out)?;
    let default = Expectation::default();
    let status = or_default(fields.optional("status"), default.status, |n| {
        read_statuses(&n, out)
    });
    let body_contains = or_default(fields.optional("body_contains"), None, |n| {
        n.bytes("a text", MAX_EXPECTED, out)
            .map(|text| Some(text.to_owned()))
    });
    let body_matches = or_default(fields.optional("body_matches"), None, |n| {
        read_pattern(&n, out).map(Some)
    });
    let headers = or_default(fields.optional("headers"), BTreeMap::new(), |n| {
        read_headers(&n, out)
    });
    let json = or_default(fields.optional("json"), BTreeMap::new(), |n| {
        read_pointers(&n, out, |node, _| Some(node.value.clone()))
    });
    let json_matches = or_default(fields.optional("json_matches"), BTreeMap::new(), |n| {
        read_pointers(&n, out, read_pattern)
    });
    Some(Expectation {
        status: status?,
        headers: headers?,
        body_contains: body_contains?,
        body_matches: body_matches?,
        json: json?,
        json_matches: json_matches?,
    })
}

fn read_statuses(node: &Node<'_>, out: &mut Problems) -> Option<Vec<StatusRange>> {
    let nodes = node.list("statuses", 1..=MAX_LISTED, out)?;
    let ranges: Vec<_> = nodes.iter().map(|node| read_status(node, out)).collect();
    ranges.into_iter().collect()
}

fn read_status(node: &Node<'_>, out: &mut Problems) -> Option<StatusRange> {
    let range = match node.scalar().as_ref() {
        Value::Number(number) => {
            let status = number.as_u64().and_then(|n| u16::try_from(n).ok());
            status.map(|status| StatusRange {
                from: status,
                to: status,
            })
        }
        Value::String(text) => text.split_once('-').and_then(|(from, to)| {
            let [from, to] =
                [from, to].map(|end| end.parse::<u16>().ok().filter(|_| end.len() == 3));
            Some(StatusRange {
                from: from?,
                to: to?,
            })
        }),
        _ => None,
    };
    let range =
        range.filter(|range| range.from <= range.to && 100 <= range.from && range.to <= 599);
    if range.is_none() {
        let written = excerpt(&node.value.to_string(), 40);
        out.add(
            &node.path,
            format!(
                "expected a status from 100 to 599 or a range such as \"200-299\", found {written}"
            ),
        );
    }
    range
}

fn read_pattern(node: &Node<'_>, out: &mut Problems) -> Option<Pattern> {
    node.bytes("a regular expression", MAX_EXPECTED, out)?;
    node.parsed::<Pattern>("a regular expression", out)
}

fn read_headers(node: &Node<'_>, out: &mut Problems) -> Option<BTreeMap<String, Pattern>> {
    let what = "a mapping from header name to regular expression";
    let entries = node.entries(what, MAX_LISTED, out)?;
    let before = out.len();
    let mut headers = BTreeMap::new();
    for (name, node) in entries {
        if let Some(name) = read_header_name(name, &node, out)
            && let Some(pattern) = read_pattern(&node, out)
            && headers.insert(name, pattern).is_some()
        {
            out.add(
                &node.path,
                "the header is there twice; its name's case does not matter",
            );
        }
    }
    (out.len() == before).then_some(headers)
}

fn read_pointers<T>(
    node: &Node<'_>,
    out: &mut Problems,
    read: impl Fn(&Node<'_>, &mut Problems) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    let entries = node.entries("a mapping from JSON pointer to value", MAX_LISTED, out)?;
    let before = out.len();
    let mut pointers = BTreeMap::new();
    for (pointer, node) in entries {
        if is_json_pointer(pointer) {
            if let Some(value) = read(&node, out) {
                pointers.insert(pointer.to_owned(), value);
            }
        } else {
            out.add_with_hint(
                &node.path,
                format!("`{}` is not a JSON pointer", excerpt(pointer, 60)),
                "a pointer begins with `/`, such as `/status` or `/checks/0/name`",
            );
        }
    }
    (out.len() == before).then_some(pointers)
}

/// `RFC 6901`: empty, or parts that each begin with `/`, in which `~` is written `~0` or `~1`.
fn is_json_pointer(text: &str) -> bool {
    let escapes_fit = text
        .split('~')
        .skip(1)
        .all(|after| after.starts_with(['0', '1']));
    text.len() <= 1024 && (text.is_empty() || text.starts_with('/')) && escapes_fit
}
