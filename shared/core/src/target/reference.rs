//! The reference of the document as pages of Markdown: made from the description of its keys.
//!
//! `docs/reference/targets.md` and `docs/reference/gates.md` are these texts; a test fails where one is stale. The
//! guides that explain what the keys are for are `docs/targets.md` and `docs/gates.md`.

use std::fmt::Write as _;

use super::description::{Demand, Form, Key, Mapping, Names, Presence, Repeats, within};
use super::parse::{CHECK, DOCUMENT, RULES};
use crate::duration;

const GENERATED: &str = "<!-- Generated from the code; see docs/contributing.md. -->";

/// The page about targets.
pub fn targets() -> String {
    let mut page = format!(
        "# Reference: targets\n\n{GENERATED}\n\nEvery key of a target. How the parts belong together: the guide, \
         [targets](../targets.md). The checks of gates have a [page of their own](gates.md). Editors read the \
         same from `schemas/targets.schema.json`, which `greenlight targets schema` prints, too:\n\n\
         ```\n# yaml-language-server: $schema=./targets.schema.json\n```\n\n\
         A key that is not listed here is an error. A key without a value counts as not written. Durations are \
         a whole number and a unit: `500ms`, `10s`, `5m`, `1h`.\n"
    );
    let gates = within(CHECK);
    for mapping in within(DOCUMENT) {
        if !gates.iter().any(|of_gates| of_gates.name == mapping.name) || is_of_both(mapping) {
            section(mapping, mapping.all(), &mut page);
        }
    }
    page
}

/// The page about the checks of gates.
pub fn gates() -> String {
    let mut page = format!(
        "# Reference: gates\n\n{GENERATED}\n\nEvery check with its keys. How they are measured and judged: the \
         guide, [gates](../gates.md). The other keys of a target: [targets](targets.md).\n"
    );
    section(CHECK, CHECK.all(), &mut page);
    page.push_str("\n## Every check\n\nEvery check has these keys, beside its own.\n");
    table(RULES.iter(), &mut page);
    for mapping in within(CHECK).into_iter().skip(1) {
        if is_of_both(mapping) {
            continue;
        }
        let own = mapping.all();
        let own =
            own.filter(|key| !mapping.has_rules() || !RULES.iter().any(|it| it.name == key.name));
        section(mapping, own, &mut page);
    }
    page
}

/// How a task is launched is said on the page of targets.
fn is_of_both(mapping: &Mapping) -> bool {
    ["launch", "capacity_provider"].contains(&mapping.name)
}

impl Mapping {
    fn has_rules(&self) -> bool {
        self.name.starts_with("check_")
    }

    /// What a page calls it.
    fn title(&self) -> String {
        match self.name.strip_prefix("check_") {
            Some(kind) => kind.to_owned(),
            None => self.name.replace('_', " "),
        }
    }
}

fn section(mapping: &Mapping, keys: impl Iterator<Item = &'static Key>, page: &mut String) {
    let _ = write!(page, "\n## {}\n\n{}\n", mapping.title(), mapping.says);
    table(keys, page);
    let demands: Vec<String> = mapping.demands.iter().map(in_words).collect();
    if !demands.is_empty() {
        let _ = write!(page, "\n{}\n", demands.join(" "));
    }
}

fn table(keys: impl Iterator<Item = &'static Key>, page: &mut String) {
    let mut is_first = true;
    for key in keys {
        if is_first {
            page.push_str(
                "\n| key | type | default | meaning | example |\n|---|---|---|---|---|\n",
            );
            is_first = false;
        }
        let default = match key.presence {
            Presence::Required => "required",
            Presence::Optional(default) => default,
            Presence::Choice => "",
        };
        let example = key.example.map(|example| format!("`{example}`"));
        let _ = writeln!(
            page,
            "| `{}` | {} | {default} | {} | {} |",
            key.name,
            type_of(&key.form),
            key.says,
            example.unwrap_or_default(),
        );
    }
}

/// The type in words.
fn type_of(form: &Form) -> String {
    match form {
        Form::Text(least, most) => format!("text, {least} to {most}"),
        Form::Bytes(most) if most.is_multiple_of(1024) => {
            format!("text, up to {} KiB", most / 1024)
        }
        Form::Bytes(most) => format!("text, up to {most} bytes"),
        Form::Like(_, most, what) => format!("{what}, up to {most}"),
        Form::Meaning(what) => (*what).to_owned(),
        Form::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        Form::Boolean => "`true` or `false`".to_owned(),
        Form::True => "`true`".to_owned(),
        Form::Whole(least, most) => format!("{least} to {most}"),
        Form::Decimal(_, most) if *most >= f64::MAX => "number".to_owned(),
        Form::Decimal(least, most) => format!("number, {least} to {most}"),
        Form::Duration(least, most) => format!(
            "duration, `{}` to `{}`",
            duration::write(*least),
            duration::write(*most)
        ),
        Form::List(of, least, most, repeats) => {
            let once = match repeats {
                Repeats::Allowed => "",
                Repeats::Refused => ", each once",
            };
            format!("list, {least} to {most}, of: {}{once}", type_of(of))
        }
        Form::Entries(names, of, most) => {
            let names = match names {
                Names::Words(words) => {
                    let words: Vec<String> = words
                        .iter()
                        .map(|word| format!("`{}`", word.to_ascii_lowercase()))
                        .collect();
                    format!(" from {}", words.join(", "))
                }
                Names::Any | Names::Like(_) => String::new(),
            };
            format!("mapping, up to {most},{names} to: {}", type_of(of))
        }
        Form::Mapping(mapping) => link(mapping),
        Form::MappingOrNothing(mapping) => format!("{}, or nothing", link(mapping)),
        Form::AnyMapping => "mapping".to_owned(),
        Form::Anything => "anything".to_owned(),
        Form::Either(forms) => {
            let forms: Vec<String> = forms.iter().map(type_of).collect();
            forms.join("; or ")
        }
    }
}

fn link(mapping: &Mapping) -> String {
    let title = mapping.title();
    let is_of_gates = within(CHECK).iter().any(|it| it.name == mapping.name);
    let page = if is_of_gates && !is_of_both(mapping) {
        "gates.md"
    } else {
        "targets.md"
    };
    format!("[{title}]({page}#{})", title.replace(' ', "-"))
}

/// A demand as a sentence.
fn in_words(demand: &Demand) -> String {
    let listed = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        keys.join(", ")
    };
    match demand {
        Demand::OneEntry => "There is exactly one of them.".to_owned(),
        Demand::ExactlyOne(keys) => format!("Exactly one of {} is there.", listed(keys)),
        Demand::AtLeastOne(keys) => format!("At least one of {} is there.", listed(keys)),
        Demand::Only(key, with) => format!("`{key}` only with `{with}`."),
        Demand::Apart(key, others) => format!("`{key}` never beside {}.", listed(others)),
        Demand::Unless(key, of, names) => {
            format!(
                "`{key}` is required unless `{of}` is one of {}.",
                listed(names)
            )
        }
        Demand::OnlyWhere(key, of, names) => {
            format!("`{key}` only where `{of}` is {}.", listed(names))
        }
    }
}
