//! Reading the texts of a request by their names.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::image::{self, NoImage};
use super::{BadRequest, JobAction, JobImage, JobRequest, unresolved};
use crate::image::Tag;
use crate::job::files::{FileChoice, FileChoices};
use crate::problems::Problems;
use crate::target::GatePoint;
use crate::text::{excerpt, listed, nearest};

/// More keys are no parameters of ours.
const KEYS_LIMIT: usize = 50;
/// A pipeline execution's id is a UUID.
const EXECUTION_LIMIT: usize = 100;

const ACTIONS: [&str; 4] = ["deploy", "promote", "verify", "wait"];

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Action,
    Target,
    Tag,
    Digest,
    To,
    Gate,
    Execution,
    TaskDefinition,
    AppSpec,
    ImageDefinitions,
    ImageDetail,
}

/// The names under which it is said.
type Names = &'static [(&'static str, Key)];

const USER_PARAMETERS: Names = &[
    ("action", Key::Action),
    ("target", Key::Target),
    ("tag", Key::Tag),
    ("digest", Key::Digest),
    ("to", Key::To),
    ("gate", Key::Gate),
    ("execution", Key::Execution),
    ("task_definition", Key::TaskDefinition),
    ("app_spec", Key::AppSpec),
    ("image_definitions", Key::ImageDefinitions),
    ("image_detail", Key::ImageDetail),
];

/// Nine of the ten properties that an action type may have.
const PROPERTIES: Names = &[
    ("Target", Key::Target),
    ("Action", Key::Action),
    ("Tag", Key::Tag),
    ("Digest", Key::Digest),
    ("To", Key::To),
    ("TaskDefinitionPath", Key::TaskDefinition),
    ("AppSpecPath", Key::AppSpec),
    ("ImageDefinitionsPath", Key::ImageDefinitions),
    ("ImageDetailPath", Key::ImageDetail),
];

/// What was given, with nothing in the place of what was wrong already.
pub(super) struct Given<'a> {
    names: Names,
    values: BTreeMap<Key, Option<std::borrow::Cow<'a, str>>>,
    /// Keys that are not known: one of them may be a mistyped one.
    unknown: Vec<String>,
}

/// Reads `UserParameters`.
pub(super) fn user_parameters(
    text: &str,
    out: &mut Problems,
) -> Result<Given<'static>, BadRequest> {
    let not_json = |error: &serde_json::Error| BadRequest::NotJson {
        line: error.line().max(1),
        column: error.column().max(1),
        message: excerpt(
            error
                .to_string()
                .split(" at line ")
                .next()
                .unwrap_or_default(),
            200,
        ),
        hint: if text.starts_with('{') {
            "every key and value stands in double quotes; a variable's value must not have any"
        } else {
            "write a JSON object such as `{\"target\": \"api-prod\", \"tag\": \"#{variables.tag}\"}`"
        },
    };
    let Entries(entries) = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let mut given = Given::new(USER_PARAMETERS);
    for (name, value) in entries {
        given.add(&name, value, out);
    }
    Ok(given)
}

/// Reads the configuration of a custom action, in which what is empty is not there.
pub(super) fn configuration<'a>(
    configuration: &'a BTreeMap<String, String>,
    out: &mut Problems,
) -> Given<'a> {
    let mut given = Given::new(PROPERTIES);
    for (name, value) in configuration.iter().take(KEYS_LIMIT) {
        if !value.is_empty() {
            given.add_text(name, value.into(), out);
        }
    }
    given
}

impl<'a> Given<'a> {
    fn new(names: Names) -> Self {
        Self {
            names,
            values: BTreeMap::new(),
            unknown: Vec::new(),
        }
    }

    fn name(&self, key: Key) -> &'static str {
        let named = self.names.iter().find(|(_, known)| *known == key);
        named.map_or("", |(name, _)| name)
    }

    fn known(&self) -> Vec<&'static str> {
        self.names.iter().map(|(name, _)| *name).collect()
    }

    /// The key of this name, or a problem.
    fn key(&mut self, name: &str, out: &mut Problems) -> Option<Key> {
        if let Some((_, key)) = self.names.iter().find(|(known, _)| *known == name) {
            return Some(*key);
        }
        let known = self.known();
        let hint = match nearest(name, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", listed(&known)),
        };
        let shown = excerpt(name, 60);
        out.add_with_hint(&shown, "unknown key", hint);
        self.unknown.push(shown);
        None
    }

    fn add(&mut self, name: &str, value: Value, out: &mut Problems) {
        match value {
            Value::String(text) => self.add_text(name, text.into(), out),
            // As good as not there, but a wrong name is one all the same.
            Value::Null => {
                self.key(name, out);
            }
            other => {
                let Some(key) = self.key(name, out) else {
                    return;
                };
                out.add_with_hint(
                    name,
                    "expected a text",
                    match other {
                        Value::Number(_) | Value::Bool(_) => "put it in quotes",
                        _ => "every value is a text in quotes",
                    },
                );
                self.values.insert(key, None);
            }
        }
    }

    fn add_text(&mut self, name: &str, text: std::borrow::Cow<'a, str>, out: &mut Problems) {
        let Some(key) = self.key(name, out) else {
            return;
        };
        if self.values.contains_key(&key) {
            out.add(name, "is there twice");
            return;
        }
        let value = if let Some(reference) = unresolved::reference(&text) {
            let (message, hint) = unresolved::explained(reference);
            out.add_with_hint(name, message, hint);
            None
        } else if text.trim().is_empty() {
            out.add_with_hint(name, "is empty", "leave the key out, or give it a value");
            None
        } else {
            Some(text)
        };
        self.values.insert(key, value);
    }

    /// What is asked for, unless there is a problem with it.
    pub(super) fn request(&self, out: &mut Problems) -> Option<JobRequest> {
        let target = match self.values.get(&Key::Target) {
            None => {
                self.missing(Key::Target, "which target is meant", out);
                None
            }
            Some(_) => self.parsed(Key::Target, out),
        };
        let action = self.action(out);
        let image = self.image(out);
        let execution = self.execution(out);
        let files = FileChoices {
            task_definition: self.parsed(Key::TaskDefinition, out),
            app_spec: self.parsed(Key::AppSpec, out),
            image_definitions: self.parsed::<FileChoice>(Key::ImageDefinitions, out),
            image_detail: self.parsed(Key::ImageDetail, out),
        };
        Some(JobRequest {
            target: target?,
            action: action?,
            image,
            execution,
            files,
        })
    }

    /// The text of a key that is there and was not wrong already.
    fn text(&self, key: Key) -> Option<&str> {
        self.values.get(&key)?.as_deref()
    }

    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(
        &self,
        key: Key,
        out: &mut Problems,
    ) -> Option<T> {
        let text = self.text(key)?;
        text.parse()
            .map_err(|error: T::Err| out.add(self.name(key), error.to_string()))
            .ok()
    }

    /// Adds that a key is missing, unless another one seems to be that one mistyped.
    fn missing(&self, key: Key, what: &str, out: &mut Problems) {
        let name = self.name(key);
        let mistyped = |other: &String| nearest(other, &self.known()) == Some(name);
        if !self.unknown.iter().any(mistyped) {
            out.add("", format!("`{name}` is missing: {what}"));
        }
    }

    fn action(&self, out: &mut Problems) -> Option<JobAction> {
        let word = match self.values.get(&Key::Action) {
            None => "deploy",
            Some(word) => word.as_deref()?,
        };
        if self.values.contains_key(&Key::Gate) && word != "verify" && ACTIONS.contains(&word) {
            out.add_with_hint(
                self.name(Key::Gate),
                format!(
                    "means nothing with the action `{word}`; it is the gate that `verify` tries"
                ),
                format!(
                    "leave it out, or set `{}` to `verify`",
                    self.name(Key::Action)
                ),
            );
        }
        let action = match word {
            "deploy" => JobAction::Deploy,
            "verify" => JobAction::Verify {
                gate: self.gate(out),
            },
            "wait" => JobAction::Wait,
            "promote" => {
                if !self.values.contains_key(&Key::To) {
                    self.missing(Key::To, "the tag that the image is to get", out);
                }
                return self
                    .parsed::<Tag>(Key::To, out)
                    .map(|to| JobAction::Promote { to });
            }
            other => {
                let message = format!("`{}` is no action", excerpt(other, 60));
                let hint = match nearest(other, &ACTIONS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", listed(&ACTIONS)),
                };
                out.add_with_hint(self.name(Key::Action), message, hint);
                return None;
            }
        };
        if self.values.contains_key(&Key::To) {
            out.add_with_hint(
                self.name(Key::To),
                format!(
                    "means nothing with the action `{word}`; it is the tag that `promote` gives"
                ),
                format!(
                    "leave it out, or set `{}` to `promote`",
                    self.name(Key::Action)
                ),
            );
        }
        Some(action)
    }

    fn gate(&self, out: &mut Problems) -> Option<GatePoint> {
        let name = self.text(Key::Gate)?;
        let found = GatePoint::of_name(name);
        if found.is_none() {
            let known = GatePoint::ALL.map(GatePoint::name);
            let hint = match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", listed(&known)),
            };
            let message = format!("`{}` is no gate", excerpt(name, 60));
            out.add_with_hint(self.name(Key::Gate), message, hint);
        }
        found
    }

    fn image(&self, out: &mut Problems) -> Option<JobImage> {
        let (tag, digest) = (self.name(Key::Tag), self.name(Key::Digest));
        if self.values.contains_key(&Key::Tag) && self.values.contains_key(&Key::Digest) {
            out.add_with_hint(
                tag,
                format!("`{tag}` and `{digest}` are both there, and either names the image"),
                "leave one of them out",
            );
        }
        let mut read = |key, by: fn(&str) -> Result<JobImage, NoImage>, other| {
            let text = self.text(key)?;
            let NoImage { message, hint } = match by(text) {
                Ok(image) => return Some(image),
                Err(error) => error,
            };
            match hint {
                Some(hint) => {
                    out.add_with_hint(self.name(key), message, format!("{hint}: `{other}`"));
                }
                None => out.add(self.name(key), message),
            }
            None
        };
        let by_tag = read(Key::Tag, image::by_tag, digest);
        let by_digest = read(Key::Digest, image::by_digest, tag);
        by_tag.or(by_digest)
    }

    fn execution(&self, out: &mut Problems) -> Option<String> {
        let text = self.text(Key::Execution)?;
        let fits = text.len() <= EXECUTION_LIMIT
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fits {
            out.add_with_hint(
                self.name(Key::Execution),
                format!("`{}` is not a pipeline execution's id", excerpt(text, 60)),
                "write `#{codepipeline.PipelineExecutionId}`",
            );
        }
        fits.then(|| text.to_owned())
    }
}

/// The members of a JSON object in their order, those of the same name too.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    if entries.len() >= KEYS_LIMIT {
                        let message = format!("the object has more than {KEYS_LIMIT} members");
                        return Err(serde::de::Error::custom(message));
                    }
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
