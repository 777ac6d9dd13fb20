//! Which pipelines CodePipeline creates: names, artifacts, namespaces and configuration are checked as far as
//! an execution relies on them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Account;
use super::custom::CustomActionType;
use super::pipeline::{Action, Does, Pipeline, Running, Stage, Turns};
use super::variables::references;

/// AWS's limits (AWS-FACTS 2.5, 4.4).
const MOST_VARIABLES: usize = 50;
const LONGEST_VARIABLE_NAME: usize = 128;
const LONGEST_VALUE: usize = 1000;
const LONGEST_KEY: usize = 50;
const LONGEST_NAME: usize = 100;
/// What a Lambda action may have of either kind (AWS-FACTS 2.1).
const MOST_ARTIFACTS: usize = 5;

/// Namespaces that are CodePipeline's own.
const RESERVED: [&str; 2] = ["variables", "codepipeline"];

/// A pipeline; one of the same name is replaced, with its executions. The error is a sentence.
pub fn create_pipeline(account: &Account, spec: Pipeline) -> Result<(), String> {
    let mut state = account.state();
    let wrong = |what: String| format!("pipeline {}: {what}", spec.name);
    sources(&spec).map_err(wrong)?;
    variables(&spec).map_err(wrong)?;
    artifacts(&spec).map_err(wrong)?;
    let mut namespaces = BTreeSet::new();
    for action in spec.stages.iter().flat_map(|stage| &stage.actions) {
        let wrong = |what: String| wrong(format!("action {}: {what}", action.name));
        if let Some(namespace) = &action.namespace {
            let taken = RESERVED.contains(&namespace.as_str()) || !namespaces.insert(namespace);
            if taken || !is_name(namespace) {
                return Err(wrong(format!("the namespace {namespace} is not possible")));
            }
        }
        configuration(action).map_err(wrong)?;
        if let Does::Custom { .. } = &action.does {
            let kind = action.does.kind();
            let Some(known) = state.codepipeline.custom_type(&kind) else {
                let (provider, version) = (kind.provider, kind.version);
                return Err(wrong(format!(
                    "there is no custom action type Deploy/{provider}/{version}"
                )));
            };
            custom(known, action).map_err(wrong)?;
        }
    }
    let running = Running {
        created: account.clock().now(),
        executions: VecDeque::new(),
        turns: spec.stages.iter().map(|_| Turns::default()).collect(),
        tokens: BTreeMap::new(),
        changed: std::sync::Arc::default(),
        spec,
    };
    let pipelines = &mut state.codepipeline.pipelines;
    pipelines.insert(running.spec.name.clone(), running);
    Ok(())
}

/// The first stage has sources and nothing else, and the others have none.
fn sources(spec: &Pipeline) -> Result<(), String> {
    let Some((first, others)) = spec.stages.split_first().filter(|(_, it)| !it.is_empty()) else {
        return Err("at least two stages".to_owned());
    };
    if !first.actions.iter().all(|it| it.does.is_source()) || first.actions.is_empty() {
        return Err("the first stage must have sources, and nothing else".to_owned());
    }
    let mut others = others.iter().flat_map(|stage| &stage.actions);
    if let Some(source) = others.find(|action| action.does.is_source()) {
        return Err(format!("source {} is not in the first stage", source.name));
    }
    Ok(())
}

fn variables(spec: &Pipeline) -> Result<(), String> {
    if spec.variables.len() > MOST_VARIABLES {
        return Err(format!("at most {MOST_VARIABLES} variables"));
    }
    for (name, default) in &spec.variables {
        if name.is_empty() || name.len() > LONGEST_VARIABLE_NAME || !name.chars().all(in_name) {
            return Err(format!("{name} is no name of a variable"));
        }
        let length = default.as_ref().map(|it| it.chars().count());
        if length.is_some_and(|length| !(1..=LONGEST_VALUE).contains(&length)) {
            return Err(format!(
                "the default of variable {name} must have 1 to {LONGEST_VALUE} characters"
            ));
        }
    }
    Ok(())
}

/// Every artifact is put out once, and taken in by actions that run later.
fn artifacts(spec: &Pipeline) -> Result<(), String> {
    let mut made: BTreeSet<&String> = BTreeSet::new();
    for stage in &spec.stages {
        for order in stage.run_orders() {
            let mut new = Vec::new();
            for action in stage.actions.iter().filter(|it| it.run_order == order) {
                if let Some(missing) = action.inputs.iter().find(|it| !made.contains(it)) {
                    return Err(format!(
                        "action {}: no action before it has the output artifact {missing}",
                        action.name
                    ));
                }
                new.extend(&action.outputs);
            }
            for name in new {
                if !is_name(name) || !made.insert(name) {
                    return Err(format!(
                        "the output artifact {name} is there twice, or has no possible name"
                    ));
                }
            }
        }
    }
    Ok(())
}

fn configuration(action: &Action) -> Result<(), String> {
    let configuration = action.does.configuration();
    for (key, value) in &configuration {
        if !(1..=LONGEST_KEY).contains(&key.chars().count())
            || !(1..=LONGEST_VALUE).contains(&value.chars().count())
        {
            return Err(format!(
                "{key} must have 1 to {LONGEST_KEY} characters, and its value 1 to {LONGEST_VALUE}"
            ));
        }
    }
    let (inputs, outputs) = (action.inputs.len(), action.outputs.len());
    match &action.does {
        does if does.is_source() => {
            if (inputs, outputs) != (0, 1) {
                return Err("a source has one output artifact and no input artifacts".to_owned());
            }
            let refers = configuration
                .iter()
                .any(|(_, it)| !references(it).is_empty());
            if refers {
                return Err("variables cannot be used in source actions".to_owned());
            }
        }
        Does::Invoke { .. } if inputs > MOST_ARTIFACTS || outputs > MOST_ARTIFACTS => {
            return Err(format!("at most {MOST_ARTIFACTS} artifacts of either kind"));
        }
        _ => {}
    }
    Ok(())
}

/// What the action type asks for (AWS-FACTS 3.1).
fn custom(known: &CustomActionType, action: &Action) -> Result<(), String> {
    let configuration = action.does.configuration();
    for (at, (key, _)) in configuration.iter().enumerate() {
        if !known.properties.iter().any(|it| it.name == *key) {
            return Err(format!("the configuration has the unknown key {key}"));
        }
        if configuration
            .iter()
            .skip(at + 1)
            .any(|(other, _)| other == key)
        {
            return Err(format!("the configuration has the key {key} twice"));
        }
    }
    let mut required = known.properties.iter().filter(|it| it.required);
    if let Some(missing) = required.find(|it| !configuration.iter().any(|(key, _)| *key == it.name))
    {
        return Err(format!(
            "the configuration lacks the required key {}",
            missing.name
        ));
    }
    for (what, count, (least, most)) in [
        ("input", action.inputs.len(), known.inputs),
        ("output", action.outputs.len(), known.outputs),
    ] {
        if !(least..=most).contains(&count) {
            return Err(format!(
                "{count} {what} artifacts, where the action type has {least} to {most}"
            ));
        }
    }
    Ok(())
}

impl Stage {
    /// The run orders of its actions, one after the other.
    pub(super) fn run_orders(&self) -> BTreeSet<u32> {
        self.actions.iter().map(|it| it.run_order).collect()
    }
}

/// Names of artifacts and namespaces.
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(in_name)
}

/// `[A-Za-z0-9@\-_]`
pub(super) const fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '-' | '_')
}
