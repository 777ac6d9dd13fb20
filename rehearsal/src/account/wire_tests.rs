//! The door, with AWS's own SDK in front of it.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_ecs::operation::run_task::RunTaskError;
use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration};
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::Account;
use super::containers::ImageSpec;
use super::ecs;
use super::sample::Sample;

fn config(account: &Account, key: &str) -> SdkConfig {
    SdkConfig::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            key, "secret", None, None, "test",
        )))
        .behavior_version(aws_sdk_ecs::config::BehaviorVersion::latest())
        .build()
}

/// A call that is not the SDK's.
async fn raw(account: &Account, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    let response: Response<Bytes> = account.handle(request).await;
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap_or(Value::Null),
    )
}

#[tokio::test(start_paused = true)]
async fn the_sdk_reads_what_ecr_answers() {
    let sample = Sample::open();
    let ecr = aws_sdk_ecr::Client::new(&config(&sample.account, "AKIAX"));
    let test = ImageIdentifier::builder().image_tag("test").build();
    let got = ecr
        .batch_get_image()
        .repository_name("mco/api")
        .image_ids(test.clone())
        .send()
        .await
        .unwrap();
    assert!(
        got.images()[0]
            .image_manifest()
            .unwrap()
            .contains("schemaVersion")
    );
    let described = ecr
        .describe_images()
        .repository_name("mco/api")
        .image_ids(test.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(described.image_details()[0].image_tags(), ["test"]);
    let pushed_at = described.image_details()[0]
        .image_pushed_at()
        .unwrap()
        .secs();
    assert_eq!(pushed_at, sample.account.clock().now().as_second());
    let error = ecr
        .describe_images()
        .repository_name("nope")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_repository_not_found_exception(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_sdk_reads_what_ecs_answers() {
    let sample = Sample::open();
    sample.green("v2", &ImageSpec::healthy("v2"));
    sample.after(60).await;
    let ecs = aws_sdk_ecs::Client::new(&config(&sample.account, "AKIAX"));
    let services = ecs
        .describe_services()
        .cluster("mco")
        .services("api")
        .send()
        .await
        .unwrap();
    let sets = services.services()[0].task_sets();
    let green = sets
        .iter()
        .find(|set| set.external_id() == Some("d-GREEN1234"))
        .unwrap();
    assert_eq!(green.stability_status().unwrap().as_str(), "STEADY_STATE");
    let tasks = ecs
        .list_tasks()
        .cluster("mco")
        .started_by(green.id().unwrap())
        .send()
        .await
        .unwrap();
    let tasks = ecs
        .describe_tasks()
        .cluster("mco")
        .set_tasks(tasks.task_arns)
        .send()
        .await
        .unwrap();
    assert!(
        tasks.tasks()[0].containers()[0]
            .image_digest()
            .unwrap()
            .starts_with("sha256:")
    );
    let error = ecs
        .describe_services()
        .services("api")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_cluster_not_found_exception(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_sdk_runs_a_task_and_stops_it() {
    let sample = Sample::open();
    let ecs = aws_sdk_ecs::Client::new(&config(&sample.account, "AKIAX"));
    let network = AwsVpcConfiguration::builder().subnets("subnet-1").build();
    let network = NetworkConfiguration::builder().awsvpc_configuration(network.unwrap());
    let run = |started_by: &str| {
        ecs.run_task()
            .cluster("mco")
            .task_definition("mco-api")
            .launch_type(LaunchType::Fargate)
            .network_configuration(network.clone().build())
            .client_token("01ABC")
            .started_by(started_by)
            .send()
    };
    let started = run("greenlight").await.unwrap();
    assert!(started.failures().is_empty());
    let arn = started.tasks()[0].task_arn().unwrap();
    let error = run("another").await.unwrap_err().into_service_error();
    let RunTaskError::ConflictException(conflict) = error else {
        panic!("{error:?}")
    };
    assert_eq!(conflict.resource_ids(), [arn]);
    let stopped = ecs.stop_task().cluster("mco").task(arn).send().await;
    let stopped = stopped.unwrap().task.unwrap();
    assert_eq!(stopped.desired_status(), Some("STOPPED"));
    assert_eq!(stopped.stop_code().unwrap().as_str(), "UserInitiated");
    ecs::refuse_tasks(&sample.account, Some("RESOURCE:MEMORY"));
    let network = network.build();
    let refused = ecs
        .run_task()
        .cluster("mco")
        .task_definition("mco-api")
        .launch_type(LaunchType::Fargate)
        .network_configuration(network)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.tasks().len(), 0);
    assert_eq!(refused.failures()[0].reason(), Some("RESOURCE:MEMORY"));
}

#[tokio::test(start_paused = true)]
async fn the_sdk_reads_what_load_balancing_answers() {
    let sample = Sample::open();
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config(&sample.account, "AKIAX"));
    let balancers = elb
        .describe_load_balancers()
        .names("mco")
        .send()
        .await
        .unwrap();
    let arn = balancers.load_balancers()[0].load_balancer_arn().unwrap();
    assert!(balancers.load_balancers()[0].created_time().is_some());
    let listeners = elb
        .describe_listeners()
        .load_balancer_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(listeners.listeners()[1].port(), Some(9001));
    let forward = listeners.listeners()[0].default_actions()[0]
        .forward_config()
        .unwrap();
    assert_eq!(forward.target_groups()[0].weight(), Some(100));
    let health = elb
        .describe_target_health()
        .target_group_arn(&sample.blue)
        .send()
        .await
        .unwrap();
    assert_eq!(health.target_health_descriptions().len(), 2);
    let error = elb
        .describe_target_groups()
        .names("nope")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_target_group_not_found_exception(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn every_call_is_journalled_under_the_name_of_its_credentials() {
    let sample = Sample::open();
    let key = sample.account.add_caller("DeployOnPush");
    for key in [key.as_str(), "AKIAUNKNOWN"] {
        let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config(&sample.account, key));
        elb.describe_target_groups()
            .names("mco-api-blue")
            .send()
            .await
            .unwrap();
    }
    let calls = sample.account.journal().calls();
    let callers: Vec<&str> = calls.iter().map(|call| call.caller.as_str()).collect();
    assert_eq!(callers, ["DeployOnPush", "operator"]);
    assert_eq!((calls[0].service, calls[0].status), ("elbv2", 200));
    assert_eq!(calls[0].request, json!({"Names": ["mco-api-blue"]}));
    assert_eq!(
        calls[0].response["TargetGroups"][0]["TargetGroupName"],
        "mco-api-blue"
    );
    assert_eq!(
        sample
            .account
            .journal()
            .calls_of("DeployOnPush", "elbv2:DescribeTargetGroups")
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_denied_caller_is_told_in_aws_words_and_others_are_not() {
    let sample = Sample::open();
    let key = sample.account.add_caller("ValidateGreen");
    sample.account.deny("ValidateGreen", "ecs:DescribeServices");
    sample
        .account
        .deny("ValidateGreen", "elasticloadbalancing:DescribeTargetGroups");
    let ecs = aws_sdk_ecs::Client::new(&config(&sample.account, &key));
    let error = ecs
        .describe_services()
        .cluster("mco")
        .services("api")
        .send()
        .await
        .unwrap_err();
    let message = error
        .into_service_error()
        .meta()
        .message()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("ValidateGreen is not authorized to perform: ecs:DescribeServices"),
        "{message}"
    );
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config(&sample.account, &key));
    let error = elb.describe_target_groups().send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 403);
    assert_eq!(
        error.into_service_error().meta().code(),
        Some("AccessDenied")
    );
    let other = aws_sdk_ecs::Client::new(&config(&sample.account, "AKIAX"));
    assert!(
        other
            .describe_services()
            .cluster("mco")
            .services("api")
            .send()
            .await
            .is_ok()
    );
    sample
        .account
        .allow("ValidateGreen", "ecs:DescribeServices");
    assert!(
        ecs.describe_services()
            .cluster("mco")
            .services("api")
            .send()
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_account_does_not_simulate_is_refused_by_name() {
    let sample = Sample::open();
    let account = &sample.account;
    let target = |target| [("x-amz-target", target)];
    let (status, body) = raw(
        account,
        &target("AmazonEC2ContainerServiceV20141113.CreateCapacityProvider"),
        "{}",
    )
    .await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("UnknownOperationException"))
    );
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("CreateCapacityProvider")
    );
    let (status, body) = raw(
        account,
        &target("AWSSimbaAPIService_v20180301.DescribeBackups"),
        "{}",
    )
    .await;
    assert_eq!(status, 400);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("DescribeBackups")
    );
    let (status, body) = raw(
        account,
        &target("AmazonEC2ContainerServiceV20141113.ListTasks"),
        "{",
    )
    .await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("SerializationException"))
    );
    assert_eq!(raw(account, &[], "").await.0, 400);
    assert_eq!(
        raw(
            account,
            &[("content-type", "application/x-www-form-urlencoded")],
            "Version=1"
        )
        .await
        .0,
        400
    );
}
