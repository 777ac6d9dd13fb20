//! The words in braces that stand for something in the value of a pipeline variable.
//!
//! Which there are, and how they are found and replaced; what each is for one deployment, the
//! caller says.

/// Every word, without its braces.
pub const WORDS: [&str; 6] = [
    "image",
    "repository",
    "digest",
    "tag",
    "target",
    "deployment",
];

/// The words that name one image among all others of its repository.
pub(super) const NAMING_THE_IMAGE: [&str; 3] = ["image", "digest", "tag"];

/// The words of a value, in the order in which they stand there, known or not.
///
/// A word is letters, digits, `_` and `-` between braces; other braces are nothing special, so that
/// a value may be JSON.
pub(super) fn words(value: &str) -> impl Iterator<Item = &str> {
    pieces(value).filter_map(|piece| match piece {
        Piece::Word(word) => Some(word),
        Piece::Text(_) => None,
    })
}

/// The value with every word replaced by what `meaning` gives for it. A word that has no meaning
/// stays as it is.
pub fn fill<'m>(value: &str, meaning: impl Fn(&str) -> Option<&'m str>) -> String {
    let mut out = String::new();
    for piece in pieces(value) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Word(word) => {
                let meaning = meaning(word).map_or_else(|| format!("{{{word}}}"), str::to_owned);
                out.push_str(&meaning);
            }
        }
    }
    out
}

enum Piece<'a> {
    Text(&'a str),
    Word(&'a str),
}

fn pieces(value: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((word, behind)) = word_at_start(rest) {
            rest = behind;
            return Some(Piece::Word(word));
        }
        // At least the character here is text: it begins no word.
        let next = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '{')
            .map_or(rest.len(), |(at, _)| at);
        let (text, behind) = rest.split_at(next);
        rest = behind;
        Some(Piece::Text(text))
    })
}

fn word_at_start(text: &str) -> Option<(&str, &str)> {
    let (word, behind) = text.strip_prefix('{')?.split_once('}')?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (!word.is_empty() && word.bytes().all(fits)).then_some((word, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_letters_between_braces_and_nothing_else() {
        for (value, expected) in [
            ("", &[][..]),
            ("plain", &[]),
            ("{image}", &["image"]),
            ("{repository}@{digest}", &["repository", "digest"]),
            ("{{tag}}", &["tag"]),
            ("{\"image\": \"{image}\", \"x\": {}}", &["image"]),
            ("{a b} {", &[]),
            ("}{ä}{x-1_Y}", &["x-1_Y"]),
        ] {
            assert_eq!(words(value).collect::<Vec<_>>(), expected, "{value}");
        }
    }

    #[test]
    fn words_are_replaced_once_and_everything_else_stays() {
        let meaning = |word: &str| match word {
            "repository" => Some("mco/{tag}"),
            "tag" => Some("test"),
            _ => None,
        };
        for (value, expected) in [
            ("{repository}:{tag}", "mco/{tag}:test"),
            ("{{tag}}", "{test}"),
            ("{\"t\": \"{tag}\"}", "{\"t\": \"test\"}"),
            ("{digest} ü {", "{digest} ü {"),
        ] {
            assert_eq!(fill(value, meaning), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_value_whose_words_mean_nothing_is_not_changed(value: String) {
            proptest::prop_assert_eq!(fill(&value, |_| None), value);
        }
    }
}
