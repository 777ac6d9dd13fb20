use serde_json::json;

use super::*;

const HOME: &str = "arn:aws:sqs:eu-west-1:123456789012:FunctionDeadLetterQueue";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:RecordDeployment";

fn message(body: &Value, attributes: &[(&str, &str)]) -> Message {
    let attributes = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Message {
        body: body.to_string(),
        attributes: attributes.collect(),
        sent_at: "2026-11-22T12:00:00Z".parse().ok(),
    }
}

fn event(source: &str, kind: &str, detail: &Value) -> Value {
    json!({
        "source": source, "detail-type": kind, "time": "2026-11-22T10:00:00Z",
        "resources": ["arn:aws:ecs:eu-west-1:123456789012:service/mco/api"], "detail": detail,
    })
}

fn record(function: &str, payload: &Value, response: &Value) -> Value {
    json!({
        "version": "1.0", "timestamp": "2026-11-22T10:05:00Z",
        "requestContext": {"requestId": "r", "functionArn": function, "condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload, "responseContext": {}, "responsePayload": response,
    })
}

#[test]
fn a_push_is_told_with_its_image_and_goes_back() {
    let push = event(
        "aws.ecr",
        "ECR Image Action",
        &json!({"repository-name": "mco/api", "image-tag": "test"}),
    );
    let letter = read(Queue::Push, HOME, &message(&push, &[])).unwrap();
    assert_eq!(
        letter,
        DeadLetter {
            event: "ECR Image Action".to_owned(),
            subject: Some("mco/api:test".to_owned()),
            at: "2026-11-22T10:00:00Z".parse().ok(),
            reason: None,
            to: Destination::Source,
        }
    );
    let undelivered = [
        ("ERROR_CODE", "NO_PERMISSIONS"),
        ("ERROR_MESSAGE", "no sqs:SendMessage"),
    ];
    let letter = read(Queue::Push, HOME, &message(&push, &undelivered)).unwrap();
    assert_eq!(letter.reason.unwrap(), "NO_PERMISSIONS: no sqs:SendMessage");
}

#[test]
fn a_record_of_lambda_goes_to_its_function_without_the_version() {
    let ended = event(
        "aws.codedeploy",
        "CodeDeploy Deployment State-change Notification",
        &json!({"application": "API", "deploymentId": "d-1"}),
    );
    let error = json!({"errorType": "Record.Failed", "errorMessage": "the table is gone\n"});
    for (qualifier, expected) in [
        (":$LATEST", FUNCTION.to_owned()),
        (":12", FUNCTION.to_owned()),
        ("", FUNCTION.to_owned()),
        (":live", format!("{FUNCTION}:live")),
    ] {
        let body = record(&format!("{FUNCTION}{qualifier}"), &ended, &error);
        let letter = read(Queue::Functions, HOME, &message(&body, &[])).unwrap();
        assert_eq!(letter.subject.as_deref(), Some("API d-1"));
        assert_eq!(
            letter.reason.as_deref(),
            Some("Record.Failed: the table is gone ")
        );
        assert_eq!(letter.at, "2026-11-22T10:05:00Z".parse().ok());
        let to = Destination::Function {
            arn: expected,
            payload: ended.to_string(),
        };
        assert_eq!(letter.to, to, "{qualifier}");
    }
}

#[test]
fn an_event_that_could_not_be_delivered_goes_to_the_target_that_its_attribute_names() {
    let ended = event("aws.ecs", "ECS Deployment State Change", &json!({}));
    let attributes = [("TARGET_ARN", FUNCTION), ("ERROR_CODE", "THROTTLING")];
    let letter = read(Queue::Functions, HOME, &message(&ended, &attributes)).unwrap();
    assert_eq!(letter.reason.as_deref(), Some("THROTTLING"));
    assert!(letter.subject.unwrap().ends_with("service/mco/api"));
    let Destination::Function { arn, payload } = letter.to else {
        panic!("it goes to a function");
    };
    assert_eq!((arn.as_str(), payload), (FUNCTION, ended.to_string()));
}

#[test]
fn a_hook_is_told_without_its_token() {
    let token = "token-that-answers"; // pragma: allowlist secret
    let hook = json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": token});
    let body = record(FUNCTION, &hook, &json!({}));
    let letter = read(Queue::Functions, HOME, &message(&body, &[])).unwrap();
    assert_eq!(letter.event, "hook of CodeDeploy");
    assert_eq!(letter.reason.as_deref(), Some("RetriesExhausted"));
    let told = [
        letter.event,
        letter.subject.unwrap(),
        letter.reason.unwrap(),
    ]
    .concat();
    assert!(!told.contains(token), "{told}");
}

#[test]
fn what_cannot_be_sent_says_why() {
    let ended = event("aws.ecs", "ECS Deployment State Change", &json!({}));
    let foreign = FUNCTION.replace("123456789012", "210987654321");
    let topic = "arn:aws:sns:eu-west-1:123456789012:NotificationTopic";
    let table = [
        (Queue::Push, message(&json!([]), &[]), Unusable::NoObject),
        (
            Queue::Push,
            message(&ended, &[]),
            Unusable::NoPush {
                source_name: "aws.ecs".to_owned(),
            },
        ),
        (Queue::Functions, message(&ended, &[]), Unusable::NoFunction),
        (
            Queue::Functions,
            message(&ended, &[("TARGET_ARN", topic)]),
            Unusable::Elsewhere {
                arn: topic.to_owned(),
            },
        ),
        (
            Queue::Functions,
            message(&record(&foreign, &ended, &json!({})), &[]),
            Unusable::Elsewhere {
                arn: foreign.clone(),
            },
        ),
        (
            Queue::Functions,
            message(&record("", &ended, &json!({})), &[]),
            Unusable::Elsewhere { arn: String::new() },
        ),
    ];
    for (queue, message, why) in table {
        assert_eq!(read(queue, HOME, &message), Err(why));
    }
}
