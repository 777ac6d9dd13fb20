//! What a terminal, a shell and a pipe get: colours, guesses, completions, and a quiet end.

#![expect(clippy::unwrap_used, reason = "a test that cannot be run fails")]

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A file of the working directory.
const FILE: &str = "t.yaml";
const GOOD: &str = "name: worker
images: [{container: worker, repository: mco/worker, tags: [live]}]
service: {cluster: mco, name: worker}
deploy: {rolling: {}}
";

/// Runs `greenlight` beside a good file, in an environment with these variables only.
fn greenlight(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join(FILE), GOOD).unwrap();
    let output = command(directory.path())
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    format!(
        "status: {}\n{}{}",
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr)
    )
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    command.current_dir(directory).env_clear();
    command
}

#[test]
fn colours_come_where_they_are_wanted_and_only_there() {
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["targets", "check", "missing.yaml"], arguments].concat();
        greenlight(&arguments, variables).contains('\u{1b}')
    };
    // Nobody looks: it is a pipe.
    assert!(!coloured(&[], &[]));
    assert!(!coloured(&[], &[("TERM", "xterm-256color")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(
        &[],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
    ));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["--color=never"], &[("CLICOLOR_FORCE", "1")]));
    // clap's own messages are coloured alike.
    assert!(coloured(&["--color=always", "--bad"], &[]));
    assert!(!coloured(&["--bad"], &[]));
}

#[test]
fn json_has_no_colours() {
    let output = greenlight(&["targets", "check", FILE, "--json", "--color=always"], &[]);
    assert!(output.starts_with("status: 0\n"), "{output}");
    assert!(!output.contains('\u{1b}'), "{output}");
}

#[test]
fn a_mistyped_word_is_guessed() {
    for (arguments, guess) in [
        (&["depoly", "api-test", "v1"][..], "'deploy'"),
        (&["targets", "chekc", "f"], "'check'"),
        (
            &["verify", "api-test", "--gate", "before_trafic"],
            "'before_traffic'",
        ),
        (&["deploy", "api-test", "v1", "--no-wiat"], "'--no-wait'"),
    ] {
        let output = greenlight(arguments, &[]);
        assert!(output.starts_with("status: 2\n"), "{output}");
        assert!(output.contains(guess), "{output}");
    }
}

#[test]
fn what_needs_no_account_asks_none() {
    for arguments in [&["completions", "zsh"][..], &["man"], &["--version"]] {
        let output = greenlight(arguments, &[]);
        assert!(output.starts_with("status: 0\n"), "{output}");
    }
}

#[test]
fn whoever_has_read_enough_ends_it_quietly() {
    let directory = TempDir::new().unwrap();
    let mut child = command(directory.path())
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As `head -0` does; the script is larger than a pipe holds.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn pages_that_cannot_be_written_are_a_failure() {
    let output = greenlight(&["man", "--dir", "t.yaml/man"], &[]);
    assert!(output.starts_with("status: 1\n"), "{output}");
    assert!(
        output.contains("could not be written to `t.yaml/man`"),
        "{output}"
    );
}
