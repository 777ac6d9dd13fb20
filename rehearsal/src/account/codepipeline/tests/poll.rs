//! Workers that poll for the jobs of custom actions.

use serde_json::json;

use super::worker::{acknowledge, asked, greenlight, open, poll};
use super::*;
use crate::account::codepipeline::create_custom_action_type;
use crate::account::{JobDetails, LateResult};

#[tokio::test(start_paused = true)]
async fn a_worker_gets_the_job_with_its_context_and_answers_it() {
    let world = open(Settings::for_tests());
    let id = world.start();
    world.minutes(2).await;
    let [job] = &poll(&world, 5)[..] else {
        panic!("no job");
    };
    assert_eq!(job["accountId"], "123456789012");
    let data = &job["data"];
    assert_eq!(data["actionTypeId"], asked(1)["actionTypeId"]);
    assert_eq!(
        data["actionConfiguration"]["configuration"],
        json!({"Target": "api-test", "Tag": "test", "Secret": "hush"})
    );
    let action_execution = &world.actions(&id)[0]["actionExecutionId"];
    assert_eq!(
        data["pipelineContext"],
        json!({
            "pipelineName": "api-prod",
            "stage": {"name": "Deploy"},
            "action": {"name": "Deploy", "actionExecutionId": action_execution},
            "pipelineArn": "arn:aws:codepipeline:eu-west-1:123456789012:api-prod",
            "pipelineExecutionId": id,
        })
    );
    assert_eq!(data["inputArtifacts"][0]["name"], "Image");
    let token = data["artifactCredentials"]["sessionToken"].as_str();
    assert!(token.unwrap().contains("JOBTOKEN"));
    assert_eq!(data.get("continuationToken"), None);
    // A result before the job is acknowledged is one of a job that nobody does.
    let early = put(&world.sample.account, "Success", &job["id"], json!({})).unwrap_err();
    assert_eq!(early.code, "InvalidJobStateException");
    assert_eq!(acknowledge(&world, job).unwrap(), "InProgress");
    let details = world.call("GetJobDetails", json!({"jobId": job["id"]}));
    let details = details.unwrap()["jobDetails"].clone();
    assert_eq!(details["data"]["pipelineContext"], data["pipelineContext"]);
    assert_eq!(details.get("nonce"), None);
    put(&world.sample.account, "Success", &job["id"], json!({})).unwrap();
    world.sample.after(5).await;
    world.ended(&id, "Succeeded");
    assert_eq!(acknowledge(&world, job).unwrap(), "Succeeded");
    let short = job["id"].as_str().unwrap().split_once('-').unwrap().0;
    assert_eq!(
        world.notes("Deploy/Deploy"),
        [
            format!("api-prod: Deploy/Deploy waits for a worker to take job {short}"),
            format!("api-prod: Deploy/Deploy: job {short} succeeded")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_the_event_triggers_finds_the_job() {
    let world = open(Settings::for_tests());
    world.start();
    while !world
        .sample
        .account
        .events()
        .history()
        .iter()
        .any(|event| event["detail"]["action"] == "Deploy" && event["detail"]["state"] == "STARTED")
    {
        world
            .sample
            .account
            .clock()
            .sleep(Duration::from_millis(1))
            .await;
    }
    assert_eq!(poll(&world, 1).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_can_take_its_time_to_be_pollable() {
    let settings = Settings {
        poll_delay: Duration::from_secs(30),
        ..Settings::for_tests()
    };
    let world = open(settings);
    world.start();
    world.sample.after(80).await;
    assert!(poll(&world, 1).is_empty());
    world.sample.after(30).await;
    assert_eq!(poll(&world, 1).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_workers_the_one_with_the_newest_nonce_gets_the_job() {
    let world = open(Settings::for_tests());
    world.start();
    world.minutes(2).await;
    let first = poll(&world, 1)[0].clone();
    assert!(poll(&world, 1).is_empty());
    world.sample.after(50).await;
    assert!(poll(&world, 1).is_empty());
    world.sample.after(15).await;
    let second = poll(&world, 1)[0].clone();
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["nonce"], second["nonce"]);
    let error = acknowledge(&world, &first).unwrap_err();
    assert_eq!(error.code, "InvalidNonceException");
    assert_eq!(acknowledge(&world, &second).unwrap(), "InProgress");
    let error = acknowledge(&world, &first).unwrap_err();
    assert_eq!(error.code, "InvalidNonceException");
    // What is acknowledged is not offered again.
    world.minutes(10).await;
    assert!(poll(&world, 1).is_empty());
}

#[tokio::test(start_paused = true)]
async fn workers_take_so_many_jobs_as_they_ask_for_the_oldest_first() {
    let world = open(Settings::for_tests());
    let ids: Vec<String> = (0..3).map(|_| world.start()).collect();
    world.minutes(2).await;
    let of = |jobs: &[Value]| {
        let of = jobs
            .iter()
            .map(|job| job["data"]["pipelineContext"]["pipelineExecutionId"].clone());
        of.collect::<Vec<_>>()
    };
    let first = poll(&world, 2);
    assert_eq!(of(&first), ids[..2]);
    assert_eq!(of(&poll(&world, 2)), ids[2..]);
}

#[tokio::test(start_paused = true)]
async fn a_continued_job_comes_back_to_the_queue_without_an_event() {
    let world = open(Settings::for_tests());
    let id = world.start();
    world.minutes(2).await;
    let first = poll(&world, 1)[0].clone();
    acknowledge(&world, &first).unwrap();
    let token = json!({"continuationToken": "next"});
    put(&world.sample.account, "Success", &first["id"], token).unwrap();
    world.sample.after(2).await;
    let second = poll(&world, 1)[0].clone();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["data"]["continuationToken"], "next");
    assert_eq!(
        second["data"]["pipelineContext"],
        first["data"]["pipelineContext"]
    );
    acknowledge(&world, &second).unwrap();
    let failure = json!({"failureDetails": {"type": "JobFailed", "message": "the gate failed"}});
    put(&world.sample.account, "Failure", &second["id"], failure).unwrap();
    world.sample.after(2).await;
    world.ended(&id, "Failed");
    let deploys = world.told("Action", &id);
    let deploys = deploys.iter().filter(|it| it.starts_with("Deploy"));
    assert_eq!(
        deploys.collect::<Vec<_>>(),
        ["Deploy STARTED", "Deploy FAILED"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_does_fails_its_action_after_a_day() {
    let world = open(Settings::for_tests());
    let id = world.start();
    world.minutes(2).await;
    let job = poll(&world, 1)[0].clone();
    world.minutes(23 * 60 + 50).await;
    assert_eq!(world.status(&id), "InProgress");
    world.minutes(20).await;
    world.ended(&id, "Failed");
    let message = world.error(&id)["message"].as_str().unwrap().to_owned();
    assert!(message.contains("24 hours"), "{message}");
    assert_eq!(acknowledge(&world, &job).unwrap(), "TimedOut");
    assert!(poll(&world, 1).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_job_is_not_offered_and_takes_no_result() {
    let settings = Settings {
        late_result: LateResult::JobNotFound,
        ..Settings::for_tests()
    };
    let world = open(settings);
    let ids = [world.start(), world.start()];
    world.minutes(2).await;
    let job = poll(&world, 1)[0].clone();
    acknowledge(&world, &job).unwrap();
    for id in &ids {
        let stop = json!({"pipelineName": "api-prod", "pipelineExecutionId": id, "abandon": true});
        world.call("StopPipelineExecution", stop).unwrap();
    }
    world.sample.after(5).await;
    assert!(poll(&world, 1).is_empty());
    let late = put(&world.sample.account, "Success", &job["id"], json!({})).unwrap_err();
    assert_eq!(late.code, "JobNotFoundException");
    assert_eq!(acknowledge(&world, &job).unwrap(), "Failed");
}

#[tokio::test(start_paused = true)]
async fn a_worker_may_ask_by_the_queryable_property() {
    let world = open(Settings::for_tests());
    world.start();
    world.minutes(2).await;
    let ask = |query: Value| {
        let mut input = asked(1);
        input["queryParam"] = query;
        world.call("PollForJobs", input)
    };
    for query in [
        json!({"Tag": "test"}),
        json!({"Target": "a b"}),
        json!({"Target": ""}),
        json!({"Target": "a", "Tag": "b"}),
    ] {
        assert_eq!(ask(query).unwrap_err().code, "ValidationException");
    }
    let none = ask(json!({"Target": "other"})).unwrap();
    assert_eq!(none, json!({"jobs": []}));
    let found = ask(json!({"Target": "api-test"})).unwrap();
    assert_eq!(found["jobs"].as_array().unwrap().len(), 1);
    let mut plain = greenlight();
    plain.properties[0].queryable = false;
    create_custom_action_type(&world.sample.account, plain).unwrap();
    assert_eq!(
        ask(json!({"Target": "api-test"})).unwrap_err().code,
        "ValidationException"
    );
    assert_eq!(ask(json!({})).unwrap(), json!({"jobs": []}));
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_wrongly_is_refused() {
    let world = open(Settings::for_tests());
    let poll = |name: &str, value: Value| {
        let mut input = asked(1);
        match name {
            "maxBatchSize" => input[name] = value,
            _ => input["actionTypeId"][name] = value,
        }
        world.call("PollForJobs", input).unwrap_err().code
    };
    for (name, value, code) in [
        ("version", json!("2"), "ActionTypeNotFoundException"),
        ("owner", json!("AWS"), "ActionTypeNotFoundException"),
        ("category", json!("Build"), "ActionTypeNotFoundException"),
        ("category", json!("Release"), "ValidationException"),
        ("owner", json!("Me"), "ValidationException"),
        ("provider", json!("Green light"), "ValidationException"),
        ("version", Value::Null, "ValidationException"),
        ("maxBatchSize", json!(0), "ValidationException"),
    ] {
        assert_eq!(poll(name, value.clone()), code, "{name}: {value}");
    }
    let id = "00000000-0000-0000-0000-000000000000";
    for (operation, input, code) in [
        (
            "AcknowledgeJob",
            json!({"jobId": id, "nonce": "1"}),
            "JobNotFoundException",
        ),
        (
            "AcknowledgeJob",
            json!({"jobId": id, "nonce": ""}),
            "ValidationException",
        ),
        (
            "AcknowledgeJob",
            json!({"jobId": "1", "nonce": "1"}),
            "ValidationException",
        ),
        (
            "AcknowledgeJob",
            json!({"jobId": id}),
            "ValidationException",
        ),
        (
            "GetJobDetails",
            json!({"jobId": id}),
            "JobNotFoundException",
        ),
        (
            "GetJobDetails",
            json!({"jobId": "1"}),
            "ValidationException",
        ),
    ] {
        let error = world.call(operation, input.clone()).unwrap_err();
        assert_eq!(error.code, code, "{operation} {input}");
    }
}

#[tokio::test(start_paused = true)]
async fn whether_the_details_of_a_functions_job_are_told_is_a_setting() {
    for (job_details, told) in [
        (JobDetails::OfAllJobs, true),
        (JobDetails::OfCustomJobs, false),
    ] {
        let settings = Settings {
            job_details,
            ..Settings::for_tests()
        };
        let world = World::deploying(settings, &[], invoke(None));
        let events = world.function("Worker", |_, _, _| Ok(()));
        let id = world.start();
        world.minutes(2).await;
        let job = events.lock().unwrap()[0]["CodePipeline.job"]["id"].clone();
        let details = world.call("GetJobDetails", json!({"jobId": job}));
        let context = details.map(|it| it["jobDetails"]["data"]["pipelineContext"].clone());
        if told {
            assert_eq!(context.unwrap()["pipelineExecutionId"], id);
        } else {
            assert_eq!(context.unwrap_err().code, "JobNotFoundException");
        }
    }
}
