//! How much is shown: what comes from outside may be long, and a page is to be read.

use greenlight_core::excerpt;

/// Targets on a page of the overview.
pub(crate) const TARGETS: usize = 25;
/// Deployments of one target.
pub(crate) const RECORDS: u32 = 20;
/// Of so many of them the gates and the evidence are shown as well.
pub(crate) const DETAILED: usize = 8;
/// Checks of a gate, and lines of evidence.
pub(crate) const LINES: usize = 10;
/// What people have done by hand.
pub(crate) const HANDS: u32 = 10;
/// Characters of a name.
pub(crate) const NAME: usize = 80;
/// Characters of a sentence.
pub(crate) const SENTENCE: usize = 400;

/// A sentence, as long as a page bears.
pub(crate) fn sentence(text: &str) -> String {
    excerpt(text, SENTENCE)
}

/// A name, as long as a page bears.
pub(crate) fn name(text: &str) -> String {
    excerpt(text, NAME)
}

/// A text as a sentence of its own.
pub(crate) fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).chain(['.']).collect()
}
