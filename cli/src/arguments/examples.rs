//! Examples for the help of each command. A test types each of them.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// A command, and what is typed to do what with it.
pub(super) struct Examples {
    /// The command, from the outside in: `targets check`.
    pub(super) command: &'static str,
    /// What is done, and the line that does it.
    pub(super) lines: &'static [(&'static str, &'static str)],
}

const fn of(command: &'static str, lines: &'static [(&'static str, &'static str)]) -> Examples {
    Examples { command, lines }
}

/// Every command has some; that of no command is for `greenlight` itself.
pub(super) const EXAMPLES: &[Examples] = &[
    of(
        "",
        &[
            (
                "Make a target of a service that runs, and register it",
                "greenlight init --cluster mco --service api > api.yaml\n  greenlight targets apply api.yaml",
            ),
            ("Show what is live everywhere", "greenlight status"),
            (
                "Deploy an image, and wait until it is live",
                "greenlight deploy api-test v1.4.2",
            ),
            ("Go back", "greenlight rollback api-test"),
        ],
    ),
    of(
        "targets",
        &[
            ("Check a file", "greenlight targets check targets.yaml"),
            (
                "Register what it says",
                "greenlight targets apply targets.yaml",
            ),
        ],
    ),
    of(
        "targets check",
        &[
            (
                "Check a file, in CI for example",
                "greenlight targets check targets.yaml",
            ),
            (
                "Check what another command prints",
                "greenlight init --cluster mco --service api | greenlight targets check -",
            ),
        ],
    ),
    of(
        "targets apply",
        &[(
            "Register the targets of a file",
            "greenlight targets apply targets.yaml",
        )],
    ),
    of(
        "targets list",
        &[
            ("List all targets", "greenlight targets list"),
            (
                "Only their names, for a script",
                "greenlight targets list --json | jq -r '.targets[].target'",
            ),
        ],
    ),
    of(
        "targets show",
        &[(
            "Change what is registered",
            "greenlight targets show api-test > api.yaml",
        )],
    ),
    of(
        "targets remove",
        &[("Deploy to it no more", "greenlight targets remove api-test")],
    ),
    of(
        "init",
        &[
            (
                "Look at what would be suggested",
                "greenlight init --cluster mco --service api",
            ),
            (
                "Begin a file with it, under another name",
                "greenlight init --cluster mco --service api --name api-test > api.yaml",
            ),
        ],
    ),
    of(
        "status",
        &[
            ("Every target", "greenlight status"),
            ("One target, with all details", "greenlight status api-test"),
        ],
    ),
    of(
        "history",
        &[
            ("The last 20 deployments", "greenlight history api-test"),
            (
                "All of the last week, for a report",
                "greenlight history api-test --since 7d --json",
            ),
        ],
    ),
    of(
        "where",
        &[
            ("Where a version is live", "greenlight where mco/api:v1.4.2"),
            (
                "The same by the beginning of a digest",
                "greenlight where 4a5b6c7d8e",
            ),
        ],
    ),
    of(
        "explain",
        &[(
            "Why an image was not deployed, or whether it would be",
            "greenlight explain mco/api:v1.4.2",
        )],
    ),
    of(
        "diff",
        &[
            (
                "What a deployment would change",
                "greenlight diff api-test v1.4.2",
            ),
            (
                "Whether anything would change, for a script",
                "greenlight diff api-test --exit-code",
            ),
        ],
    ),
    of(
        "deploy",
        &[
            (
                "Deploy a tag, and wait",
                "greenlight deploy api-test v1.4.2",
            ),
            (
                "Only show what would be done",
                "greenlight deploy api-test v1.4.2 --dry-run",
            ),
            (
                "Only start it, in a pipeline for example",
                "greenlight deploy api-test --images imagedefinitions.json --no-wait",
            ),
            (
                "Deploy though the target is held",
                "greenlight deploy api-test v1.4.3 --override",
            ),
        ],
    ),
    of(
        "rollback",
        &[
            (
                "Go back to the last image that was proved",
                "greenlight rollback api-test --reason 'logins fail'",
            ),
            (
                "Go back to a certain one",
                "greenlight rollback api-test --to v1.4.1",
            ),
        ],
    ),
    of(
        "promote",
        &[(
            "Release what the test environment has proved",
            "greenlight promote api-test --to live",
        )],
    ),
    of(
        "continue",
        &[("Go on from a pause hook", "greenlight continue api-test")],
    ),
    of(
        "abort",
        &[(
            "Stop what is being deployed, and take it back",
            "greenlight abort api-test --reason 'wrong version'",
        )],
    ),
    of(
        "hold",
        &[
            (
                "Hold a target while something is looked into",
                "greenlight hold api-live --reason 'incident 42' --for 2h",
            ),
            (
                "Stop the line over the holidays",
                "greenlight hold --all --until 2026-12-27T06:00:00Z",
            ),
        ],
    ),
    of(
        "release",
        &[
            ("Release a target", "greenlight release api-live"),
            ("Let the line run again", "greenlight release --all"),
        ],
    ),
    of(
        "approve",
        &[(
            "Say yes to what waits",
            "greenlight approve api-live --reason 'tried on the test listener'",
        )],
    ),
    of(
        "reject",
        &[(
            "Say no to it",
            "greenlight reject api-live --reason 'the menu is empty'",
        )],
    ),
    of(
        "gates",
        &[
            (
                "What the gates of the newest deployment found",
                "greenlight gates api-test",
            ),
            (
                "Only the verdicts, for a script",
                "greenlight gates api-test --json | jq '.gates[].verdict'",
            ),
        ],
    ),
    of(
        "verify",
        &[
            (
                "Try all gates on what runs now",
                "greenlight verify api-test",
            ),
            (
                "Try one while it is written",
                "greenlight verify api-test --gate before_traffic",
            ),
        ],
    ),
    of(
        "replay",
        &[
            ("Show what was given up on", "greenlight replay --dry-run"),
            (
                "Send the pushes again, when the cause is mended",
                "greenlight replay --queue push",
            ),
        ],
    ),
    of(
        "completions",
        &[
            (
                "For bash, from now on",
                "greenlight completions bash > ~/.local/share/bash-completion/completions/greenlight",
            ),
            (
                "For zsh, in a directory of `$fpath`",
                "greenlight completions zsh > ~/.zfunc/_greenlight",
            ),
            (
                "For fish",
                "greenlight completions fish > ~/.config/fish/completions/greenlight.fish",
            ),
        ],
    ),
    of(
        "man",
        &[
            ("Read the manual page", "greenlight man | man -l -"),
            (
                "Install all pages",
                "greenlight man --dir ~/.local/share/man/man1",
            ),
        ],
    ),
];

/// The command with the examples in the help of each of its subcommands.
pub(super) fn added(mut command: Command) -> Command {
    for examples in EXAMPLES {
        command = at(command, examples.command, examples);
    }
    command
}

fn at(command: Command, path: &str, examples: &Examples) -> Command {
    let (name, rest) = path.split_once(' ').unwrap_or((path, ""));
    if name.is_empty() {
        let before = command.get_after_help().map(ToString::to_string);
        return command.after_help(written(examples, before.as_deref()));
    }
    command.mut_subcommand(name, |subcommand| at(subcommand, rest, examples))
}

/// The examples under a heading as clap writes its own, and behind them what else there is to say.
fn written(examples: &Examples, behind: Option<&str>) -> StyledStr {
    let heading = Styles::styled();
    let heading = heading.get_header();
    let mut text = format!("{heading}Examples:{heading:#}");
    for (what, line) in examples.lines {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  # {what}\n  {line}");
    }
    if let Some(behind) = behind {
        text += "\n\n";
        text += behind;
    }
    text.into()
}
