//! Commands that a reader types: each is known, with its options, or it is not in the manual.

use std::io::Write as _;
use std::process::{Command, Stdio};

use clap::ValueEnum as _;
use rehearsal::scenario::Scenario;
use serde_norway::Value as Yaml;

use super::blocks::{commands, root};
use super::{Held, said};

/// Commands that are as they stand here, and why nothing more is asked of them.
const AS_THEY_STAND: [(&str, &str); 12] = [
    (".ci/run", "is this repository's own"),
    ("cargo test --workspace", "runs this test"),
    (
        "cargo test -p greenlight-tests --test moto -- --nocapture",
        "has the test that it names",
    ),
    (
        "cargo run -p greenlight-startup",
        "has the package that it names",
    ),
    ("cargo install --path cli", "has the package that it names"),
    ("git clone …", "the address is whoever's"),
    ("git pull", "is git's"),
    ("cd greenlight", "is the clone"),
    (
        "docker push 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:test",
        "is docker's",
    ),
    (
        "docker push 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/worker:test",
        "is docker's",
    ),
    ("python3 -m venv target/venv-moto", "is Python's"),
    (
        "target/venv-moto/bin/pip install moto[server]",
        "installs what the test `moto` looks for",
    ),
];

/// Subcommands of the SAM CLI, and those of their options that the manual uses.
const SAM: [(&str, &[&str]); 5] = [
    ("build", &["--parameter-overrides"]),
    (
        "deploy",
        &[
            "--guided",
            "--stack-name",
            "--resolve-s3",
            "--capabilities",
            "--parameter-overrides",
        ],
    ),
    ("delete", &["--stack-name"]),
    ("package", &["--output-template-file", "--resolve-s3"]),
    ("publish", &["--template", "--semantic-version"]),
];

/// Operations of the AWS CLI, and those of their options that the manual uses: looked up in botocore's models.
const AWS: [(&str, &str, &[&str]); 17] = [
    (
        "cloudformation",
        "deploy",
        &[
            "--stack-name",
            "--template-file",
            "--capabilities",
            "--parameter-overrides",
        ],
    ),
    (
        "cloudformation",
        "describe-stacks",
        &["--stack-name", "--output", "--query"],
    ),
    ("cloudformation", "delete-stack", &["--stack-name"]),
    ("cloudformation", "list-exports", &["--query", "--output"]),
    (
        "lambda",
        "invoke",
        &["--function-name", "--cli-binary-format", "--payload"],
    ),
    (
        "codepipeline",
        "start-pipeline-execution",
        &["--name", "--variables"],
    ),
    (
        "codepipeline",
        "disable-stage-transition",
        &[
            "--pipeline-name",
            "--stage-name",
            "--transition-type",
            "--reason",
        ],
    ),
    (
        "codepipeline",
        "enable-stage-transition",
        &["--pipeline-name", "--stage-name", "--transition-type"],
    ),
    ("dynamodb", "delete-table", &["--table-name"]),
    (
        "dynamodb",
        "restore-table-to-point-in-time",
        &[
            "--source-table-name",
            "--target-table-name",
            "--use-latest-restorable-time",
        ],
    ),
    (
        "ecr",
        "put-image-tag-mutability",
        &[
            "--repository-name",
            "--image-tag-mutability",
            "--image-tag-mutability-exclusion-filters",
        ],
    ),
    ("ecr", "get-login-password", &["--region"]),
    ("logs", "delete-log-group", &["--log-group-name"]),
    ("s3", "cp", &[]),
    ("sqs", "purge-queue", &["--queue-url"]),
    (
        "sqs",
        "receive-message",
        &["--queue-url", "--max-number-of-messages"],
    ),
    (
        "sqs",
        "start-message-move-task",
        &["--source-arn", "--destination-arn"],
    ),
];

/// Whether a shell can read it.
pub(super) fn syntax(text: &str) -> Held {
    let mut shell = Command::new("sh")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(said)?;
    let mut stdin = shell.stdin.take().ok_or("the shell has no input")?;
    stdin.write_all(text.as_bytes()).map_err(said)?;
    drop(stdin);
    let output = shell.wait_with_output().map_err(said)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let held = output.status.success().then_some(());
    held.ok_or_else(|| format!("a shell finds its syntax wrong: {complaint}"))
}

/// Every command is known.
pub(super) fn hold(text: &str) -> Held {
    commands(text).iter().try_for_each(|command| {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        one(&words)
    })
}

fn one(words: &[&str]) -> Held {
    let line = words.join(" ");
    match words {
        // cli/tests/snippets.rs
        ["greenlight", ..] => Ok(()),
        ["export", set] if set.starts_with("GREENLIGHT_") => Ok(()),
        ["cargo", "rehearse", arguments @ ..] => rehearse(arguments),
        ["pip", "install", packages @ ..] => packages.iter().try_for_each(|it| required(it)),
        ["sam", command, options @ ..] => {
            let known = SAM.iter().find(|(name, _)| name == command);
            let (_, known) = known.ok_or_else(|| format!("`sam {command}` is not known"))?;
            options_are(options, known)?;
            overridden(options, "template.yaml")
        }
        ["aws", service, operation, options @ ..] => {
            let mut known = AWS.iter();
            let known = known.find(|(of, name, _)| of == service && name == operation);
            let (.., known) =
                known.ok_or_else(|| format!("`aws {service} {operation}` is not known"))?;
            options_are(options, known)?;
            match options.iter().position(|it| *it == "--template-file") {
                Some(at) => overridden(options, options.get(at + 1).copied().unwrap_or_default()),
                None => Ok(()),
            }
        }
        _ => {
            let mut known = AS_THEY_STAND.iter();
            let found = known.any(|(command, _)| *command == line);
            found
                .then_some(())
                .ok_or_else(|| format!("`{line}` is not known"))
        }
    }
}

fn options_are(options: &[&str], known: &[&str]) -> Held {
    let mut options = options.iter().filter(|it| it.starts_with("--"));
    match options.find(|it| !known.contains(it)) {
        Some(unknown) => Err(format!("the option `{unknown}` is not known")),
        None => Ok(()),
    }
}

fn rehearse(arguments: &[&str]) -> Held {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--all" | "--list" | "--json" | "--serve" => {}
            "--jobs" | "--permissions" | "--port" | "--speed" | "--wire" => {
                arguments
                    .next()
                    .ok_or_else(|| format!("`{argument}` has no value"))?;
            }
            option if option.starts_with("--") => {
                return Err(format!("the option `{option}` is not known"));
            }
            name => Scenario::from_str(name, false)
                .map(|_| ())
                .map_err(|_| format!("there is no scenario `{name}`"))?,
        }
    }
    Ok(())
}

/// A Python package that CI uses as well.
fn required(package: &str) -> Held {
    let requirements =
        std::fs::read_to_string(root().join(".ci/requirements.txt")).map_err(said)?;
    let is_there = requirements
        .lines()
        .any(|line| line.starts_with(&format!("{package}==")));
    is_there
        .then_some(())
        .ok_or_else(|| format!("`{package}` is no requirement of CI"))
}

/// What is overridden are parameters of the template.
fn overridden(options: &[&str], file: &str) -> Held {
    let template =
        std::fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let template: Yaml = serde_norway::from_str(&template).map_err(said)?;
    let overrides = options
        .iter()
        .skip_while(|it| **it != "--parameter-overrides");
    let overrides = overrides.skip(1).take_while(|it| !it.starts_with("--"));
    for name in overrides.filter_map(|it| Some(it.split_once('=')?.0)) {
        if template["Parameters"].get(name).is_none() {
            return Err(format!("{file} has no parameter `{name}`"));
        }
    }
    Ok(())
}
