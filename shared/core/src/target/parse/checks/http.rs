//! The `http:` check.

mod expectation;
mod request;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::problems::Problems;
use crate::target::check::{CheckKind, HttpCheck, HttpRequest, Load};
use crate::target::keys::Keys;
use crate::target::node::{Fields, Node, or_default};
use request::{is_host, read_request};

pub(super) const HTTP: Keys = keys_of_a_check!(
    "path",
    "url",
    "method",
    "headers",
    "body",
    "expect",
    "latency",
    "requests",
    "server_name",
    "follow_redirects",
    "load",
    "local_addresses",
);
const REQUEST: Keys = Keys {
    known: &[
        "path", "url", "method", "headers", "body", "expect", "latency",
    ],
};
const LOAD: Keys = Keys {
    known: &["requests", "rate", "warm_up", "success_ratio", "latency"],
};

#[cfg(test)]
pub(super) const KEYS: [Keys; 4] = [HTTP, REQUEST, LOAD, expectation::EXPECT];

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
    for key in REQUEST.known {
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
