//! What the document of a target is made of: its mappings, their keys, and what each key takes.
//!
//! Each mapping is described beside its reader, in [`super::parse`]: the reader takes the known keys and the
//! bounds from there, and so do the schema for editors ([`super::schema`]) and the reference
//! ([`super::reference`]). What no description can say, such as that names are unique, only the reader knows.

use std::time::Duration;

use crate::problems::Problems;
pub(super) use crate::text::{listed, nearest};

/// A mapping of the document.
#[derive(Debug)]
pub(super) struct Mapping {
    /// What it is called; unique.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub says: &'static str,
    pub keys: &'static [Key],
    /// Keys that other mappings have, too.
    pub shared: &'static [&'static [Key]],
    pub demands: &'static [Demand],
}

/// A key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub form: Form,
    pub presence: Presence,
    /// What it is for.
    pub says: &'static str,
    /// A value of it, as YAML.
    pub example: Option<&'static str>,
}

/// Whether a key has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    /// Without it, and without a value, it is as is said here.
    Optional(&'static str),
    /// One of several of which a mapping has one entry.
    Choice,
}

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// A text of so many printable characters.
    Text(usize, usize),
    /// A text of so many bytes at most, whatever is in it.
    Bytes(usize),
    /// A text of at most so many characters that matches a regular expression of ECMA-262; with what it is.
    Like(&'static str, usize, &'static str),
    /// A text that means something which no regular expression can tell; with what it is.
    Meaning(&'static str),
    /// One of these texts.
    Words(&'static [&'static str]),
    Boolean,
    True,
    /// A whole number.
    Whole(u32, u32),
    /// Any number within bounds.
    Decimal(f64, f64),
    /// A duration, of which no schema can tell the bounds.
    Duration(Duration, Duration),
    /// A list of so many; whether each is there once.
    List(&'static Form, usize, usize, Repeats),
    /// A mapping whose keys are the document's own.
    Entries(Names, &'static Form, usize),
    Mapping(&'static Mapping),
    /// A mapping with nothing that is required, or nothing at all.
    MappingOrNothing(&'static Mapping),
    /// Any mapping.
    AnyMapping,
    /// Anything.
    Anything,
    /// One of these.
    Either(&'static [Form]),
}

/// Whether a list of texts may have one of them twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    Allowed,
    Refused,
}

/// What keys are like that are the document's own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names {
    Any,
    /// A regular expression of ECMA-262.
    Like(&'static str),
    /// One of these, in upper or lower case.
    Words(&'static [&'static str]),
}

/// What the keys of a mapping demand of each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Demand {
    /// There is exactly one entry.
    OneEntry,
    /// Exactly one of these has a value.
    ExactlyOne(&'static [&'static str]),
    /// At least one of these has a value.
    AtLeastOne(&'static [&'static str]),
    /// The first means nothing without the second.
    Only(&'static str, &'static str),
    /// Where the first has a value, none of the others has.
    Apart(&'static str, &'static [&'static str]),
    /// The first is required unless the second is a mapping with one of these.
    Unless(&'static str, &'static str, &'static [&'static str]),
    /// The first may be there only where the second is a mapping with one of these.
    OnlyWhere(&'static str, &'static str, &'static [&'static str]),
}

impl Key {
    pub(super) const fn required(name: &'static str, form: Form, says: &'static str) -> Self {
        Self::new(name, form, Presence::Required, says)
    }

    pub(super) const fn optional(
        name: &'static str,
        form: Form,
        default: &'static str,
        says: &'static str,
    ) -> Self {
        Self::new(name, form, Presence::Optional(default), says)
    }

    pub(super) const fn choice(name: &'static str, form: Form, says: &'static str) -> Self {
        Self::new(name, form, Presence::Choice, says)
    }

    const fn new(name: &'static str, form: Form, presence: Presence, says: &'static str) -> Self {
        Self {
            name,
            form,
            presence,
            says,
            example: None,
        }
    }

    /// The same with an example in YAML.
    #[must_use]
    pub(super) const fn such_as(mut self, example: &'static str) -> Self {
        self.example = Some(example);
        self
    }
}

impl Mapping {
    /// All keys, its own first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Key> {
        self.keys
            .iter()
            .chain(self.shared.iter().copied().flatten())
    }

    /// The names of all keys.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.all().map(|key| key.name).collect()
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.all().any(|key| key.name == name)
    }

    /// Adds a problem unless there is a key of this name.
    pub(super) fn check(&self, path: &str, name: &str, out: &mut Problems) {
        if self.knows(name) {
            return;
        }
        let names = self.names();
        match nearest(name, &names) {
            Some(known) => {
                out.add_with_hint(path, "unknown key", format!("did you mean `{known}`?"));
            }
            None if names.is_empty() => out.add(path, "unknown key; nothing is expected here"),
            None => out.add_with_hint(
                path,
                "unknown key",
                format!("known here: {}", listed(&names)),
            ),
        }
    }
}

impl Form {
    /// The mappings that it is made of, not those within them.
    pub(super) fn mappings(&self) -> Vec<&'static Mapping> {
        match self {
            Self::Mapping(mapping) | Self::MappingOrNothing(mapping) => vec![mapping],
            Self::List(of, ..) | Self::Entries(_, of, _) => of.mappings(),
            Self::Either(forms) => forms.iter().flat_map(Self::mappings).collect(),
            _ => Vec::new(),
        }
    }
}

/// A mapping and all within it, each once, in the order in which a reader meets them.
pub(super) fn within(root: &'static Mapping) -> Vec<&'static Mapping> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(mapping) = found.get(next).copied() {
        next += 1;
        for inner in mapping.all().flat_map(|key| key.form.mappings()) {
            if !found.iter().any(|known| known.name == inner.name) {
                found.push(inner);
            }
        }
    }
    found
}
