//! The credentials that a job brings.

use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;

use super::artifacts::s3;
use super::*;
use crate::account::s3::put_object;

/// A job with an output artifact, in a world where there is another bucket, too.
async fn job() -> (World, Value) {
    let world = World::with(|pipeline| {
        let deploy = &mut pipeline.stages[2].actions[0];
        deploy.does = invoke(None);
        deploy.inputs = vec!["Image".to_owned()];
        deploy.outputs = vec!["Result".to_owned()];
    });
    put_object(&world.sample.account, "others", "key", "text")
        .await
        .unwrap();
    let events = world.function("Worker", |_, _, _| Ok(()));
    world.start();
    world.minutes(4).await;
    let job = events.lock().unwrap()[0]["CodePipeline.job"].clone();
    (world, job)
}

fn credentials(of: &Value) -> Credentials {
    let text = |name: &str| of[name].as_str().unwrap().to_owned();
    let token = Some(text("sessionToken"));
    Credentials::new(
        text("accessKeyId"),
        text("secretAccessKey"),
        token,
        None,
        "test",
    )
}

fn place(artifact: &Value) -> (String, String) {
    let location = &artifact["location"]["s3Location"];
    let text = |name: &str| location[name].as_str().unwrap().to_owned();
    (text("bucketName"), text("objectKey"))
}

#[tokio::test(start_paused = true)]
async fn they_read_artifacts_and_write_those_of_the_job_and_that_is_all() {
    let (world, job) = job().await;
    let given = &job["data"]["artifactCredentials"];
    assert!(given["accessKeyId"].as_str().unwrap().starts_with("ASIA"));
    let secret = given["secretAccessKey"].as_str().unwrap();
    assert!(secret.contains("JOBSECRET"), "{secret}");
    let token = given["sessionToken"].as_str().unwrap();
    assert!(token.contains("JOBTOKEN"), "{token}");
    let client = s3(&world.sample.account, credentials(given));
    let (bucket, key) = place(&job["data"]["inputArtifacts"][0]);
    let get = |bucket: &str, key: &str| client.get_object().bucket(bucket).key(key).send();
    let got = get(&bucket, &key).await.unwrap();
    assert!(
        got.body
            .collect()
            .await
            .unwrap()
            .to_vec()
            .starts_with(b"PK")
    );
    let (_, output) = place(&job["data"]["outputArtifacts"][0]);
    let body = || ByteStream::from_static(b"zip");
    let write = |bucket: &str, key: &str| {
        client
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(body())
            .send()
    };
    write(&bucket, &output).await.unwrap();
    get(&bucket, &output).await.unwrap();

    let mut codes = Vec::new();
    // Nobody who may not list a bucket is told what is not there.
    for refused in [get(&bucket, "nothing").await, get("others", "key").await] {
        let error = refused.unwrap_err().into_service_error();
        codes.push(error.meta().code().unwrap().to_owned());
    }
    for refused in [write(&bucket, &key).await, write("others", &output).await] {
        let error = refused.unwrap_err().into_service_error();
        codes.push(error.meta().code().unwrap().to_owned());
    }
    let listed = client.list_objects_v2().bucket(&bucket).send().await;
    let error = listed.unwrap_err().into_service_error();
    codes.push(error.meta().code().unwrap().to_owned());
    let deleted = client.delete_object().bucket(&bucket).key(&output).send();
    let error = deleted.await.unwrap_err().into_service_error();
    codes.push(error.meta().code().unwrap().to_owned());
    assert_eq!(codes, ["AccessDenied"; 6]);

    let calls = world.sample.account.journal().calls();
    let calls: Vec<_> = calls.iter().filter(|call| call.service == "s3").collect();
    assert_eq!(calls.len(), 9);
    assert!(calls.iter().all(|call| call.caller == "job"));
}

#[tokio::test(start_paused = true)]
async fn they_are_good_for_no_other_service() {
    let (world, job) = job().await;
    let config = aws_sdk_codepipeline::Config::builder()
        .http_client(world.sample.account.http_client())
        .region(aws_types::region::Region::new("eu-west-1"))
        .credentials_provider(credentials(&job["data"]["artifactCredentials"]))
        .behavior_version(aws_sdk_codepipeline::config::BehaviorVersion::latest());
    let client = aws_sdk_codepipeline::Client::from_conf(config.build());
    let id = job["id"].as_str().unwrap();
    let refused = client.put_job_success_result().job_id(id).send().await;
    let error = refused.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("AccessDeniedException"));
}

#[tokio::test(start_paused = true)]
async fn after_an_hour_they_are_over_and_job_details_have_new_ones() {
    let (world, job) = job().await;
    let (bucket, key) = place(&job["data"]["inputArtifacts"][0]);
    let account = world.sample.account.clone();
    let read = async |credentials: Credentials| {
        let get = s3(&account, credentials).get_object();
        let got = get.bucket(&bucket).key(&key).send().await;
        got.map(|_| ())
            .map_err(|it| it.into_service_error().meta().code().unwrap().to_owned())
    };
    let first = credentials(&job["data"]["artifactCredentials"]);
    assert_eq!(read(first.clone()).await, Ok(()));
    let wrong = Credentials::new(first.access_key_id(), "s", Some("t".to_owned()), None, "t");
    assert_eq!(read(wrong).await, Err("InvalidToken".to_owned()));
    world.minutes(60).await;
    assert_eq!(read(first).await, Err("ExpiredToken".to_owned()));
    let details = world.call("GetJobDetails", json!({"jobId": job["id"]}));
    let details = &details.unwrap()["jobDetails"];
    let fresh = credentials(&details["data"]["artifactCredentials"]);
    assert_eq!(read(fresh).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_journal_never_holds_them() {
    let (world, job) = job().await;
    let config = aws_sdk_codepipeline::Config::builder()
        .http_client(world.sample.account.http_client())
        .region(aws_types::region::Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIAX", "secret", None, None, "test"))
        .behavior_version(aws_sdk_codepipeline::config::BehaviorVersion::latest());
    let client = aws_sdk_codepipeline::Client::from_conf(config.build());
    let id = job["id"].as_str().unwrap();
    let details = client.get_job_details().job_id(id).send().await.unwrap();
    let data = details.job_details().unwrap().data().unwrap();
    let given = data.artifact_credentials().unwrap();
    assert!(given.session_token().contains("JOBTOKEN"));
    let calls = world.sample.account.journal().calls();
    let [call] = &calls[..] else {
        panic!("{calls:?}");
    };
    assert_eq!(
        call.response["jobDetails"]["data"]["artifactCredentials"],
        json!({"accessKeyId": "REDACTED", "secretAccessKey": "REDACTED", "sessionToken": "REDACTED"})
    );
    let journal = format!("{:?}", world.sample.account.journal().entries(0));
    for secret in ["JOBSECRET", "JOBTOKEN", given.access_key_id()] {
        assert!(!journal.contains(secret), "{secret}");
    }
}
