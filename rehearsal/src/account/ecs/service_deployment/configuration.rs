//! How the deployments of a service are to run: its controller and `deploymentConfiguration`
//! (AWS-FACTS 6.2, 7.1), built so that combinations that ECS refuses cannot be built.

use serde_json::{Value, json};

use super::hook_configuration::Hook;
use crate::account::ecs::LoadBalancer;

/// `deploymentController`, and what goes with it.
#[derive(Debug, Clone, PartialEq)]
pub enum Controller {
    /// `CODE_DEPLOY`: task sets, which CodeDeploy creates.
    CodeDeploy {
        /// Where the tasks of the first task set are registered.
        load_balancer: LoadBalancer,
    },
    /// `EXTERNAL`: task sets, which somebody else creates.
    External,
    /// `ECS`: service revisions, which `UpdateService` deploys.
    Ecs(EcsController),
}

/// A service whose deployments ECS itself runs.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsController {
    /// A worker has none.
    pub load_balancer: Option<LoadBalancer>,
    /// `schedulingStrategy`
    pub scheduling: Scheduling,
    /// `deploymentConfiguration`
    pub configuration: DeploymentConfiguration,
}

/// `schedulingStrategy`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduling {
    /// As many tasks as are desired.
    Replica,
    /// One task on each container instance: their number is the desired count, and cannot be set.
    Daemon,
}

/// `deploymentConfiguration`
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentConfiguration {
    /// How much of the desired count stays healthy during a rolling deployment.
    pub minimum_healthy_percent: u32,
    /// How much of it runs at most.
    pub maximum_percent: u32,
    /// How new tasks take over.
    pub strategy: Strategy,
}

/// `strategy`
#[derive(Debug, Clone, PartialEq)]
pub enum Strategy {
    /// `ROLLING`: new tasks replace old ones in the same target group.
    Rolling {
        /// Off, if there is none.
        circuit_breaker: Option<CircuitBreaker>,
    },
    /// `BLUE_GREEN`, `LINEAR` or `CANARY`.
    Native(Native),
}

/// `deploymentCircuitBreaker`, switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// Whether a failed deployment is rolled back to the last completed one.
    pub rollback: bool,
    /// Whether a task that becomes healthy sets the count of failures to nought.
    pub reset_on_healthy_task: bool,
    /// How many tasks may fail.
    pub threshold: Threshold,
}

/// `thresholdConfiguration`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// `COUNT`
    Count(u32),
    /// `BOUNDED_PERCENT` of the desired count, but at least 3 and at most 200.
    BoundedPercent(u32),
    /// `UNBOUNDED_PERCENT` of the desired count.
    UnboundedPercent(u32),
}

/// A deployment with a blue and a green service revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Native {
    /// How production traffic moves.
    pub shift: Shift,
    /// `bakeTimeInMinutes`: how long both revisions run after it has moved.
    pub bake_minutes: u32,
    /// `lifecycleHooks`
    pub hooks: Vec<Hook>,
    /// `advancedConfiguration` of the load balancer; without it no traffic is moved.
    pub routing: Option<Routing>,
}

/// How production traffic moves to the green revision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shift {
    /// `BLUE_GREEN`
    AllAtOnce,
    /// `LINEAR`: in equal steps.
    Linear {
        /// Each step.
        step_percent: f64,
        /// After each step but the last.
        step_bake_minutes: u32,
    },
    /// `CANARY`: a small share first, then the rest.
    Canary {
        /// The small share.
        percent: f64,
        /// After it.
        bake_minutes: u32,
    },
}

/// `advancedConfiguration`: the other target group, and the rules whose weights move traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// Which of the two is green alternates.
    pub alternate_target_group_arn: String,
    /// `productionListenerRule`
    pub production_listener_rule: String,
    /// `testListenerRule`
    pub test_listener_rule: Option<String>,
    /// `roleArn`: the role in which ECS moves traffic.
    pub role_arn: String,
}

impl Controller {
    /// `CODE_DEPLOY`, `EXTERNAL` or `ECS`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CodeDeploy { .. } => "CODE_DEPLOY",
            Self::External => "EXTERNAL",
            Self::Ecs(_) => "ECS",
        }
    }
}

impl EcsController {
    /// A rolling service of replicas with ECS's own defaults (100 % to 200 %, no circuit breaker).
    pub const fn rolling(load_balancer: Option<LoadBalancer>) -> Self {
        Self {
            load_balancer,
            scheduling: Scheduling::Replica,
            configuration: DeploymentConfiguration {
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                strategy: Strategy::Rolling {
                    circuit_breaker: None,
                },
            },
        }
    }

    /// A service of replicas with a blue and a green revision.
    pub fn native(load_balancer: Option<LoadBalancer>, native: Native) -> Self {
        let mut controller = Self::rolling(load_balancer);
        controller.configuration.strategy = Strategy::Native(native);
        controller
    }
}

impl Scheduling {
    /// `REPLICA` or `DAEMON`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replica => "REPLICA",
            Self::Daemon => "DAEMON",
        }
    }
}

impl CircuitBreaker {
    /// As most configurations have it: 50 % of the desired count, within bounds, and rolled back.
    pub const fn with_rollback() -> Self {
        Self {
            rollback: true,
            reset_on_healthy_task: true,
            threshold: Threshold::BoundedPercent(50),
        }
    }
}

impl Threshold {
    /// How many failed tasks are too many.
    pub(super) fn of(self, desired: u32) -> u32 {
        let share = |percent: u32| {
            let tasks = (u64::from(desired) * u64::from(percent)).div_ceil(100);
            u32::try_from(tasks).unwrap_or(u32::MAX)
        };
        match self {
            Self::Count(count) => count.max(1),
            Self::BoundedPercent(percent) => share(percent).clamp(3, 200),
            Self::UnboundedPercent(percent) => share(percent).max(1),
        }
    }

    fn to_json(self) -> Value {
        let (kind, value) = match self {
            Self::Count(value) => ("COUNT", value),
            Self::BoundedPercent(value) => ("BOUNDED_PERCENT", value),
            Self::UnboundedPercent(value) => ("UNBOUNDED_PERCENT", value),
        };
        json!({"type": kind, "value": value})
    }
}

impl Native {
    /// Blue/green with both listener rules, ten minutes of bake time and no hooks.
    pub const fn blue_green(routing: Option<Routing>) -> Self {
        Self {
            shift: Shift::AllAtOnce,
            bake_minutes: 10,
            hooks: Vec::new(),
            routing,
        }
    }
}

impl Shift {
    /// The green revision's share of production traffic after each step, and the bake time behind it.
    pub(super) fn steps(self) -> Vec<(f64, u32)> {
        match self {
            Self::AllAtOnce => vec![(100.0, 0)],
            Self::Canary {
                percent,
                bake_minutes,
            } => {
                let first = percent.clamp(0.1, 100.0);
                if first < 100.0 {
                    vec![(first, bake_minutes), (100.0, 0)]
                } else {
                    vec![(100.0, 0)]
                }
            }
            Self::Linear {
                step_percent,
                step_bake_minutes,
            } => {
                // ECS's bounds, so that there are at most 34 steps.
                let step = step_percent.clamp(3.0, 100.0);
                let mut steps = Vec::new();
                let mut share = step;
                while share < 99.95 {
                    // Tenths are exact in the configuration, not in binary.
                    steps.push(((share * 10.0).round() / 10.0, step_bake_minutes));
                    share += step;
                }
                steps.push((100.0, 0));
                steps
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::AllAtOnce => "BLUE_GREEN",
            Self::Linear { .. } => "LINEAR",
            Self::Canary { .. } => "CANARY",
        }
    }
}

impl DeploymentConfiguration {
    /// As `deploymentConfiguration`.
    pub(in crate::account::ecs) fn to_json(&self) -> Value {
        let mut described = json!({
            "maximumPercent": self.maximum_percent,
            "minimumHealthyPercent": self.minimum_healthy_percent,
        });
        match &self.strategy {
            Strategy::Rolling { circuit_breaker } => {
                described["strategy"] = "ROLLING".into();
                described["bakeTimeInMinutes"] = 0.into();
                described["deploymentCircuitBreaker"] = match circuit_breaker {
                    Some(breaker) => json!({
                        "enable": true,
                        "rollback": breaker.rollback,
                        "resetOnHealthyTask": breaker.reset_on_healthy_task,
                        "thresholdConfiguration": breaker.threshold.to_json(),
                    }),
                    None => json!({"enable": false, "rollback": false}),
                };
            }
            Strategy::Native(native) => {
                described["strategy"] = native.shift.name().into();
                described["bakeTimeInMinutes"] = native.bake_minutes.into();
                described["lifecycleHooks"] = native.hooks.iter().map(Hook::to_json).collect();
                match native.shift {
                    Shift::AllAtOnce => {}
                    Shift::Linear {
                        step_percent,
                        step_bake_minutes,
                    } => {
                        described["linearConfiguration"] = json!({
                            "stepPercent": step_percent, "stepBakeTimeInMinutes": step_bake_minutes,
                        });
                    }
                    Shift::Canary {
                        percent,
                        bake_minutes,
                    } => {
                        described["canaryConfiguration"] = json!({
                            "canaryPercent": percent, "canaryBakeTimeInMinutes": bake_minutes,
                        });
                    }
                }
            }
        }
        described
    }

    /// Why ECS would refuse it: a sentence.
    pub(in crate::account::ecs) fn check(&self) -> Result<(), String> {
        if self.maximum_percent <= self.minimum_healthy_percent {
            return Err(
                "The maximum percent has to be above the minimum healthy percent.".to_owned(),
            );
        }
        match &self.strategy {
            Strategy::Rolling { .. } => Ok(()),
            Strategy::Native(native) => Hook::check_all(&native.hooks),
        }
    }

    /// The rules and the other target group, of a strategy that moves traffic.
    pub(in crate::account::ecs) fn routing(&self) -> Option<&Routing> {
        match &self.strategy {
            Strategy::Rolling { .. } => None,
            Strategy::Native(native) => native.routing.as_ref(),
        }
    }
}

impl Routing {
    pub(in crate::account::ecs) fn to_json(&self) -> Value {
        let mut described = json!({
            "alternateTargetGroupArn": self.alternate_target_group_arn,
            "productionListenerRule": self.production_listener_rule,
            "roleArn": self.role_arn,
        });
        if let Some(rule) = &self.test_listener_rule {
            described["testListenerRule"] = rule.as_str().into();
        }
        described
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_half_of_the_desired_count_within_three_and_two_hundred() {
        let of = |threshold: Threshold| [0, 2, 7, 10, 1000].map(|desired| threshold.of(desired));
        assert_eq!(of(Threshold::BoundedPercent(50)), [3, 3, 4, 5, 200]);
        assert_eq!(of(Threshold::UnboundedPercent(50)), [1, 1, 4, 5, 500]);
        assert_eq!(of(Threshold::Count(2)), [2; 5]);
    }

    #[test]
    fn traffic_moves_in_the_steps_that_are_configured() {
        let linear = |step_percent| {
            Shift::Linear {
                step_percent,
                step_bake_minutes: 6,
            }
            .steps()
        };
        assert_eq!(
            linear(40.0),
            [(40.0, 6), (80.0, 6), (100.0, 0)],
            "what is left is the last step"
        );
        assert_eq!(linear(10.0).len(), 10);
        assert_eq!(linear(0.0).len(), 34);
        let canary = Shift::Canary {
            percent: 2.5,
            bake_minutes: 10,
        };
        assert_eq!(canary.steps(), [(2.5, 10), (100.0, 0)]);
        assert_eq!(Shift::AllAtOnce.steps(), [(100.0, 0)]);
    }
}
