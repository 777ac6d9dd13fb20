//! What verification finds of a mistake, written down for the eye.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::fmt::Write as _;

use greenlight_core::verification::{Finding, Report, State};
use greenlight_tests::world::{World, targets_in};
use rehearsal::scenario::sample::Stand;

/// All that was found of the mistakes, for the eye: the rows of the tests are its headings.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) String);

impl Told {
    /// That the worst of what `report` has is this, by this check. All that is as bad is written down.
    pub(crate) fn row(&mut self, mistake: &str, report: &Report, check: &str, state: State) {
        assert_eq!(report.state(), state, "{mistake}:\n{report}");
        let mut found = report.findings().filter(|it| it.state == state);
        assert!(found.any(|it| it.check == check), "{mistake}:\n{report}");
        let _ = writeln!(self.0, "# {mistake}");
        let is_meant = |it: &&Finding| {
            // Of what could not be looked at only what is meant: that is another matter in most accounts.
            it.state == state && (state != State::CannotCheck || it.check == check)
        };
        for finding in report.findings().filter(is_meant) {
            let _ = writeln!(
                self.0,
                "{} {:?}: {}",
                finding.check,
                finding.state,
                without_ids(&finding.text)
            );
            let remedy = finding.remedy.as_deref().unwrap();
            let _ = writeln!(self.0, "  → {}", without_ids(remedy));
            if let Some(statement) = &finding.statement {
                let _ = writeln!(self.0, "  {}: {}", statement.of, statement.statement);
            }
        }
    }
}

/// A world of a stand, without targets.
pub(crate) async fn world(stand: Stand) -> World {
    World::open_stand_with(stand, &[], |_| {}).await
}

/// What is found of a stand's target whose document has other words.
pub(crate) async fn found(world: &World, of: Stand, edits: &[(&str, &str)]) -> Report {
    let mut document = of.targets().to_owned();
    for (from, to) in edits {
        assert!(document.contains(from), "{from} is not in\n{document}");
        document = document.replace(from, to);
    }
    world
        .operator
        .verify_target(&targets_in(&document)[0])
        .await
}

/// What AWS makes up for itself, left out: it changes with whatever else is in the account.
fn without_ids(text: &str) -> String {
    const ACCOUNT: &str = "123456789012";
    let mut out = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        if word.len() >= 6 && is_hex && has_digit && word != ACCOUNT {
            out.push('…');
            out.push_str(part.get(word.len()..).unwrap_or_default());
        } else {
            out.push_str(part);
        }
    }
    out
}
