//! The examples' pipelines run to their end at [`Stand::Releases`], with a worker that only answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::super::{infrastructure, template, tests::live_and_quiet};
use super::*;
use crate::account::functions::{Handler, Invocation};
use crate::account::template::Function;
use crate::account::{codepipeline, ecs, elb};

/// template.yaml.
fn complete_template() -> Template {
    template(&Settings::for_tests()).unwrap()
}

type Seen = Arc<Mutex<Vec<Value>>>;

/// The stand with a function that answers every job as `answer` says, and the jobs that it saw.
async fn stand(
    answer: impl Fn(&Value) -> Result<(), &'static str> + Send + Sync + 'static,
) -> (Sample, Seen) {
    let template = complete_template();
    let sample = super::open(Settings::for_tests(), Stand::Releases, template)
        .await
        .unwrap();
    // The functions of template.yaml do nothing in these tests.
    let idle = |_: &Function| -> Handler { Arc::new(|_| async { Ok(json!({})) }.boxed()) };
    sample.account.events().pause_schedules();
    sample.account.deploy(&sample.template, idle).await.unwrap();
    let seen = Seen::default();
    let (keep, account) = (seen.clone(), sample.account.clone());
    let handler = move |it: Invocation| {
        let job = it.payload["CodePipeline.job"].clone();
        // It looks for jobs when a test tells it to, not when an event does.
        let jobs = if it.payload == json!({}) {
            polled(&account)
        } else if job.is_null() {
            Vec::new()
        } else {
            vec![job]
        };
        for job in jobs {
            reply(&account, &job, answer(&job));
            keep.lock().unwrap().push(job);
        }
        async { Ok(json!(null)) }.boxed()
    };
    let function = sample.template.function(PIPELINE_ACTION).unwrap();
    sample
        .account
        .functions()
        .register(&function.name, Arc::new(handler));
    (sample, seen)
}

/// The custom action's jobs, acknowledged.
fn polled(account: &Account) -> Vec<Value> {
    let kind =
        json!({"category": "Deploy", "owner": "Custom", "provider": "Greenlight", "version": "1"});
    let input = json!({"actionTypeId": kind, "maxBatchSize": 10});
    let output = codepipeline::handle(account, "PollForJobs", &input).unwrap();
    let jobs = output["jobs"].as_array().cloned().unwrap_or_default();
    for job in &jobs {
        let input = json!({"jobId": job["id"], "nonce": job["nonce"]});
        codepipeline::handle(account, "AcknowledgeJob", &input).unwrap();
    }
    jobs
}

fn reply(account: &Account, job: &Value, answer: Result<(), &str>) {
    let (operation, input) = match answer {
        Ok(()) => (
            "PutJobSuccessResult",
            json!({"jobId": job["id"], "outputVariables": {"Tag": "v2"}}),
        ),
        Err(message) => (
            "PutJobFailureResult",
            json!({"jobId": job["id"], "failureDetails": {"type": "JobFailed", "message": message}}),
        ),
    };
    codepipeline::handle(account, operation, &input).unwrap();
}

/// What the jobs of custom actions are configured with, and the parameters of Lambda actions.
fn asked(job: &Value) -> Value {
    let configuration = &job["data"]["actionConfiguration"]["configuration"];
    match configuration["UserParameters"].as_str() {
        Some(parameters) => serde_json::from_str(parameters).unwrap(),
        None => configuration.clone(),
    }
}

async fn over(sample: &Sample, pipeline: &str, execution: &str) -> String {
    // Whoever does custom actions looks for jobs when it is told to.
    sample.account.clock().sleep(Duration::from_secs(20)).await;
    let function = sample.template.function(PIPELINE_ACTION).unwrap();
    let polls = sample.account.functions().invoke(&function.name, json!({}));
    polls.await.unwrap();
    sample.until_quiet(Duration::from_mins(1)).await.unwrap();
    sample.execution_status(pipeline, execution).unwrap()
}

#[tokio::test(start_paused = true)]
async fn both_services_are_live_and_quiet_from_the_start() {
    let template = complete_template();
    let sample = super::open(Settings::for_tests(), Stand::Releases, template)
        .await
        .unwrap();
    sample.account.events().pause_schedules();
    live_and_quiet(&sample).await;
    assert_eq!(sample.live_worker_digest(), sample.worker_v1);
    assert_ne!(sample.live_worker_digest(), sample.live_digest());
    let worker = sample.live_worker_task_definition().unwrap();
    assert_eq!(worker["family"], WORKER);
    // What a team deploys next is what the examples' files say, and those fit what runs.
    for (path, live) in [
        ("worker/taskdef.json", worker),
        ("api/taskdef.json", sample.live_task_definition().unwrap()),
    ] {
        let next: Value = serde_json::from_str(&infrastructure().unwrap()[path]).unwrap();
        for key in [
            "family",
            "networkMode",
            "cpu",
            "memory",
            "requiresCompatibilities",
        ] {
            assert_eq!(next[key], live[key], "{path}: {key}");
        }
        let names = |it: &Value| it["containerDefinitions"][0]["name"].clone();
        assert_eq!(names(&next), names(&live), "{path}");
        let ports =
            |it: &Value| it["containerDefinitions"][0]["portMappings"][0]["containerPort"].clone();
        assert_eq!(ports(&next), ports(&live), "{path}");
    }
    assert!(elb::listener(&sample.account, &sample.test_listener).is_some());
}

#[tokio::test(start_paused = true)]
async fn the_workers_pipeline_invokes_the_function_with_the_tag_and_the_file() {
    let (sample, seen) = stand(|_| Ok(())).await;
    let execution = sample.start_pipeline("worker", &[("tag", "v2")]).unwrap();
    assert_eq!(
        sample.execution_status("worker", &execution).as_deref(),
        Some("InProgress")
    );
    assert!(!sample.is_quiet());
    assert_eq!(over(&sample, "worker", &execution).await, "Succeeded");
    let seen = seen.lock().unwrap();
    let [job] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(
        asked(job),
        json!({
            "action": "deploy",
            "target": "worker-test",
            "tag": "v2",
            "execution": execution,
            "task_definition": "Infrastructure::worker/taskdef.json",
        })
    );
    let input = &job["data"]["inputArtifacts"][0];
    assert_eq!(input["name"], "Infrastructure");
    assert_eq!(
        input["location"]["s3Location"]["bucketName"],
        "mco-worker-artifacts"
    );
    let variables = sample.output_variables("worker", &execution, "Worker");
    assert_eq!(
        variables,
        BTreeMap::from([("Tag".to_owned(), "v2".to_owned())])
    );
    assert_eq!(sample.action_error("worker", &execution, "Worker"), None);
    let runs = sample.action_executions("worker", &execution);
    let names: Vec<&Value> = runs.iter().map(|run| &run["actionName"]).collect();
    assert_eq!(json!(names), json!(["Infrastructure", "Worker"]));
}

#[tokio::test(start_paused = true)]
async fn the_apis_pipeline_waits_for_a_worker_of_the_custom_action() {
    let (sample, seen) = stand(|_| Ok(())).await;
    let execution = sample.start_pipeline("api", &[("tag", "v2")]).unwrap();
    sample.account.clock().sleep(Duration::from_mins(5)).await;
    assert_eq!(
        sample.execution_status("api", &execution).as_deref(),
        Some("InProgress")
    );
    assert_eq!(over(&sample, "api", &execution).await, "Succeeded");
    let seen = seen.lock().unwrap();
    let [job] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(
        asked(job),
        json!({
            "Target": "api-test",
            "Tag": "v2",
            "TaskDefinitionPath": "Infrastructure::api/taskdef.json",
            "AppSpecPath": "Infrastructure::api/appspec.yaml",
        })
    );
    assert_eq!(
        job["data"]["pipelineContext"]["pipelineExecutionId"],
        execution
    );
}

#[tokio::test(start_paused = true)]
async fn both_are_released_side_by_side_each_by_its_own_tag() {
    let (sample, seen) = stand(|job| match asked(job)["target"].as_str() {
        Some("worker-test") => Err("worker-test: no image has the tag `v3`"),
        _ => Ok(()),
    })
    .await;
    let tags = [("worker_tag", "v3"), ("api_tag", "v2")];
    let execution = sample.start_pipeline("both", &tags).unwrap();
    assert_eq!(over(&sample, "both", &execution).await, "Failed");
    let mut asked: Vec<Value> = seen.lock().unwrap().iter().map(asked).collect();
    asked.sort_by_key(ToString::to_string);
    assert_eq!(
        (&asked[0]["Tag"], &asked[1]["tag"]),
        (&json!("v2"), &json!("v3"))
    );
    assert_eq!(
        sample.action_error("both", &execution, "Worker"),
        Some((
            "JobFailed".to_owned(),
            "worker-test: no image has the tag `v3`".to_owned()
        ))
    );
    assert_eq!(sample.action_error("both", &execution, "API"), None);
    let api = sample.action_execution("both", &execution, "API").unwrap();
    assert_eq!(api["status"], "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_release_takes_the_files_of_the_newest_commit() {
    let (sample, _) = stand(|_| Ok(())).await;
    let mut files = infrastructure().unwrap();
    files.insert("worker/taskdef.json".to_owned(), "{}".to_owned());
    let commit = sample.push_infrastructure(&files);
    let execution = sample.start_pipeline("worker", &[("tag", "v2")]).unwrap();
    assert_eq!(over(&sample, "worker", &execution).await, "Succeeded");
    let source = sample.output_variables("worker", &execution, "Infrastructure");
    // Without a namespace CodePipeline has the variables, too.
    assert_eq!(source.get("CommitId"), Some(&commit));
}

#[tokio::test(start_paused = true)]
async fn a_start_without_the_tag_or_of_no_pipeline_says_so() {
    let (sample, _) = stand(|_| Ok(())).await;
    for (pipeline, variables, part) in [
        (
            "worker",
            &[][..],
            "Variable tag of pipeline worker has no default value",
        ),
        (
            "worker",
            &[("label", "v2")],
            "Variable label is not declared",
        ),
        ("none", &[], "does not have a pipeline with name 'none'"),
    ] {
        let message = sample
            .start_pipeline(pipeline, variables)
            .unwrap_err()
            .to_string();
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(sample.execution_status("worker", "none"), None);
    assert_eq!(sample.action_executions("worker", "none"), [json!(null); 0]);
    assert_eq!(sample.action_execution("worker", "none", "Worker"), None);
}

#[tokio::test(start_paused = true)]
async fn the_deployments_of_both_services_are_the_stands() {
    let (sample, _) = stand(|_| Ok(())).await;
    let account = &sample.account;
    let input = json!({"cluster": CLUSTER, "service": WORKER, "forceNewDeployment": true});
    ecs::handle(account, "UpdateService", input).unwrap();
    account.clock().sleep(Duration::from_secs(15)).await;
    let [worker] = &sample.active_deployments()[..] else {
        panic!("{:?}", sample.active_deployments());
    };
    assert!(
        worker.contains(":service-deployment/mco/worker/"),
        "{worker}"
    );
    assert_eq!(sample.deployment(worker)["status"], "IN_PROGRESS");
    let busy = sample.busy_with();
    assert!(busy.contains("service worker: IN_PROGRESS"), "{busy}");
    sample.until_quiet(Duration::from_mins(30)).await.unwrap();
    assert_eq!(sample.active_deployments(), [""; 0]);
    assert_eq!(sample.deployment(worker)["status"], "SUCCESSFUL");
    assert_eq!(&sample.deployments(), std::slice::from_ref(worker));
}
