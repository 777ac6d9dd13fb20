//! The `tags:` and `ignore:` of an image: which pushes are taken.

use serde_json::Value;

use crate::image::Tag;
use crate::policy::{
    Glob, InvalidRange, InvalidTagPattern, KeyOrder, TagPattern, TagPolicy, VersionRange,
};
use crate::problems::Problems;
use crate::target::description::{Demand, Form, Key, Mapping, listed};
use crate::target::node::{Fields, Node, or_default};
use crate::text::excerpt;

pub(super) const MAX_TAGS: usize = 50;
pub(super) const MAX_IGNORED: usize = 50;
const MAX_PATTERN: usize = 500;
const MAX_PREFIX: usize = 60;

/// What says which kind of rule an entry is.
const KINDS: [&str; 4] = ["glob", "regex", "semver", "newest"];
/// What goes with one kind only.
const BELONGS: [(&str, &str); 3] = [
    ("order", "regex"),
    ("prerelease", "semver"),
    ("prefix", "semver"),
];

pub(super) const TAG: Form = Form::Like("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", Tag::MAX_LENGTH, "a tag");
pub(super) const GLOB: Form = Form::Like("^[A-Za-z0-9_.*?-]+$", Glob::MAX_LENGTH, "a pattern");

pub(super) const POLICY: &Mapping = &Mapping {
    name: "tag_rule",
    says: "A rule that takes tags: one of `glob`, `regex`, `semver` and `newest`. All entries of a list order \
           by the same: by time, by version, or by what a group of the expression says.",
    keys: &[
        Key::optional(
            "glob",
            GLOB,
            "",
            "Tags like this: `*` stands for any characters, `?` for one. Upper and lower case differ.",
        )
        .such_as("'rel-*'"),
        Key::optional(
            "regex",
            Form::Text(1, MAX_PATTERN),
            "",
            "Tags that match this regular expression as a whole.",
        )
        .such_as(r"'v(?<version>\d+)'"),
        Key::optional(
            "order",
            Form::Words(&["numeric", "lexical"]),
            "by time",
            "With `regex`: what the named group `version`, or the only named group, says tells the order, as \
             whole numbers of any length or as texts by their bytes.",
        ),
        Key::optional(
            "semver",
            Form::Text(1, MAX_PATTERN),
            "",
            "Tags that are semantic versions within this range, written as Cargo writes them.",
        )
        .such_as("'>=1.2, <2'"),
        Key::optional(
            "prerelease",
            Form::Boolean,
            "`false`",
            "With `semver`: whether pre-releases are taken.",
        ),
        Key::optional(
            "prefix",
            Form::Like("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", MAX_PREFIX, "the beginning of a tag"),
            "none",
            "With `semver`: what stands before the version in the tag.",
        )
        .such_as("v"),
        Key::optional(
            "newest",
            Form::True,
            "",
            "Every tag: the newest build is deployed, whatever it is called.",
        ),
    ],
    shared: &[],
    demands: &[
        Demand::ExactlyOne(&KINDS),
        Demand::Only("order", "regex"),
        Demand::Only("prerelease", "semver"),
        Demand::Only("prefix", "semver"),
    ],
};

pub(super) fn read_tags(node: &Node<'_>, out: &mut Problems) -> Option<Vec<TagPolicy>> {
    let nodes = node.list("tags", 1..=MAX_TAGS, out)?;
    let policies: Vec<_> = nodes.iter().map(|node| read_policy(node, out)).collect();
    let policies: Vec<TagPolicy> = policies.into_iter().collect::<Option<_>>()?;
    for (index, policy) in policies.iter().enumerate() {
        let path = format!("{}[{index}]", node.path);
        if policies[..index].contains(policy) {
            out.add(&path, format!("{policy} is already in the list"));
            return None;
        }
        let first = policies.first().unwrap_or(policy);
        if first.order() != policy.order() {
            out.add_with_hint(
                &path,
                format!(
                    "{policy} orders by {}, but {first} by {}, so that of two images neither would be \
                     the newer",
                    policy.order(),
                    first.order()
                ),
                "make a target of its own for each order",
            );
            return None;
        }
    }
    Some(policies)
}

pub(super) fn read_ignore(node: &Node<'_>, out: &mut Problems) -> Option<Vec<Glob>> {
    let nodes = node.list("patterns", 0..=MAX_IGNORED, out)?;
    let globs: Vec<_> = nodes.iter().map(|node| read_glob(node, out)).collect();
    globs.into_iter().collect()
}

/// A tag that is named and ignored would never be taken.
pub(super) fn refuse_what_is_ignored(
    tags: &[TagPolicy],
    ignore: &[Glob],
    path: &str,
    out: &mut Problems,
) -> Option<()> {
    for (index, policy) in tags.iter().enumerate() {
        let TagPolicy::Exact(tag) = policy else {
            continue;
        };
        if let Some(glob) = ignore.iter().find(|glob| glob.is_match(tag.as_str())) {
            out.add_with_hint(
                &format!("{path}.tags[{index}]"),
                format!("`{tag}` is ignored by `{glob}`, and would never be taken"),
                "write an `ignore` list of your own without it",
            );
            return None;
        }
    }
    Some(())
}

fn read_policy(node: &Node<'_>, out: &mut Problems) -> Option<TagPolicy> {
    match node.value {
        Value::Object(_) => read_rule(node, out),
        Value::String(text) if text.contains(['*', '?']) => {
            let text = excerpt(text, 60);
            out.add_with_hint(
                &node.path,
                format!("`{text}` is a pattern, not a tag"),
                format!("write `{{glob: \"{text}\"}}`"),
            );
            None
        }
        _ => node.parsed::<Tag>("a tag", out).map(TagPolicy::Exact),
    }
}

fn read_rule(node: &Node<'_>, out: &mut Problems) -> Option<TagPolicy> {
    let fields = node.fields(POLICY, out)?;
    let kinds: Vec<&str> = KINDS
        .into_iter()
        .filter(|kind| fields.optional(kind).is_some())
        .collect();
    let &[kind] = kinds.as_slice() else {
        out.add(
            &node.path,
            format!(
                "expected exactly one of {}, found {}",
                listed(&KINDS),
                listed(&kinds)
            ),
        );
        return None;
    };
    let mut fits = true;
    for (key, of) in BELONGS {
        if let Some(stray) = fields.optional(key).filter(|_| kind != of) {
            out.add(&stray.path, format!("belongs to `{of}`, not to `{kind}`"));
            fits = false;
        }
    }
    let value = fields.optional(kind)?;
    let policy = match kind {
        "glob" => read_glob(&value, out).map(TagPolicy::Glob),
        "regex" => read_pattern(&value, &fields, out).map(TagPolicy::Regex),
        "semver" => read_range(&value, &fields, out).map(TagPolicy::Semver),
        _ => read_newest(&value, out),
    };
    policy.filter(|_| fits)
}

fn read_glob(node: &Node<'_>, out: &mut Problems) -> Option<Glob> {
    let text = node.any_text("a pattern", out)?;
    let glob = text.parse::<Glob>();
    glob.map_err(|error| {
        out.add_with_hint(
            &node.path,
            error.to_string(),
            "what these cannot say, a `regex` can",
        );
    })
    .ok()
}

fn read_pattern(node: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<TagPattern> {
    let text = node.text("a regular expression", 1..=MAX_PATTERN, out);
    let order = or_default(fields.optional("order"), None, |n| {
        let orders = [KeyOrder::Numeric, KeyOrder::Lexical];
        let order = n
            .value
            .as_str()
            .and_then(|text| orders.into_iter().find(|order| order.name() == text));
        if order.is_none() {
            n.wrong("`numeric` or `lexical`", out);
        }
        order.map(Some)
    });
    match TagPattern::new(text?, order?) {
        Ok(pattern) => Some(pattern),
        Err(error @ InvalidTagPattern::Expression(_)) => {
            out.add(&node.path, error.to_string());
            None
        }
        Err(error) => {
            out.add_with_hint(
                &node.path,
                error.to_string(),
                r"name what to order by: `(?<version>\d+)`, or leave `order` out to order by time",
            );
            None
        }
    }
}

fn read_range(node: &Node<'_>, fields: &Fields<'_>, out: &mut Problems) -> Option<VersionRange> {
    let text = node.text("a range of versions", 1..=MAX_PATTERN, out);
    let prereleases = or_default(fields.optional("prerelease"), false, |n| n.boolean(out));
    let prefix = or_default(fields.optional("prefix"), String::new(), |n| {
        let text = n.text("what stands before the version", 1..=MAX_PREFIX, out)?;
        // The beginning of a tag is one.
        if text.parse::<Tag>().is_err() {
            n.wrong("the beginning of a tag, such as `v`", out);
            return None;
        }
        Some(text.to_owned())
    });
    match VersionRange::new(text?, prereleases?, &prefix?) {
        Ok(range) => Some(range),
        Err(error @ InvalidRange::Syntax { .. }) => {
            out.add_with_hint(
                &node.path,
                error.to_string(),
                "write it as in `>=1.2, <2`, `^1.4` or `*`",
            );
            None
        }
        Err(error @ InvalidRange::Prerelease { .. }) => {
            out.add_with_hint(&node.path, error.to_string(), "write `prerelease: true`");
            None
        }
    }
}

fn read_newest(node: &Node<'_>, out: &mut Problems) -> Option<TagPolicy> {
    let is_so = node.boolean(out)?;
    if !is_so {
        out.add(&node.path, "expected `true`, or another kind of entry");
    }
    is_so.then_some(TagPolicy::Newest)
}
