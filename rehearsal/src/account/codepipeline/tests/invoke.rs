//! Actions that invoke a function, and what becomes of their jobs.

use serde_json::json;

use super::*;

/// The ids of the jobs in events.
fn ids(events: &Mutex<Vec<Value>>) -> Vec<String> {
    let events = events.lock().unwrap();
    let ids = events.iter().map(|event| &event["CodePipeline.job"]["id"]);
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_function_gets_the_event_that_aws_documents() {
    let parameters = "{\"tag\":\"#{variables.ENV}\"}";
    let world = World::deploying(
        Settings::for_tests(),
        &["Image", "Infra"],
        invoke(Some(parameters)),
    );
    let events = world.function("Worker", |account, job, _| {
        put(account, "Success", &job["id"], json!({})).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(2).await;
    world.ended(&id, "Succeeded");
    let [event] = &events.lock().unwrap().clone()[..] else {
        panic!("{events:?}");
    };
    let names = |value: &Value| {
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        json!(names)
    };
    assert_eq!(names(event), json!(["CodePipeline.job"]));
    let job = &event["CodePipeline.job"];
    assert_eq!(names(job), json!(["id", "accountId", "data"]));
    assert_eq!(job["accountId"], "123456789012");
    let data = &job["data"];
    assert_eq!(
        names(data),
        json!([
            "actionConfiguration",
            "inputArtifacts",
            "outputArtifacts",
            "artifactCredentials"
        ])
    );
    assert_eq!(
        data["actionConfiguration"]["configuration"],
        json!({"FunctionName": "Worker", "UserParameters": "{\"tag\":\"test\"}"})
    );
    assert_eq!(data["outputArtifacts"], json!([]));
    let [image, infra] = &data["inputArtifacts"].as_array().unwrap()[..] else {
        panic!("{data}");
    };
    assert_eq!(image["name"], "Image");
    assert_eq!(image["revision"], world.v2);
    assert_eq!(infra["location"]["type"], "S3");
    let location = &infra["location"]["s3Location"];
    assert_eq!(location["bucketName"], BUCKET);
    let key = location["objectKey"].as_str().unwrap();
    assert_eq!((key.len(), &key[..15]), (22, "api-prod/Infra/"));
    assert_eq!(
        names(&data["artifactCredentials"]),
        json!(["accessKeyId", "secretAccessKey", "sessionToken"])
    );
}

#[tokio::test(start_paused = true)]
async fn without_user_parameters_the_event_has_none() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |account, job, _| {
        put(account, "Success", &job["id"], json!({})).unwrap();
        Ok(())
    });
    world.start();
    world.minutes(2).await;
    let configuration =
        &events.lock().unwrap()[0]["CodePipeline.job"]["data"]["actionConfiguration"];
    assert_eq!(
        configuration["configuration"],
        json!({"FunctionName": "Worker"})
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_job_says_at_its_end_is_told_by_reads_and_events() {
    let world = World::deploying(Settings::for_tests(), &["Infra"], invoke(None));
    world.function("Worker", |account, job, _| {
        let members = json!({
            "executionDetails": {"summary": "v2 is live\nreally", "externalExecutionId": "01ABC", "percentComplete": 100},
            "outputVariables": {"Digest": "sha256:1"},
        });
        put(account, "Success", &job["id"], members).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(2).await;
    world.ended(&id, "Succeeded");
    let deploy = &world.actions(&id)[0];
    assert_eq!(
        deploy["output"]["executionResult"],
        json!({"externalExecutionSummary": "v2 is live\nreally", "externalExecutionId": "01ABC"})
    );
    assert_eq!(
        deploy["output"]["outputVariables"],
        json!({"Digest": "sha256:1"})
    );
    let action_type =
        json!({"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"});
    assert_eq!(deploy["input"]["actionTypeId"], action_type);
    assert_eq!(deploy["input"]["inputArtifacts"][0]["name"], "Infra");
    let events = world.sample.account.events().history();
    let told = events
        .iter()
        .filter(|event| event["detail"]["action"] == "Deploy");
    let [started, succeeded] = &told.collect::<Vec<_>>()[..] else {
        panic!("{events:?}");
    };
    assert_eq!(started["detail"]["type"], action_type);
    assert_eq!(
        started["detail"]["input-artifacts"],
        deploy["input"]["inputArtifacts"]
    );
    let result = &succeeded["detail"]["execution-result"];
    assert_eq!(result["external-execution-id"], "01ABC");
    let [goes, ended] = &world.notes("Deploy/Deploy")[..] else {
        panic!("{:?}", world.notes(""));
    };
    assert!(goes.ends_with(" goes to Worker"), "{goes}");
    assert!(ended.ends_with(" succeeded: v2 is live"), "{ended}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_fails_the_action_with_its_type_and_message() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    world.function("Worker", |account, job, _| {
        let details = json!({
            "type": "PermissionError", "message": "no permission\nhint: give it", "externalExecutionId": "01ABC",
        });
        let members = json!({"failureDetails": details});
        put(account, "Failure", &job["id"], members).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(2).await;
    world.ended(&id, "Failed");
    assert_eq!(
        world.error(&id),
        json!({"code": "PermissionError", "message": "no permission\nhint: give it"})
    );
    let result = &world.actions(&id)[0]["output"]["executionResult"];
    assert_eq!(result["externalExecutionId"], "01ABC");
    let notes = world.notes("Deploy/Deploy: job");
    assert!(
        notes[1].ends_with(" failed: PermissionError: no permission"),
        "{notes:?}"
    );
    let state = world.call("GetPipelineState", json!({"name": "api-prod"}));
    let latest = &state.unwrap()["stageStates"][1]["actionStates"][0]["latestExecution"];
    assert_eq!(latest["errorDetails"]["code"], "PermissionError");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_gets_the_same_job_again_from_lambda() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |account, job, nth| {
        if nth < 3 {
            return Err(FunctionError::new("Runtime.ExitError", "killed"));
        }
        put(account, "Success", &job["id"], json!({})).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(2).await;
    assert_eq!(world.status(&id), "InProgress");
    assert_eq!(super::super::running(&world.sample.account), 1);
    world.minutes(3).await;
    world.ended(&id, "Succeeded");
    let mut ids = ids(&events);
    assert_eq!(ids.len(), 3);
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_does_not_answer_fails_the_action_after_twenty_minutes() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |_, _, _| Ok(()));
    let id = world.start();
    world.minutes(20).await;
    assert_eq!(world.status(&id), "InProgress");
    world.minutes(2).await;
    world.ended(&id, "Failed");
    let message = world.error(&id)["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("The AWS Lambda function Worker failed to return a result."),
        "{message}"
    );
    // Whoever answers now is too late.
    let job = json!(ids(&events)[0]);
    let late = put(&world.sample.account, "Success", &job, json!({})).unwrap_err();
    assert_eq!(late.code, "InvalidJobStateException");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_not_there_fails_the_action_at_once() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let id = world.start();
    world.minutes(2).await;
    world.ended(&id, "Failed");
    let message = world.error(&id)["message"].as_str().unwrap().to_owned();
    assert!(message.contains("Worker cannot be found"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_goes_on_comes_back_as_another_with_the_token() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |account, job, nth| {
        let members = match nth {
            1 => json!({
                "continuationToken": "first",
                "executionDetails": {"summary": "half way", "externalExecutionId": "01ABC", "percentComplete": 50},
            }),
            _ => json!({}),
        };
        put(account, "Success", &job["id"], members).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(1).await;
    world.sample.after(20).await;
    assert_eq!(ids(&events).len(), 1);
    let state = world.call("GetPipelineState", json!({"name": "api-prod"}));
    let latest = state.unwrap()["stageStates"][1]["actionStates"][0]["latestExecution"].clone();
    assert_eq!(latest["status"], "InProgress");
    assert_eq!(latest["summary"], "half way");
    assert_eq!(latest["percentComplete"], 50);
    assert_eq!(latest["externalExecutionId"], "01ABC");
    world.sample.after(20).await;
    world.ended(&id, "Succeeded");
    let [first, second] = &ids(&events)[..] else {
        panic!("{events:?}");
    };
    assert_ne!(first, second);
    let events = events.lock().unwrap().clone();
    let data = &events[1]["CodePipeline.job"]["data"];
    assert_eq!(data["continuationToken"], "first");
    assert_eq!(
        events[0]["CodePipeline.job"]["data"].get("continuationToken"),
        None
    );
    let told = world.told("Action", &id);
    assert_eq!(told.iter().filter(|it| *it == "Deploy STARTED").count(), 1);
    assert_eq!(told.last().unwrap(), "Deploy SUCCEEDED");
    let again = put(&world.sample.account, "Success", &json!(first), json!({}));
    assert_eq!(again.unwrap_err().code, "InvalidJobStateException");
}

/// A function that answers each job after so many minutes with a token.
async fn minutes_until_it_ends(minutes: u64) -> (u64, Value) {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let account = world.sample.account.clone();
    let asks = move |invocation: Invocation| {
        let account = account.clone();
        async move {
            let job = invocation.payload["CodePipeline.job"]["id"].clone();
            tokio::spawn(async move {
                account.clock().sleep(Duration::from_mins(minutes)).await;
                let _ = put(&account, "Success", &job, json!({"continuationToken": "t"}));
            });
            Ok(Value::Null)
        }
        .boxed()
    };
    let functions = world.sample.account.functions();
    functions.register("Worker", Arc::new(asks));
    let id = world.start();
    let mut passed = 0;
    while world.status(&id) == "InProgress" {
        world.minutes(10).await;
        passed += 10;
    }
    world.ended(&id, "Failed");
    (passed, world.error(&id))
}

#[tokio::test(start_paused = true)]
async fn every_continuation_restarts_the_twenty_minutes_but_after_a_day_it_is_over() {
    let (passed, error) = minutes_until_it_ends(19).await;
    assert_eq!(passed, 24 * 60 + 10, "{error}");
    let (passed, _) = minutes_until_it_ends(21).await;
    assert_eq!(passed, 30);
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_job_takes_no_result() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |_, _, _| Ok(()));
    let id = world.start();
    world.minutes(2).await;
    let stop = json!({"pipelineName": "api-prod", "pipelineExecutionId": id, "abandon": true});
    world.call("StopPipelineExecution", stop).unwrap();
    world.sample.after(5).await;
    world.ended(&id, "Stopped");
    assert_eq!(world.actions(&id)[0]["status"], "Abandoned");
    assert_eq!(
        world.told("Action", &id).last().unwrap(),
        "Deploy ABANDONED"
    );
    let job = json!(ids(&events)[0]);
    let late = put(&world.sample.account, "Success", &job, json!({})).unwrap_err();
    assert_eq!(late.code, "InvalidJobStateException");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_execution_waits_for_the_result_of_its_job() {
    let world = World::deploying(Settings::for_tests(), &[], invoke(None));
    let events = world.function("Worker", |_, _, _| Ok(()));
    let id = world.start();
    world.minutes(2).await;
    let stop = json!({"pipelineName": "api-prod", "pipelineExecutionId": id});
    world.call("StopPipelineExecution", stop).unwrap();
    world.minutes(10).await;
    assert_eq!(world.status(&id), "Stopping");
    let job = json!(ids(&events)[0]);
    put(&world.sample.account, "Success", &job, json!({})).unwrap();
    world.sample.after(5).await;
    world.ended(&id, "Stopped");
    assert_eq!(world.actions(&id)[0]["status"], "Succeeded");
}
