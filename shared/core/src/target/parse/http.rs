//! The `http:` check of a gate.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::gates::read_timeout;
use crate::problems::Problems;
use crate::target::check::{
    Destination, Expectation, HttpCheck, HttpRequest, Method, Pattern, StatusRange,
};
use crate::target::keys::Keys;
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

const MAX_URL: usize = 2048;
const MAX_HEADER: usize = 8 * 1024;
const MAX_EXPECTED: usize = 8 * 1024;
const MAX_LISTED: usize = 50;

const HTTP: Keys = Keys {
    known: &[
        "path",
        "url",
        "method",
        "headers",
        "body",
        "expect",
        "latency",
        "consecutive",
        "interval",
        "timeout",
        "follow_redirects",
    ],
    later: &[],
};
const EXPECT: Keys = Keys {
    known: &["status", "body_contains", "body_matches", "json"],
    later: &[],
};

#[cfg(test)]
pub(super) const KEYS: [Keys; 2] = [HTTP, EXPECT];

/// Headers that say how a message is sent are the client's to set.
const RESERVED_HEADERS: [&str; 5] = [
    "connection",
    "content-length",
    "host",
    "te",
    "transfer-encoding",
];

pub(super) fn read_http(node: &Node<'_>, out: &mut Problems) -> Option<HttpCheck> {
    let fields = node.fields(HTTP, out)?;
    let request = read_request(node, &fields, out);
    let expect = or_default(fields.optional("expect"), Expectation::default(), |n| {
        read_expectation(&n, out)
    });
    let latency = or_default(fields.optional("latency"), None, |n| {
        n.duration(Duration::from_millis(1)..=HttpCheck::MAX_LATENCY, out)
            .map(Some)
    });
    let consecutive = or_default(
        fields.optional("consecutive"),
        HttpCheck::DEFAULT_CONSECUTIVE,
        |n| n.number(1..=HttpCheck::MAX_CONSECUTIVE, out),
    );
    let interval = or_default(
        fields.optional("interval"),
        HttpCheck::DEFAULT_INTERVAL,
        |n| n.duration(Duration::from_millis(100)..=Duration::from_mins(5), out),
    );
    let timeout = or_default(
        fields.optional("timeout"),
        HttpCheck::DEFAULT_TIMEOUT,
        |n| read_timeout(&n, out),
    );
    let follow_redirects = or_default(fields.optional("follow_redirects"), 0, |n| {
        n.number(0..=HttpCheck::MAX_REDIRECTS, out)
    });
    let check = HttpCheck {
        request: request?,
        expect: expect?,
        latency: latency?,
        consecutive: consecutive?,
        interval: interval?,
        timeout: timeout?,
        follow_redirects: follow_redirects?,
    };
    enough_time(node, &check, out).then_some(check)
}

/// A check whose pauses alone take longer than it may take could never pass.
fn enough_time(node: &Node<'_>, check: &HttpCheck, out: &mut Problems) -> bool {
    let pauses = check.interval.saturating_mul(check.consecutive - 1);
    let enough = pauses < check.timeout;
    if !enough {
        let [pauses, timeout] = [pauses, check.timeout].map(crate::duration::write);
        out.add_with_hint(
            &node.path,
            format!("can never pass: the pauses of {} answers in a row take {pauses}, the whole check may take {timeout}", check.consecutive),
            "lengthen `timeout`, or shorten `interval` or `consecutive`",
        );
    }
    enough
}

fn read_request(node: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<HttpRequest> {
    let to = match (fields.optional("path"), fields.optional("url")) {
        (Some(path), None) => read_path(&path, out).map(|path| Destination::TestListener { path }),
        (None, Some(url)) => read_url(&url, out).map(Destination::Url),
        (Some(_), Some(_)) => {
            out.add(
                &node.path,
                "expected either `path` (on the test listener) or `url`, found both",
            );
            None
        }
        (None, None) => {
            out.add(
                &node.path,
                "expected `path` (on the test listener) or `url`, found neither",
            );
            None
        }
    };
    let method = or_default(fields.optional("method"), Method::default(), |n| {
        read_method(&n, out)
    });
    let headers = or_default(fields.optional("headers"), BTreeMap::new(), |n| {
        read_headers(&n, out)
    });
    let body = or_default(fields.optional("body"), None, |n| {
        n.bytes("the body as text", HttpRequest::MAX_BODY, out)
            .map(|body| Some(body.to_owned()))
    });
    let request = HttpRequest {
        to: to?,
        method: method?,
        headers: headers?,
        body: body?,
    };
    if request.body.is_some() && !request.method.takes_body() {
        out.add_with_hint(
            &format!("{}.body", node.path),
            format!("a {} request carries no body", request.method),
            "name the method, such as `method: POST`",
        );
        return None;
    }
    Some(request)
}

fn read_path(node: &Node<'_>, out: &mut Problems) -> Option<String> {
    let text = node.text("a path", 1..=MAX_URL, out)?;
    if text.starts_with('/') && is_url_text(text) {
        return Some(text.to_owned());
    }
    out.add(
        &node.path,
        format!(
            "`{}` is not a path that begins with `/`, without spaces and `#`",
            excerpt(text, 80)
        ),
    );
    None
}

fn read_url(node: &Node<'_>, out: &mut Problems) -> Option<String> {
    let text = node.text("a URL", 1..=MAX_URL, out)?;
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let authority = rest
        .and_then(|rest| rest.split(['/', '?']).next())
        .unwrap_or_default();
    if authority.contains('@') {
        // The URL is stored and logged.
        out.add(&node.path, "a URL with credentials in it is not accepted");
        return None;
    }
    if is_authority(authority) && is_url_text(text) {
        return Some(text.to_owned());
    }
    out.add(
        &node.path,
        format!(
            "`{}` is not a URL with `http://` or `https://` and a host",
            excerpt(text, 80)
        ),
    );
    None
}

/// A host name, an IPv4 address or a bracketed IPv6 address, and perhaps a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            return address.parse::<core::net::Ipv6Addr>().is_ok()
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        }
        None => text
            .split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let labels_fit = host.trim_end_matches('.').split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    labels_fit && host.len() <= 253 && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// The characters that `RFC 3986` allows in a URL; the fragment is not sent, so it is not allowed.
fn is_url_text(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&b))
}

fn read_method(node: &Node<'_>, out: &mut Problems) -> Option<Method> {
    let text = node.text("a method", 1..=20, out)?;
    let method = Method::ALL
        .into_iter()
        .find(|method| method.as_str() == text);
    if method.is_none() {
        let names: Vec<_> = Method::ALL.iter().map(|method| method.as_str()).collect();
        out.add(
            &node.path,
            format!(
                "expected one of {}, found `{}`",
                names.join(", "),
                excerpt(text, 20)
            ),
        );
    }
    method
}

fn read_headers(node: &Node<'_>, out: &mut Problems) -> Option<BTreeMap<String, String>> {
    let entries = node.entries(
        "a mapping from header name to value",
        HttpRequest::MAX_HEADERS,
        out,
    )?;
    let before = out.len();
    let mut headers = BTreeMap::new();
    for (name, node) in entries {
        let lower = name.to_ascii_lowercase();
        if !is_token(name) {
            out.add(
                &node.path,
                format!("`{}` is not a header name", excerpt(name, 60)),
            );
        } else if RESERVED_HEADERS.contains(&lower.as_str()) {
            out.add(&node.path, format!("the header `{lower}` cannot be set"));
        } else if let Some(value) = node.bytes("the header's value as text", MAX_HEADER, out) {
            if !value
                .bytes()
                .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
            {
                out.add(
                    &node.path,
                    "a header value holds printable ASCII characters only",
                );
            } else if headers.insert(lower, value.to_owned()).is_some() {
                out.add(
                    &node.path,
                    "the header is there twice; its name's case does not matter",
                );
            }
        }
    }
    (out.len() == before).then_some(headers)
}

fn is_token(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn read_expectation(node: &Node<'_>, out: &mut Problems) -> Option<Expectation> {
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
        n.bytes("a regular expression", MAX_EXPECTED, out)?;
        n.parsed::<Pattern>("a regular expression", out).map(Some)
    });
    let json = or_default(fields.optional("json"), BTreeMap::new(), |n| {
        read_pointers(&n, out)
    });
    Some(Expectation {
        status: status?,
        body_contains: body_contains?,
        body_matches: body_matches?,
        json: json?,
    })
}

fn read_statuses(node: &Node<'_>, out: &mut Problems) -> Option<Vec<StatusRange>> {
    let nodes = node.list("statuses", 1..=MAX_LISTED, out)?;
    let ranges: Vec<_> = nodes.iter().map(|node| read_status(node, out)).collect();
    ranges.into_iter().collect()
}

fn read_status(node: &Node<'_>, out: &mut Problems) -> Option<StatusRange> {
    let range = match node.value {
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

fn read_pointers(node: &Node<'_>, out: &mut Problems) -> Option<BTreeMap<String, Value>> {
    let entries = node.entries("a mapping from JSON pointer to value", MAX_LISTED, out)?;
    let before = out.len();
    let mut pointers = BTreeMap::new();
    for (pointer, node) in entries {
        if is_json_pointer(pointer) {
            pointers.insert(pointer.to_owned(), node.value.clone());
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
