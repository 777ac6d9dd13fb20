//! The `pipeline:` strategy. AWS-FACTS 4.4, 4.5.

use crate::problems::Problems;
use crate::target::Pipeline;
use crate::target::description::{Form, Key, Mapping, Names, listed, nearest};
use crate::target::node::{Node, or_default};
use crate::target::variable;
use crate::text::excerpt;

const MAX_NAME: usize = 100;
const MAX_VARIABLES: usize = 50;
const MAX_VARIABLE_NAME: usize = 128;
const MAX_VARIABLE: usize = 1000;

const NAME: Form = Form::Like("^[A-Za-z0-9.@_-]+$", MAX_NAME, "a name");

pub(super) const PIPELINE: &Mapping = &Mapping {
    name: "pipeline",
    says: "`StartPipelineExecution` of a pipeline that deploys the image by itself. The image reaches it by \
           `action`, or by a variable whose value has `{image}`, `{digest}` or `{tag}`.",
    keys: &[
        Key::required("name", NAME, "The pipeline.").such_as("api-prod"),
        Key::optional(
            "action",
            NAME,
            "none",
            "The ECR source action that gets the digest as its revision, whatever tag it is configured with.",
        )
        .such_as("Source"),
        Key::optional(
            "variables",
            Form::Entries(
                Names::Like("^[A-Za-z0-9@_-]{1,128}$"),
                &Form::Text(1, MAX_VARIABLE),
                MAX_VARIABLES,
            ),
            "none",
            "Pipeline variables and their values, in which `{image}`, `{repository}`, `{digest}`, `{tag}`, \
             `{target}` and `{deployment}` stand for what they say.",
        )
        .such_as("{IMAGE_URI: '{image}'}"),
    ],
    shared: &[],
    demands: &[],
};

pub(super) fn read_pipeline(node: &Node<'_>, out: &mut Problems) -> Option<Pipeline> {
    let fields = node.fields(PIPELINE, out)?;
    let name = fields
        .required("name", out)
        .and_then(|n| read_name(&n, "the name of a pipeline", out));
    let action = or_default(fields.optional("action"), None, |n| {
        read_name(&n, "the name of a source action", out).map(Some)
    });
    let variables = or_default(fields.optional("variables"), Vec::new(), |n| {
        read_variables(&n, out)
    });
    let pipeline = Pipeline {
        name: name?,
        action: action?,
        variables: variables?,
    };
    let is_told = pipeline.action.is_some()
        || pipeline.variables.iter().any(|(_, value)| {
            variable::words(value).any(|word| variable::NAMING_THE_IMAGE.contains(&word))
        });
    if !is_told {
        out.add_with_hint(
            &node.path,
            "the image would not reach the pipeline",
            "name its ECR source `action`, or give one of its `variables` a value with `{image}`, \
             `{digest}` or `{tag}`",
        );
        return None;
    }
    Some(pipeline)
}

/// Pipelines and actions are named alike.
fn read_name(node: &Node<'_>, what: &str, out: &mut Problems) -> Option<String> {
    let text = node.text(what, 1..=MAX_NAME, out)?;
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".@_-".contains(&b))
    {
        return Some(text.to_owned());
    }
    out.add(
        &node.path,
        format!("`{text}` is not {what} (letters, digits, `.`, `@`, `_` and `-`)"),
    );
    None
}

fn read_variables(node: &Node<'_>, out: &mut Problems) -> Option<Vec<(String, String)>> {
    let entries = node.entries("a mapping of variables and values", MAX_VARIABLES, out)?;
    let variables: Vec<_> = entries
        .into_iter()
        .map(|(name, node)| read_variable(name, &node, out))
        .collect();
    let mut variables: Vec<(String, String)> = variables.into_iter().collect::<Option<_>>()?;
    // The table that a target is stored in keeps no order of keys.
    variables.sort();
    Some(variables)
}

fn read_variable(name: &str, node: &Node<'_>, out: &mut Problems) -> Option<(String, String)> {
    let before = out.len();
    let is_name = (1..=MAX_VARIABLE_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"@_-".contains(&b));
    if !is_name {
        out.add(
            &node.path,
            format!(
                "`{}` is not the name of a variable (1 to {MAX_VARIABLE_NAME} letters, digits, \
                 `@`, `_` and `-`)",
                excerpt(name, 80)
            ),
        );
    }
    let value = node.text("the variable's value", 1..=MAX_VARIABLE, out)?;
    for word in variable::words(value) {
        if variable::WORDS.contains(&word) {
            continue;
        }
        let hint = nearest(word, &variable::WORDS).map_or_else(
            || {
                let known = variable::WORDS.map(|word| format!("{{{word}}}"));
                format!(
                    "known here: {}",
                    listed(&known.each_ref().map(String::as_str))
                )
            },
            |likely| format!("did you mean `{{{likely}}}`?"),
        );
        let message = format!("`{{{}}}` stands for nothing", excerpt(word, 60));
        out.add_with_hint(&node.path, message, hint);
    }
    (out.len() == before).then(|| (name.to_owned(), value.to_owned()))
}
