//! ECS services, from their properties to the account's: who deploys them, and how.

use std::time::Duration;

use serde_json::Value;

use super::Made;
use super::resources::{New, text, with};
use crate::account::ecs::{
    self, CircuitBreaker, Controller, EcsController, Hook, LoadBalancer, Native, Routing,
    ServiceSpec, Shift, Stage, Strategy,
};

impl New<'_> {
    pub(super) fn service(&self) -> Result<Made, String> {
        let (cluster, name) = (self.text("Cluster")?, self.text("ServiceName")?);
        let balancer = &self.properties["LoadBalancers"][0];
        let load_balancer = match balancer {
            Value::Null => None,
            balancer => Some(load_balancer(balancer)?),
        };
        let kind = text(&self.properties["DeploymentController"]["Type"]);
        let controller = match (kind.as_deref(), load_balancer) {
            (Some("CODE_DEPLOY"), Some(load_balancer)) => Controller::CodeDeploy { load_balancer },
            (None | Some("ECS"), load_balancer) => {
                Controller::Ecs(self.deployed_by_ecs(load_balancer, balancer)?)
            }
            (kind, _) => {
                let kind = kind.unwrap_or_default();
                return Err(format!("a service like this under {kind} is not rehearsed"));
            }
        };
        let grace = match self.properties.get("HealthCheckGracePeriodSeconds") {
            Some(_) => self.seconds("HealthCheckGracePeriodSeconds")?,
            None => Duration::ZERO,
        };
        let spec = ServiceSpec {
            cluster,
            name: name.clone(),
            desired_count: self.number("DesiredCount")?,
            task_definition: self.text("TaskDefinition")?,
            controller,
            health_check_grace: grace,
        };
        let arn = ecs::create_service(self.account, spec)?;
        Ok(with(arn.clone(), [("Name", name), ("ServiceArn", arn)]))
    }

    fn deployed_by_ecs(
        &self,
        load_balancer: Option<LoadBalancer>,
        balancer: &Value,
    ) -> Result<EcsController, String> {
        let configuration = &self.properties["DeploymentConfiguration"];
        let number = |of: &Value, key: &str| {
            text(&of[key])
                .and_then(|it| it.parse().ok())
                .ok_or_else(|| format!("{}: {key} is missing", self.id))
        };
        let shift = match text(&configuration["Strategy"]).as_deref() {
            None | Some("ROLLING") => return Ok(rolling(configuration, load_balancer)),
            Some("BLUE_GREEN") => Shift::AllAtOnce,
            Some("CANARY") => {
                let canary = &configuration["CanaryConfiguration"];
                Shift::Canary {
                    percent: f64::from(number(canary, "CanaryPercent")?),
                    bake_minutes: number(canary, "CanaryBakeTimeInMinutes")?,
                }
            }
            Some("LINEAR") => {
                let linear = &configuration["LinearConfiguration"];
                Shift::Linear {
                    step_percent: f64::from(number(linear, "StepPercent")?),
                    step_bake_minutes: number(linear, "StepBakeTimeInMinutes")?,
                }
            }
            Some(other) => return Err(format!("{}: there is no strategy {other}", self.id)),
        };
        let hooks = configuration["LifecycleHooks"].as_array();
        let hooks = hooks.into_iter().flatten().map(|it| self.hook(it));
        let native = Native {
            shift,
            bake_minutes: number(configuration, "BakeTimeInMinutes")?,
            hooks: hooks.collect::<Result<_, _>>()?,
            routing: routing(&balancer["AdvancedConfiguration"]),
        };
        Ok(EcsController::native(load_balancer, native))
    }

    fn hook(&self, hook: &Value) -> Result<Hook, String> {
        let stages = hook["LifecycleStages"].as_array().into_iter().flatten();
        let stages: Option<Vec<Stage>> = stages.map(|it| Stage::parse(it.as_str()?)).collect();
        let stages = stages.ok_or_else(|| format!("{}: no such lifecycle stage", self.id))?;
        if text(&hook["TargetType"]).as_deref() == Some("PAUSE") {
            return Ok(Hook::pause(&stages));
        }
        let function = text(&hook["HookTargetArn"]);
        let function = function.ok_or_else(|| format!("{}: a hook has no function", self.id))?;
        Ok(Hook {
            role_arn: text(&hook["RoleArn"]),
            ..Hook::lambda(&function, &stages)
        })
    }
}

fn load_balancer(value: &Value) -> Result<LoadBalancer, String> {
    let port = text(&value["ContainerPort"]).and_then(|port| port.parse().ok());
    let parts = (
        text(&value["TargetGroupArn"]),
        text(&value["ContainerName"]),
        port,
    );
    let (Some(target_group_arn), Some(container_name), Some(container_port)) = parts else {
        return Err("a load balancer needs target group, container and port".to_owned());
    };
    Ok(LoadBalancer {
        target_group_arn,
        container_name,
        container_port,
    })
}

fn routing(advanced: &Value) -> Option<Routing> {
    Some(Routing {
        alternate_target_group_arn: text(&advanced["AlternateTargetGroupArn"])?,
        production_listener_rule: text(&advanced["ProductionListenerRule"])?,
        test_listener_rule: text(&advanced["TestListenerRule"]),
        role_arn: text(&advanced["RoleArn"])?,
    })
}

fn rolling(configuration: &Value, load_balancer: Option<LoadBalancer>) -> EcsController {
    let mut controller = EcsController::rolling(load_balancer);
    let breaker = &configuration["DeploymentCircuitBreaker"];
    let is_true = |value: &Value| text(value).as_deref() == Some("true");
    if is_true(&breaker["Enable"]) && is_true(&breaker["Rollback"]) {
        controller.configuration.strategy = Strategy::Rolling {
            circuit_breaker: Some(CircuitBreaker::with_rollback()),
        };
    }
    controller
}
