//! Real processes: shell scripts in the place of functions.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Mutex;

use super::{Account, Function, Host, Tone, log_line};
use crate::account::Settings;
use crate::account::functions::Configuration;
use crate::clock::Clock;

/// One test at a time: a process that another test starts would inherit the script while it is still
/// open for writing, and the kernel runs no such file.
static SCRIPTS: Mutex<()> = Mutex::const_new(());

/// An account with the function `It`, whose binary is this script.
fn account(folder: &tempfile::TempDir, script: &str) -> Account {
    let clock = Clock::scaled(jiff::Timestamp::UNIX_EPOCH, 1.0);
    let account = Account::new(Settings::loopback(clock));
    let binary = folder.path().join("it");
    std::fs::write(&binary, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
    let function = Function {
        logical_id: "It".to_owned(),
        name: "It".to_owned(),
        code: "it".to_owned(),
        timeout: Duration::from_secs(2),
        memory: 128,
        environment: BTreeMap::from([("GREENLIGHT_TABLE".to_owned(), "greenlight".to_owned())]),
        retries: 0,
        on_failure: None,
        dead_letters: None,
        policy: crate::account::iam::Policy::default(),
    };
    let host = Host {
        account: account.clone(),
        binaries: folder.path().to_owned(),
        endpoint: "http://127.0.0.1:1".to_owned(),
    };
    let configuration = Configuration {
        timeout: function.timeout,
        ..Configuration::default()
    };
    account.functions().configure("It", configuration);
    account.functions().register("It", host.handler(&function));
    account
}

#[tokio::test]
async fn a_process_that_dies_is_an_exit_error_and_its_output_is_its_log() {
    let _alone = SCRIPTS.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let account = account(
        &folder,
        "echo '{\"level\":\"INFO\",\"message\":\"here\"}'\necho oops >&2\nexit 3",
    );
    let error = account
        .functions()
        .invoke("It", json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.message.contains("exit status: 3"), "{error}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let log: Vec<String> = account
        .journal()
        .happenings()
        .into_iter()
        .map(|it| it.text)
        .collect();
    assert!(
        log.contains(&"It: here".to_owned()) && log.contains(&"It: oops".to_owned()),
        "{log:?}"
    );
}

#[tokio::test]
async fn a_credential_in_the_output_is_noticed_at_whatever_level_it_is_logged() {
    let _alone = SCRIPTS.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let account = account(
        &folder,
        "printf '\\377\\n'\necho \"{\\\"level\\\":\\\"TRACE\\\",\\\"message\\\":\\\"$AWS_SECRET_ACCESS_KEY\\\"}\"\n\
         echo JOBTOKEN0 >&2\nexit 3",
    );
    let invoked = account.functions().invoke("It", json!({})).await;
    invoked.unwrap_err();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let happenings = account.journal().happenings().into_iter();
    let mut noticed: Vec<String> = happenings
        .filter(|it| it.service == "credentials" && it.tone == Tone::Bad)
        .map(|it| it.text)
        .collect();
    noticed.sort();
    let of = |mark: &str| format!("It logs a credential: {mark}…");
    assert_eq!(noticed, [of("FUNCTIONSECRET"), of("JOBTOKEN")]);
}

#[tokio::test]
async fn a_process_that_does_not_answer_is_killed_at_its_timeout() {
    let _alone = SCRIPTS.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("pid");
    let account = account(
        &folder,
        &format!("echo $$ > {}\nexec sleep 60", marker.display()),
    );
    let error = account
        .functions()
        .invoke("It", json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    let pid = std::fs::read_to_string(marker).unwrap();
    let status = std::path::PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    for _ in 0..50 {
        // A killed process may still wait to be reaped.
        if std::fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {pid} still runs");
}

#[tokio::test]
async fn a_process_sees_only_the_environment_that_lambda_and_the_template_give() {
    let _alone = SCRIPTS.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let account = account(&folder, &format!("env > {}\nexit 1", seen.display()));
    account
        .functions()
        .invoke("It", json!({}))
        .await
        .unwrap_err();
    let seen = std::fs::read_to_string(seen).unwrap();
    let variables: BTreeMap<&str, &str> = seen
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    assert_eq!(variables["GREENLIGHT_TABLE"], "greenlight");
    assert_eq!(variables["AWS_ACCESS_KEY_ID"], "AKIAITXXXXXXXXXXXXXX");
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert!(variables["AWS_LAMBDA_RUNTIME_API"].starts_with("127.0.0.1:"));
    assert!(!variables.contains_key("CARGO_MANIFEST_DIR") && !variables.contains_key("HOME"));
}

#[tokio::test]
async fn a_missing_binary_is_an_error_that_names_it() {
    let _alone = SCRIPTS.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let account = account(&folder, "exit 0");
    std::fs::remove_file(folder.path().join("it")).unwrap();
    let error = account
        .functions()
        .invoke("It", json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.error_type, "Runtime.InvalidEntrypoint");
    assert!(
        error.message.contains("cannot start") && error.message.contains("/it:"),
        "{error}"
    );
}

#[test]
fn of_a_log_line_the_message_and_its_cause_are_shown() {
    let table = [
        (
            r#"{"level":"INFO","message":"claimed"}"#,
            Some((Tone::Neutral, "claimed")),
        ),
        (
            r#"{"level":"WARN","message":"late"}"#,
            Some((Tone::Bad, "late")),
        ),
        (
            r#"{"level":"ERROR","message":"no","error":"why"}"#,
            Some((Tone::Bad, "no: why")),
        ),
        (r#"{"level":"DEBUG","message":"noise"}"#, None),
        (
            "thread 'main' panicked",
            Some((Tone::Bad, "thread 'main' panicked")),
        ),
        ("", None),
    ];
    for (line, expected) in table {
        assert_eq!(
            log_line(line),
            expected.map(|(tone, text)| (tone, text.to_owned())),
            "{line}"
        );
    }
}
