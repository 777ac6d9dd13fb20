//! Colours: what a state looks like in text on a terminal.
//!
//! Whether there are any is decided once, when the process begins; a process that decides nothing, such as a test,
//! prints without. Colour only says again what the words say, and JSON has none.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colours {
    // Where a terminal shows it, and the environment has nothing against it.
    #[default]
    Auto,
    Always,
    Never,
}

/// What a word says of the state of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Live, passed, done.
    Good,
    /// Failed.
    Bad,
    /// On its way.
    Busy,
    /// Somebody has to do something: held, drifted, not understood.
    Attention,
    /// Not worth a look.
    Faint,
    /// The head of a table.
    Heading,
}

static COLOURED: AtomicBool = AtomicBool::new(false);

/// Decides it for this process, by its arguments and its environment (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`,
/// `TERM`). The arguments are looked at before clap reads them, because its own messages are coloured, too.
pub(crate) fn decide(arguments: impl IntoIterator<Item = OsString>) {
    match asked(arguments) {
        Colours::Auto => ColorChoice::Auto,
        Colours::Always => ColorChoice::Always,
        Colours::Never => ColorChoice::Never,
    }
    .write_global();
    let choice = AutoStream::choice(&std::io::stdout());
    COLOURED.store(choice != ColorChoice::Never, Ordering::Relaxed);
}

/// What `--color` says; the last one counts. What is wrong with it is clap's to say.
fn asked(arguments: impl IntoIterator<Item = OsString>) -> Colours {
    const OPTION: &str = "--color";
    let mut asked = Colours::Auto;
    let mut is_next = false;
    for argument in arguments {
        let Some(argument) = argument.to_str() else {
            is_next = false;
            continue;
        };
        if argument == "--" {
            break;
        }
        let value = match argument.strip_prefix(OPTION) {
            Some("") => None,
            Some(rest) => rest.strip_prefix('='),
            None => is_next.then_some(argument),
        };
        is_next = argument == OPTION;
        let value = value.and_then(|value| Colours::from_str(value, false).ok());
        asked = value.unwrap_or(asked);
    }
    asked
}

impl Tone {
    const fn style(self) -> Style {
        let colour = match self {
            Self::Good => AnsiColor::Green,
            Self::Bad => AnsiColor::Red,
            Self::Busy => AnsiColor::Cyan,
            Self::Attention => AnsiColor::Yellow,
            Self::Faint => return Style::new().dimmed(),
            Self::Heading => return Style::new().bold(),
        };
        colour.on_default()
    }

    /// The text in this tone, if there are colours.
    pub(crate) fn paint(self, text: &str) -> String {
        self.painted(text, COLOURED.load(Ordering::Relaxed))
    }

    fn painted(self, text: &str, is_coloured: bool) -> String {
        if !is_coloured || text.is_empty() {
            return text.to_owned();
        }
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// A message with its labels in colour, for a stream that takes the colours out where nobody sees them.
pub(crate) fn labelled(message: &str) -> String {
    let lines = message.split_inclusive('\n').map(|line| {
        let labels = [("error:", Tone::Bad), ("hint:", Tone::Busy)];
        let found = labels.into_iter().find_map(|(label, tone)| {
            let (before, rest) = line.split_once(label)?;
            before.trim().is_empty().then(|| {
                let label = tone.painted(label, true);
                format!("{before}{label}{rest}")
            })
        });
        found.unwrap_or_else(|| line.to_owned())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Colours {
        asked(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_option_is_seen_wherever_it_stands() {
        assert_eq!(of("greenlight status"), Colours::Auto);
        assert_eq!(of("greenlight status --color always"), Colours::Always);
        assert_eq!(of("greenlight --color=never status"), Colours::Never);
        assert_eq!(
            of("greenlight --color never --color=always"),
            Colours::Always
        );
        assert_eq!(of("greenlight --color green"), Colours::Auto);
        assert_eq!(of("greenlight --colorful always"), Colours::Auto);
        assert_eq!(of("greenlight -- --color always"), Colours::Auto);
    }

    #[test]
    fn the_labels_of_a_message_are_coloured_and_nothing_else() {
        let message = "f.yaml: name: error: bad\n  hint: say\nerror: no\nhint: yes";
        assert_eq!(
            labelled(message),
            "f.yaml: name: error: bad\n  \u{1b}[36mhint:\u{1b}[0m say\n\u{1b}[31merror:\u{1b}[0m no\n\
             \u{1b}[36mhint:\u{1b}[0m yes"
        );
    }

    #[test]
    fn a_tone_is_a_colour_and_ends_with_its_text() {
        assert_eq!(
            Tone::Bad.painted("failed", true),
            "\u{1b}[31mfailed\u{1b}[0m"
        );
        assert_eq!(Tone::Bad.painted("failed", false), "failed");
        assert_eq!(Tone::Good.painted("", true), "");
    }
}
