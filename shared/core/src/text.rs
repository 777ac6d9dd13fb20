//! Types that are written as one string: their `serde` form is their `Display` form.

/// Implements `Serialize` by `Display` and `Deserialize` by `FromStr`.
macro_rules! serialised_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use serialised_as_text;

/// At most `limit` characters of `text`, on one line, for a message.
///
/// What comes from outside may be long or hold control characters; a message holds neither.
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut out: String = text
        .chars()
        .take(limit)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(limit).is_some() {
        out.push('…');
    }
    out
}

/// The same with a limit in bytes, for what is stored where space is measured in them.
pub(crate) fn excerpt_of_bytes(text: &str, limit: usize) -> String {
    const CUT: char = '…';
    let out = excerpt(text, limit);
    if out.len() <= limit {
        return out;
    }
    let end = out.floor_char_boundary(limit.saturating_sub(CUT.len_utf8()));
    format!("{}{CUT}", &out[..end])
}

/// The known word that a mistyped one was probably meant to be. `-` is as good as `_`.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // Comparing is quadratic in length; nothing longer than this is a mistyped key.
    if word.len() > 64 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    known
        .iter()
        .map(|known| {
            (
                strsim::normalized_damerau_levenshtein(&word, &plain(known)),
                *known,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

/// Names for a message, each in backticks.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
