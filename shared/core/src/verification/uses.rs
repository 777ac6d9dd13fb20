//! Who assumes which role: what AWS does for a deployment it does by roles that a service, a deployment group or a
//! task definition names.

use super::check;
use super::roles::Use;

/// Who moves the traffic, and calls hooks.
pub const SERVICE: &str = "ecs.amazonaws.com";

/// The role by which ECS moves the traffic of a service.
pub const INFRASTRUCTURE: Use<'static> = Use {
    exists: check::INFRASTRUCTURE_ROLE,
    trust: check::INFRASTRUCTURE_ROLE_TRUST,
    service: SERVICE,
    what: "by which ECS moves the traffic",
    named: "`loadBalancers[].advancedConfiguration.roleArn` of the service",
};

/// The role by which ECS calls the gate.
pub const HOOK: Use<'static> = Use {
    exists: check::HOOK_ROLE,
    trust: check::HOOK_ROLE_TRUST,
    service: SERVICE,
    what: "by which ECS calls the gate",
    named: "`deploymentConfiguration.lifecycleHooks[].roleArn` of the service",
};

/// The role by which CodeDeploy does all of that.
pub const CODEDEPLOY: Use<'static> = Use {
    exists: check::CODEDEPLOY_ROLE,
    trust: check::CODEDEPLOY_ROLE_TRUST,
    service: "codedeploy.amazonaws.com",
    what: "the service role of the deployment group",
    named: "the deployment group",
};

/// The role that the containers have.
pub const TASK: Use<'static> = Use {
    exists: check::TASK_ROLE,
    trust: check::TASK_ROLE_TRUST,
    service: TASKS,
    what: "the task role",
    named: "`taskRoleArn` of the task definition",
};

/// The role by which images, secrets and logs are got.
pub const EXECUTION: Use<'static> = Use {
    exists: check::EXECUTION_ROLE,
    trust: check::EXECUTION_ROLE_TRUST,
    service: TASKS,
    what: "the execution role",
    named: "`executionRoleArn` of the task definition",
};

/// Who assumes the roles of tasks.
pub const TASKS: &str = "ecs-tasks.amazonaws.com";
