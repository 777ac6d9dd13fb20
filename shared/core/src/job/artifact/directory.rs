//! The two things about a zip file's directory that the reader of zip files does not tell: how many
//! entries it is going to reserve memory for, and which names are there more than once.

use std::collections::BTreeSet;

/// `PK\5\6`: the end of the directory, with the number of its entries in 16 bits.
const END: [u8; 4] = *b"PK\x05\x06";
/// `PK\6\7`: where the ZIP64 end is. It stands right before the end.
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LENGTH: usize = 20;
/// `PK\6\6`: the ZIP64 end, with the number of entries in 64 bits.
const END_64: [u8; 4] = *b"PK\x06\x06";
/// `PK\1\2`: an entry of the directory.
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
/// The end stands so far before the end of the file at the most: a comment may follow.
const TAIL: usize = 22 + 20 + (1 << 16);

/// The most entries that an end of the directory announces. Several ends may seem to be there, as a
/// comment may hold anything.
pub(super) fn announced_entries(bytes: &[u8]) -> u64 {
    let tail = bytes.len().saturating_sub(TAIL);
    let ends = (tail..bytes.len()).filter(|at| has(bytes, *at, END));
    let announced = ends.filter_map(|end| {
        let short = number::<2>(bytes, end + 10)?;
        Some(short.max(announced_in_64_bits(bytes, end).unwrap_or(0)))
    });
    announced.max().unwrap_or(0)
}

fn announced_in_64_bits(bytes: &[u8], end: usize) -> Option<u64> {
    let locator = end.checked_sub(LOCATOR_LENGTH)?;
    if !has(bytes, locator, LOCATOR) {
        return None;
    }
    let end_64 = usize::try_from(number::<8>(bytes, locator + 8)?).ok()?;
    if !has(bytes, end_64, END_64) {
        return None;
    }
    number::<8>(bytes, end_64.checked_add(32)?)
}

/// The names that more than one entry of the directory at `start` has, as they are written.
pub(super) fn repeated_names(bytes: &[u8], start: u64) -> BTreeSet<&[u8]> {
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    let mut at = usize::try_from(start).unwrap_or(usize::MAX);
    while let Some((name, next)) = entry(bytes, at) {
        if !seen.insert(name) {
            repeated.insert(name);
        }
        at = next;
    }
    repeated
}

/// The name of an entry, and where the next one is.
fn entry(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if !has(bytes, at, ENTRY) {
        return None;
    }
    let length = |offset| usize::try_from(number::<2>(bytes, at + offset)?).ok();
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let from = at + ENTRY_LENGTH;
    let name = bytes.get(from..from + name)?;
    Some((name, from + name.len() + extra + comment))
}

fn has(bytes: &[u8], at: usize, signature: [u8; 4]) -> bool {
    bytes
        .get(at..)
        .is_some_and(|rest| rest.starts_with(&signature))
}

/// A number of `N` bytes, the lowest first.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk::<N>()?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
    )
}
