use serde_json::json;

use super::*;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn call(operation: &str, request: Value, status: u16, response: Value) -> Entry {
    let (caller, operation) = ("DeployOnPush".to_owned(), operation.to_owned());
    Entry::Call(Call {
        at: AT,
        caller,
        service: "it",
        operation,
        request,
        status,
        response,
    })
}

fn happening(service: &'static str, tone: Tone, text: &str) -> Entry {
    Entry::Happening(Happening {
        at: AT,
        service,
        tone,
        text: text.to_owned(),
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, a row for each call")]
fn what_decides_something_or_is_refused_is_worth_a_line() {
    let event = json!({"target": "api-test", "reason": "newer than what runs"}).to_string();
    let lost =
        json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
    let table = [
        (happening("ecs", Tone::Good, "steady"), vec!["ecs ✔ steady"]),
        (
            happening("log", Tone::Neutral, "DeployOnPush: claimed"),
            vec!["DeployOnPush · claimed"],
        ),
        (
            happening("log", Tone::Neutral, r#"DeployOnPush: {"_aws":{}}"#),
            vec![],
        ),
        (happening("lambda", Tone::Neutral, "It is invoked"), vec![]),
        (
            happening("lambda", Tone::Bad, "It failed"),
            vec!["lambda ✘ It failed"],
        ),
        (
            call(
                "CreateDeployment",
                json!({}),
                200,
                json!({"deploymentId": "d-1"}),
            ),
            vec!["DeployOnPush · starts CodeDeploy deployment d-1"],
        ),
        (
            call(
                "RunTask",
                json!({"taskDefinition": "mco-api:2"}),
                200,
                json!({
                    "tasks": [{
                        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/mco/0a1b",
                        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:2",
                    }],
                    "failures": [{"reason": "RESOURCE:MEMORY"}],
                }),
            ),
            vec![
                "DeployOnPush · runs mco-api:2 as task 0a1b",
                "DeployOnPush ✘ cannot run mco-api:2: RESOURCE:MEMORY",
            ],
        ),
        (call("DeleteObject", json!({}), 204, json!({})), vec![]),
        (
            happening("codedeploy", Tone::Neutral, "d-1 Install started"),
            vec![],
        ),
        (
            happening(
                "codedeploy",
                Tone::Bad,
                "calls arn:aws:lambda:eu-west-1:123456789012:function:Hook",
            ),
            vec!["codedeploy ✘ calls Hook"],
        ),
        (
            call(
                "PutEvents",
                json!({"Entries": [{"DetailType": "Deployment Started", "Detail": event}]}),
                200,
                json!({}),
            ),
            vec!["greenlight · Deployment Started: api-test: newer than what runs"],
        ),
        (
            call(
                "DescribeServices",
                json!({}),
                400,
                json!({"__type": "ClusterNotFoundException", "message": "Cluster not found."}),
            ),
            vec![
                "DeployOnPush ✘ it:DescribeServices is refused: ClusterNotFoundException: Cluster not found.",
            ],
        ),
        (
            call(
                "UpdateService",
                json!({
                    "service": "api",
                    "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:2",
                }),
                200,
                json!({}),
            ),
            vec!["DeployOnPush · updates service api to mco-api:2"],
        ),
        (
            call(
                "ContinueServiceDeployment",
                json!({"hookId": "ecs-pause-1"}),
                200,
                json!({}),
            ),
            vec!["DeployOnPush · continues the service deployment"],
        ),
        (
            call(
                "GetObject",
                json!({"Bucket": "mco-deployments", "Key": "api/taskdef.json"}),
                200,
                json!({}),
            ),
            vec!["DeployOnPush · reads s3://mco-deployments/api/taskdef.json"],
        ),
        (
            call(
                "StartPipelineExecution",
                json!({"name": "api-test"}),
                200,
                json!({"pipelineExecutionId": "2b977ed2"}),
            ),
            vec!["DeployOnPush · starts pipeline api-test"],
        ),
        (
            happening("log", Tone::Neutral, "ValidateGreen: the gate has ended"),
            vec![],
        ),
        (call("UpdateItem", json!({}), 400, lost), vec![]),
        (call("DescribeServices", json!({}), 200, json!({})), vec![]),
    ];
    for (entry, expected) in table {
        let plain = Timeline {
            start: AT,
            colour: false,
            quiet: true,
        };
        let lines: Vec<String> = Line::of(&entry)
            .iter()
            .map(|line| plain.format(line))
            .collect();
        let lines: Vec<String> = lines
            .iter()
            .map(|line| {
                line.split_whitespace()
                    .skip(1)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert_eq!(lines, expected, "{entry:?}");
    }
}

#[test]
fn names_and_digests_are_as_short_as_people_write_them() {
    let digest = "647b5dcd419564b92600346d315e522d5849e8e0647979f5f106699f7ab27696";
    let table = [
        (
            "with arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:2 it",
            "with mco-api:2 it".to_owned(),
        ),
        (
            &format!("mco/api:test = sha256:{digest}, pushed"),
            "mco/api:test = 647b5dcd4195, pushed".to_owned(),
        ),
        (
            "live (arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/40527f)",
            "live (mco/api/40527f)".to_owned(),
        ),
        ("sha256:short", "sha256:short".to_owned()),
    ];
    for (text, expected) in table {
        assert_eq!(short(text), expected);
    }
}

#[test]
fn what_a_function_logs_and_emits_is_said_once() {
    let line = |who: &str, text: &str| Line {
        at: AT,
        who: who.to_owned(),
        text: text.to_owned(),
        tone: Tone::Good,
    };
    let event = line("greenlight", "Deployment Succeeded: api-test: v2 is live");
    assert!(line("RecordDeployment", "v2 is live").repeats(&event));
    assert!(!event.repeats(&line("RecordDeployment", "v2 is live")));
    assert!(!event.repeats(&event));
    assert!(!line("RecordDeployment", "v3 is live").repeats(&event));
}

#[test]
fn offsets_are_minutes_and_seconds_and_colours_only_where_wanted() {
    let at = Timestamp::from_second(61).unwrap();
    let line = Line {
        at,
        who: "ecs".to_owned(),
        text: "steady".to_owned(),
        tone: Tone::Good,
    };
    let plain = Timeline {
        start: AT,
        colour: false,
        quiet: true,
    };
    assert_eq!(plain.format(&line), "  1:01  ecs              ✔ steady");
    let coloured = Timeline {
        colour: true,
        ..plain
    }
    .format(&line);
    assert!(coloured.contains("\x1b[32m✔ steady\x1b[0m"));
}
