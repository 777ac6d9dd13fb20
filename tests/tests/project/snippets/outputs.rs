//! Blocks that are no input of anything: what a program prints, and what is written for Rust's readers.

use rehearsal::scenario::Scenario;

use super::blocks::{Block, root};
use super::{Held, said};

/// The pages with outputs that no test prints, how those begin, and what they are.
const OTHERS: [(&str, &str, &str); 3] = [
    ("docs/ARCHITECTURE.md", " docker push ", "a picture"),
    (
        "docs/reference/targets.md",
        "# yaml-language-server: ",
        "a line for editors",
    ),
    // The sentence is of `NotificationRule`, which tests/tests/deployments/notifications.rs plays.
    (
        "docs/notifications.md",
        "\"Deployment Failed: api-test. ",
        "a message",
    ),
];

pub(super) fn hold(block: &Block) -> Held {
    let text = &block.text;
    match block.page.as_str() {
        // The tool's own tests print it.
        "docs/cli.md" | "docs/verification.md" => {
            let printed = sources(&["cli/src", "cli/tests"])?;
            let printed = squeezed(&printed.replace("\\\"", "\"").replace("\\\n", ""));
            let mut lines = text.lines();
            match lines.find(|line| !printed.contains(&squeezed(line))) {
                Some(line) => Err(format!("no test of the tool prints `{line}`")),
                None => Ok(()),
            }
        }
        // It cannot be printed again here, but the scenario is still that one.
        "README.md" => {
            let summary = format!("ship: {}\n", Scenario::Ship.summary());
            let shown = text.starts_with(&summary) && text.contains("\nship ended as it should");
            shown
                .then_some(())
                .ok_or_else(|| "it is no rehearsal of `ship`".to_owned())
        }
        page => {
            let mut others = OTHERS.iter();
            let known = others.any(|(of, begins, _)| *of == page && text.starts_with(begins));
            known
                .then_some(())
                .ok_or_else(|| format!("nobody knows this output\n{text}"))
        }
    }
}

/// What is called is in the sources.
pub(super) fn calls(text: &str) -> Held {
    let sources = sources(&["rehearsal/src", "tests/src"])?;
    for part in text.split('(') {
        let begins = part.rfind(|it: char| !it.is_alphanumeric() && it != '_');
        let name = part
            .get(begins.map_or(0, |at| at + 1)..)
            .unwrap_or_default();
        let is_call = name.chars().next().is_some_and(char::is_lowercase);
        let is_ours = is_call && !["handler_of", "from_secs"].contains(&name);
        if is_ours && !sources.contains(&format!("fn {name}")) {
            return Err(format!("there is no function `{name}`"));
        }
    }
    Ok(())
}

fn sources(folders: &[&str]) -> Result<String, String> {
    let mut folders: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).map_err(said)? {
            let path = entry.map_err(said)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|it| it == "rs" || it == "snap")
            {
                all += &std::fs::read_to_string(path).map_err(said)?;
            }
        }
    }
    Ok(all)
}

/// Snapshots in the sources are indented, and their long lines may be broken.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
