//! The set-up of all samples, for the tests of this crate: cluster `mco`, service `api`, repository
//! `mco/api`, load balancer `mco`.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::containers::ImageSpec;
use super::ecs::{self, LoadBalancer, NewTaskSet, ServiceSpec};
use super::elb::{self, TargetGroupSpec};
use super::{Account, ServiceError, Settings, ecr};

/// The account and the ARNs in it.
pub(crate) struct Sample {
    pub(crate) account: Account,
    pub(crate) production: String,
    pub(crate) blue: String,
    pub(crate) green: String,
}

impl Sample {
    /// In memory, with `v1` in service.
    pub(crate) fn open() -> Self {
        Self::with(Settings::for_tests(), &ImageSpec::healthy("v1"), |_| {})
    }

    /// With other settings, another first image, or another task definition.
    pub(crate) fn with(
        settings: Settings,
        image: &ImageSpec,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let account = Account::new(settings);
        ecr::create_repository(&account, "mco/api");
        ecr::push_image(&account, "mco/api", &["test"], image).unwrap();
        let balancer = elb::create_load_balancer(&account, "mco");
        let blue = elb::create_target_group(&account, TargetGroupSpec::sample("mco-api-blue"));
        let green = elb::create_target_group(&account, TargetGroupSpec::sample("mco-api-green"));
        let production = elb::create_listener(&account, &balancer, 80, &blue).unwrap();
        elb::create_listener(&account, &balancer, 9001, &blue).unwrap();
        let mut document = task_definition("test");
        change(&mut document);
        ecs::register_task_definition(&account, document).unwrap();
        ecs::create_cluster(&account, "mco");
        let service = ServiceSpec {
            cluster: "mco".to_owned(),
            name: "api".to_owned(),
            desired_count: 2,
            task_definition: "mco-api".to_owned(),
            controller: ecs::Controller::CodeDeploy {
                load_balancer: LoadBalancer {
                    target_group_arn: blue.clone(),
                    container_name: "api".to_owned(),
                    container_port: 8080,
                },
            },
            health_check_grace: Duration::from_mins(1),
        };
        ecs::create_service(&account, service).unwrap();
        Self {
            account,
            production,
            blue,
            green,
        }
    }

    /// Pushes an image under a tag and starts a task set of it, as CodeDeploy would.
    pub(crate) fn green(&self, tag: &str, image: &ImageSpec) -> String {
        ecr::push_image(&self.account, "mco/api", &[tag], image).unwrap();
        self.green_with(task_definition(tag))
    }

    /// Starts a task set of a task definition.
    pub(crate) fn green_with(&self, document: Value) -> String {
        let task_definition = ecs::register_task_definition(&self.account, document).unwrap();
        let new = NewTaskSet {
            task_definition,
            external_id: Some("d-GREEN1234".to_owned()),
            started_by: "CODE_DEPLOY".to_owned(),
            load_balancer: Some(LoadBalancer {
                target_group_arn: self.green.clone(),
                container_name: "api".to_owned(),
                container_port: 8080,
            }),
            scale_percent: 100.0,
            network_configuration: None,
        };
        ecs::create_task_set(&self.account, "mco", "api", new).unwrap()
    }

    /// Waits for a simulated length of time.
    pub(crate) async fn after(&self, seconds: u64) {
        self.account
            .clock()
            .sleep(Duration::from_secs(seconds))
            .await;
    }

    pub(crate) fn ecs(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        ecs::handle(&self.account, operation, input)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "`json!` reads better without `&`"
    )]
    pub(crate) fn ecr(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        ecr::handle_own(&self.account, operation, &input)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "`json!` reads better without `&`"
    )]
    pub(crate) fn elb(&self, operation: &str, input: Value) -> Result<Value, ServiceError> {
        elb::handle(&self.account, operation, &input)
    }

    /// A request to the production listener; the answer's body.
    pub(crate) async fn get(&self, path: &str) -> Response<Bytes> {
        let listener = elb::listener(&self.account, &self.production).unwrap();
        let request = Request::get(path).body(Bytes::new()).unwrap();
        self.account
            .request(listener.url.parse().unwrap(), request)
            .await
            .unwrap()
    }

    /// The tasks of a task set, as `DescribeTasks` shows them.
    pub(crate) fn tasks(&self, task_set: &str, desired_status: &str) -> Vec<Value> {
        let input =
            json!({"cluster": "mco", "startedBy": task_set, "desiredStatus": desired_status});
        let arns = self.ecs("ListTasks", input).unwrap()["taskArns"].clone();
        if arns.as_array().unwrap().is_empty() {
            return Vec::new();
        }
        let output = self
            .ecs("DescribeTasks", json!({"cluster": "mco", "tasks": arns}))
            .unwrap();
        output["tasks"].as_array().unwrap().clone()
    }
}

/// The sample's task definition, for a tag or digest (`@sha256:…`) of the repository.
pub(crate) fn task_definition(tag: &str) -> Value {
    let separator = if tag.starts_with('@') { "" } else { ":" };
    json!({
        "family": "mco-api",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {
                "name": "api",
                "image": format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api{separator}{tag}"),
                "essential": true,
                "portMappings": [{"containerPort": 8080}],
            },
            {"name": "log-router", "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"},
        ],
    })
}
