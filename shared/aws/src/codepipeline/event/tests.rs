use serde_json::json;

use super::*;

const ID: &str = "11111111-abcd-1111-abcd-111111abcdef";

/// The example of AWS's documentation.
fn event() -> Value {
    json!({ "CodePipeline.job": {
        "id": ID,
        "accountId": "111111111111",
        "data": {
            "actionConfiguration": { "configuration": {
                "FunctionName": "pipeline-action",
                "UserParameters": "{\"target\": \"api-prod\"}",
            }},
            "inputArtifacts": [{
                "location": {
                    "s3Location": {
                        "bucketName": "codepipeline-us-east-2-1234567890",
                        "objectKey": "pipe/ArtifactName/abc123.zip",
                    },
                    "type": "S3",
                },
                "revision": null,
                "name": "ArtifactName",
            }],
            "outputArtifacts": [],
            "artifactCredentials": {
                "secretAccessKey": "JOBSECRET",
                "sessionToken": "JOBTOKEN",
                "accessKeyId": "ASIAJOB",
                "expirationTime": 1_575_493_418_000_u64,
            },
            "continuationToken": "go on",
            "encryptionKey": { "id": "arn:aws:kms:us-west-2:111122223333:key/1", "type": "KMS" },
        },
    }})
}

fn refused(change: impl FnOnce(&mut Value)) -> String {
    let mut event = event();
    change(&mut event["CodePipeline.job"]);
    let error = job_of_event(&event).unwrap_err();
    let text = format!("{} {error:?}", crate::chain(&error));
    assert!(
        !text.contains("JOBSECRET") && !text.contains("JOBTOKEN"),
        "{text}"
    );
    crate::chain(&error)
}

#[test]
fn a_job_is_read_from_its_event() {
    assert!(is_job_event(&event()));
    let (id, job) = job_of_event(&event()).unwrap();
    assert_eq!(id.as_str(), ID);
    assert_eq!(
        job.configuration["UserParameters"],
        "{\"target\": \"api-prod\"}"
    );
    assert_eq!(
        job.input_artifacts,
        [ArtifactLocation {
            name: "ArtifactName".to_owned(),
            bucket: "codepipeline-us-east-2-1234567890".to_owned(),
            key: "pipe/ArtifactName/abc123.zip".to_owned(),
        }]
    );
    let credentials = job.credentials.unwrap();
    assert_eq!(credentials.access_key_id, "ASIAJOB");
    assert_eq!(credentials.secret_access_key, "JOBSECRET");
    assert_eq!(credentials.session_token, "JOBTOKEN");
    assert_eq!(job.continuation_token.as_deref(), Some("go on"));
    assert_eq!(job.pipeline, None);
}

#[test]
fn credentials_are_not_printed() {
    let (_, job) = job_of_event(&event()).unwrap();
    let printed = format!("{job:?}");
    assert!(printed.contains("JobCredentials(…)"), "{printed}");
    for secret in ["JOBSECRET", "JOBTOKEN", "ASIAJOB"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn everything_but_the_id_may_be_missing_or_of_another_type() {
    for data in [
        json!(null),
        json!("x"),
        json!({}),
        json!({ "actionConfiguration": [], "inputArtifacts": {}, "artifactCredentials": "x" }),
        json!({
            "actionConfiguration": { "configuration": { "UserParameters": 1 } },
            "inputArtifacts": [null, { "name": "A" }, { "name": "A", "location": { "s3Location": {} } }],
            "artifactCredentials": { "accessKeyId": "ASIAJOB", "secretAccessKey": "JOBSECRET" },
            "continuationToken": "",
        }),
    ] {
        let event = json!({ "CodePipeline.job": { "id": ID, "data": data } });
        assert_eq!(job_of_event(&event).unwrap().1, JobData::default());
    }
}

#[test]
fn what_has_no_id_that_can_be_answered_is_no_job() {
    for event in [json!(null), json!([]), json!({ "id": ID })] {
        assert!(!is_job_event(&event));
        assert_eq!(job_of_event(&event), Err(BadJob::NoJob));
    }
    assert!(refused(|job| job["id"] = json!(1)).contains("has no `CodePipeline.job` with an `id`"));
    let error = refused(|job| job["id"] = json!("11111111-ABCD-1111-abcd-111111abcdef"));
    assert!(
        error.contains("has no id that can be answered: `11111111-ABCD"),
        "{error}"
    );
}

#[test]
fn what_is_larger_than_codepipeline_makes_it_is_refused_and_can_still_be_answered() {
    let long = "x".repeat(200_000);
    let error = refused(|job| job["data"]["artifactCredentials"]["sessionToken"] = json!(long));
    assert_eq!(
        error,
        "the job's `artifactCredentials` is larger than CodePipeline allows (16384 bytes)"
    );
    refused(|job| job["data"]["continuationToken"] = json!(long));
    refused(|job| job["data"]["inputArtifacts"][0]["name"] = json!(long));
    refused(|job| job["data"]["inputArtifacts"] = json!(vec![json!({}); 6]));
    refused(|job| job["data"]["actionConfiguration"]["configuration"]["Tag"] = json!(long));
    let mut event = event();
    let values: Vec<(String, Value)> = (0..51).map(|n| (n.to_string(), json!("x"))).collect();
    event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"] =
        Value::Object(values.into_iter().collect());
    assert!(job_of_event(&event).is_err());
    assert_eq!(job_id_of_event(&event).unwrap().as_str(), ID);
}
