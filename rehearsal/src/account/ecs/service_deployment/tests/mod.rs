//! Deployments of the `ECS` controller from beginning to end in virtual time, through the same door as the
//! wire.

mod breaker;
mod describe;
mod hooks;
mod native;
mod native_rollback;
mod pause;
mod rolling;
mod update;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::Request;
use serde_json::{Value, json};

use super::{
    CircuitBreaker, Controller, DeploymentConfiguration, EcsController, Hook, Native, Routing,
    Shift, Stage, Strategy,
};
use crate::account::containers::ImageSpec;
use crate::account::ecs::{self, LoadBalancer, RevisionView, ServiceSpec};
use crate::account::elb::{self, TargetGroupSpec};
use crate::account::functions::Invocation;
use crate::account::{Account, ServiceError, Settings, ecr};

/// An account with the samples' service under the `ECS` controller, and revision 1 (`v1`) and 2 (`v2`) of
/// its task definition.
struct World {
    account: Account,
    production: String,
    test: String,
    blue: String,
    green: String,
}

impl World {
    /// A rolling service behind a load balancer, without a circuit breaker.
    fn rolling() -> Self {
        Self::with(|_| {})
    }

    /// The same with a circuit breaker that rolls back.
    fn guarded() -> Self {
        Self::with(|spec| breaker(spec, CircuitBreaker::with_rollback()))
    }

    /// A worker: no load balancer.
    fn worker() -> Self {
        Self::with(|spec| spec.controller = Controller::Ecs(EcsController::rolling(None)))
    }

    /// A service with a blue and a green revision, these hooks and two minutes of bake time.
    fn native(shift: Shift, hooks: &[Hook]) -> Self {
        let (world, mut spec) = Self::empty();
        world.make_native(&mut spec, shift, hooks);
        ecs::create_service(&world.account, spec).unwrap();
        world
    }

    fn make_native(&self, spec: &mut ServiceSpec, shift: Shift, hooks: &[Hook]) {
        let routing = Routing {
            alternate_target_group_arn: self.green.clone(),
            production_listener_rule: elb::default_rule(&self.production),
            test_listener_rule: Some(elb::default_rule(&self.test)),
            role_arn: "arn:aws:iam::123456789012:role/ecsInfrastructureRoleForLoadBalancers"
                .to_owned(),
        };
        let native = Native {
            shift,
            bake_minutes: 2,
            hooks: hooks.to_vec(),
            routing: Some(routing),
        };
        spec.controller = Controller::Ecs(EcsController::native(Some(self.balancer()), native));
    }

    fn with(change: impl FnOnce(&mut ServiceSpec)) -> Self {
        let (world, mut spec) = Self::empty();
        change(&mut spec);
        ecs::create_service(&world.account, spec).unwrap();
        world
    }

    /// Everything but the service.
    fn empty() -> (Self, ServiceSpec) {
        let account = Account::new(Settings::for_tests());
        ecr::create_repository(&account, "mco/api");
        let balancer = elb::create_load_balancer(&account, "mco");
        let blue = elb::create_target_group(&account, target_group("mco-api-blue"));
        let green = elb::create_target_group(&account, target_group("mco-api-green"));
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
        let spec = ServiceSpec {
            cluster: "mco".to_owned(),
            name: "api".to_owned(),
            desired_count: 2,
            task_definition: "mco-api:1".to_owned(),
            controller: Controller::Ecs(EcsController::rolling(Some(world.balancer()))),
            health_check_grace: Duration::from_secs(30),
        };
        (world, spec)
    }

    fn balancer(&self) -> LoadBalancer {
        LoadBalancer {
            target_group_arn: self.blue.clone(),
            container_name: "api".to_owned(),
            container_port: 8080,
        }
    }

    /// Pushes the image and registers the next revision of `mco-api` with it.
    fn task_definition(&self, image: &ImageSpec) -> String {
        ecr::push_image(&self.account, "mco/api", &[&image.version], image).unwrap();
        let reference = format!(
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:{}",
            image.version
        );
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
        let output = self.call("RegisterTaskDefinition", input).unwrap();
        output["taskDefinition"]["taskDefinitionArn"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A function that keeps its payloads and answers one of `answers` after the other, the last for ever.
    fn function(&self, name: &str, answers: &[Value]) -> Arc<Mutex<Vec<Value>>> {
        let payloads = Arc::new(Mutex::new(Vec::new()));
        let (keep, answers) = (payloads.clone(), answers.to_vec());
        let handler = move |invocation: Invocation| {
            let mut payloads = keep.lock().unwrap();
            let answer = answers[payloads.len().min(answers.len() - 1)].clone();
            payloads.push(invocation.payload);
            async move { Ok(answer) }.boxed()
        };
        self.account.functions().register(name, Arc::new(handler));
        payloads
    }

    fn call(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        ecs::handle(&self.account, operation, input)
    }

    fn error(&self, operation: &str, input: Value) -> ServiceError {
        self.call(operation, input).unwrap_err()
    }

    /// `UpdateService` to a task definition. Returns the ARN of the service deployment.
    fn deploy(&self, task_definition: &str) -> String {
        let input = json!({"cluster": "mco", "service": "api", "taskDefinition": task_definition});
        self.update(input)
    }

    fn update(&self, input: Value) -> String {
        let output = self.call("UpdateService", input).unwrap();
        output["service"]["currentServiceDeployment"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn service(&self) -> Value {
        let input = json!({"cluster": "mco", "services": ["api"]});
        self.call("DescribeServices", input).unwrap()["services"][0].take()
    }

    fn deployment(&self, arn: &str) -> Value {
        let input = json!({"serviceDeploymentArns": [arn]});
        self.call("DescribeServiceDeployments", input).unwrap()["serviceDeployments"][0].take()
    }

    fn revision(&self, arn: &Value) -> Value {
        let input = json!({"serviceRevisionArns": [arn]});
        self.call("DescribeServiceRevisions", input).unwrap()["serviceRevisions"][0].take()
    }

    fn revisions(&self) -> Vec<RevisionView> {
        ecs::revisions(&self.account, "mco", "api")
    }

    /// Status, number of the task definition and rollout state of each of `deployments[]`.
    fn deployments(&self) -> Vec<String> {
        let service = self.service();
        let line = |it: &Value| {
            format!(
                "{} {} {}",
                it["status"].as_str().unwrap(),
                it["taskDefinition"]
                    .as_str()
                    .unwrap()
                    .rsplit(':')
                    .next()
                    .unwrap(),
                it["rolloutState"].as_str().unwrap()
            )
        };
        service["deployments"]
            .as_array()
            .unwrap()
            .iter()
            .map(line)
            .collect()
    }

    async fn until_stage(&self, arn: &str, stage: Stage) {
        let reached = || self.deployment(arn)["lifecycleStage"] == stage.name();
        self.until(stage.name(), reached).await;
    }

    /// A listener's weights of the blue and the green target group.
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

    async fn seconds(&self, seconds: u64) {
        self.account
            .clock()
            .sleep(Duration::from_secs(seconds))
            .await;
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

    async fn until_status(&self, arn: &str, status: &str) {
        self.until(status, || self.deployment(arn)["status"] == status)
            .await;
    }

    /// A request to the production listener: status and body.
    async fn get(&self) -> (u16, String) {
        let listener = elb::listener(&self.account, &self.production).unwrap();
        let request = Request::get("/").body(Bytes::new()).unwrap();
        let answer = self
            .account
            .request(listener.url.parse().unwrap(), request)
            .await;
        let answer = answer.unwrap();
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), body)
    }

    /// The details of ECS's events of this type, in order.
    fn events(&self, detail_type: &str) -> Vec<Value> {
        let events = self.account.events().history();
        let ours = events
            .into_iter()
            .filter(|event| event["source"] == "aws.ecs" && event["detail-type"] == detail_type);
        ours.map(|mut event| event["detail"].take()).collect()
    }

    /// Name and deployment id of each deployment event.
    fn changes(&self) -> Vec<(String, String)> {
        let events = self.events("ECS Deployment State Change");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        events
            .iter()
            .map(|it| {
                let name = text(&it["eventName"]).replace("SERVICE_DEPLOYMENT_", "");
                (name, text(&it["deploymentId"]))
            })
            .collect()
    }

    fn story(&self) -> Vec<String> {
        let happenings = self.account.journal().happenings().into_iter();
        happenings.map(|it| it.text).collect()
    }
}

/// Somebody who asks for `/` again and again.
struct Asking {
    answers: Arc<Mutex<Vec<(u16, String)>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Asking {
    fn begin(world: &Arc<World>) -> Self {
        let (world, answers) = (world.clone(), Arc::new(Mutex::new(Vec::new())));
        let keep = answers.clone();
        let task = tokio::spawn(async move {
            loop {
                let answer = world.get().await;
                keep.lock().unwrap().push(answer);
                world
                    .account
                    .clock()
                    .sleep(Duration::from_millis(500))
                    .await;
            }
        });
        Self { answers, task }
    }

    fn answers(&self) -> Vec<(u16, String)> {
        self.answers.lock().unwrap().clone()
    }

    /// Ends it. Returns the answers, of which none may be a loss.
    fn end(self) -> Vec<(u16, String)> {
        self.task.abort();
        let answers = self.answers();
        let lost = answers.iter().filter(|(status, _)| *status != 200).count();
        assert_eq!(lost, 0, "of {}", answers.len());
        answers
    }
}

fn target_group(name: &str) -> TargetGroupSpec {
    TargetGroupSpec {
        name: name.to_owned(),
        port: 8080,
        health_check_path: "/ping".to_owned(),
        interval: Duration::from_secs(5),
        timeout: Duration::from_secs(2),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        deregistration_delay: Duration::from_secs(10),
    }
}

/// The ARN under which a function is a hook.
fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}")
}

fn configuration(spec: &mut ServiceSpec) -> &mut DeploymentConfiguration {
    match &mut spec.controller {
        Controller::Ecs(controller) => &mut controller.configuration,
        other => panic!("{other:?}"),
    }
}

fn breaker(spec: &mut ServiceSpec, breaker: CircuitBreaker) {
    configuration(spec).strategy = Strategy::Rolling {
        circuit_breaker: Some(breaker),
    };
}
