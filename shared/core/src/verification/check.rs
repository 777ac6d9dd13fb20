//! The names of the checks: what scripts look for in a report, and what `docs/verification.md` explains.

/// Declares each check as a constant, and all of them as a list.
macro_rules! checks {
    ($($(#[$meaning:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$meaning])* pub const $name: &str = $text;)*

        /// Every check.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

checks! {
    /// The account and region of Greenlight's table are known.
    HOME = "greenlight.home";
    /// The function that answers lifecycle hooks is known where the target has gates.
    GATE_FUNCTION = "gate.function";
    /// The role in `role_arn` can be assumed by us.
    ROLE_ARN = "role_arn.assumable";
    /// The cluster of a task is there.
    CLUSTER = "cluster.exists";
    /// The ECS service is there.
    SERVICE_EXISTS = "service.exists";
    /// It is active.
    SERVICE_STATUS = "service.status";
    /// Its deployment controller fits the strategy.
    SERVICE_CONTROLLER = "service.controller";
    /// Its deployment strategy fits `rolling` or `native`.
    SERVICE_STRATEGY = "service.strategy";
    /// It wants at least one task.
    SERVICE_DESIRED_COUNT = "service.desired_count";
    /// It runs something whose task definition can be copied.
    SERVICE_LIVE = "service.live";
    /// CodeDeploy deploys to it behind a load balancer.
    SERVICE_LOAD_BALANCER = "service.load_balancer";
    /// It calls the gate at each point at which the target has checks.
    SERVICE_HOOK = "service.hook";
    /// The role by which ECS calls the gate is there, trusts ECS, and may call it.
    HOOK_ROLE = "hook_role.exists";
    /// See [`HOOK_ROLE`].
    HOOK_ROLE_TRUST = "hook_role.trust";
    /// See [`HOOK_ROLE`].
    HOOK_PERMISSION = "hook.permission";
    /// The role by which ECS moves the traffic is there.
    INFRASTRUCTURE_ROLE = "infrastructure_role.exists";
    /// It trusts ECS.
    INFRASTRUCTURE_ROLE_TRUST = "infrastructure_role.trust";
    /// The task definition that a new one is made from is there.
    TASK_DEFINITION = "task_definition.exists";
    /// It has the containers that take images.
    CONTAINER = "container.exists";
    /// Their images are of the repositories that the target names.
    CONTAINER_REPOSITORY = "container.repository";
    /// The container and port behind the load balancer are there.
    CONTAINER_PORT = "container.port";
    /// The task role is there.
    TASK_ROLE = "task_role.exists";
    /// It trusts ECS tasks.
    TASK_ROLE_TRUST = "task_role.trust";
    /// The execution role is there, or is not needed.
    EXECUTION_ROLE = "execution_role.exists";
    /// It trusts ECS tasks.
    EXECUTION_ROLE_TRUST = "execution_role.trust";
    /// Whoever deploys may pass the roles to ECS.
    PASS_ROLE = "pass_role";
    /// A secret that a container is given is there.
    SECRET = "secret.exists";
    /// A parameter that a container is given is there.
    PARAMETER = "parameter.exists";
    /// The execution role may read them.
    SECRET_READABLE = "secret.readable";
    /// The log group of a container is there.
    LOG_GROUP = "log_group.exists";
    /// Or the execution role may create it.
    LOG_GROUP_CREATE = "log_group.create";
    /// The repository of an image is there.
    REPOSITORY = "repository.exists";
    /// An image has a tag that the target takes.
    TAG = "tag.exists";
    /// That image can be pulled.
    IMAGE_ARCHIVED = "image.archived";
    /// It is built for what the task runs on.
    IMAGE_PLATFORM = "image.platform";
    /// A tag that Greenlight is to move can be moved.
    TAG_MUTABLE = "tag.mutable";
    /// The deployment group is there.
    CODEDEPLOY_GROUP = "codedeploy.group";
    /// It deploys to the target's service.
    CODEDEPLOY_SERVICE = "codedeploy.service";
    /// The deployment configuration is there, and is one for ECS.
    CODEDEPLOY_CONFIG = "codedeploy.config";
    /// Its service role is there.
    CODEDEPLOY_ROLE = "codedeploy_role.exists";
    /// It trusts CodeDeploy.
    CODEDEPLOY_ROLE_TRUST = "codedeploy_role.trust";
    /// Target groups are there, and lead to tasks.
    TARGET_GROUP = "target_group.exists";
    /// They take the addresses of tasks.
    TARGET_GROUP_TYPE = "target_group.type";
    /// The production listener, or its rule, is there.
    LISTENER = "listener.exists";
    /// It leads to one of the target groups.
    LISTENER_FORWARDS = "listener.forwards";
    /// The test listener, or its rule, is there, where checks ask it.
    TEST_LISTENER = "test_listener.exists";
    /// The alarms of checks are there.
    ALARM = "alarm.exists";
    /// The functions of checks are there.
    CHECK_FUNCTION = "check_function.exists";
    /// The role of the gate may call them.
    CHECK_FUNCTION_PERMISSION = "check_function.permission";
    /// A template is in S3.
    TEMPLATE = "template.exists";
    /// It can be used.
    TEMPLATE_USABLE = "template.usable";
    /// The pipeline is there.
    PIPELINE = "pipeline.exists";
    /// It is of a type that takes revisions and variables.
    PIPELINE_TYPE = "pipeline.type";
    /// Its source action is there, and is one of ECR.
    PIPELINE_ACTION = "pipeline.action";
    /// The source action watches the target's repository.
    PIPELINE_REPOSITORY = "pipeline.repository";
    /// It declares the variables that it is given.
    PIPELINE_VARIABLE = "pipeline.variable";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_page_names_every_check() {
        let page = include_str!("../../../../docs/verification.md");
        for name in ALL {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn no_two_checks_have_one_name() {
        let mut names = ALL.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
