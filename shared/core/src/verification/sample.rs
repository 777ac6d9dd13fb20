//! Targets for the tests of this module.

use crate::image::{Registry, RepositoryUri};
use crate::target::{Target, parse};
use crate::verification::Finding;

/// The target of a document that leaves out the envelope and its name.
pub(super) fn target(rest: &str) -> Target {
    let text = format!("targets: [{{name: api-test, {rest}}}]");
    let document: serde_json::Value = serde_norway::from_str(&text).unwrap();
    parse(&document).unwrap().remove(0)
}

/// A target with a service and one image.
pub(super) fn deployed(rest: &str) -> Target {
    target(&format!(
        "images: [{{container: api, repository: mco/api, tags: [test]}}], service: {{cluster: mco, name: api}}, {rest}"
    ))
}

pub(super) fn home() -> Registry {
    Registry::of("123456789012", "eu-west-1").unwrap()
}

pub(super) fn repository() -> RepositoryUri {
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
        .parse()
        .unwrap()
}

/// The findings that are not ok: check, text, remedy.
pub(super) fn wrong(findings: &[Finding]) -> Vec<(&'static str, &str, &str)> {
    let wrong = findings.iter().filter_map(|it| {
        let remedy = it.remedy.as_deref()?;
        Some((it.check, it.text.as_str(), remedy))
    });
    wrong.collect()
}
