//! Placeholders: finding `<NAME>` in a text, numbering them, and replacing them by their values.

use std::collections::BTreeMap;
use std::fmt;

use crate::text::{excerpt, listed, nearest};

/// A file with thousands of placeholders is not a template for us: listing stops here.
const MAX_UNRESOLVED: usize = 100;

/// The values of placeholders, by name without the angle brackets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders(BTreeMap<String, String>);

impl Placeholders {
    /// Gives a placeholder its value; a value given before is forgotten.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether somebody who writes `<name>` means a placeholder: a known name in whatever case, or
    /// capitals. `<html>` is no placeholder.
    fn is_meant_by(&self, name: &str) -> bool {
        let is_capital =
            |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        (name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(is_capital))
            || self.names().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Placeholders {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let values = values.into_iter();
        Self(
            values
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// A placeholder that has no value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    pub file: String,
    /// From 1; `None` if it cannot be told, since the placeholder is written with escapes.
    pub line: Option<usize>,
    /// Without the angle brackets.
    pub name: String,
    /// What to write instead.
    pub hint: String,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        let name = excerpt(&self.name, 120);
        write!(
            f,
            ": the placeholder `<{name}>` has no value\n  hint: {}",
            self.hint
        )
    }
}

/// A text in which every placeholder-like token has a number, by which its line is found again
/// after parsing.
#[derive(Debug)]
pub(super) struct Marked {
    text: String,
    /// What stands between a name and its number: a character that the text has nowhere.
    separator: Option<char>,
    /// The line of each token, by number.
    lines: Vec<usize>,
}

impl Marked {
    pub(super) fn new(original: &str) -> Self {
        let mut private_use = '\u{e000}'..='\u{f8ff}';
        let separator = private_use.find(|c| !original.contains(*c));
        let Some(mark) = separator else {
            return Self {
                text: original.to_owned(),
                separator,
                lines: Vec::new(),
            };
        };
        let mut text = String::with_capacity(original.len() + 64);
        let (mut lines, mut line, mut from) = (Vec::new(), 1, 0);
        while let Some((start, name)) = next(&original[from..]) {
            let (start, end) = (from + start, from + start + name.len() + 2);
            line += original[from..start].matches('\n').count();
            text.push_str(&original[from..end - 1]);
            text.push(mark);
            text.push_str(&lines.len().to_string());
            text.push('>');
            lines.push(line);
            from = end;
        }
        text.push_str(&original[from..]);
        Self {
            text,
            separator,
            lines,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// `string` with the values in it, if it holds any token. One without a value is added to
    /// `unresolved`. A value is not looked at again, whatever it holds.
    pub(super) fn replace(
        &self,
        string: &str,
        file: &str,
        placeholders: &Placeholders,
        unresolved: &mut Vec<Unresolved>,
    ) -> Option<String> {
        let mut out = String::new();
        let mut rest = string;
        while let Some((start, name, line, end)) = self.next_of(rest) {
            out.push_str(&rest[..start]);
            if let Some(value) = placeholders.get(name) {
                out.push_str(value);
            } else {
                out.extend(["<", name, ">"]);
                if placeholders.is_meant_by(name) && unresolved.len() < MAX_UNRESOLVED {
                    unresolved.push(Unresolved {
                        file: file.to_owned(),
                        line,
                        name: name.to_owned(),
                        hint: hint(name, placeholders),
                    });
                }
            }
            rest = &rest[end..];
        }
        if rest.len() == string.len() {
            return None;
        }
        out.push_str(rest);
        Some(out)
    }

    /// The next token, numbered or not: where it starts, its name, its line, where it ends.
    fn next_of<'t>(&self, text: &'t str) -> Option<(usize, &'t str, Option<usize>, usize)> {
        let mut from = 0;
        loop {
            let start = from + text[from..].find('<')?;
            let after = &text[start + 1..];
            let name = name_at_start(after);
            if !name.is_empty() {
                let (line, tail) = self.number(&after[name.len()..]);
                if tail.starts_with('>') {
                    return Some((start, name, line, text.len() - tail.len() + 1));
                }
            }
            from = start + 1;
        }
    }

    /// The line that the number at the start of `text` stands for, and what follows the number.
    fn number<'t>(&self, text: &'t str) -> (Option<usize>, &'t str) {
        let Some(digits) = self.separator.and_then(|mark| text.strip_prefix(mark)) else {
            return (None, text);
        };
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = digits.split_at(length);
        let line = number.parse::<usize>().ok();
        (line.and_then(|it| self.lines.get(it).copied()), tail)
    }
}

fn hint(name: &str, placeholders: &Placeholders) -> String {
    let known: Vec<&str> = placeholders.names().collect();
    if let Some(known) = nearest(name, &known) {
        return format!("did you mean `<{known}>`?");
    }
    if known.is_empty() {
        return "no placeholder has a value here".to_owned();
    }
    let known: Vec<String> = known.iter().map(|known| format!("<{known}>")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("placeholders that have a value: {}", listed(&known))
}

/// The next `<NAME>` in a text: where it starts, and the name.
fn next(text: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find('<')?;
        if let Some(name) = at_start(&text[start..]) {
            return Some((start, name));
        }
        from = start + 1;
    }
}

/// The name of the `<NAME>` that a text starts with.
pub(super) fn at_start(text: &str) -> Option<&str> {
    let after = text.strip_prefix('<')?;
    let name = name_at_start(after);
    (!name.is_empty() && after[name.len()..].starts_with('>')).then_some(name)
}

/// Letters, digits, `_` and `-`, of which the first is none of `-`.
fn name_at_start(text: &str) -> &str {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if text.starts_with('-') {
        return "";
    }
    &text[..text.bytes().take_while(is_name).count()]
}
