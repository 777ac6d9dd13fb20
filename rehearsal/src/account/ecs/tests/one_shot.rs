//! One-shot tasks: what `RunTask` takes and refuses, how they run, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::containers::{Behaviour, ImageSpec};
use crate::account::sample::{Sample, task_definition};
use crate::account::{ecr, ecs};

/// The sample with the migration `v2` in its repository, registered as revision 2.
fn sample(image: &ImageSpec) -> Sample {
    let sample = Sample::open();
    ecr::push_image(&sample.account, "mco/api", &["v2"], image).unwrap();
    ecs::register_task_definition(&sample.account, task_definition("v2")).unwrap();
    sample
}

/// A request for a migration, with some members changed.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` reads better without `&`"
)]
fn request(changes: Value) -> Value {
    let mut request = json!({
        "cluster": "mco",
        "taskDefinition": "mco-api",
        "launchType": "FARGATE",
        "startedBy": "greenlight/01ABC",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "overrides": {"containerOverrides": [{"name": "api", "command": ["migrate"]}]},
    });
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// A request without this member.
fn without(member: &str) -> Value {
    let mut request = request(json!({}));
    request.as_object_mut().unwrap().shift_remove(member);
    request
}

/// Starts it and returns its ARN.
fn run(sample: &Sample, request: Value) -> String {
    let output = sample.ecs("RunTask", request).unwrap();
    assert_eq!(output["failures"], json!([]));
    output["tasks"][0]["taskArn"].as_str().unwrap().to_owned()
}

fn describe(sample: &Sample, arn: &str) -> Value {
    let input = json!({"cluster": "mco", "tasks": [arn], "include": ["TAGS"]});
    sample.ecs("DescribeTasks", input).unwrap()["tasks"][0].clone()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` reads better without `&`"
)]
fn listed(sample: &Sample, filter: Value) -> usize {
    let mut input = json!({"cluster": "mco"});
    input
        .as_object_mut()
        .unwrap()
        .extend(filter.as_object().unwrap().clone());
    let output = sample.ecs("ListTasks", input).unwrap();
    output["taskArns"].as_array().unwrap().len()
}

fn refused(sample: &Sample, request: Value) -> (String, String) {
    let error = sample.ecs("RunTask", request).unwrap_err();
    (error.code, error.message)
}

/// `lastStatus` and version of a task's events.
fn told(sample: &Sample, arn: &str) -> Vec<(String, u64)> {
    let events = sample.account.events().history().into_iter();
    let events = events.filter(|event| {
        event["detail-type"] == "ECS Task State Change" && event["resources"] == json!([arn])
    });
    events
        .map(|event| {
            let detail = &event["detail"];
            let status = detail["lastStatus"].as_str().unwrap().to_owned();
            (status, detail["version"].as_u64().unwrap())
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_migration_runs_and_ends_by_itself_with_its_exit_code() {
    for code in [0, 3] {
        let sample = sample(&ImageSpec::migration("v2", code));
        let arn = run(&sample, request(json!({})));
        assert_eq!(describe(&sample, &arn)["lastStatus"], "PROVISIONING");
        sample.after(7).await;
        assert_eq!(describe(&sample, &arn)["lastStatus"], "PENDING");
        sample.after(10).await;
        let task = describe(&sample, &arn);
        assert_eq!(task["lastStatus"], "RUNNING");
        assert_eq!(task["group"], "family:mco-api");
        assert_eq!(task["startedBy"], "greenlight/01ABC");
        assert_eq!(task["launchType"], "FARGATE");
        assert_eq!(
            task["overrides"]["containerOverrides"][0]["command"],
            json!(["migrate"])
        );
        assert_eq!(task["attachments"][0]["details"][0]["value"], "subnet-1");
        assert_eq!(
            task["containers"][0]["imageDigest"],
            ecr::tagged(&sample.account, "mco/api", "v2").unwrap()
        );
        sample.after(30).await;
        let task = describe(&sample, &arn);
        assert_eq!(task["lastStatus"], "STOPPED");
        assert_eq!(task["stopCode"], "EssentialContainerExited");
        assert_eq!(task["containers"][0]["exitCode"], code);
        // Nobody starts another one.
        sample.after(600).await;
        assert_eq!(listed(&sample, json!({"startedBy": "greenlight/01ABC"})), 0);
        let stopped = json!({"family": "mco-api", "desiredStatus": "STOPPED"});
        assert_eq!(listed(&sample, stopped), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn every_status_of_a_task_is_told_with_its_description() {
    let sample = sample(&ImageSpec::migration("v2", 3));
    let arn = run(&sample, request(json!({})));
    sample.after(60).await;
    let told = told(&sample, &arn);
    let statuses: Vec<&str> = told.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(
        statuses,
        [
            "PROVISIONING",
            "PENDING",
            "RUNNING",
            "DEACTIVATING",
            "STOPPING",
            "STOPPED"
        ]
    );
    assert!(told.is_sorted_by(|one, next| one.1 < next.1), "{told:?}");
    let events = sample.account.events().history();
    let last = events.last().unwrap();
    assert_eq!(last["source"], "aws.ecs");
    let detail = &last["detail"];
    assert_eq!(detail["taskArn"], arn);
    assert_eq!(detail["containers"][0]["exitCode"], 3);
    assert_eq!(detail["containers"][0].get("healthStatus"), None);
    assert!(detail["stoppedAt"].as_str().unwrap().ends_with('Z'));
    // What was there before the story is not told.
    assert!(
        events
            .iter()
            .all(|event| event["detail"]["taskArn"] == arn || event["source"] != "aws.ecs")
    );
}

#[tokio::test(start_paused = true)]
async fn the_command_decides_what_an_image_does() {
    let migrates = Behaviour::one_shot(Duration::from_secs(5), 0);
    let image = ImageSpec::healthy("v2").with_command(&["migrate", "--all"], migrates);
    let sample = sample(&image);
    let command = |words: Value| {
        request(json!({"overrides": {"containerOverrides": [{"name": "api", "command": words}]}}))
    };
    let migration = run(&sample, command(json!(["migrate", "--all"])));
    let service = run(&sample, without("overrides"));
    let unknown = run(&sample, command(json!(["/bin/migrate"])));
    sample.after(60).await;
    assert_eq!(
        describe(&sample, &migration)["containers"][0]["exitCode"],
        0
    );
    assert_eq!(describe(&sample, &service)["lastStatus"], "RUNNING");
    let task = describe(&sample, &unknown);
    assert_eq!(task["containers"][0]["exitCode"], 127);
    let reason = task["containers"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("\"/bin/migrate\": executable file not found"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_in_the_task_definition_counts_too() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    let mut document = task_definition("v2");
    document["containerDefinitions"][0]["command"] = json!(["migrate"]);
    ecs::register_task_definition(&sample.account, document).unwrap();
    let arn = run(&sample, without("overrides"));
    sample.after(60).await;
    assert_eq!(describe(&sample, &arn)["containers"][0]["exitCode"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_image_is_not_there_stops_before_it_runs() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    ecs::register_task_definition(&sample.account, task_definition("v3")).unwrap();
    let arn = run(&sample, request(json!({})));
    sample.after(60).await;
    let task = describe(&sample, &arn);
    assert_eq!(task["stopCode"], "TaskFailedToStart");
    assert_eq!(task["containers"][0].get("exitCode"), None);
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(reason.starts_with("CannotPullContainerError"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn the_same_token_and_request_are_the_same_task_and_another_request_a_conflict() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    let asked = request(json!({"clientToken": "01ABC"}));
    let arn = run(&sample, asked.clone());
    sample.after(60).await;
    assert_eq!(run(&sample, asked.clone()), arn);
    let other = request(json!({"clientToken": "01ABC", "startedBy": "another"}));
    let error = sample.ecs("RunTask", other).unwrap_err();
    assert_eq!(error.code, "ConflictException");
    assert_eq!(error.to_json()["resourceIds"], json!([arn]));
    // An hour after its end the task is forgotten, and its token with it.
    sample.after(3600).await;
    assert_ne!(run(&sample, asked), arn);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_finds_no_place_is_a_failure_in_a_good_answer() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    ecs::refuse_tasks(&sample.account, Some("RESOURCE:MEMORY"));
    let asked = request(json!({"count": 2, "clientToken": "01ABC"}));
    let output = sample.ecs("RunTask", asked.clone()).unwrap();
    assert_eq!(output["tasks"], json!([]));
    assert_eq!(
        output["failures"],
        json!([{"reason": "RESOURCE:MEMORY"}, {"reason": "RESOURCE:MEMORY"}])
    );
    ecs::refuse_tasks(&sample.account, None);
    let output = sample.ecs("RunTask", asked).unwrap();
    assert_eq!(output["tasks"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_ecs_would_not_take_is_refused() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    let invalid = [
        (
            without("networkConfiguration"),
            "Network Configuration must be provided",
        ),
        (without("launchType"), "No Container Instances"),
        (
            request(json!({"launchType": "EC2"})),
            "No Container Instances",
        ),
        (request(json!({"count": 11})), "Count"),
        (request(json!({"propagateTags": "SERVICE"})), "SERVICE"),
        (request(json!({"startedBy": "a b"})), "startedBy"),
        (request(json!({"startedBy": "a".repeat(129)})), "startedBy"),
        (
            request(json!({"clientToken": "a".repeat(65)})),
            "clientToken",
        ),
        (
            request(json!({"overrides": {"containerOverrides": [{"name": "web"}]}})),
            "container named web",
        ),
        (
            request(
                json!({"overrides": {"containerOverrides": [{"name": "api", "command": ["x".repeat(8192)]}]}}),
            ),
            "8192",
        ),
        (
            request(json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]})),
            "both a launch type",
        ),
    ];
    for (request, what) in invalid {
        let (code, message) = refused(&sample, request);
        assert_eq!(code, "InvalidParameterException", "{message}");
        assert!(message.contains(what), "{message}");
    }
    let image =
        request(json!({"overrides": {"containerOverrides": [{"name": "api", "image": "x"}]}}));
    assert_eq!(refused(&sample, image).0, "ClientException");
    let platform = request(json!({"platformVersion": "2.0"}));
    assert_eq!(refused(&sample, platform).0, "PlatformUnknownException");
    let unknown = request(json!({"taskDefinition": "nothing"}));
    assert_eq!(refused(&sample, unknown).0, "ClientException");
    let cluster = request(json!({"cluster": "nothing"}));
    assert_eq!(refused(&sample, cluster).0, "ClusterNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_capacity_provider_and_tags_are_shown() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    let mut asked = without("launchType");
    asked["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE", "weight": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 3}]);
    asked["tags"] = json!([{"key": "team", "value": "mco"}]);
    asked["propagateTags"] = "TASK_DEFINITION".into();
    asked["platformVersion"] = "1.3.0".into();
    let task = describe(&sample, &run(&sample, asked));
    assert_eq!(task["capacityProviderName"], "FARGATE_SPOT");
    assert_eq!(task["platformVersion"], "1.3.0");
    assert_eq!(task["tags"], json!([{"key": "team", "value": "mco"}]));
}

#[tokio::test(start_paused = true)]
async fn a_person_stops_a_task() {
    let sample = sample(&ImageSpec::migration("v2", 0));
    let arn = run(&sample, request(json!({})));
    sample.after(20).await;
    let input = json!({"cluster": "mco", "task": arn, "reason": "wrong database"});
    let answer = sample.ecs("StopTask", input).unwrap();
    assert_eq!(answer["task"]["lastStatus"], "RUNNING");
    assert_eq!(answer["task"]["desiredStatus"], "STOPPED");
    sample.after(5).await;
    let task = describe(&sample, &arn);
    assert_eq!(
        (&task["lastStatus"], &task["stopCode"]),
        (&json!("STOPPED"), &json!("UserInitiated"))
    );
    assert_eq!(task["stoppedReason"], "wrong database");
    let unknown = json!({"cluster": "mco", "task": "0123"});
    assert_eq!(
        sample.ecs("StopTask", unknown).unwrap_err().code,
        "InvalidParameterException"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_service_that_a_person_stops_is_replaced() {
    let sample = Sample::open();
    let arns = sample.ecs("ListTasks", json!({"cluster": "mco"})).unwrap();
    let first = arns["taskArns"][0].clone();
    sample
        .ecs("StopTask", json!({"cluster": "mco", "task": first}))
        .unwrap();
    sample.after(400).await;
    assert_eq!(listed(&sample, json!({"serviceName": "api"})), 2);
    let stopped = json!({"serviceName": "api", "desiredStatus": "STOPPED"});
    assert_eq!(listed(&sample, stopped), 1);
}
