//! What is said about tasks that run once.

use serde_json::{Value, json};

use super::super::{parse, sample};
use super::assert_problems;

/// A target that runs this task, made from what a service runs.
fn with_task(task: Value) -> Value {
    let target = &sample()["targets"][0];
    let mut document = json!({
        "name": "nightly",
        "images": target["images"],
        "service": target["service"],
    });
    document["deploy"]["task"] = task;
    document
}

/// A target without a service.
fn alone(task: Value) -> Value {
    let mut document = with_task(task);
    document.as_object_mut().unwrap().shift_remove("service");
    document["task_definition"] = json!("family:nightly");
    document
}

#[track_caller]
fn check_task(task: Value, expected: &str) {
    // The same is said about a task before.
    let mut before = with_task(json!({}));
    before["before"] = json!([{"task": {}}, {"task": task}]);
    assert_problems(&before, &expected.replace("TASK", "before[1].task"));
    assert_problems(&with_task(task), &expected.replace("TASK", "deploy.task"));
}

#[test]
fn the_parameters_of_a_task_are_checked() {
    check_task(
        json!({"cluster": "a b", "container": "c d", "comand": []}),
        "TASK.comand: unknown key\n  hint: did you mean `command`?\n\
         TASK.cluster: `a b` is not a cluster name (letters, digits, `-` and `_`)\n\
         TASK.container: `c d` is not a container name (letters, digits, `-` and `_`)",
    );
    check_task(
        json!([]),
        "TASK: expected a mapping with `cluster`, `task_definition`, `launch`, `subnets`, \
         `security_groups`, `assign_public_ip`, `container`, `command`, found an empty list",
    );
}

#[test]
fn a_task_is_attached_to_subnets() {
    check_task(
        json!({"security_groups": ["sg-1"], "assign_public_ip": true}),
        "TASK.security_groups: means nothing without `subnets`\n\
         TASK.assign_public_ip: means nothing without `subnets`",
    );
    check_task(
        json!({"subnets": ["subnet-1", "sn-2", 3, "subnet-", "subnet-1"], "security_groups": "sg-1",
               "assign_public_ip": "ENABLED"}),
        "TASK.subnets[1]: expected an id such as `subnet-0123456789abcdef0`, found `sn-2`\n\
         TASK.subnets[2]: expected an id such as `subnet-0123456789abcdef0`, found the number 3\n  \
         hint: put it in quotes\n\
         TASK.subnets[3]: expected an id such as `subnet-0123456789abcdef0`, found `subnet-`\n\
         TASK.subnets[4]: `subnet-1` is already in the list\n\
         TASK.security_groups: expected a list of security groups, found `sg-1`\n  hint: write `[sg-1]`\n\
         TASK.assign_public_ip: expected `true` or `false`, found `ENABLED`",
    );
    let ids = |prefix: &str, count: usize| {
        let ids: Vec<_> = (0..count).map(|id| format!("{prefix}{id}")).collect();
        json!(ids)
    };
    check_task(
        json!({"subnets": ids("subnet-", 17), "security_groups": ids("sg-", 6)}),
        "TASK.subnets: expected 1 to 16 subnets, found 17\n\
         TASK.security_groups: expected 0 to 5 security groups, found 6",
    );
    check_task(
        json!({"subnets": []}),
        "TASK.subnets: expected 1 to 16 subnets, found 0",
    );
    check_task(
        json!({"subnets": ["subnet-1"], "security_groups": ["subnet-1"]}),
        "TASK.security_groups[0]: expected an id such as `sg-0123456789abcdef0`, found `subnet-1`",
    );
    let most = json!({"subnets": ids("subnet-", 16), "security_groups": ids("sg-", 5)});
    assert!(parse(&with_task(most)).is_ok());
}

#[test]
fn a_task_is_launched_one_way() {
    for (launch, found) in [
        (json!({}), "neither"),
        (json!({"platform_version": "LATEST"}), "neither"),
        (
            json!({"type": "FARGATE", "capacity_providers": [{"name": "FARGATE"}]}),
            "both",
        ),
    ] {
        check_task(
            json!({"launch": launch}),
            &format!("TASK.launch: expected either `type` or `capacity_providers`, found {found}"),
        );
    }
    check_task(
        json!({"launch": {"type": "fargate"}}),
        "TASK.launch.type: expected one of `FARGATE`, `EC2`, `EXTERNAL`, found `fargate`",
    );
    for launch_type in ["EC2", "EXTERNAL"] {
        check_task(
            json!({"launch": {"type": launch_type, "platform_version": "1.4.0"}}),
            &format!(
                "TASK.launch.platform_version: only `FARGATE` has platform versions, not `{launch_type}`"
            ),
        );
    }
    check_task(
        json!({"launch": {"type": "FARGATE", "platform_version": 1.4}}),
        "TASK.launch.platform_version: expected a platform version, such as `1.4.0`, found the number 1.4\n  \
         hint: put it in quotes",
    );
    check_task(
        json!({"launch": "FARGATE"}),
        "TASK.launch: expected a mapping with `type`, `capacity_providers`, `platform_version`, found `FARGATE`",
    );
}

#[test]
fn a_capacity_provider_strategy_is_one_that_ecs_takes() {
    let launch = |providers: Value| json!({"launch": {"capacity_providers": providers}});
    check_task(
        launch(json!([{"name": "a", "base": 1}, {"name": "a"}, {"name": "b", "base": 2}])),
        "TASK.launch.capacity_providers[1].name: `a` is already in the list\n\
         TASK.launch.capacity_providers[2].base: only one has a base, and `a` has it already",
    );
    check_task(
        launch(json!([{"name": "a", "weight": 0}])),
        "TASK.launch.capacity_providers: expected a `weight` of 1 or more for at least one of them",
    );
    check_task(
        launch(json!([{"weight": 1001, "base": -1}])),
        "TASK.launch.capacity_providers[0]: `name` is missing\n\
         TASK.launch.capacity_providers[0].base: expected a whole number from 0 to 100000, found the number -1\n\
         TASK.launch.capacity_providers[0].weight: expected a whole number from 0 to 1000, found the number 1001",
    );
    check_task(
        launch(json!([])),
        "TASK.launch.capacity_providers: expected 1 to 20 capacity providers, found 0",
    );
    let many: Vec<_> = (0..21).map(|n| json!({"name": format!("p{n}")})).collect();
    check_task(
        launch(json!(many)),
        "TASK.launch.capacity_providers: expected 1 to 20 capacity providers, found 21",
    );
}

#[test]
fn a_command_fits_into_what_runtask_takes() {
    check_task(
        json!({"command": "sleep 10"}),
        "TASK.command: expected a list of words of a command, found `sleep 10`\n  hint: write `[sleep 10]`",
    );
    check_task(
        json!({"command": ["sleep", 10]}),
        "TASK.command[1]: expected a word of the command, found the number 10\n  hint: put it in quotes",
    );
    check_task(
        json!({"command": vec!["x"; 101]}),
        "TASK.command: expected 0 to 100 words of a command, found 101",
    );
    check_task(
        json!({"command": ["x".repeat(8193)]}),
        "TASK.command[0]: expected at most 8192 bytes, found 8193",
    );
    let around = r#"{"containerOverrides":[{"name":"api","command":[""]}]}"#.len();
    let longest = "x".repeat(8192 - around);
    assert!(parse(&with_task(json!({"command": [longest]}))).is_ok());
    check_task(
        json!({"command": [format!("{longest}x")]}),
        "TASK.command: expected at most 8192 characters, with the container's name and as JSON, found 8193\n  \
         hint: put a script into the image, and name it",
    );
    // A longer name leaves less, and a quote takes two characters.
    check_task(
        json!({"container": "api2", "command": [format!("{}\"", &longest[1..])]}),
        "TASK.command: expected at most 8192 characters, with the container's name and as JSON, found 8194\n  \
         hint: put a script into the image, and name it",
    );
}

#[test]
fn the_task_of_a_target_has_the_targets_task_definition() {
    assert_problems(
        &with_task(json!({"task_definition": "family:other"})),
        "deploy.task.task_definition: a target has one task definition\n  hint: write it beside `deploy`",
    );
}

#[test]
fn a_task_without_a_service_says_where_it_runs_and_from_what() {
    const HINT: &str = "name `family:<name>` or `s3://bucket/key`, or a `service`";
    assert_problems(
        &alone(json!(null)),
        "deploy.task: `cluster` is missing, and there is no `service` to take it from\n  \
         hint: name the cluster that the task runs in",
    );
    for launch in [
        json!({"type": "FARGATE"}),
        json!({"capacity_providers": [{"name": "FARGATE_SPOT"}]}),
    ] {
        assert_problems(
            &alone(json!({"cluster": "mco", "launch": launch})),
            "deploy.task: `subnets` is missing, and there is no `service` to take it from\n  \
             hint: name those that the task is attached to",
        );
        let task = json!({"cluster": "mco", "launch": launch, "subnets": ["subnet-1"]});
        assert!(parse(&alone(task)).is_ok(), "{launch}");
    }
    let ec2 = json!({"cluster": "mco", "launch": {"type": "EC2"}});
    assert!(parse(&alone(ec2.clone())).is_ok());
    let mut document = alone(ec2);
    document["task_definition"] = json!("service");
    assert_problems(
        &document,
        &format!("task_definition: there is no `service` to take it from\n  hint: {HINT}"),
    );
    document["task_definition"] = json!(null);
    assert_problems(
        &document,
        &format!(
            "`task_definition` is missing, and there is no `service` to take it from\n  hint: {HINT}"
        ),
    );
}

#[test]
fn a_task_before_is_a_task() {
    let with_before = |before: Value| {
        let mut document = sample()["targets"][0].clone();
        document["before"] = before;
        document
    };
    assert_problems(
        &with_before(json!([{"hook": {}}])),
        "before[0].hook: unknown key\n  hint: known here: `task`",
    );
    assert_problems(
        &with_before(json!(["task"])),
        "before[0]: expected a mapping, found `task`\n  hint: write `{task: {}}`",
    );
    assert_problems(
        &with_before(json!({"task": {}})),
        "before: expected a list of tasks, found a mapping\n  \
         hint: put `- ` before it, even if there is only one",
    );
    assert_problems(
        &with_before(json!(vec![json!({"task": {}}); 11])),
        "before: expected 0 to 10 tasks, found 11",
    );
    assert_problems(
        &with_before(json!([{"task": {"task_definition": "live"}}])),
        "before[0].task.task_definition: expected `service`, `family:<name>` or `s3://bucket/key`, found `live`",
    );
    for source in ["service", "family:migrations", "s3://bucket/key"] {
        let document = with_before(json!([{"task": {"task_definition": source}}]));
        assert!(parse(&document).is_ok(), "{source}");
    }
}

#[test]
fn a_task_before_without_a_service_says_where_it_runs_and_from_what() {
    const HINT: &str = "name `family:<name>` or `s3://bucket/key`, or a `service`";
    let mut document = alone(json!({"cluster": "mco"}));
    document["before"] = json!([
        {"task": {"launch": {"type": "FARGATE"}}},
        {"task": {"cluster": "mco", "task_definition": "service"}},
        {"task": {"cluster": "mco"}},
    ]);
    // What is missing of all of them, then what they are made from.
    assert_problems(
        &document,
        &format!(
            "before[0].task: `cluster` is missing, and there is no `service` to take it from\n  \
             hint: name the cluster that the task runs in\n\
             before[0].task: `subnets` is missing, and there is no `service` to take it from\n  \
             hint: name those that the task is attached to\n\
             before[1].task.task_definition: there is no `service` to take it from\n  hint: {HINT}"
        ),
    );
    let mut document = alone(json!({}));
    document["deploy"] = json!({"pipeline": {"name": "p", "action": "Source"}});
    document
        .as_object_mut()
        .unwrap()
        .shift_remove("task_definition");
    document["before"] = json!([{"task": {"cluster": "mco"}}]);
    assert_problems(
        &document,
        &format!(
            "before[0].task: `task_definition` is missing, and there is no `service` to take it \
             from\n  hint: {HINT}"
        ),
    );
    document["before"][0]["task"]["task_definition"] = json!("family:migrations");
    assert!(parse(&document).is_ok());
}
