//! Which tags a target should take, by those of the image that runs.

use semver::Version;

use crate::image::Tag;
use crate::policy::{TagPolicy, VersionRange, default_ignore};

/// A message lists so many tags.
const MAX_LISTED: usize = 5;
/// The short form of a commit has so many digits at least.
const COMMIT: std::ops::RangeInclusive<usize> = 7..=40;

/// A rule, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guess {
    pub(super) policy: TagPolicy,
    pub(super) because: String,
}

/// What a tag is, by how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// One that moves from image to image: `test`, `live`.
    Name,
    /// `v1.4.2`
    Version { version: Version, prefix: String },
    /// One build: `main-1f2e3d4`, with what stands before the build; `1f2e3d4`, with nothing.
    Build { stem: String },
}

impl Kind {
    fn of(tag: &Tag) -> Self {
        let text = tag.as_str();
        let bare = text.strip_prefix('v').unwrap_or(text);
        if let Ok(version) = Version::parse(bare) {
            let prefix = text[..text.len() - bare.len()].to_owned();
            return Self::Version { version, prefix };
        }
        let begins = text.rfind(['-', '_', '.']).map_or(0, |at| at + 1);
        let (stem, last) = text.split_at(begins);
        if is_build(last) {
            return Self::Build {
                stem: stem.to_owned(),
            };
        }
        Self::Name
    }
}

/// A number, or the beginning of a commit's hash.
fn is_build(word: &str) -> bool {
    let is_number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let is_commit = COMMIT.contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit());
    is_number || is_commit
}

/// By the tags of the image that runs, and the one that the task definition names. A name that moves comes first,
/// since that is what one pushes to; then a version, then a build.
pub(super) fn guess(tags: &[Tag], named: Option<&Tag>) -> Guess {
    let ignored = default_ignore();
    let is_ignored = |tag: &&Tag| ignored.iter().any(|glob| glob.is_match(tag.as_str()));
    let mut known: Vec<&Tag> = named
        .into_iter()
        .chain(tags)
        .filter(|it| !is_ignored(it))
        .collect();
    // `latest` is what one gets who says nothing.
    known.sort_by_key(|tag| {
        (
            Some(*tag) != named,
            tag.as_str() == "latest",
            tag.as_str().to_owned(),
        )
    });
    known.dedup();
    let kinds: Vec<(&Tag, Kind)> = known.iter().map(|tag| (*tag, Kind::of(tag))).collect();
    let of_kind = |wanted: fn(&Kind) -> bool| kinds.iter().find(|(_, kind)| wanted(kind));
    let chosen = of_kind(|kind| *kind == Kind::Name)
        .or_else(|| of_kind(|kind| matches!(kind, Kind::Version { .. })))
        .or_else(|| kinds.first());
    let Some((tag, kind)) = chosen else {
        return Guess {
            policy: TagPolicy::Newest,
            because: "what runs has no tag, so that every push would be taken; name the tags that should be".to_owned(),
        };
    };
    let rest: Vec<&Tag> = known.iter().copied().filter(|other| other != tag).collect();
    let (policy, because) = rule(tag, kind);
    Guess {
        policy,
        because: because + &others(&rest),
    }
}

fn rule(tag: &Tag, kind: &Kind) -> (TagPolicy, String) {
    let exactly = || TagPolicy::Exact(tag.clone());
    match kind {
        Kind::Name => (exactly(), format!("what runs has the tag `{tag}`")),
        Kind::Version { version, prefix } => {
            let range = format!("^{}", version.major);
            match VersionRange::new(&range, !version.pre.is_empty(), prefix) {
                Ok(range) => (
                    TagPolicy::Semver(range),
                    format!(
                        "what runs is version `{tag}`, so that versions are taken up to the next major one"
                    ),
                ),
                // A range of one major version is always one.
                Err(_) => (exactly(), format!("what runs has the tag `{tag}`")),
            }
        }
        Kind::Build { stem } if stem.is_empty() => (
            TagPolicy::Newest,
            format!("what runs has the tag of one build, `{tag}`, so that every push is taken"),
        ),
        Kind::Build { stem } => match format!("{stem}*").parse() {
            Ok(glob) => (
                TagPolicy::Glob(glob),
                format!(
                    "what runs has the tag of one build, `{tag}`, so that tags like it are taken"
                ),
            ),
            // The longest tag there can be.
            Err(_) => (exactly(), format!("what runs has the tag `{tag}`")),
        },
    }
}

fn others(rest: &[&Tag]) -> String {
    if rest.is_empty() {
        return String::new();
    }
    let named: Vec<String> = rest
        .iter()
        .take(MAX_LISTED)
        .map(|tag| format!("`{tag}`"))
        .collect();
    let more = match rest.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; it has also {}{more}", named.join(", "))
}
