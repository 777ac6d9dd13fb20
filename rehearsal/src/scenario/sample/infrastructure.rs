//! What infrastructure code does to the sample service: it registers a task definition of its own, and has the service
//! run it.

use serde_json::{Value, json};

use super::{CLUSTER, CONTAINER, REPOSITORY, SERVICE, Sample, SampleError};
use crate::account::{ecr, ecs};

/// The family of the service's task definitions.
const FAMILY: &str = "api";

/// What only a response has (AWS-FACTS 6.7).
const RESPONSE_ONLY: [&str; 7] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
];

impl Sample {
    /// Deploys an image of the sample repository with `UpdateService`, as `who`: what an ARN of STS ends with.
    pub fn infrastructure_deploys(&self, digest: &str, who: &str) -> Result<(), SampleError> {
        let account = &self.account;
        let mut document = self.task_definition(FAMILY).unwrap_or_default();
        if let Value::Object(members) = &mut document {
            members.retain(|name, _| !RESPONSE_ONLY.contains(&name.as_str()));
        }
        let image = format!("{}@{digest}", ecr::repository_uri(account, REPOSITORY));
        if let Some(containers) = document["containerDefinitions"].as_array_mut() {
            for container in containers.iter_mut().filter(|it| it["name"] == CONTAINER) {
                container["image"] = image.clone().into();
            }
        }
        let caller = format!("arn:aws:sts::{}:{who}", account.settings().account_id);
        let call = |operation, input| {
            ecs::handle_by(account, &caller, operation, input).map_err(SampleError::of)
        };
        let registered = call("RegisterTaskDefinition", document)?;
        let arn = &registered["taskDefinition"]["taskDefinitionArn"];
        let update = json!({"cluster": CLUSTER, "service": SERVICE, "taskDefinition": arn});
        call("UpdateService", update).map(drop)
    }
}
