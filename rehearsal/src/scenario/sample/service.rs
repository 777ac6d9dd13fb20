//! The sample service: its task definition, its load balancer, and who deploys it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    CLUSTER, CONTAINER, PARAMETER, REPOSITORY, SECRET, SERVICE, SIDECAR, SIDECAR_REPOSITORY,
    SampleError, Stand, TAG, failed,
};
use crate::account::containers::ImageSpec;
use crate::account::ecs::{
    self, CircuitBreaker, Controller, EcsController, Hook, LoadBalancer, Native, Routing,
    ServiceSpec, Shift, Stage, Strategy,
};
use crate::account::elb::{self, TargetGroupSpec};
use crate::account::{Account, ecr, ssm};

/// The wished-for ports of the load balancer's listeners.
pub(super) const PRODUCTION_PORT: u16 = 80;
pub(super) const TEST_PORT: u16 = 9001;
pub(super) const CONTAINER_PORT: u16 = 8080;
/// So long the log groups of all services keep their lines.
pub(super) const LOG_DAYS: u32 = 30;

/// How long both revisions run after all traffic has moved, and after a canary's first step.
const BAKE_MINUTES: u32 = 2;

/// What the service stands on.
pub(super) struct Ground {
    pub(super) production_listener: String,
    pub(super) test_listener: String,
    pub(super) blue: String,
    pub(super) green: String,
    pub(super) task_definition: String,
}

/// The first images, the load balancer, the cluster and the task definition. Returns `v1`'s digest, too.
pub(super) fn prepare(account: &Account, stand: Stand) -> Result<(String, Ground), SampleError> {
    let uri = ecr::create_repository(account, REPOSITORY);
    let v1 =
        ecr::push_image(account, REPOSITORY, &[TAG], &ImageSpec::healthy("v1")).map_err(failed)?;
    let mut document = task_definition(&format!("{uri}:{TAG}"));
    account.create_log_group("/ecs/api", Some(LOG_DAYS));
    name_secrets(account, &mut document)?;
    if stand == Stand::Sidecars {
        let uri = ecr::create_repository(account, SIDECAR_REPOSITORY);
        let first = ImageSpec::healthy("sidecar-v1");
        ecr::push_image(account, SIDECAR_REPOSITORY, &[TAG], &first).map_err(failed)?;
        if let Some(containers) = document["containerDefinitions"].as_array_mut() {
            containers.push(json!({
                "name": SIDECAR, "image": format!("{uri}:{TAG}"), "essential": false,
            }));
        }
    }
    let task_definition = ecs::register_task_definition(account, document).map_err(failed)?;
    let load_balancer = elb::create_load_balancer(account, CLUSTER);
    let blue = elb::create_target_group(account, target_group("api-blue"));
    let green = elb::create_target_group(account, target_group("api-green"));
    let listener =
        |port| elb::create_listener(account, &load_balancer, port, &blue).map_err(failed);
    let (production_listener, test_listener) = (listener(PRODUCTION_PORT)?, listener(TEST_PORT)?);
    ecs::create_cluster(account, CLUSTER);
    let ground = Ground {
        production_listener,
        test_listener,
        blue,
        green,
        task_definition,
    };
    Ok((v1, ground))
}

/// Has the application get a secret, by its ARN, and a parameter, by its name; both are made.
fn name_secrets(account: &Account, document: &mut Value) -> Result<(), SampleError> {
    let secret = account.add_secret(SECRET);
    ssm::create_parameter(
        account,
        PARAMETER,
        "SecureString",
        "postgres://db.mco.internal/api",
    )
    .map_err(failed)?;
    document["containerDefinitions"][0]["secrets"] = json!([
        {"name": "API_KEY", "valueFrom": secret},
        {"name": "DATABASE_URL", "valueFrom": PARAMETER},
    ]);
    Ok(())
}

/// The service as `stand` wants it. `hook` is the ARN of the function that native deployments ask.
pub(super) fn spec(stand: Stand, ground: &Ground, hook: &str) -> ServiceSpec {
    let load_balancer = LoadBalancer {
        target_group_arn: ground.blue.clone(),
        container_name: CONTAINER.to_owned(),
        container_port: CONTAINER_PORT,
    };
    let controller = match stand {
        // That of `Releases` is the examples' own.
        Stand::CodeDeploy | Stand::Templates | Stand::Pipeline | Stand::Releases | Stand::Gated => {
            Controller::CodeDeploy { load_balancer }
        }
        Stand::Rolling | Stand::Migration | Stand::Sidecars | Stand::Task => {
            let mut rolling = EcsController::rolling(Some(load_balancer));
            rolling.configuration.strategy = Strategy::Rolling {
                circuit_breaker: Some(CircuitBreaker::with_rollback()),
            };
            Controller::Ecs(rolling)
        }
        Stand::BlueGreen => native(ground, load_balancer, Shift::AllAtOnce, hooks(hook)),
        Stand::Canary => native(ground, load_balancer, canary(), hooks(hook)),
        Stand::PausedCanary => {
            let mut hooks = hooks(hook);
            // On the way back, too, ECS asks at this stage.
            hooks.push(Hook::lambda(hook, &[Stage::ProductionTrafficShift]));
            hooks.push(Hook::pause(&[Stage::PreProductionTrafficShift]));
            native(ground, load_balancer, canary(), hooks)
        }
    };
    ServiceSpec {
        cluster: CLUSTER.to_owned(),
        name: SERVICE.to_owned(),
        desired_count: 2,
        task_definition: ground.task_definition.clone(),
        controller,
        health_check_grace: Duration::from_secs(30),
    }
}

const fn canary() -> Shift {
    Shift::Canary {
        percent: 10.0,
        bake_minutes: BAKE_MINUTES,
    }
}

/// At every stage at which the sample targets have a gate.
fn hooks(function: &str) -> Vec<Hook> {
    let stages = [
        Stage::PostScaleUp,
        Stage::PostTestTrafficShift,
        Stage::PreProductionTrafficShift,
    ];
    vec![Hook::lambda(function, &stages)]
}

pub(super) fn native(
    ground: &Ground,
    load_balancer: LoadBalancer,
    shift: Shift,
    hooks: Vec<Hook>,
) -> Controller {
    let routing = Routing {
        alternate_target_group_arn: ground.green.clone(),
        production_listener_rule: elb::default_rule(&ground.production_listener),
        test_listener_rule: Some(elb::default_rule(&ground.test_listener)),
        role_arn: role("ecsInfrastructureRoleForLoadBalancers"),
    };
    let native = Native {
        shift,
        bake_minutes: BAKE_MINUTES,
        hooks,
        routing: Some(routing),
    };
    Controller::Ecs(EcsController::native(Some(load_balancer), native))
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

/// The application, and a second container that no deployment may touch.
pub(super) fn task_definition(image: &str) -> Value {
    json!({
        "family": CONTAINER,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": role("api-task"),
        "executionRoleArn": role("api-execution"),
        "containerDefinitions": [
            {
                "name": CONTAINER,
                "image": image,
                "essential": true,
                "portMappings": [{"containerPort": CONTAINER_PORT, "protocol": "tcp"}],
                "environment": [{"name": "STAGE", "value": "test"}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/api",
                        "awslogs-region": "eu-west-1",
                        "awslogs-stream-prefix": "api",
                    },
                },
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

pub(super) fn target_group(name: &str) -> TargetGroupSpec {
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
