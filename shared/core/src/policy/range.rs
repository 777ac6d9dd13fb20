//! Tags that are semantic versions, by a range of them.

use std::fmt;

use semver::{Prerelease, Version, VersionReq};

/// A range of semantic versions, as Cargo writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    range: VersionReq,
    prereleases: bool,
    prefix: String,
}

/// Why a range is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    /// It is no range.
    #[error("`{text}` is no range of versions: {reason}")]
    Syntax {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It names what it would never take.
    #[error("`{text}` names a pre-release, and pre-releases are not taken")]
    Prerelease {
        /// What was written.
        text: String,
    },
}

impl VersionRange {
    /// `prefix` is what stands before the version in a tag: `v`, or nothing.
    pub fn new(text: &str, prereleases: bool, prefix: &str) -> Result<Self, InvalidRange> {
        let quoted = || crate::text::excerpt(text, 80);
        let range = VersionReq::parse(text).map_err(|error| InvalidRange::Syntax {
            text: quoted(),
            reason: error.to_string(),
        })?;
        let names_one = range.comparators.iter().any(|it| !it.pre.is_empty());
        if names_one && !prereleases {
            return Err(InvalidRange::Prerelease { text: quoted() });
        }
        Ok(Self {
            range,
            prereleases,
            prefix: prefix.to_owned(),
        })
    }

    /// The version of a tag that it takes.
    pub(super) fn version(&self, tag: &str) -> Option<Version> {
        let version = self.parse(tag)?;
        let is_taken = (version.pre.is_empty() || self.prereleases) && self.has(&version);
        is_taken.then_some(version)
    }

    /// Why a tag is not taken though it looks like one that is.
    pub(super) fn near_miss(&self, tag: &str) -> Option<String> {
        let rest = tag.strip_prefix(&self.prefix)?;
        match self.parse(tag) {
            Some(version) if !version.pre.is_empty() && !self.prereleases => {
                Some("it is a pre-release".to_owned())
            }
            Some(version) => Some(format!("{version} is not within `{}`", self.range)),
            None if rest.starts_with(|c: char| c.is_ascii_digit()) => {
                Some("it is no complete version, such as `1.2.3`".to_owned())
            }
            None => None,
        }
    }

    fn parse(&self, tag: &str) -> Option<Version> {
        Version::parse(tag.strip_prefix(&self.prefix)?).ok()
    }

    /// A pre-release counts as the release that it leads to, unless the range names pre-releases of just
    /// that one. Cargo would take it in this second case only.
    fn has(&self, version: &Version) -> bool {
        let of_same = |it: &semver::Comparator| {
            !it.pre.is_empty()
                && it.major == version.major
                && it.minor == Some(version.minor)
                && it.patch == Some(version.patch)
        };
        if version.pre.is_empty() || self.range.comparators.iter().any(of_same) {
            return self.range.matches(version);
        }
        let release = Version {
            pre: Prerelease::EMPTY,
            ..version.clone()
        };
        self.range.matches(&release)
    }

    /// Whether pre-releases are taken.
    pub fn takes_prereleases(&self) -> bool {
        self.prereleases
    }

    /// What stands before the version in a tag.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, prereleases: bool, prefix: &str, taken: &[&str], not: &[&str]) {
        let range = VersionRange::new(range, prereleases, prefix).unwrap();
        for tag in taken {
            assert!(range.version(tag).is_some(), "{range} {tag}");
        }
        for tag in not {
            assert_eq!(range.version(tag), None, "{range} {tag}");
        }
    }

    #[test]
    fn whole_versions_within_the_range_are_taken() {
        check(
            ">=1.2, <2",
            false,
            "",
            &["1.2.0", "1.10.0", "1.99.99"],
            &[
                "1.1.9",
                "2.0.0",
                "1.10",
                "1",
                "v1.10.0",
                "1.10.0.1",
                "01.2.0",
                "latest",
                "1.2.x",
                "1.11.0-rc.1",
                "99999999999999999999.0.0",
            ],
        );
        check(
            "1.2",
            false,
            "v",
            &["v1.2.0", "v1.9.0"],
            &["1.2.0", "v2.0.0", "vv1.2.0"],
        );
        check("*", false, "", &["0.0.1", "7.0.0"], &["7.0.0-a"]);
    }

    #[test]
    fn a_pre_release_counts_as_the_release_it_leads_to() {
        check(
            ">=1.2, <2",
            true,
            "",
            &["1.2.0-rc.1", "1.11.0-rc.1", "1.11.0"],
            &["2.0.0-rc.1", "1.1.0-rc.1"],
        );
        // Of a release whose pre-releases the range names, it says which.
        check(
            ">=1.2.0-rc.2, <2",
            true,
            "",
            &["1.2.0-rc.2", "1.2.0-rc.10", "1.2.0", "1.3.0-a"],
            &["1.2.0-rc.1", "2.0.0-a"],
        );
    }

    #[test]
    fn a_range_is_written_as_it_was_meant_and_refused_where_it_means_nothing() {
        let range = VersionRange::new(">=1.2,<2", false, "").unwrap();
        assert_eq!(range.to_string(), ">=1.2, <2");
        assert_eq!(VersionRange::new(">=1.2, <2", false, ""), Ok(range));
        for text in ["", "banana", ">=1.2 || <1", "1.2.3.4"] {
            let error = VersionRange::new(text, false, "").unwrap_err();
            assert!(matches!(error, InvalidRange::Syntax { .. }), "{text}");
        }
        let error = VersionRange::new(">=1.0.0-rc.1", false, "").unwrap_err();
        assert!(matches!(error, InvalidRange::Prerelease { .. }));
    }

    #[test]
    fn what_is_nearly_taken_is_told_why_not() {
        let range = VersionRange::new(">=1.2, <2", false, "v").unwrap();
        for (tag, why) in [
            ("v2.0.0", Some("2.0.0 is not within `>=1.2, <2`")),
            ("v1.11.0-rc.1", Some("it is a pre-release")),
            ("v1.2", Some("it is no complete version, such as `1.2.3`")),
            ("1.2.0", None),
            ("vnext", None),
        ] {
            assert_eq!(range.near_miss(tag).as_deref(), why, "{tag}");
        }
    }
}
