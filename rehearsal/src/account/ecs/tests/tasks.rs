//! Tasks: how they start, what they run, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::containers::{Crash, ImageSpec};
use crate::account::sample::{Sample, task_definition};
use crate::account::{ReportedDigest, Settings, ecr, ecs};

#[tokio::test(start_paused = true)]
async fn a_task_is_pending_while_it_starts_and_has_no_digest_yet() {
    let sample = Sample::open();
    let id = sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(7).await;
    let task = &sample.tasks(&id, "RUNNING")[0];
    assert_eq!(
        (&task["lastStatus"], &task["desiredStatus"]),
        (&json!("PENDING"), &json!("RUNNING"))
    );
    assert_eq!(task["containers"][0].get("imageDigest"), None);
    assert_eq!(task.get("startedAt"), None);

    sample.after(60).await;
    let task = &sample.tasks(&id, "RUNNING")[0];
    assert_eq!(task["lastStatus"], "RUNNING");
    assert_eq!(task["startedBy"], id);
    assert_eq!(task["group"], "service:api");
    // Without a health check in the task definition there is no verdict, ever.
    assert_eq!(task["healthStatus"], "UNKNOWN");
    assert_eq!(
        task["containers"][0]["imageDigest"],
        ecr::tagged(&sample.account, "mco/api", "v2").unwrap()
    );
    assert_eq!(
        task["containers"][0]["image"],
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:v2"
    );
    assert_eq!(task["containers"][1]["lastStatus"], "RUNNING");
}

#[tokio::test(start_paused = true)]
async fn a_task_reports_the_digest_of_the_index_or_of_the_platform() {
    for reported in [ReportedDigest::Index, ReportedDigest::Platform] {
        let settings = Settings {
            reported_digest: reported,
            ..Settings::for_tests()
        };
        let sample = Sample::with(settings, &ImageSpec::healthy("v1"), |_| {});
        let id = sample.green("v2", &ImageSpec::healthy("v2").multi_platform());
        sample.after(60).await;
        let index = ecr::tagged(&sample.account, "mco/api", "v2").unwrap();
        let digest = sample.tasks(&id, "RUNNING")[0]["containers"][0]["imageDigest"].clone();
        assert_eq!(digest == index, reported == ReportedDigest::Index);
        let known = json!({"repositoryName": "mco/api", "imageIds": [{"imageDigest": digest}]});
        assert!(sample.ecr("DescribeImages", known).is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_stops_the_task_before_it_runs() {
    for tag in [
        "nothing",
        "@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        let sample = Sample::open();
        let id = sample.green_with(task_definition(tag));
        sample.after(20).await;
        let task = &sample.tasks(&id, "STOPPED")[0];
        assert_eq!(task["lastStatus"], "STOPPED");
        assert_eq!(task["stopCode"], "TaskFailedToStart");
        assert!(
            task["stoppedReason"]
                .as_str()
                .unwrap()
                .starts_with("CannotPullContainerError: ")
        );
        assert_eq!(task["containers"][0].get("exitCode"), None);
        assert_eq!(task["containers"][0]["reason"], task["stoppedReason"]);
        let stopped = ecs::task_set(&sample.account, "mco", "api", &id)
            .unwrap()
            .stopped;
        assert_eq!(
            (stopped[0].stop_code.as_str(), stopped[0].exit_code),
            ("TaskFailedToStart", None)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_archived_image_cannot_be_pulled() {
    let sample = Sample::open();
    let digest = ecr::push_image(
        &sample.account,
        "mco/api",
        &["v2"],
        &ImageSpec::healthy("v2"),
    )
    .unwrap();
    ecr::archive(&sample.account, "mco/api", &digest).unwrap();
    let id = sample.green_with(task_definition("v2"));
    sample.after(20).await;
    let reason = sample.tasks(&id, "STOPPED")[0]["stoppedReason"].clone();
    assert!(reason.as_str().unwrap().contains("archived"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_crashing_task_is_replaced_more_and_more_slowly_and_can_be_asked_about() {
    let sample = Sample::open();
    let id = sample.green("v2", &ImageSpec::crashes("v2", 137));
    sample.after(600).await;
    let early = sample.tasks(&id, "STOPPED").len();
    assert!(
        (6..20).contains(&early),
        "{early} stopped tasks in ten minutes"
    );
    let task = &sample.tasks(&id, "STOPPED")[0];
    assert_eq!(task["stopCode"], "EssentialContainerExited");
    assert_eq!(task["stoppedReason"], "Essential container in task exited");
    assert_eq!(task["containers"][0]["exitCode"], 137);
    let view = ecs::task_set(&sample.account, "mco", "api", &id).unwrap();
    assert!(!view.steady);
    assert_eq!(view.stopped[0].exit_code, Some(137));
    let first = task["taskArn"].clone();
    sample.after(4000).await;
    let gone = sample
        .ecs("DescribeTasks", json!({"cluster": "mco", "tasks": [first]}))
        .unwrap();
    assert_eq!(
        gone["failures"][0],
        json!({"arn": first, "reason": "MISSING"})
    );
    assert!(sample.tasks(&id, "STOPPED").len() < 20);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_crashes_once_in_a_while_is_replaced_at_once() {
    let rarely = |behaviour: &mut crate::account::containers::Behaviour| {
        behaviour.crash = Some(Crash {
            after: Duration::from_mins(15),
            exit_code: 1,
        });
    };
    let sample = Sample::with(
        Settings::for_tests(),
        &ImageSpec::healthy("v1").behaving(rarely),
        |_| {},
    );
    sample.after(900 + 60).await;
    let service = ecs::service(&sample.account, "mco", "api").unwrap();
    assert_eq!(
        (service.task_sets[0].running, service.task_sets[0].steady),
        (2, true)
    );
    assert_eq!(service.task_sets[0].stopped.len(), 2);
    assert_eq!(sample.get("/").await.body().as_ref(), b"v1");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_its_target_group_is_replaced_after_the_grace_period() {
    let sample = Sample::open();
    let id = sample.green(
        "v2",
        &ImageSpec::slow_to_start("v2", Duration::from_hours(1)),
    );
    sample.after(70).await;
    assert_eq!(sample.tasks(&id, "STOPPED").len(), 0);
    sample.after(60).await;
    let stopped = sample.tasks(&id, "STOPPED");
    assert_eq!(stopped.len(), 2);
    assert_eq!(
        stopped[0]["stoppedReason"],
        format!(
            "Task failed ELB health checks in (target-group {})",
            sample.green
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_container_check_gives_a_health_and_replaces_what_fails_it() {
    let check = |document: &mut Value| {
        document["containerDefinitions"][0]["healthCheck"] = json!({
            "command": ["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"],
            "interval": 5,
            "retries": 2,
        });
    };
    let sample = Sample::open();
    let mut document = task_definition("v2");
    check(&mut document);
    ecr::push_image(
        &sample.account,
        "mco/api",
        &["v2"],
        &ImageSpec::healthy("v2"),
    )
    .unwrap();
    let id = sample.green_with(document.clone());
    sample.after(60).await;
    let task = &sample.tasks(&id, "RUNNING")[0];
    assert_eq!(
        (
            &task["healthStatus"],
            &task["containers"][0]["healthStatus"]
        ),
        (&json!("HEALTHY"), &json!("HEALTHY"))
    );
    assert_eq!(task["containers"][1]["healthStatus"], "UNKNOWN");

    let mut failing = task_definition("v3");
    check(&mut failing);
    ecr::push_image(
        &sample.account,
        "mco/api",
        &["v3"],
        &ImageSpec::answers_500("v3"),
    )
    .unwrap();
    let id = sample.green_with(failing);
    sample.after(35).await;
    let task = &sample.tasks(&id, "STOPPED")[0];
    assert_eq!(task["stoppedReason"], "Task failed container health checks");
    assert_eq!(task["healthStatus"], "UNHEALTHY");
    assert!(
        !ecs::task_set(&sample.account, "mco", "api", &id)
            .unwrap()
            .steady
    );
}

#[tokio::test(start_paused = true)]
async fn replacements_run_the_digest_that_the_first_task_found() {
    let sample = Sample::open();
    let crash = |behaviour: &mut crate::account::containers::Behaviour| {
        behaviour.crash = Some(Crash {
            after: Duration::from_mins(2),
            exit_code: 1,
        });
    };
    let id = sample.green("v2", &ImageSpec::healthy("v2").behaving(crash));
    sample.after(60).await;
    let first = sample.tasks(&id, "RUNNING")[0]["containers"][0]["imageDigest"].clone();
    ecr::push_image(
        &sample.account,
        "mco/api",
        &["v2"],
        &ImageSpec::healthy("moved"),
    )
    .unwrap();
    sample.after(120).await;
    let replacement = sample.tasks(&id, "RUNNING")[0].clone();
    assert_eq!(replacement["containers"][0]["imageDigest"], first);
}

#[tokio::test(start_paused = true)]
async fn tasks_are_listed_by_what_they_belong_to() {
    let sample = Sample::open();
    let id = sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(60).await;
    let count = |input: Value| {
        let answer = sample.ecs("ListTasks", input).map_err(|error| error.code)?;
        Ok::<_, String>(answer["taskArns"].as_array().unwrap().len())
    };
    assert_eq!(count(json!({"cluster": "mco"})), Ok(4));
    assert_eq!(count(json!({"cluster": "mco", "startedBy": id})), Ok(2));
    assert_eq!(
        count(json!({"cluster": "mco", "serviceName": "api", "maxResults": 3})),
        Ok(3)
    );
    assert_eq!(count(json!({"cluster": "mco", "family": "mco-api"})), Ok(4));
    assert_eq!(count(json!({"cluster": "mco", "family": "other"})), Ok(0));
    assert_eq!(
        count(json!({"cluster": "mco", "desiredStatus": "PENDING"})),
        Ok(0)
    );
    let both = json!({"cluster": "mco", "startedBy": id, "serviceName": "api"});
    assert_eq!(count(both), Err("InvalidParameterException".to_owned()));
    assert_eq!(
        count(json!({"cluster": "mco", "maxResults": 0})),
        Err("InvalidParameterException".to_owned())
    );
}
