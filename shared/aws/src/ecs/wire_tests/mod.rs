//! What is sent to ECS and how its answers are read.

mod service_deployments;
mod services;
mod tasks;

const TASK_DEFINITION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:7";
const DEPLOYMENT: &str = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/D1";
const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:service-revision/mco/api/9313423515462";
