use clap::Command;

use super::*;
use examples::EXAMPLES;
use groups::GROUPS;

/// Every command, from the outside in: `targets check`.
fn commands(command: &Command, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for command in command.get_subcommands() {
        let path = format!("{path} {}", command.get_name()).trim().to_owned();
        found.extend(commands(command, &path));
        found.push(path);
    }
    found
}

#[test]
fn the_definition_is_sound() {
    Arguments::definition().debug_assert();
}

#[test]
fn every_command_has_an_example() {
    for command in commands(&Arguments::command(), "") {
        let has_one = EXAMPLES.iter().any(|it| it.command == command);
        assert!(
            has_one,
            "write an example for `{command}` in arguments/examples.rs"
        );
    }
}

/// The words of a line as a shell takes them, as far as examples need it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn every_example_is_understood_and_is_of_its_command() {
    for examples in EXAMPLES {
        for line in examples.lines.iter().flat_map(|(_, line)| line.lines()) {
            let mut is_of_it = false;
            for part in line.split(" | ") {
                let part = part.split(" > ").next().unwrap().trim();
                let words = words(part);
                if words[0] != "greenlight" {
                    continue;
                }
                if let Err(error) = Arguments::definition().try_get_matches_from(&words) {
                    panic!("{line}\n{error}");
                }
                is_of_it |= words[1..].join(" ").starts_with(examples.command);
            }
            assert!(is_of_it, "`{line}` is no example of `{}`", examples.command);
        }
    }
}

#[test]
fn every_group_is_of_commands_that_are_there_and_each_is_listed_once() {
    let definition = Arguments::definition();
    for name in GROUPS.iter().flat_map(|(_, names)| *names) {
        assert!(definition.find_subcommand(name).is_some(), "`{name}`");
    }
    let help = Arguments::definition().render_help().to_string();
    for command in Arguments::command().get_subcommands() {
        let name = command.get_name();
        let begins = format!("  {name} ");
        let listed = help.lines().filter(|line| line.starts_with(&begins));
        assert_eq!(listed.count(), 1, "{name}\n{help}");
    }
}

#[test]
fn the_help_of_a_command_has_its_examples() {
    let help = Arguments::definition().try_get_matches_from(["greenlight", "promote", "--help"]);
    let help = help.unwrap_err().render().to_string();
    insta::assert_snapshot!(help.split("Examples:").nth(1).unwrap(), @"
      # Release what the test environment has proved
      greenlight promote api-test --to live
    ");
}
