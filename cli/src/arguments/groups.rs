//! The commands in the help of `greenlight`, by what they are for. clap lists all commands under one heading, so that
//! this list is ours; what it says of each command is clap's.

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// What commands are for, and which they are, in the order in which one meets them.
pub(super) const GROUPS: &[(&str, &[&str])] = &[
    ("Set up", &["init", "targets", "verify"]),
    (
        "Look",
        &["status", "history", "gates", "where", "explain", "diff"],
    ),
    ("Deploy", &["deploy", "rollback", "promote"]),
    (
        "Decide",
        &["approve", "reject", "continue", "abort", "hold", "release"],
    ),
    ("Mend", &["replay"]),
];
/// The heading of those that are in no group.
const OTHERS: &str = "Other commands";

/// The command with a help that lists its commands in groups.
pub(super) fn grouped(command: Command) -> Command {
    let help = template(&command);
    command.help_template(help)
}

fn template(command: &Command) -> StyledStr {
    let styles = Styles::styled();
    let (heading, literal) = (styles.get_header(), styles.get_literal());
    let commands = || command.get_subcommands().filter(|it| !it.is_hide_set());
    let widest = commands().map(|it| it.get_name().len()).max();
    let widest = widest.unwrap_or_default();
    let title = |what: &str| format!("\n{heading}{what}:{heading:#}");
    let line = |name: &str, about: &str| format!("\n  {literal}{name:widest$}{literal:#}  {about}");
    let row = |command: &Command| {
        let about = command.get_about().map(ToString::to_string);
        line(command.get_name(), &about.unwrap_or_default())
    };
    let mut text =
        format!("{{before-help}}{{about-with-newline}}\n{heading}Usage:{heading:#} {{usage}}\n");
    for (what, names) in GROUPS {
        text.push_str(&title(what));
        // In the order of the group.
        let rows = names
            .iter()
            .filter_map(|name| command.find_subcommand(name));
        text.extend(rows.map(row));
        text.push('\n');
    }
    let is_grouped = |it: &&Command| {
        GROUPS
            .iter()
            .any(|(_, names)| names.contains(&it.get_name()))
    };
    text.push_str(&title(OTHERS));
    text.extend(commands().filter(|it| !is_grouped(it)).map(row));
    // clap adds `help` when it builds the command.
    text.push_str(&line("help", "Print the help of a command"));
    text.push('\n');
    text.push_str(&title("Options"));
    text.push_str("\n{options}{after-help}");
    text.into()
}
