//! Services and their task sets.

use serde_json::json;

use crate::account::containers::ImageSpec;
use crate::account::sample::Sample;
use crate::account::{ControllerDeployments, Settings, ecs};

#[tokio::test(start_paused = true)]
async fn a_seeded_service_is_steady_and_serves_at_once() {
    let sample = Sample::open();
    let input = json!({"cluster": "mco", "services": ["api"]});
    let service = sample.ecs("DescribeServices", input).unwrap()["services"][0].clone();
    assert_eq!(
        service["serviceArn"],
        "arn:aws:ecs:eu-west-1:123456789012:service/mco/api"
    );
    assert_eq!(
        service["deploymentController"],
        json!({"type": "CODE_DEPLOY"})
    );
    assert_eq!(
        (&service["runningCount"], &service["pendingCount"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(service["deployments"], json!([]));
    let set = &service["taskSets"][0];
    assert_eq!(set["status"], "PRIMARY");
    assert_eq!(set["stabilityStatus"], "STEADY_STATE");
    assert_eq!(set["startedBy"], "CODE_DEPLOY");
    assert_eq!(set["computedDesiredCount"], 2);
    assert_eq!(set["loadBalancers"][0]["targetGroupArn"], sample.blue);
    assert_eq!(sample.get("/").await.body().as_ref(), b"v1");
}

#[tokio::test(start_paused = true)]
async fn a_code_deploy_service_may_have_no_deployments_at_all() {
    let settings = Settings {
        controller_deployments: ControllerDeployments::Absent,
        ..Settings::for_tests()
    };
    let sample = Sample::with(settings, &ImageSpec::healthy("v1"), |_| {});
    let input = json!({"cluster": "mco", "services": ["api"]});
    let service = sample.ecs("DescribeServices", input).unwrap()["services"][0].clone();
    assert_eq!(service.get("deployments"), None);
}

#[tokio::test(start_paused = true)]
async fn a_green_task_set_is_found_by_its_external_id_and_becomes_steady() {
    let sample = Sample::open();
    let id = sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(1).await;
    let view = || ecs::task_set(&sample.account, "mco", "api", &id).unwrap();
    assert_eq!(
        (view().pending, view().running, view().steady),
        (2, 0, false)
    );
    sample.after(60).await;
    assert_eq!(
        (view().pending, view().running, view().steady),
        (0, 2, true)
    );

    let sets = sample
        .ecs(
            "DescribeTaskSets",
            json!({"cluster": "mco", "service": "api"}),
        )
        .unwrap();
    let sets = sets["taskSets"].as_array().unwrap();
    let green = sets
        .iter()
        .find(|set| set["externalId"] == "d-GREEN1234")
        .unwrap();
    assert_eq!(
        (&green["id"], &green["status"]),
        (&json!(id), &json!("ACTIVE"))
    );
    assert_eq!(green["stabilityStatus"], "STEADY_STATE");
    assert!(
        green["taskSetArn"]
            .as_str()
            .unwrap()
            .ends_with(&format!("task-set/mco/api/{id}"))
    );

    assert!(ecs::set_primary_task_set(
        &sample.account,
        "mco",
        "api",
        &id
    ));
    let statuses: Vec<&str> = ecs::service(&sample.account, "mco", "api")
        .unwrap()
        .task_sets
        .iter()
        .map(|set| set.status)
        .collect();
    assert_eq!(statuses, ["ACTIVE", "PRIMARY"]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_task_set_drains_and_is_gone() {
    let sample = Sample::open();
    let id = sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(60).await;
    assert!(ecs::delete_task_set(&sample.account, "mco", "api", &id));
    sample.after(10).await;
    let view = ecs::task_set(&sample.account, "mco", "api", &id).unwrap();
    assert_eq!(
        (view.status, view.desired, view.running),
        ("DRAINING", 0, 0)
    );
    assert_eq!(
        sample.tasks(&id, "STOPPED")[0]["lastStatus"],
        "DEACTIVATING"
    );
    sample.after(40).await;
    assert_eq!(ecs::task_set(&sample.account, "mco", "api", &id), None);
    let stopped = sample.tasks(&id, "STOPPED");
    assert_eq!(stopped.len(), 2);
    assert_eq!(stopped[0]["stopCode"], "ServiceSchedulerInitiated");
    assert_eq!(stopped[0]["containers"][0]["exitCode"], 0);
    assert!(!ecs::delete_task_set(&sample.account, "mco", "api", &id));
}

fn balancer(new: &mut ecs::NewTaskSet) -> &mut ecs::LoadBalancer {
    new.load_balancer.as_mut().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_task_set_of_nothing_that_exists_is_refused_in_ecs_words() {
    let sample = Sample::open();
    let new = |change: fn(&mut ecs::NewTaskSet)| {
        let mut new = ecs::NewTaskSet {
            task_definition: "mco-api".to_owned(),
            external_id: None,
            started_by: "CODE_DEPLOY".to_owned(),
            load_balancer: Some(ecs::LoadBalancer {
                target_group_arn: sample.green.clone(),
                container_name: "api".to_owned(),
                container_port: 8080,
            }),
            scale_percent: 100.0,
            network_configuration: None,
        };
        change(&mut new);
        ecs::create_task_set(&sample.account, "mco", "api", new).unwrap_err()
    };
    assert!(new(|new| new.task_definition = "mco-api:9".to_owned()).contains("TaskDefinition"));
    assert!(new(|new| balancer(new).container_name = "web".to_owned()).contains("web"));
    assert!(new(|new| balancer(new).container_port = 81).contains("81"));
    assert!(new(|new| balancer(new).target_group_arn = "arn:x".to_owned()).contains("arn:x"));
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_a_failure_and_an_unknown_cluster_an_error() {
    let sample = Sample::open();
    let services = sample
        .ecs(
            "DescribeServices",
            json!({"cluster": "mco", "services": ["api", "nope"]}),
        )
        .unwrap();
    assert_eq!(
        services["failures"],
        json!([{"arn": "arn:aws:ecs:eu-west-1:123456789012:service/mco/nope", "reason": "MISSING"}])
    );
    let clusters = sample
        .ecs("DescribeClusters", json!({"clusters": ["mco", "nope"]}))
        .unwrap();
    assert_eq!(clusters["clusters"][0]["runningTasksCount"], 2);
    assert_eq!(clusters["failures"][0]["reason"], "MISSING");
    for (operation, input, code) in [
        (
            "DescribeServices",
            json!({"services": ["api"]}),
            "ClusterNotFoundException",
        ),
        (
            "DescribeServices",
            json!({"cluster": "mco", "services": []}),
            "InvalidParameterException",
        ),
        (
            "DescribeServices",
            json!({"cluster": "mco"}),
            "ValidationException",
        ),
        (
            "DescribeTaskSets",
            json!({"cluster": "mco", "service": "nope"}),
            "ServiceNotFoundException",
        ),
        (
            "DescribeTasks",
            json!({"cluster": "nope", "tasks": ["x"]}),
            "ClusterNotFoundException",
        ),
        (
            "ListTasks",
            json!({"cluster": "mco", "serviceName": "nope"}),
            "ServiceNotFoundException",
        ),
        (
            "DeleteCluster",
            json!({"cluster": "mco"}),
            "UnknownOperationException",
        ),
    ] {
        assert_eq!(
            sample.ecs(operation, input).unwrap_err().code,
            code,
            "{operation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_tells_what_it_did() {
    let sample = Sample::open();
    let id = sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(60).await;
    let input =
        json!({"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/mco", "services": ["api"]});
    let events = sample.ecs("DescribeServices", input).unwrap()["services"][0]["events"].clone();
    let newest = events[0]["message"].as_str().unwrap();
    assert_eq!(
        newest,
        format!("(service api) (taskSet {id}) has reached a steady state.")
    );
}

#[tokio::test(start_paused = true)]
async fn clusters_and_services_are_listed_by_their_arns() {
    let sample = Sample::open();
    let clusters = sample.ecs("ListClusters", json!({})).unwrap();
    assert_eq!(
        clusters,
        json!({"clusterArns": ["arn:aws:ecs:eu-west-1:123456789012:cluster/mco"]})
    );
    let services = sample
        .ecs("ListServices", json!({"cluster": "mco"}))
        .unwrap();
    assert_eq!(
        services,
        json!({"serviceArns": ["arn:aws:ecs:eu-west-1:123456789012:service/mco/api"]})
    );
    let error = sample
        .ecs("ListServices", json!({"cluster": "other"}))
        .unwrap_err();
    assert_eq!(error.code, "ClusterNotFoundException");
}
