//! What is said about checks that run a task; what they share with other tasks is in [`super::tasks`].

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::check::CheckKind;
use crate::target::{Launch, Network, OneShotTask};

fn document(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"task": parameters}]});
    document
}

#[track_caller]
fn refused(parameters: &Value, expected: &str) {
    let expected = expected.replacen("task", "gates.before_traffic[0].task", 1);
    assert_problems(&document(parameters), &expected);
}

#[test]
fn every_key_of_the_check_is_read() {
    let target = one(&document(&json!({
        "launch": {"type": "FARGATE"}, "subnets": ["subnet-1"], "security_groups": ["sg-1"],
        "assign_public_ip": true, "container": "api", "command": ["bin/smoke", "--all"],
    })));
    assert_eq!(
        check_of(&target).kind,
        CheckKind::Task(OneShotTask {
            cluster: None,
            task_definition: None,
            launch: Some(Launch::Type {
                launch_type: "FARGATE".into(),
                platform_version: None,
            }),
            network: Some(Network {
                subnets: vec!["subnet-1".into()],
                security_groups: vec!["sg-1".into()],
                assign_public_ip: true,
            }),
            container: Some("api".into()),
            command: vec!["bin/smoke".into(), "--all".into()],
        })
    );
    assert_eq!(
        check_of(&one(&document(&Value::Null))).kind,
        CheckKind::Task(OneShotTask::default())
    );
}

#[test]
fn it_runs_what_the_green_tasks_run_where_they_run() {
    for (key, value) in [
        ("cluster", json!("batch")),
        ("task_definition", json!("family:smoke")),
    ] {
        let problems = super::parse(&document(&json!({key: value}))).unwrap_err();
        let said = problems.to_string();
        let expected = format!("gates.before_traffic[0].task.{key}: unknown key\n  hint: ");
        assert!(said.starts_with(&expected) && problems.len() == 1, "{said}");
    }
}

#[test]
fn its_keys_are_as_strict_as_those_of_other_tasks() {
    refused(
        &json!({"security_groups": ["sg-1"]}),
        "task.security_groups: means nothing without `subnets`",
    );
    refused(
        &json!({"subnets": ["net-1"]}),
        "task.subnets[0]: expected an id such as `subnet-0123456789abcdef0`, found `net-1`",
    );
    refused(
        &json!({"command": ["x".repeat(8192)]}),
        "task.command: expected at most 8192 characters, with the container's name and as JSON, found 8246\n  \
         hint: put a script into the image, and name it",
    );
}
