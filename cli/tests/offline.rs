//! The whole observable of the commands that ask AWS nothing: status, stdout, stderr.

#![expect(clippy::unwrap_used, reason = "a test that cannot be run fails")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const GOOD: &str = "targets:
  - name: api-test
    images: [{container: api, repository: mco/api, tags: [test]}]
    service: {cluster: mco, name: api}
    deploy: {codedeploy: {application: API, group: API}}
";

/// Runs `greenlight` in a directory with this file, in an environment without any variable.
fn greenlight(arguments: &[&str], file: (&str, &str)) -> String {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join(file.0), file.1).unwrap();
    run(arguments, directory.path(), &[], "")
}

fn run(arguments: &[&str], directory: &Path, variables: &[(&str, &str)], stdin: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_greenlight"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    format!(
        "status: {}\n-- stdout\n{}-- stderr\n{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_good_file_is_said_to_be_good() {
    insta::assert_snapshot!(greenlight(&["targets", "check", "targets.yaml"], ("targets.yaml", GOOD)), @"
    status: 0
    -- stdout
    targets.yaml: 1 target, no problems: api-test
    -- stderr
    ");
}

#[test]
fn a_good_file_is_good_as_json_too() {
    insta::assert_snapshot!(greenlight(&["--json", "targets", "check", "t.yml"], ("t.yml", GOOD)), @r#"
    status: 0
    -- stdout
    {
      "file": "t.yml",
      "targets": [
        "api-test"
      ],
      "problems": []
    }
    -- stderr
    "#);
}

#[test]
fn the_schema_for_editors_is_the_one_that_is_checked_in() {
    let directory = TempDir::new().unwrap();
    let expected = include_str!("../../schemas/targets.schema.json");
    for arguments in [&["targets", "schema"][..], &["--json", "targets", "schema"]] {
        let printed = run(arguments, directory.path(), &[], "");
        assert!(
            printed == format!("status: 0\n-- stdout\n{expected}-- stderr\n"),
            "{printed}"
        );
    }
}

#[test]
fn standard_input_is_a_file() {
    let directory = TempDir::new().unwrap();
    let output = run(&["targets", "check", "-"], directory.path(), &[], GOOD);
    assert!(output.starts_with("status: 0\n"), "{output}");
}

#[test]
fn every_problem_has_its_file_place_and_hint() {
    let bad = GOOD
        .replace("name: api-test", "name: API")
        .replace("tags: [test]", "tag: test");
    insta::assert_snapshot!(greenlight(&["targets", "check", "targets.yaml"], ("targets.yaml", &bad)), @"
    status: 1
    -- stdout
    -- stderr
    targets.yaml: targets[0].name: `API` is not a target name (lower-case letters, digits and `-`, not beginning or ending with `-`, at most 64)
    targets.yaml: targets[0].images[0].tag: unknown key
      hint: did you mean `tags`?
    error: 2 problems in `targets.yaml`
    ");
    insta::assert_snapshot!(greenlight(&["targets", "check", "targets.yaml", "--json"], ("targets.yaml", &bad)), @r#"
    status: 1
    -- stdout
    {
      "file": "targets.yaml",
      "targets": [],
      "problems": [
        {
          "path": "targets[0].name",
          "message": "`API` is not a target name (lower-case letters, digits and `-`, not beginning or ending with `-`, at most 64)"
        },
        {
          "path": "targets[0].images[0].tag",
          "message": "unknown key",
          "hint": "did you mean `tags`?"
        }
      ]
    }
    -- stderr
    targets.yaml: targets[0].name: `API` is not a target name (lower-case letters, digits and `-`, not beginning or ending with `-`, at most 64)
    targets.yaml: targets[0].images[0].tag: unknown key
      hint: did you mean `tags`?
    error: 2 problems in `targets.yaml`
    "#);
}

#[test]
fn nothing_is_applied_from_a_bad_file() {
    let output = greenlight(
        &["targets", "apply", "targets.yaml"],
        ("targets.yaml", "targets: []"),
    );
    insta::assert_snapshot!(output, @"
    status: 1
    -- stdout
    -- stderr
    targets.yaml: targets: expected 1 to 500 targets, found 0
    error: 1 problem in `targets.yaml`
    ");
}

#[test]
fn a_file_that_is_no_document_is_refused() {
    for (name, text, expected) in [
        (
            "a.yaml",
            "targets: [",
            "error: `a.yaml` is not YAML: did not find expected node content",
        ),
        (
            "a.yaml",
            "a: 1\na: 2",
            "error: `a.yaml` is not YAML: the key `a` is there twice",
        ),
        ("a.yaml", "a: .nan", "not a finite number"),
        ("a.yaml", "a: 1\n---\nb: 2", "more than one document"),
        (
            "a.json",
            "{\"a\": 1, \"a\": 2}",
            "error: `a.json` is not JSON: the key `a` is there twice at line 1",
        ),
        (
            "a.json",
            "targets:",
            "error: `a.json` is not JSON: expected",
        ),
    ] {
        let output = greenlight(&["targets", "check", name], (name, text));
        assert!(
            output.starts_with("status: 1\n") && output.contains(expected),
            "{text}: {output}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = greenlight(&["targets", "check", "missing.yaml"], ("other.yaml", GOOD));
    insta::assert_snapshot!(output, @"
    status: 1
    -- stdout
    -- stderr
    error: `missing.yaml` could not be read: No such file or directory (os error 2)
    ");
}

#[test]
fn aliases_cannot_make_a_small_file_large() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = level - 1;
        writeln!(text, "a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}]").unwrap();
    }
    let output = greenlight(&["targets", "check", "a.yaml"], ("a.yaml", &text));
    assert!(
        output.starts_with("status: 1\n") && output.contains("not YAML"),
        "{output}"
    );
}

#[test]
fn commands_that_ask_aws_say_what_they_miss() {
    insta::assert_snapshot!(greenlight(&["status"], ("targets.yaml", GOOD)), @r#"
    status: 1
    -- stdout
    -- stderr
    error: it is not known which AWS account and region to ask: failed to read the configuration from the environment: `AWS_REGION` is not set; `AWS_ACCESS_KEY_ID` is not set; `AWS_SECRET_ACCESS_KEY` is not set
    hint: set the variables; for a profile, `eval "$(aws configure export-credentials --format env)"` does so, and `--region` gives the region
    "#);
}

#[test]
fn an_endpoint_that_does_not_answer_is_a_failure_with_its_cause() {
    let directory = TempDir::new().unwrap();
    // Port 1 is reserved and nothing listens there.
    let variables = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-nobody"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ];
    let output = run(&["status"], directory.path(), &variables, "");
    assert!(
        output.starts_with(
            "status: 1\n-- stdout\n-- stderr\nerror: the targets could not be listed: "
        ),
        "{output}"
    );
    assert!(
        output.contains("` failed for the DynamoDB table `greenlight`: io error"),
        "{output}"
    );
    assert!(
        output.ends_with(
            "hint: check the network, and `AWS_ENDPOINT_URL` and `AWS_CA_BUNDLE` if they are set\n"
        ),
        "{output}"
    );
}

#[test]
fn arguments_that_are_not_understood_end_with_status_2() {
    for arguments in [
        &["frobnicate"][..],
        &[],
        &["targets", "show", "Not_A_Name"],
        &["history", "api-test", "--limit", "0"],
        &["history"],
        &["deploy", "api-test"],
        &["deploy", "api-test", "mco/api"],
        &["deploy", "api-test", "sha256:12"],
        &["deploy", "api-test", "v1", "--no-wait", "--dry-run"],
        &["deploy", "api-test", "v1", "--no-wait", "--timeout", "1h"],
        &["deploy", "api-test", "v1", "--timeout", "soon"],
        &["diff"],
        &["diff", "api-test", "a@b"],
        &["continue"],
        &["continue", "api-test", "--reason", "x"],
        &["abort"],
    ] {
        let output = greenlight(arguments, ("targets.yaml", GOOD));
        assert!(
            output.starts_with("status: 2\n-- stdout\n-- stderr\n"),
            "{arguments:?}: {output}"
        );
    }
}

#[test]
fn what_is_no_image_is_told_how_images_are_written() {
    let output = greenlight(&["deploy", "api-test", "mco/api"], ("targets.yaml", GOOD));
    insta::assert_snapshot!(output, @"
    status: 2
    -- stdout
    -- stderr
    error: invalid value 'mco/api' for '[IMAGE]': `mco/api` is not an image tag (letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`, at most 300); an image is written `tag`, `sha256:…`, `repository:tag` or `repository@sha256:…`

    For more information, try '--help'.
    ");
}

#[test]
fn commands_that_deploy_say_what_they_miss() {
    for arguments in [
        &["diff", "api-test"][..],
        &["deploy", "api-test", "v1"],
        &["deploy", "api-test", "v1", "--dry-run", "--json"],
        &["continue", "api-test"],
        &["abort", "api-test"],
    ] {
        let output = greenlight(arguments, ("targets.yaml", GOOD));
        assert!(
            output.starts_with(
                "status: 1\n-- stdout\n-- stderr\nerror: it is not known which AWS account and region to ask"
            ),
            "{arguments:?}: {output}"
        );
    }
}

#[test]
fn the_help_lists_every_command() {
    let output = greenlight(&["--help"], ("targets.yaml", GOOD));
    insta::assert_snapshot!(output, @"
    status: 0
    -- stdout
    Deploys pushed images to Amazon ECS, and knows which image runs where.

    Credentials and region come from the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`. `AWS_ENDPOINT_URL` leads to another endpoint, such as a rehearsal's.

    Usage: greenlight [OPTIONS] <COMMAND>

    Set up:
      init         Print a target's document made from a service that runs
      targets      Check, register and look at targets
      verify       Try the gates of a target on what runs now. Nothing is deployed or recorded

    Look:
      status       Show what is live, what is being deployed and what waits
      history      Show the deployments of a target and what people did there, newest first
      gates        Show all that the gates of a deployment have found
      where        Show the targets at which an image is live, and where it was before
      explain      Show for every target whether it takes an image, what would come of it now, and what became of it
      diff         Show what deploying an image would change in the task definition. It only looks

    Deploy:
      deploy       Deploy an image to a target, and wait until it is live
      rollback     Go back to the last image that was proved, and wait until it is live
      promote      Give the image that is live and proved at a target the tag that another target watches

    Decide:
      approve      Say yes to what waits for a person
      reject       Say no to what waits for a person
      continue     Let a deployment go on that waits for an answer
      abort        Stop the deployment that is under way, and take it back as far as AWS can
      hold         Hold automatic deployments to a target, or to every one, until somebody releases them
      release      Release what `hold` holds

    Other commands:
      completions  Print the completions of a shell
      man          Print the manual page, or write one for each command
      help         Print the help of a command

    Options:
          --table <NAME>
              Greenlight's table [env: `GREENLIGHT_TABLE`] [default: greenlight]

          --region <REGION>
              The region that Greenlight runs in [env: `AWS_REGION`]

          --json
              Print one JSON document instead of text

          --color <WHEN>
              Whether text is coloured; `NO_COLOR` and `CLICOLOR_FORCE` count where it is `auto`
              
              [default: auto]
              [possible values: auto, always, never]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      # Make a target of a service that runs, and register it
      greenlight init --cluster mco --service api > api.yaml
      greenlight targets apply api.yaml
      # Show what is live everywhere
      greenlight status
      # Deploy an image, and wait until it is live
      greenlight deploy api-test v1.4.2
      # Go back
      greenlight rollback api-test

    Exit status: 0 done, 1 failed, 2 not understood.
    -- stderr
    ");
}

#[test]
fn the_help_of_deploy_lists_its_options() {
    let output = greenlight(&["deploy", "-h"], ("targets.yaml", GOOD));
    insta::assert_snapshot!(output, @"
    status: 0
    -- stdout
    Deploy an image to a target, and wait until it is live

    Usage: greenlight deploy [OPTIONS] <TARGET> [IMAGE]

    Arguments:
      <TARGET>  The target
      [IMAGE]   A tag, a digest, `repository:tag` or `repository@digest`

    Options:
          --images <FILE>      An `imagedefinitions.json` or `imageDetail.json` of CodePipeline that names the images
          --no-wait            Only start it
          --dry-run            Show what would be done, and do nothing
          --override           Deploy though the target is held, the line is stopped, or no window is open. It is recorded
          --by <NAME>          Who asks, for the record [env: `USER`, `LOGNAME`]
          --hook <ARN>         The function that runs the gates: the output `HookFunctionArn` of the stack [env: `GREENLIGHT_HOOK`]
          --timeout <TIMEOUT>  How long to wait [default: 1h]
          --table <NAME>       Greenlight's table [env: `GREENLIGHT_TABLE`] [default: greenlight]
          --region <REGION>    The region that Greenlight runs in [env: `AWS_REGION`]
          --json               Print one JSON document instead of text
          --color <WHEN>       Whether text is coloured; `NO_COLOR` and `CLICOLOR_FORCE` count where it is `auto` [default: auto] [possible values: auto, always, never]
      -h, --help               Print help
      -V, --version            Print version

    Examples:
      # Deploy a tag, and wait
      greenlight deploy api-test v1.4.2
      # Only show what would be done
      greenlight deploy api-test v1.4.2 --dry-run
      # Only start it, in a pipeline for example
      greenlight deploy api-test --images imagedefinitions.json --no-wait
      # Deploy though the target is held
      greenlight deploy api-test v1.4.3 --override
    -- stderr
    ");
}
