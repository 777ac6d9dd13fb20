use greenlight_core::job::answer::FailureType;
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, run};

fn id() -> JobId {
    "11111111-abcd-1111-abcd-111111abcdef".parse().unwrap()
}

fn data() -> Value {
    json!({
        "actionTypeId": { "category": "Deploy", "owner": "Custom", "provider": "Greenlight", "version": "1" },
        "actionConfiguration": { "configuration": { "Target": "api-prod" } },
        "pipelineContext": {
            "pipelineName": "release",
            "stage": { "name": "Deploy" },
            "action": { "name": "Api", "actionExecutionId": "a-1" },
            "pipelineExecutionId": "e-1",
        },
        "inputArtifacts": [
            { "name": "Infra", "location": { "type": "S3", "s3Location": {
                "bucketName": "artifacts", "objectKey": "release/Infra/1",
            }}},
            { "name": "Nowhere" },
        ],
        "artifactCredentials": {
            "accessKeyId": "ASIAJOB", "secretAccessKey": "JOBSECRET", "sessionToken": "JOBTOKEN",
        },
        "continuationToken": "go on",
    })
}

fn read() -> JobData {
    JobData {
        configuration: BTreeMap::from([("Target".to_owned(), "api-prod".to_owned())]),
        input_artifacts: vec![ArtifactLocation {
            name: "Infra".to_owned(),
            bucket: "artifacts".to_owned(),
            key: "release/Infra/1".to_owned(),
        }],
        credentials: Some(JobCredentials {
            access_key_id: "ASIAJOB".to_owned(),
            secret_access_key: "JOBSECRET".to_owned(),
            session_token: "JOBTOKEN".to_owned(),
        }),
        continuation_token: Some("go on".to_owned()),
        pipeline: Some(PipelineContext {
            pipeline: Some("release".to_owned()),
            stage: Some("Deploy".to_owned()),
            action: Some("Api".to_owned()),
            execution: Some("e-1".to_owned()),
            action_execution: Some("a-1".to_owned()),
        }),
    }
}

#[test]
fn jobs_of_the_custom_action_are_polled() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "jobs": [
        { "id": id(), "nonce": "3", "accountId": "123456789012", "data": data() },
        { "id": "not an id", "nonce": "4" },
        { "id": id() },
        { "id": id(), "nonce": "5" },
    ]}));
    let jobs = run(poll(&aws.clients(), "Greenlight", "1", 10)).unwrap();
    let job = |nonce: &str, data| PolledJob {
        id: id(),
        nonce: nonce.to_owned(),
        data,
    };
    assert_eq!(jobs, [job("3", read()), job("5", JobData::default())]);
    assert_eq!(
        aws.sent()[0].json(),
        json!({
            "actionTypeId": {
                "category": "Deploy", "owner": "Custom", "provider": "Greenlight", "version": "1",
            },
            "maxBatchSize": 10,
        })
    );
    let printed = format!("{jobs:?}");
    assert!(
        !printed.contains("JOBSECRET") && !printed.contains("JOBTOKEN"),
        "{printed}"
    );
    aws.answer_json(&json!({}));
    assert_eq!(run(poll(&aws.clients(), "Greenlight", "1", 0)).unwrap(), []);
    aws.refuse("ActionTypeNotFoundException", "no such type");
    let error = run(poll(&aws.clients(), "Greenlight", "1", 1)).unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(error.resource, "custom action type `Deploy/Greenlight/1`");
}

#[test]
fn a_job_is_ours_if_it_is_in_progress_after_we_have_claimed_it() {
    let aws = Scripted::default();
    for (status, expected) in [
        ("InProgress", Acknowledged::Ours),
        ("Created", Acknowledged::Elsewhere),
        ("TimedOut", Acknowledged::Elsewhere),
        ("Succeeded", Acknowledged::Elsewhere),
    ] {
        aws.answer_json(&json!({ "status": status }));
        let whose = run(acknowledge(&aws.clients(), &id(), "3")).unwrap();
        assert_eq!(whose, expected, "{status}");
    }
    assert_eq!(aws.sent()[0].json(), json!({ "jobId": id(), "nonce": "3" }));
    for code in ["InvalidNonceException", "JobNotFoundException"] {
        aws.refuse(code, "no");
        let whose = run(acknowledge(&aws.clients(), &id(), "3")).unwrap();
        assert_eq!(whose, Acknowledged::Elsewhere, "{code}");
    }
    aws.refuse("ThrottlingException", "slowly");
    assert!(run(acknowledge(&aws.clients(), &id(), "3")).is_err());
}

#[test]
fn details_are_those_of_the_job_or_none() {
    let aws = Scripted::default();
    aws.answer_json(&json!({ "jobDetails": { "id": id(), "data": data() } }));
    assert_eq!(run(details(&aws.clients(), &id())).unwrap(), Some(read()));
    aws.refuse("JobNotFoundException", "no");
    assert_eq!(run(details(&aws.clients(), &id())).unwrap(), None);
    aws.refuse("AccessDeniedException", "no");
    let error = run(details(&aws.clients(), &id())).unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
}

#[test]
fn a_success_has_its_variables_and_a_job_that_goes_on_its_token() {
    let aws = Scripted::default();
    let success = JobSuccess::new("api-prod runs v1", Some("01J"), [("Tag", "v1")]);
    aws.answer_json(&json!({}));
    assert_eq!(
        run(succeed(&aws.clients(), &id(), &success)).unwrap(),
        Told::Taken
    );
    let bare = JobSuccess::new("nothing to do", None, [("", "")]);
    aws.answer_json(&json!({}));
    run(succeed(&aws.clients(), &id(), &bare)).unwrap();
    aws.answer_json(&json!({}));
    let told = run(go_on(&aws.clients(), &id(), "token", "it goes on")).unwrap();
    assert_eq!(told, Told::Taken);
    let sent: Vec<Value> = aws.sent().iter().map(crate::scripted::Sent::json).collect();
    assert_eq!(
        sent,
        [
            json!({
                "jobId": id(),
                "executionDetails": { "summary": "api-prod runs v1", "externalExecutionId": "01J" },
                "outputVariables": { "Tag": "v1" },
            }),
            json!({ "jobId": id(), "executionDetails": { "summary": "nothing to do" } }),
            json!({
                "jobId": id(),
                "continuationToken": "token",
                "executionDetails": { "summary": "it goes on" },
            }),
        ]
    );
    assert!(
        aws.sent()
            .iter()
            .all(|it| it.operation == "PutJobSuccessResult")
    );
}

#[test]
fn a_failure_has_its_type_and_message() {
    let aws = Scripted::default();
    let failure = JobFailure::new::<&str>(FailureType::ConfigurationError, "no tag", &[], None);
    for external in [Some("01J"), Some(" "), None] {
        aws.answer_json(&json!({}));
        run(fail(&aws.clients(), &id(), &failure, external)).unwrap();
    }
    let details = json!({ "type": "ConfigurationError", "message": "no tag" });
    let sent = aws.sent();
    assert_eq!(sent[0].operation, "PutJobFailureResult");
    assert_eq!(
        sent[0].json()["failureDetails"],
        json!({ "type": "ConfigurationError", "message": "no tag", "externalExecutionId": "01J" })
    );
    assert_eq!(sent[1].json()["failureDetails"], details);
    assert_eq!(sent[2].json()["failureDetails"], details);
}

#[test]
fn every_failure_type_is_one_that_the_api_has() {
    for kind in [
        FailureType::JobFailed,
        FailureType::ConfigurationError,
        FailureType::PermissionError,
        FailureType::RevisionOutOfSync,
        FailureType::RevisionUnavailable,
        FailureType::SystemUnavailable,
    ] {
        assert!(types::FailureType::values().contains(&kind.as_str()));
    }
}

#[test]
fn an_answer_to_a_job_that_is_over_was_decided_before() {
    let aws = Scripted::default();
    let success = JobSuccess::new("done", None, [("", "")]);
    let failure = JobFailure::new::<&str>(FailureType::JobFailed, "no", &[], None);
    for code in ["InvalidJobStateException", "JobNotFoundException"] {
        for _ in 0..3 {
            aws.refuse(code, "over");
        }
        let told = [
            run(succeed(&aws.clients(), &id(), &success)).unwrap(),
            run(go_on(&aws.clients(), &id(), "token", "x")).unwrap(),
            run(fail(&aws.clients(), &id(), &failure, None)).unwrap(),
        ];
        assert_eq!(told, [Told::AlreadyDecided; 3], "{code}");
    }
    aws.refuse("ValidationException", "what?");
    let error = run(succeed(&aws.clients(), &id(), &success)).unwrap_err();
    assert_eq!(
        crate::chain(&error),
        "`codepipeline:PutJobSuccessResult` failed for the job \
         `11111111-abcd-1111-abcd-111111abcdef`: ValidationException: what?"
    );
}
