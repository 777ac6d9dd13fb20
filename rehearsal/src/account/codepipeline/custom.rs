//! Custom action types: what their configuration may have, and where the links lead (AWS-FACTS 3.1).

use std::collections::BTreeSet;

use super::Account;
use super::pipeline::Kind;

/// AWS's limits.
const MOST_PROPERTIES: usize = 10;
const MOST_ARTIFACTS: usize = 5;
const LONGEST_PROVIDER: usize = 35;
const LONGEST_VERSION: usize = 9;
const LONGEST_PROPERTY: usize = 50;
const LONGEST_URL: usize = 2048;

/// What an action type may be about.
pub(super) const CATEGORIES: [&str; 7] = [
    "Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute",
];

/// What stands for the external execution's id in a link.
const EXTERNAL_ID: &str = "{ExternalExecutionId}";

/// A custom action type, as a seed. Its owner is always `Custom`.
#[derive(Debug, Clone)]
pub struct CustomActionType {
    /// `Deploy` and its like.
    pub category: String,
    /// The provider's name.
    pub provider: String,
    /// Such as `1`.
    pub version: String,
    /// What the configuration of an action may have.
    pub properties: Vec<Property>,
    /// The least and the most input artifacts.
    pub inputs: (usize, usize),
    /// The least and the most output artifacts.
    pub outputs: (usize, usize),
    /// `EntityUrlTemplate`, with `{Config:name}` in it.
    pub entity_url: Option<String>,
    /// `ExecutionUrlTemplate`, with `{Config:name}` and `{ExternalExecutionId}` in it.
    pub execution_url: Option<String>,
}

/// A configuration property of a custom action type.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "they are AWS's")]
pub struct Property {
    /// Its name.
    pub name: String,
    /// An action without it is not created.
    pub required: bool,
    /// Its value is shown to nobody but workers.
    pub secret: bool,
    /// Workers may ask for jobs by its value.
    pub queryable: bool,
    /// It is part of what an action is about.
    pub key: bool,
}

/// A custom action type; one of the same category, provider and version is replaced. The error is a sentence.
pub fn create_custom_action_type(account: &Account, spec: CustomActionType) -> Result<(), String> {
    check(&spec).map_err(|what| {
        let CustomActionType {
            category,
            provider,
            version,
            ..
        } = &spec;
        format!("custom action type {category}/{provider}/{version}: {what}")
    })?;
    let types = &mut account.state().codepipeline.types;
    types.retain(|known| !known.is(&spec.kind()));
    types.push(spec);
    Ok(())
}

fn check(spec: &CustomActionType) -> Result<(), String> {
    if !CATEGORIES.contains(&spec.category.as_str()) {
        return Err("there is no such category".to_owned());
    }
    if !is_provider(&spec.provider) || !is_version(&spec.version) {
        return Err("provider and version have 1 to 35 and 1 to 9 of [0-9A-Za-z_-]".to_owned());
    }
    if spec.properties.len() > MOST_PROPERTIES {
        return Err(format!(
            "at most {MOST_PROPERTIES} configuration properties"
        ));
    }
    let mut names = BTreeSet::new();
    for property in &spec.properties {
        let Property { name, .. } = property;
        if !(1..=LONGEST_PROPERTY).contains(&name.chars().count()) || !names.insert(name) {
            return Err(format!(
                "the property {name} is there twice, or has no possible name"
            ));
        }
        if property.queryable && (!property.required || property.secret) {
            return Err(format!(
                "the queryable property {name} must be required and not secret"
            ));
        }
    }
    if spec.properties.iter().filter(|it| it.queryable).count() > 1 {
        return Err("at most one property is queryable".to_owned());
    }
    for (least, most) in [spec.inputs, spec.outputs] {
        if least > most || most > MOST_ARTIFACTS {
            return Err(format!("from {least} to {most} artifacts is not possible"));
        }
    }
    for url in [&spec.entity_url, &spec.execution_url]
        .into_iter()
        .flatten()
    {
        check_url(spec, url)?;
    }
    Ok(())
}

/// A link may have only required properties in it, and none that is secret.
fn check_url(spec: &CustomActionType, url: &str) -> Result<(), String> {
    if !(1..=LONGEST_URL).contains(&url.len()) {
        return Err(format!("a URL must have 1 to {LONGEST_URL} characters"));
    }
    for after in url.split("{Config:").skip(1) {
        let name = after.split('}').next().unwrap_or_default();
        let mut properties = spec.properties.iter();
        if !properties.any(|it| it.name == name && it.required && !it.secret) {
            return Err(format!(
                "the URL {url} names {name}, which is not a required property that is not secret"
            ));
        }
    }
    Ok(())
}

/// A provider's name.
pub(super) fn is_provider(text: &str) -> bool {
    (1..=LONGEST_PROVIDER).contains(&text.len()) && text.chars().all(is_allowed)
}

/// A version.
pub(super) fn is_version(text: &str) -> bool {
    (1..=LONGEST_VERSION).contains(&text.len()) && text.chars().all(is_allowed)
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

impl CustomActionType {
    fn kind(&self) -> Kind<'_> {
        Kind {
            owner: "Custom",
            category: &self.category,
            provider: &self.provider,
            version: &self.version,
        }
    }

    /// Is it this one?
    pub(super) fn is(&self, kind: &Kind<'_>) -> bool {
        self.kind() == *kind
    }

    /// The property by whose value workers may ask.
    pub(super) fn queryable(&self) -> Option<&str> {
        let found = self.properties.iter().find(|it| it.queryable);
        found.map(|it| it.name.as_str())
    }

    /// Is this property's value shown to nobody but workers?
    pub(super) fn hides(&self, name: &str) -> bool {
        let mut properties = self.properties.iter();
        properties.any(|it| it.name == name && it.secret)
    }

    /// Where what the action is about can be seen.
    pub(super) fn entity_url(&self, configuration: &[(String, String)]) -> Option<String> {
        let template = self.entity_url.as_deref()?;
        Some(filled(template, configuration))
    }

    /// Where an execution of the action can be seen; that needs the execution's id, if the link has it.
    pub(super) fn execution_url(
        &self,
        configuration: &[(String, String)],
        external_id: Option<&str>,
    ) -> Option<String> {
        let url = filled(self.execution_url.as_deref()?, configuration);
        if !url.contains(EXTERNAL_ID) {
            return Some(url);
        }
        Some(url.replace(EXTERNAL_ID, external_id?))
    }
}

fn filled(template: &str, configuration: &[(String, String)]) -> String {
    let fill = |url: String, (name, value): &(String, String)| {
        url.replace(&format!("{{Config:{name}}}"), value)
    };
    configuration.iter().fold(template.to_owned(), fill)
}
