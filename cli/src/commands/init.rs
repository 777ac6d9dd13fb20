//! `greenlight init`: a target's document made from a service that runs.

use std::fmt::Write as _;

use greenlight_core::suggestion::Suggestion;
use greenlight_core::target::TargetName;
use greenlight_deployer::Deployer;
use serde_json::{Value, json};

use super::Output;
use crate::columns::printable;
use crate::failure::Failure;

/// How wide a line of a comment is.
const WIDTH: usize = 100;

/// Looks at the service, and writes what somebody would who knows it.
pub(super) async fn init(
    deployer: &Deployer,
    cluster: &str,
    service: &str,
    name: Option<&TargetName>,
) -> Result<Output, Failure> {
    let suggestion = deployer.suggest(cluster, service, name).await?;
    told(&suggestion).map_err(|source| Failure::Yaml { source })
}

fn told(suggestion: &Suggestion) -> Result<Output, serde_norway::Error> {
    let document = suggestion.document();
    let mut text = String::new();
    if let Some(service) = &suggestion.target.service {
        comment(
            &mut text,
            &format!(
                "Made by `greenlight init` from service {service}. Read it before it is applied."
            ),
        );
    }
    for (key, value) in document.as_object().into_iter().flatten() {
        for remark in suggestion.remarks_of(key) {
            comment(&mut text, remark);
        }
        let part: Value = json!({key.as_str(): value});
        text += &serde_norway::to_string(&part)?;
    }
    Ok(Output {
        text,
        json: document,
    })
}

/// A comment, broken between words.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in printable(text).split_whitespace() {
        if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{line}");
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line += word;
    }
    let _ = writeln!(out, "{line}");
}

#[cfg(test)]
mod tests;
