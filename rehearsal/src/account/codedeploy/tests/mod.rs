//! Deployments from beginning to end in virtual time, through the same door as the wire.

mod hooks;
mod lifecycle;
mod listing;
mod rollback;
mod waits;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::{Group, create_deployment_group};
use crate::account::containers::ImageSpec;
use crate::account::ecs::{self, Controller, LoadBalancer, ServiceSpec};
use crate::account::elb::{self, TargetGroupSpec};
use crate::account::functions::{FunctionError, Invocation};
use crate::account::{Account, HookFailure, ServiceError, Settings, ecr};

const TARGET: &str = "mco:api";
const CANARY: &str = "CodeDeployDefault.ECSCanary10Percent5Minutes";

/// An account with the samples' service behind two listeners, and a deployment group for it.
struct World {
    account: Account,
    production: String,
    test: String,
    blue: String,
    green: String,
}

impl World {
    fn open() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Group)) -> Self {
        Self::opened(Settings::for_tests(), change)
    }

    fn where_hooks(failure: HookFailure) -> Self {
        Self::opened(
            Settings {
                hooks: failure,
                ..Settings::for_tests()
            },
            |_| {},
        )
    }

    fn opened(settings: Settings, change: impl FnOnce(&mut Group)) -> Self {
        let account = Account::new(settings);
        ecr::create_repository(&account, "mco/api");
        let balancer = elb::create_load_balancer(&account, "mco");
        let group = |name: &str| {
            elb::create_target_group(
                &account,
                TargetGroupSpec {
                    name: name.to_owned(),
                    port: 8080,
                    health_check_path: "/ping".to_owned(),
                    interval: Duration::from_secs(5),
                    timeout: Duration::from_secs(2),
                    healthy_threshold: 2,
                    unhealthy_threshold: 2,
                    deregistration_delay: Duration::from_secs(10),
                },
            )
        };
        let (blue, green) = (group("mco-api-blue"), group("mco-api-green"));
        let production = elb::create_listener(&account, &balancer, 80, &blue).unwrap();
        let test = elb::create_listener(&account, &balancer, 9001, &blue).unwrap();
        let world = Self {
            account,
            production,
            test,
            blue,
            green,
        };
        world.task_definition(&ImageSpec::healthy("v1"));
        world.task_definition(&ImageSpec::healthy("v2"));
        ecs::create_cluster(&world.account, "mco");
        ecs::create_service(
            &world.account,
            ServiceSpec {
                cluster: "mco".to_owned(),
                name: "api".to_owned(),
                desired_count: 2,
                task_definition: "mco-api:1".to_owned(),
                controller: Controller::CodeDeploy {
                    load_balancer: LoadBalancer {
                        target_group_arn: world.blue.clone(),
                        container_name: "api".to_owned(),
                        container_port: 8080,
                    },
                },
                health_check_grace: Duration::from_secs(30),
            },
        )
        .unwrap();
        let groups = ["mco-api-blue", "mco-api-green"];
        let mut group = Group::new("API", "API", ("mco", "api"), &world.production, groups);
        group.test_listener_arns = Some(vec![world.test.clone()]);
        group.default_config = CANARY.to_owned();
        group.termination_wait_minutes = 5;
        change(&mut group);
        create_deployment_group(&world.account, group);
        world
    }

    /// Pushes the image and registers the next revision of `mco-api` with it.
    fn task_definition(&self, image: &ImageSpec) {
        let digest = ecr::push_image(&self.account, "mco/api", &[&image.version], image).unwrap();
        let reference = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{digest}");
        let input = json!({
            "family": "mco-api",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [
                {"name": "api", "image": reference, "essential": true, "portMappings": [{"containerPort": 8080}]},
            ],
        });
        ecs::handle(&self.account, "RegisterTaskDefinition", input).unwrap();
    }

    /// A function that remembers nothing and answers `status` after a second.
    fn hook(&self, name: &str, status: &'static str) {
        let account = self.account.clone();
        self.function(name, move |payload| {
            let account = account.clone();
            async move {
                account.clock().sleep(Duration::from_secs(1)).await;
                answer(&account, &payload, status).map_err(|error| broken(&error.to_string()))
            }
            .boxed()
        });
    }

    fn function(
        &self,
        name: &str,
        run: impl Fn(Value) -> futures_util::future::BoxFuture<'static, Result<Value, FunctionError>>
        + Send
        + Sync
        + 'static,
    ) {
        self.account
            .functions()
            .register(name, Arc::new(move |it: Invocation| run(it.payload)));
    }

    fn call(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        super::handle(&self.account, operation, input)
    }

    fn error(&self, operation: &str, input: Value) -> ServiceError {
        self.call(operation, input).unwrap_err()
    }

    /// Starts a deployment of the second revision with these hooks.
    fn deploy(&self, hooks: &[(&str, &str)]) -> String {
        self.deploy_revision("mco-api:2", hooks)
    }

    fn deploy_revision(&self, task_definition: &str, hooks: &[(&str, &str)]) -> String {
        let input = creation(&appspec(task_definition, hooks));
        self.call("CreateDeployment", input).unwrap()["deploymentId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn info(&self, id: &str) -> Value {
        self.call("GetDeployment", json!({"deploymentId": id}))
            .unwrap()["deploymentInfo"]
            .take()
    }

    fn target(&self, id: &str) -> Value {
        let input = json!({"deploymentId": id, "targetId": TARGET});
        self.call("GetDeploymentTarget", input).unwrap()["deploymentTarget"]["ecsTarget"].take()
    }

    /// `BeforeInstall Succeeded`, …
    fn lifecycle(&self, id: &str) -> Vec<String> {
        let target = self.target(id);
        let line = |it: &Value| {
            format!(
                "{} {}",
                it["lifecycleEventName"].as_str().unwrap(),
                it["status"].as_str().unwrap()
            )
        };
        target["lifecycleEvents"]
            .as_array()
            .unwrap()
            .iter()
            .map(line)
            .collect()
    }

    async fn seconds(&self, seconds: u64) {
        self.account
            .clock()
            .sleep(Duration::from_secs(seconds))
            .await;
    }

    async fn minutes(&self, minutes: u64) {
        self.seconds(60 * minutes).await;
    }

    /// Waits for something, for three hours at most.
    async fn until(&self, what: &str, reached: impl Fn() -> bool) {
        for _ in 0..3 * 3600 {
            if reached() {
                return;
            }
            self.seconds(1).await;
        }
        panic!("never came to {what}: {:#?}", self.story());
    }

    async fn until_status(&self, id: &str, status: &str) {
        self.until(status, || self.info(id)["status"] == status)
            .await;
    }

    /// Waits until the event is under way.
    async fn until_event(&self, id: &str, event: &str) {
        let line = format!("{event} InProgress");
        let started = || self.info(id)["status"] != "Created";
        self.until(&line, || started() && self.lifecycle(id).contains(&line))
            .await;
    }

    /// The production listener's weights of the blue and the green target group.
    fn production(&self) -> (u32, u32) {
        self.weights(&self.production)
    }

    fn test_traffic(&self) -> (u32, u32) {
        self.weights(&self.test)
    }

    fn weights(&self, listener: &str) -> (u32, u32) {
        let weights = elb::listener(&self.account, listener).unwrap().weights;
        let of = |arn: &str| {
            weights
                .iter()
                .find(|(group, _)| group == arn)
                .map_or(0, |(_, weight)| *weight)
        };
        (of(&self.blue), of(&self.green))
    }

    /// External id and status of the service's task sets.
    fn task_sets(&self) -> Vec<(Option<String>, &'static str)> {
        let service = ecs::service(&self.account, "mco", "api").unwrap();
        service
            .task_sets
            .into_iter()
            .map(|set| (set.external_id, set.status))
            .collect()
    }

    /// `d-… START`, … in order.
    fn states(&self) -> Vec<String> {
        let events = self.account.events().history();
        let ours = events
            .iter()
            .filter(|event| event["source"] == "aws.codedeploy");
        let detail = |event: &Value| {
            let detail = &event["detail"];
            format!(
                "{} {}",
                detail["deploymentId"].as_str().unwrap(),
                detail["state"].as_str().unwrap()
            )
        };
        ours.map(detail).collect()
    }

    fn story(&self) -> Vec<String> {
        self.account
            .journal()
            .happenings()
            .into_iter()
            .map(|it| it.text)
            .collect()
    }
}

fn answer(account: &Account, payload: &Value, status: &str) -> Result<Value, ServiceError> {
    let input = json!({
        "deploymentId": payload["DeploymentId"],
        "lifecycleEventHookExecutionId": payload["LifecycleEventHookExecutionId"],
        "status": status,
    });
    super::handle(account, "PutLifecycleEventHookExecutionStatus", input)
}

fn broken(message: &str) -> FunctionError {
    FunctionError {
        error_type: "Runtime.ExitError".to_owned(),
        message: message.to_owned(),
    }
}

fn appspec(task_definition: &str, hooks: &[(&str, &str)]) -> String {
    let hooks: Vec<Value> = hooks
        .iter()
        .map(|(event, function)| json!({*event: function}))
        .collect();
    json!({
        "version": 0.0,
        "Resources": [{"TargetService": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "TaskDefinition": task_definition,
                "LoadBalancerInfo": {"ContainerName": "api", "ContainerPort": 8080},
            },
        }}],
        "Hooks": hooks,
    })
    .to_string()
}

fn creation(appspec: &str) -> Value {
    json!({
        "applicationName": "API",
        "deploymentGroupName": "API",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec}},
    })
}
