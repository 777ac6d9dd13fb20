//! The sample account: a service behind a load balancer, already live, and Greenlight's stack beside it.
//!
//! Rehearsals and the tests of the whole workspace begin here. Everything exists when [`sample_account`]
//! returns, except what runs when a function is invoked: that is given to
//! [`Account::deploy`](crate::account::Account::deploy) afterwards, with [`Sample::template`].

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::codedeploy::{self, Group};
use crate::account::containers::ImageSpec;
use crate::account::ecs::{self, Controller, LoadBalancer, ServiceSpec};
use crate::account::elb::{self, TargetGroupSpec};
use crate::account::template::{Choices, Template};
use crate::account::{Account, Settings, codepipeline, ecr};
use crate::build::workspace;

/// The repository that the sample service's image comes from.
pub const REPOSITORY: &str = "mco/api";
/// The tag that the sample target watches.
pub const TAG: &str = "test";
/// Name of the ECS cluster, and of the load balancer.
pub const CLUSTER: &str = "mco";
/// Name of the ECS service.
pub const SERVICE: &str = "api";
/// Name of the container of the service that runs the image.
pub const CONTAINER: &str = "api";
/// Name of the CodeDeploy application, and of its deployment group.
pub const APPLICATION: &str = "API";
/// Name of the sample target.
pub const TARGET: &str = "api-test";
/// The sample target's document, for `greenlight targets apply`.
pub const TARGETS: &str = include_str!("../../sample/targets.yaml");

/// The wished-for ports of the load balancer's listeners.
const PRODUCTION_PORT: u16 = 80;
const TEST_PORT: u16 = 9001;
const CONTAINER_PORT: u16 = 8080;

/// The sample account, ready to be used.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The account.
    pub account: Account,
    /// template.yaml, read, and not deployed yet.
    pub template: Template,
    /// The digest of `v1`, which is live and has the tag.
    pub v1: String,
    /// The ARN of the production listener.
    pub production_listener: String,
    /// The ARN of the test listener.
    pub test_listener: String,
}

/// Why there is no sample account.
#[derive(Debug, thiserror::Error)]
#[error("the sample account cannot be set up: {0}")]
pub struct SampleError(String);

/// Sets up the sample account: `v1` of `mco/api` is pushed, tagged, running, and serves production.
pub fn sample_account(settings: Settings) -> Result<Sample, SampleError> {
    let template = Template::read(&workspace().join("template.yaml"), &Choices::of(&settings))
        .map_err(failed)?;
    let account = Account::new(settings);
    let uri = ecr::create_repository(&account, REPOSITORY);
    let v1 =
        ecr::push_image(&account, REPOSITORY, &[TAG], &ImageSpec::healthy("v1")).map_err(failed)?;
    let task_definition =
        ecs::register_task_definition(&account, task_definition(&format!("{uri}:{TAG}")))
            .map_err(failed)?;

    let load_balancer = elb::create_load_balancer(&account, CLUSTER);
    let blue = elb::create_target_group(&account, target_group("mco-api-blue"));
    elb::create_target_group(&account, target_group("mco-api-green"));
    let listener =
        |port| elb::create_listener(&account, &load_balancer, port, &blue).map_err(failed);
    let (production_listener, test_listener) = (listener(PRODUCTION_PORT)?, listener(TEST_PORT)?);

    ecs::create_cluster(&account, CLUSTER);
    let service = ServiceSpec {
        cluster: CLUSTER.to_owned(),
        name: SERVICE.to_owned(),
        desired_count: 2,
        task_definition,
        controller: Controller::CodeDeploy {
            load_balancer: LoadBalancer {
                target_group_arn: blue,
                container_name: CONTAINER.to_owned(),
                container_port: CONTAINER_PORT,
            },
        },
        health_check_grace: Duration::from_secs(30),
    };
    ecs::create_service(&account, service).map_err(failed)?;

    codedeploy::create_application(&account, APPLICATION);
    let groups = ["mco-api-blue", "mco-api-green"];
    let mut group = Group::new(
        APPLICATION,
        APPLICATION,
        (CLUSTER, SERVICE),
        &production_listener,
        groups,
    );
    group.test_listener_arns = Some(vec![test_listener.clone()]);
    group.termination_wait_minutes = 1;
    codedeploy::create_deployment_group(&account, group);
    Ok(Sample {
        account,
        template,
        v1,
        production_listener,
        test_listener,
    })
}

fn failed(error: impl std::fmt::Display) -> SampleError {
    SampleError(error.to_string())
}

/// The application, and a second container that no deployment may touch.
fn task_definition(image: &str) -> Value {
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    json!({
        "family": "mco-api",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": role("mco-api"),
        "executionRoleArn": role("ecsTaskExecutionRole"),
        "containerDefinitions": [
            {
                "name": CONTAINER,
                "image": image,
                "essential": true,
                "portMappings": [{"containerPort": CONTAINER_PORT, "protocol": "tcp"}],
                "environment": [{"name": "STAGE", "value": "test"}],
                "logConfiguration": {"logDriver": "awsfirelens"},
            },
            {
                "name": "log-router",
                "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32.5",
                "essential": true,
                "firelensConfiguration": {"type": "fluentbit"},
            },
        ],
    })
}

fn target_group(name: &str) -> TargetGroupSpec {
    TargetGroupSpec {
        name: name.to_owned(),
        port: CONTAINER_PORT,
        health_check_path: "/ping".to_owned(),
        interval: Duration::from_secs(10),
        timeout: Duration::from_secs(5),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        deregistration_delay: Duration::from_secs(30),
    }
}

impl Sample {
    /// Pushes an image to the repository, tagged as the target watches. Returns its digest.
    pub fn push(&self, image: &ImageSpec) -> Result<String, SampleError> {
        self.push_as(TAG, image)
    }

    /// Pushes an image to the repository with another tag. Returns its digest.
    pub fn push_as(&self, tag: &str, image: &ImageSpec) -> Result<String, SampleError> {
        ecr::push_image(&self.account, REPOSITORY, &[tag], image).map_err(failed)
    }

    /// The digest that the watched tag names.
    pub fn tagged(&self) -> Option<String> {
        ecr::tagged(&self.account, REPOSITORY, TAG)
    }

    /// The image of the service's primary task set, as its task definition has it.
    pub fn live_image(&self) -> Option<String> {
        let service = ecs::service(&self.account, CLUSTER, SERVICE)?;
        let primary = service
            .task_sets
            .iter()
            .find(|task_set| task_set.status == "PRIMARY")?;
        let input = json!({"taskDefinition": primary.task_definition});
        let output = ecs::handle(&self.account, "DescribeTaskDefinition", input).ok()?;
        let definitions = output["taskDefinition"]["containerDefinitions"].as_array()?;
        let container = definitions
            .iter()
            .find(|definition| definition["name"] == CONTAINER)?;
        container["image"].as_str().map(str::to_owned)
    }

    /// The digest that is live: what the primary task set runs, if all production traffic goes to it.
    pub fn live_digest(&self) -> Option<String> {
        let service = ecs::service(&self.account, CLUSTER, SERVICE)?;
        let primary = service
            .task_sets
            .iter()
            .find(|task_set| task_set.status == "PRIMARY")?;
        let target_group = &primary.load_balancer.as_ref()?.target_group_arn;
        let listener = elb::listener(&self.account, &self.production_listener)?;
        let elsewhere = listener
            .weights
            .iter()
            .any(|(group, weight)| group != target_group && *weight > 0);
        if elsewhere {
            return None;
        }
        let image = self.live_image()?;
        match image.split_once('@') {
            Some((_, digest)) => Some(digest.to_owned()),
            // v1 was started by its tag, before anybody pinned digests.
            None => Some(self.v1.clone()),
        }
    }

    /// The ids of all CodeDeploy deployments, newest first.
    pub fn deployments(&self) -> Vec<String> {
        self.list_deployments(&json!([]))
    }

    /// The ids of the CodeDeploy deployments that are not over.
    pub fn active_deployments(&self) -> Vec<String> {
        self.list_deployments(&json!([
            "Created",
            "Queued",
            "InProgress",
            "Baking",
            "Ready"
        ]))
    }

    fn list_deployments(&self, statuses: &Value) -> Vec<String> {
        let mut input = json!({"applicationName": APPLICATION, "deploymentGroupName": APPLICATION});
        if statuses
            .as_array()
            .is_some_and(|statuses| !statuses.is_empty())
        {
            input["includeOnlyStatuses"] = statuses.clone();
        }
        let output =
            codedeploy::handle(&self.account, "ListDeployments", input).unwrap_or_default();
        let ids = output["deployments"].as_array().into_iter().flatten();
        ids.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A CodeDeploy deployment, as `GetDeployment` describes it.
    pub fn deployment(&self, id: &str) -> Value {
        let output =
            codedeploy::handle(&self.account, "GetDeployment", json!({"deploymentId": id}));
        output.unwrap_or_default()["deploymentInfo"].take()
    }

    /// Nothing runs, waits or is on its way: no deployment, invocation, message or delayed event.
    pub fn is_quiet(&self) -> bool {
        self.account.functions().pending() == 0
            && self.account.messages_waiting() == 0
            && self.account.events().pending() == 0
            && self.active_deployments().is_empty()
            && ecs::one_shots_running(&self.account) == 0
            && codepipeline::running(&self.account) == 0
    }

    /// What keeps the account from being quiet, as a sentence.
    pub fn busy_with(&self) -> String {
        format!(
            "deployments {:?}, {} invocations, {} messages, {} delayed events, {} one-shot tasks, {} pipeline executions",
            self.active_deployments(),
            self.account.functions().pending(),
            self.account.messages_waiting(),
            self.account.events().pending(),
            ecs::one_shots_running(&self.account),
            codepipeline::running(&self.account),
        )
    }

    /// Waits until the account has been quiet for a simulated second, or until `bound` of simulated time
    /// has passed; then the error says with what it is busy.
    pub async fn until_quiet(&self, bound: Duration) -> Result<(), SampleError> {
        let step = Duration::from_millis(500);
        let mut waited = Duration::ZERO;
        let mut quiet = 0;
        while waited < bound {
            quiet = if self.is_quiet() { quiet + 1 } else { 0 };
            if quiet > 2 {
                return Ok(());
            }
            self.account.clock().sleep(step).await;
            waited += step;
        }
        Err(SampleError(format!(
            "still busy after {} s: {}",
            bound.as_secs(),
            self.busy_with()
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use http::{Request, Uri};

    use super::*;
    use crate::account::functions::Handler;

    #[tokio::test(start_paused = true)]
    async fn the_sample_service_is_live_and_quiet_from_the_start() {
        let sample = sample_account(Settings::for_tests()).unwrap();
        let handler = |_: &_| -> Handler { Arc::new(|_| async { Ok(json!({})) }.boxed()) };
        sample
            .account
            .deploy(&sample.template, handler)
            .await
            .unwrap();
        assert_eq!(sample.tagged().as_ref(), Some(&sample.v1));
        assert_eq!(sample.live_digest().as_ref(), Some(&sample.v1));
        assert_eq!(sample.deployments(), [""; 0]);
        sample.until_quiet(Duration::from_secs(5)).await.unwrap();
        for listener in [&sample.production_listener, &sample.test_listener] {
            let listener = elb::listener(&sample.account, listener).unwrap();
            let to: Uri = listener.url.parse().unwrap();
            let request = Request::builder()
                .uri("/")
                .body(bytes::Bytes::new())
                .unwrap();
            let response = sample.account.request(to, request).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), response.body().as_ref()),
                (200, "v1".as_bytes())
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_that_is_busy_for_too_long_says_with_what() {
        let sample = sample_account(Settings::for_tests()).unwrap();
        sample
            .account
            .functions()
            .register("Slow", Arc::new(|_| std::future::pending().boxed()));
        sample.account.functions().invoke_async("Slow", json!({}));
        let error = sample
            .until_quiet(Duration::from_secs(5))
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("still busy after 5 s: deployments [], 1 invocations"),
            "{error}"
        );
    }
}
