//! Two more services beside the sample service, so that an image can go from one to the next.

use std::time::Duration;

use serde_json::json;

use super::{CLUSTER, REPOSITORY, Sample, SampleError, TAG, failed};
use crate::account::ecr;
use crate::account::ecs::{self, CircuitBreaker, Controller, EcsController, ServiceSpec, Strategy};

/// Name of the second service, and of its target.
pub const STAGING: &str = "api-staging";
/// Name of the third one, and of its target.
pub const PRODUCTION: &str = "api-production";
/// Where the document of the three targets is in the workspace.
pub const CHAIN_FILE: &str = "rehearsal/sample/chain.yaml";
/// That document.
pub const CHAIN: &str = include_str!("../../../sample/chain.yaml");

impl Sample {
    /// Creates the services, which run `v1` as the sample service does, a task each.
    pub fn open_chain(&self) -> Result<(), SampleError> {
        let uri = ecr::repository_uri(&self.account, REPOSITORY);
        for name in [STAGING, PRODUCTION] {
            let document = json!({
                "family": name,
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "cpu": "256",
                "memory": "512",
                "executionRoleArn": "arn:aws:iam::123456789012:role/api-execution",
                "containerDefinitions": [{
                    "name": name, "image": format!("{uri}:{TAG}"), "essential": true,
                }],
            });
            let task_definition =
                ecs::register_task_definition(&self.account, document).map_err(failed)?;
            let mut rolling = EcsController::rolling(None);
            rolling.configuration.strategy = Strategy::Rolling {
                circuit_breaker: Some(CircuitBreaker::with_rollback()),
            };
            let spec = ServiceSpec {
                cluster: CLUSTER.to_owned(),
                name: name.to_owned(),
                desired_count: 1,
                task_definition,
                controller: Controller::Ecs(rolling),
                health_check_grace: Duration::ZERO,
            };
            ecs::create_service(&self.account, spec).map_err(failed)?;
        }
        Ok(())
    }
}
