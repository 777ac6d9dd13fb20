//! The `http:` check.

mod expectation;
mod request;

use std::collections::BTreeMap;
use std::time::Duration;

use super::RULES;
use crate::problems::Problems;
use crate::target::check::{CheckKind, HttpCheck, HttpRequest, Load};
use crate::target::description::{Demand, Form, Key, Mapping, Names, Repeats};
use crate::target::node::{Fields, Node, or_default};
use request::{is_host, read_request};

/// Of one request, which may be written into the check itself.
const REQUEST_KEYS: &[Key] = &[
    Key::optional(
        "path",
        Form::Like("^/[A-Za-z0-9._~:/?\\[\\]@!$&'()*+,;=%-]*$", request::MAX_URL, "a path"),
        "this or `url`",
        "Asked of the test listener, never of the production listener. May have a query.",
    )
    .such_as("/health"),
    Key::optional(
        "url",
        Form::Like(
            "^https?://[A-Za-z0-9._~:/?\\[\\]!$&'()*+,;=%-][A-Za-z0-9._~:/?\\[\\]@!$&'()*+,;=%-]*$",
            request::MAX_URL,
            "a URL",
        ),
        "this or `path`",
        "Asked as it is: `http://` or `https://`, without credentials and fragment.",
    )
    .such_as("https://api.example.org/health"),
    Key::optional(
        "method",
        Form::Words(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        "`GET`",
        "The method.",
    ),
    Key::optional(
        "headers",
        Form::Entries(
            Names::Like(HEADER),
            &Form::Like("^[\\t -~]*$", request::MAX_HEADER, "a header's value"),
            HttpRequest::MAX_HEADERS,
        ),
        "none",
        "Name to value. Not `connection`, `content-length`, `host`, `te`, `transfer-encoding`. They are stored \
         and shown in plain text: no secrets.",
    )
    .such_as("{content-type: application/json}"),
    Key::optional(
        "body",
        Form::Bytes(HttpRequest::MAX_BODY),
        "none",
        "Sent as it is. Not with `GET` and `HEAD`.",
    ),
    Key::optional(
        "expect",
        Form::Mapping(expectation::EXPECT),
        "any 2xx",
        "What the answer has to be.",
    )
    .such_as("{status: [200], body_contains: ok}"),
    Key::optional(
        "latency",
        Form::Duration(Duration::from_millis(1), HttpCheck::MAX_LATENCY),
        "no limit",
        "The longest that an answer may take, whole.",
    )
    .such_as("500ms"),
];
/// The characters of `RFC 9110`.
const HEADER: &str = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$";

pub(super) const HTTP: &Mapping = &Mapping {
    name: "check_http",
    says: "Requests are answered as expected. One request is written into the check itself, several as \
           `requests`. With `load`, a measurement is many requests at a rate.",
    keys: &[
        Key::optional(
            "requests",
            Form::List(&Form::Mapping(REQUEST), 1, HttpCheck::MAX_REQUESTS, Repeats::Allowed),
            "the one in the check",
            "Several requests, one after the other; the check itself then has none.",
        )
        .such_as("[{path: /health}, {path: /version}]"),
        Key::optional(
            "server_name",
            Form::Like("^[A-Za-z0-9._-]+$", 253, "a host name"),
            "the URL's",
            "The name that is asked for: in the TLS handshake, where the certificate has to be of it, and in the \
             header `Host`.",
        )
        .such_as("api.example.org"),
        Key::optional(
            "follow_redirects",
            Form::Whole(0, HttpCheck::MAX_REDIRECTS),
            "`0`",
            "How many redirects of one request are followed.",
        ),
        Key::optional(
            "load",
            Form::Mapping(LOAD),
            "none",
            "Many requests, most of which have to be answered as expected.",
        )
        .such_as("{requests: 500, success_ratio: 0.99}"),
        Key::optional(
            "local_addresses",
            Form::Boolean,
            "`false`",
            "Whether loopback and link-local addresses may be asked.",
        ),
    ],
    shared: &[REQUEST_KEYS, RULES],
    demands: &[
        Demand::ExactlyOne(&["path", "url", "requests"]),
        Demand::Apart("requests", &["method", "headers", "body", "expect", "latency"]),
    ],
};

const REQUEST: &Mapping = &Mapping {
    name: "request",
    says: "One of several requests.",
    keys: REQUEST_KEYS,
    shared: &[],
    demands: &[Demand::ExactlyOne(&["path", "url"])],
};

const LOAD: &Mapping = &Mapping {
    name: "load",
    says: "Many requests, which take turns.",
    keys: &[
        Key::required(
            "requests",
            Form::Whole(1, Load::MAX_REQUESTS),
            "How many requests a measurement is. At their rate they take at most ten minutes, with the warm-up.",
        )
        .such_as("500"),
        Key::optional("rate", Form::Whole(1, Load::MAX_RATE), "`20`", "How many a second."),
        Key::optional(
            "warm_up",
            Form::Whole(0, Load::MAX_REQUESTS),
            "`0`",
            "So many are sent before, and do not count.",
        ),
        Key::optional(
            "success_ratio",
            Form::Decimal(0.0, 1.0),
            "`1`",
            "The share of them that has to be answered as expected.",
        ),
        Key::optional(
            "latency",
            Form::Entries(
                Names::Like("^p[0-9]{1,3}(\\.[0-9])?$"),
                &Form::Duration(Duration::from_millis(1), HttpCheck::MAX_LATENCY),
                10,
            ),
            "no limit",
            "Percentile, and the latency that it may have.",
        )
        .such_as("{p50: 100ms, p99.9: 1s}"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read(node: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<CheckKind> {
    let requests = read_requests(node, fields, out);
    let server_name = or_default(fields.optional("server_name"), None, |n| {
        let text = n.text("a host name", 1..=253, out)?;
        if is_host(text) {
            return Some(Some(text.to_owned()));
        }
        n.wrong("a host name, without a port", out);
        None
    });
    let follow_redirects = or_default(fields.optional("follow_redirects"), 0, |n| {
        n.number(0..=HttpCheck::MAX_REDIRECTS, out)
    });
    let load = or_default(fields.optional("load"), None, |n| {
        read_load(&n, out).map(Some)
    });
    let local_addresses = or_default(fields.optional("local_addresses"), false, |n| {
        n.boolean(out)
    });
    Some(CheckKind::Http(HttpCheck {
        requests: requests?,
        server_name: server_name?,
        follow_redirects: follow_redirects?,
        load: load?,
        local_addresses: local_addresses?,
    }))
}

/// One request, written into the check itself, or several.
fn read_requests(
    node: &Node<'_>,
    fields: &Fields<'_>,
    out: &mut Problems,
) -> Option<Vec<HttpRequest>> {
    let Some(list) = fields.optional("requests") else {
        return read_request(node, fields, out).map(|request| vec![request]);
    };
    let before = out.len();
    for key in REQUEST.names() {
        if let Some(node) = fields.optional(key) {
            out.add_with_hint(
                &node.path,
                "belongs to one request, and there are `requests`",
                "write it into each of them",
            );
        }
    }
    let nodes = list.list("requests", 1..=HttpCheck::MAX_REQUESTS, out)?;
    let requests: Vec<_> = nodes
        .iter()
        .map(|node| read_request(node, &node.fields(REQUEST, out)?, out))
        .collect();
    let requests: Option<Vec<_>> = requests.into_iter().collect();
    requests.filter(|_| out.len() == before)
}

fn read_load(node: &Node<'_>, out: &mut Problems) -> Option<Load> {
    let fields = node.fields(LOAD, out)?;
    let requests = fields
        .required("requests", out)
        .and_then(|n| n.number(1..=Load::MAX_REQUESTS, out));
    let rate = or_default(fields.optional("rate"), Load::DEFAULT_RATE, |n| {
        n.number(1..=Load::MAX_RATE, out)
    });
    let warm_up = or_default(fields.optional("warm_up"), 0, |n| {
        n.number(0..=Load::MAX_REQUESTS, out)
    });
    let success_ratio = or_default(
        fields.optional("success_ratio"),
        Load::DEFAULT_SUCCESS_RATIO,
        |n| n.decimal(0.0..=1.0, out),
    );
    let latency = or_default(fields.optional("latency"), BTreeMap::new(), |n| {
        read_percentiles(&n, out)
    });
    let load = Load {
        requests: requests?,
        rate: rate?,
        warm_up: warm_up?,
        success_ratio: success_ratio?,
        latency: latency?,
    };
    if load.lasts() > Load::LONGEST {
        let [lasts, longest] = [load.lasts(), Load::LONGEST].map(crate::duration::write);
        out.add_with_hint(
            &node.path,
            format!("the requests would take {lasts}, and one measurement has {longest}"),
            "raise `rate`, or lower `requests` or `warm_up`",
        );
        return None;
    }
    Some(load)
}

/// `{p95: 300ms, p99.9: 1s}`
fn read_percentiles(node: &Node<'_>, out: &mut Problems) -> Option<BTreeMap<u16, Duration>> {
    let entries = node.entries("a mapping from percentile to latency", 10, out)?;
    let before = out.len();
    let mut percentiles = BTreeMap::new();
    for (name, node) in entries {
        let Some(percentile) = percentile(name) else {
            out.add_with_hint(
                &node.path,
                "this is not a percentile",
                "write `p50`, `p95`, `p99` or `p99.9`",
            );
            continue;
        };
        if let Some(latency) = node.duration(Duration::from_millis(1)..=HttpCheck::MAX_LATENCY, out)
            && percentiles.insert(percentile, latency).is_some()
        {
            out.add(&node.path, "the percentile is there twice");
        }
    }
    (out.len() == before).then_some(percentiles)
}

/// In thousandths.
fn percentile(name: &str) -> Option<u16> {
    let digits = name.strip_prefix('p')?;
    let (whole, tenth) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = [whole, tenth]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !are_digits || whole.len() > 3 || tenth.len() != 1 {
        return None;
    }
    let thousandths = whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?;
    (1..=1000).contains(&thousandths).then_some(thousandths)
}
