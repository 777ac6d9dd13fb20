//! The runbook `docs/errors.md`: every message that Greenlight can give, when it comes and what to do.
//!
//! The messages and when they come are read from the code; what to do is in `docs/errors.yaml`. A message without an
//! entry, and an entry without a message, fail here. So does a page that is stale:
//! `GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --test project errors` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::generated::{is_current, root};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Runbook {
    groups: Vec<Group>,
    internal: Vec<Internal>,
    rules: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
}

/// Messages that a person meets in one situation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    title: String,
    #[serde(default)]
    intro: String,
    messages: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    message: String,
    /// When it comes, where the code's own comment does not say it.
    when: Option<String>,
    /// What to do.
    #[serde(rename = "do")]
    remedy: String,
}

/// A message that is never shown alone, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Internal {
    message: String,
    reason: String,
}

fn runbook() -> Runbook {
    serde_norway::from_str(&fs::read_to_string(root().join("docs/errors.yaml")).unwrap()).unwrap()
}

/// The sources of what runs: no tests, and not the rehearsal.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_test =
            name.starts_with("tests") || name.ends_with("_tests.rs") || name.ends_with("_tests");
        if path.is_dir() && !is_test {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") && !is_test {
            found.push(path);
        }
    }
}

/// The messages of `#[error("…")]` in a source, each with the comment before it.
fn messages(source: &str) -> Vec<(String, String)> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[error(") {
        let comment = comment_before(&rest[..at]);
        rest = &rest[at + "#[error(".len()..];
        let Some(text) = rest.trim_start().strip_prefix('"') else {
            continue;
        };
        found.push((literal(text), comment));
    }
    found
}

/// The lines `/// …` that end just before here, attributes aside.
fn comment_before(code: &str) -> String {
    let lines = code.lines().rev().map(str::trim);
    let mut comment: Vec<&str> = lines
        .skip_while(|line| line.is_empty() || line.starts_with("#["))
        .map_while(|line| line.strip_prefix("///"))
        .map(str::trim)
        .collect();
    comment.reverse();
    comment.join(" ")
}

/// A string literal from behind its first quote, as the compiler reads it.
fn literal(code: &str) -> String {
    let mut text = String::new();
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('\n') => while letters.next_if(|it| it.is_whitespace()).is_some() {},
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    text
}

/// Every message of the code, with the comments before it.
fn of_the_code() -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Vec::new();
    for directory in ["cli/src", "functions", "shared"] {
        sources(&root().join(directory), &mut files);
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        for (message, comment) in messages(&fs::read_to_string(file).unwrap()) {
            let comments = found.entry(message).or_default();
            comments.extend(Some(comment).filter(|comment| !comment.is_empty()));
        }
    }
    found
}

/// The variants of an enum, each with its comment.
fn variants(path: &str, declaration: &str) -> Vec<(String, String)> {
    let source = fs::read_to_string(root().join(path)).unwrap();
    let (_, body) = source.split_once(declaration).unwrap();
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in body.lines().map(str::trim).take_while(|line| *line != "}") {
        if let Some(text) = line.strip_prefix("///") {
            comment.push_str(text);
            comment = comment.trim().to_owned();
        } else if let Some(name) = line.strip_suffix(',') {
            found.push((name.to_owned(), std::mem::take(&mut comment)));
        }
    }
    found
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// A message in a cell: placeholders as they are, on one line.
fn cell(message: &str) -> String {
    let message = message.replace('\n', " ⏎ ").replace('|', "\\|");
    format!("`` {message} ``")
}

fn page(runbook: &Runbook) -> String {
    let code = of_the_code();
    let mut page = String::from(
        "# What went wrong, and what to do\n\n<!-- Generated from docs/errors.yaml and the code; see \
         docs/contributing.md. -->\n\nEvery message of Greenlight, by what a person does about it. What stands in \
         braces is the name of what it is about. A message is followed by its causes, the last of which is mostly \
         AWS's own sentence; the command line says a `hint:`, too.\n",
    );
    for group in &runbook.groups {
        let _ = write!(page, "\n## {}\n\n", group.title);
        if !group.intro.is_empty() {
            let _ = write!(page, "{}\n\n", group.intro);
        }
        page.push_str("| message | when it comes | what to do |\n|---|---|---|\n");
        for entry in &group.messages {
            let comments = code.get(&entry.message).into_iter().flatten();
            let comments: Vec<&str> = comments.map(String::as_str).collect();
            let when = entry.when.clone().unwrap_or_else(|| comments.join(" Or: "));
            let _ = writeln!(
                page,
                "| {} | {when} | {} |",
                cell(&entry.message),
                entry.remedy
            );
        }
    }
    page.push_str("\n## What AWS said\n\n| kind | meaning | what to do |\n|---|---|---|\n");
    for (kind, meaning) in kinds() {
        let _ = writeln!(
            page,
            "| `{}` | {meaning} | {} |",
            snake_case(&kind),
            runbook.kinds[&kind]
        );
    }
    page.push_str(
        "\n## Why an image was not deployed\n\nThe rule that decided stands in logs and records, and \
         `greenlight explain IMAGE` names it for each target.\n\n| rule | meaning | what to do |\n|---|---|---|\n",
    );
    for (rule, meaning) in rules() {
        let _ = writeln!(page, "| `{rule}` | {meaning} | {} |", runbook.rules[&rule]);
    }
    page.push_str("\n## Never shown alone\n\n| message | where it comes from |\n|---|---|\n");
    for internal in &runbook.internal {
        let _ = writeln!(
            page,
            "| {} | {} |",
            cell(&internal.message),
            internal.reason
        );
    }
    page
}

fn rules() -> Vec<(String, String)> {
    variants(
        "shared/core/src/deployment/explanation.rs",
        "pub enum Rule {",
    )
    .into_iter()
    .map(|(name, comment)| (snake_case(&name), comment))
    .collect()
}

fn kinds() -> Vec<(String, String)> {
    variants("shared/aws/src/error.rs", "pub enum Kind {")
}

#[test]
fn every_message_has_one_entry_and_every_entry_is_a_message() {
    let runbook = runbook();
    let code = of_the_code();
    let mut entries: Vec<&str> = Vec::new();
    for entry in runbook.groups.iter().flat_map(|group| &group.messages) {
        entries.push(&entry.message);
        assert!(!entry.remedy.is_empty(), "{}", entry.message);
        let comments = code.get(&entry.message);
        let is_explained = entry.when.is_some() || comments.is_some_and(|it| !it.is_empty());
        assert!(
            is_explained,
            "docs/errors.yaml does not say when this comes: {}",
            entry.message
        );
    }
    entries.extend(runbook.internal.iter().map(|it| it.message.as_str()));
    let once: BTreeSet<&str> = entries.iter().copied().collect();
    assert_eq!(once.len(), entries.len(), "an entry is there twice");
    let known: BTreeSet<&str> = code.keys().map(String::as_str).collect();
    let missing: Vec<_> = known.difference(&once).collect();
    let gone: Vec<_> = once.difference(&known).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/errors.yaml has to say what to do about {missing:#?}\nand not about {gone:#?}"
    );
}

#[test]
fn every_rule_and_every_kind_of_failure_has_an_entry() {
    let runbook = runbook();
    let names = |found: Vec<(String, String)>| -> Vec<String> {
        let mut names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    };
    let entries = |known: &BTreeMap<String, String>| known.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(rules()), entries(&runbook.rules));
    assert_eq!(names(kinds()), entries(&runbook.kinds));
}

#[test]
fn the_runbook_is_current() {
    is_current("docs/errors.md", &page(&runbook()));
}

#[test]
fn messages_are_read_as_the_compiler_reads_them() {
    let source = r#"
        /// It is gone.
        /// For good.
        #[error("the `{name}` \
                 of \"it\"\nis gone", name = .0)]
        Gone(String),
        #[error(transparent)]
        Other(#[from] Other),
        #[error(
            "plain"
        )]
        Plain,
    "#;
    let expected = [
        ("the `{name}` of \"it\"\nis gone", "It is gone. For good."),
        ("plain", ""),
    ];
    let expected = expected.map(|(message, comment)| (message.to_owned(), comment.to_owned()));
    assert_eq!(messages(source), expected);
}
