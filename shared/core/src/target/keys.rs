//! Which keys a mapping may have, and what is said about others.
//!
//! The lists themselves are in [`super::parse`].

use crate::problems::Problems;
pub(super) use crate::text::{listed, nearest};

/// The keys of a mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    /// Those that are understood.
    pub known: &'static [&'static str],
}

impl Keys {
    /// Adds a problem unless `key` is known.
    pub(super) fn check(self, path: &str, key: &str, out: &mut Problems) {
        if self.known.contains(&key) {
            return;
        }
        match nearest(key, self.known) {
            Some(known) => {
                out.add_with_hint(path, "unknown key", format!("did you mean `{known}`?"));
            }
            None if self.known.is_empty() => out.add(path, "unknown key; nothing is expected here"),
            None => out.add_with_hint(
                path,
                "unknown key",
                format!("known here: {}", listed(self.known)),
            ),
        }
    }
}
