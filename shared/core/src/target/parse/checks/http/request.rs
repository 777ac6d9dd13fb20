//! What is sent: the keys of a request.

use std::collections::BTreeMap;
use std::time::Duration;

use super::expectation::read_expectation;
use crate::problems::Problems;
use crate::target::check::{Destination, Expectation, HttpCheck, HttpRequest, Method};
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

pub(super) const MAX_URL: usize = 2048;
pub(super) const MAX_HEADER: usize = 8 * 1024;

/// Headers that say how a message is sent are the client's to set.
const RESERVED_HEADERS: [&str; 5] = [
    "connection",
    "content-length",
    "host",
    "te",
    "transfer-encoding",
];

pub(super) fn read_request(
    node: &Node<'_>,
    fields: &Fields<'_>,
    out: &mut Problems,
) -> Option<HttpRequest> {
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
    let expect = or_default(fields.optional("expect"), Expectation::default(), |n| {
        read_expectation(&n, out)
    });
    let latency = or_default(fields.optional("latency"), None, |n| {
        n.duration(Duration::from_millis(1)..=HttpCheck::MAX_LATENCY, out)
            .map(Some)
    });
    let request = HttpRequest {
        to: to?,
        method: method?,
        headers: headers?,
        body: body?,
        expect: expect?,
        latency: latency?,
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
    is_host(host) && port.is_none_or(is_port)
}

/// A host name or an IPv4 address.
pub(super) fn is_host(host: &str) -> bool {
    let labels_fit = host.trim_end_matches('.').split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    labels_fit && host.len() <= 253
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
        let Some(lower) = read_header_name(name, &node, out) else {
            continue;
        };
        if RESERVED_HEADERS.contains(&lower.as_str()) {
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

/// The name in lower case.
pub(super) fn read_header_name(name: &str, node: &Node<'_>, out: &mut Problems) -> Option<String> {
    let is_name = is_token(name);
    if !is_name {
        out.add(
            &node.path,
            format!("`{}` is not a header name", excerpt(name, 60)),
        );
    }
    is_name.then(|| name.to_ascii_lowercase())
}

fn is_token(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
