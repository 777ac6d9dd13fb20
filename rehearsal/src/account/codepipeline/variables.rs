//! References to variables in the configuration of actions: `#{namespace.name}` (AWS-FACTS 4.4).
//!
//! What the namespaces have is a snapshot that the runner takes before it starts the actions of one run order,
//! so that no action sees what those beside it put out.

use std::collections::BTreeMap;

use super::execution::Execution;
use super::pipeline::Failure;
use crate::account::UnresolvedVariable;

/// AWS's limit of a resolved configuration (AWS-FACTS 2.5).
const LARGEST_CONFIGURATION: usize = 100 * 1024;

/// Namespace → name → value.
pub(super) type Known = BTreeMap<String, BTreeMap<String, String>>;

/// What actions that start now may refer to.
pub(super) fn known(execution: &Execution) -> Known {
    let own = [("PipelineExecutionId".to_owned(), execution.id.clone())];
    let mut known = execution.outputs.clone();
    known.insert("codepipeline".to_owned(), BTreeMap::from(own));
    known.insert("variables".to_owned(), execution.picked.variables.clone());
    known
}

/// The configuration with values in the place of references.
pub(super) fn resolve(
    configuration: Vec<(String, String)>,
    known: &Known,
    unresolved: UnresolvedVariable,
) -> Result<Vec<(String, String)>, Failure> {
    let mut resolved = Vec::with_capacity(configuration.len());
    let mut size = 0;
    for (key, template) in configuration {
        let value = fill(&template, known, unresolved).map_err(|reference| {
            Failure::configuration(format!(
                "The configuration {key} refers to the variable {reference}, which is not available: no action that ran \
                 before this one has put it out, and the pipeline does not declare it"
            ))
        })?;
        size += key.len() + value.len();
        resolved.push((key, value));
    }
    if size > LARGEST_CONFIGURATION {
        return Err(Failure::configuration(format!(
            "The configuration has {size} bytes after its variables were resolved; {LARGEST_CONFIGURATION} are allowed"
        )));
    }
    Ok(resolved)
}

/// The references in a value, as they are written.
pub(super) fn references(template: &str) -> Vec<&str> {
    parts(template)
        .filter_map(|part| match part {
            Part::Reference { whole, .. } => Some(whole),
            Part::Text(_) => None,
        })
        .collect()
}

/// The error is the first reference that leads nowhere.
fn fill(template: &str, known: &Known, unresolved: UnresolvedVariable) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len());
    for part in parts(template) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Reference {
                whole,
                namespace,
                name,
            } => match known.get(namespace).and_then(|names| names.get(name)) {
                Some(value) => filled.push_str(value),
                None if unresolved == UnresolvedVariable::StaysAsItIs => filled.push_str(whole),
                None => return Err(whole.to_owned()),
            },
        }
    }
    Ok(filled)
}

/// A piece of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Reference {
        whole: &'a str,
        namespace: &'a str,
        name: &'a str,
    },
}

/// A value in pieces. What is not `#{…}` with a dot in it is text; values are not looked through again.
fn parts(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        // A `#{` at the beginning that is no reference is text up to the next one.
        if let Some((reference, after)) = reference(rest) {
            rest = after;
            return Some(reference);
        }
        let from = usize::from(rest.starts_with("#{")) * 2;
        let end = rest[from..].find("#{").map_or(rest.len(), |at| from + at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text))
    })
}

/// The reference that a text begins with, and what comes after it.
fn reference(text: &str) -> Option<(Part<'_>, &str)> {
    let inner = text.strip_prefix("#{")?;
    let end = inner.find('}')?;
    let (namespace, name) = inner[..end].split_once('.')?;
    let is_name = |part: &str| !part.is_empty() && part.chars().all(super::create::in_name);
    if !is_name(namespace) || !is_name(name) {
        return None;
    }
    let (whole, after) = text.split_at(end + 3);
    let reference = Part::Reference {
        whole,
        namespace,
        name,
    };
    Some((reference, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, unresolved: UnresolvedVariable) -> Result<String, String> {
        let names = [("tag", "v1"), ("odd", "#{variables.tag}")];
        let names = names.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let known = Known::from([("variables".to_owned(), BTreeMap::from(names))]);
        fill(template, &known, unresolved)
    }

    #[test]
    fn references_are_replaced_and_everything_else_stays() {
        for (template, expected) in [
            ("", ""),
            ("plain # { } text", "plain # { } text"),
            ("#{variables.tag}", "v1"),
            ("{\"tag\":\"#{variables.tag}\"} é", "{\"tag\":\"v1\"} é"),
            ("#{variables.tag}#{variables.tag}", "v1v1"),
            // A value is not looked through again.
            ("#{variables.odd}", "#{variables.tag}"),
            // Those are no references.
            ("#{variables}", "#{variables}"),
            ("#{.tag} #{variables.}", "#{.tag} #{variables.}"),
            ("#{variables.tag", "#{variables.tag"),
            ("#{#{variables.tag}", "#{v1"),
            ("${variables.tag}", "${variables.tag}"),
        ] {
            let found = filled(template, UnresolvedVariable::FailsTheAction);
            assert_eq!(found.as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_named_or_stays() {
        for unknown in ["#{variables.other}", "#{Image.tag}"] {
            let template = format!("a {unknown} b");
            let fails = filled(&template, UnresolvedVariable::FailsTheAction);
            assert_eq!(fails, Err(unknown.to_owned()));
            let stays = filled(&template, UnresolvedVariable::StaysAsItIs);
            assert_eq!(stays, Ok(template));
        }
    }
}
