//! The AppSpec of a CodeDeploy deployment of an ECS service, generated.
//!
//! CodeDeploy reads YAML and JSON alike; JSON needs no quoting rules. Sending it is
//! `CreateDeployment`'s matter, in `shared/aws`. AWS-FACTS 5.1.

use serde_json::{Map, Value, json};

/// What the generated AppSpec says. All but the first three are left out when empty, and then
/// CodeDeploy keeps what the service has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSpec {
    /// ARN of the task definition to run.
    pub task_definition: String,
    /// Container and port that the load balancer sends requests to.
    pub container: String,
    pub port: u16,
    pub platform_version: Option<String>,
    pub network: Option<NetworkConfiguration>,
    pub capacity_providers: Vec<CapacityProvider>,
    /// CodeDeploy's lifecycle event and the name or ARN of the function called at it.
    pub hooks: Vec<(String, String)>,
}

/// Where the tasks are attached. CodeDeploy wants all three parts or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfiguration {
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub assign_public_ip: bool,
}

/// One entry of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityProvider {
    pub name: String,
    pub base: u32,
    pub weight: u32,
}

impl AppSpec {
    /// The AppSpec's text.
    pub fn to_json(&self) -> String {
        let mut properties = Map::new();
        properties.insert("TaskDefinition".into(), json!(self.task_definition));
        properties.insert(
            "LoadBalancerInfo".into(),
            json!({"ContainerName": self.container, "ContainerPort": self.port}),
        );
        if let Some(version) = &self.platform_version {
            properties.insert("PlatformVersion".into(), json!(version));
        }
        if let Some(network) = &self.network {
            properties.insert("NetworkConfiguration".into(), network.to_value());
        }
        if !self.capacity_providers.is_empty() {
            let strategy = self
                .capacity_providers
                .iter()
                .map(CapacityProvider::to_value)
                .collect();
            properties.insert("CapacityProviderStrategy".into(), Value::Array(strategy));
        }
        let mut document = json!({
            "version": 0.0,
            "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
        });
        if !self.hooks.is_empty() {
            let hooks = self
                .hooks
                .iter()
                .map(|(event, function)| json!({event: function}))
                .collect();
            document["Hooks"] = Value::Array(hooks);
        }
        document.to_string()
    }
}

impl NetworkConfiguration {
    fn to_value(&self) -> Value {
        json!({"AwsvpcConfiguration": {
            "Subnets": self.subnets,
            "SecurityGroups": self.security_groups,
            "AssignPublicIp": if self.assign_public_ip { "ENABLED" } else { "DISABLED" },
        }})
    }
}

impl CapacityProvider {
    fn to_value(&self) -> Value {
        json!({"Base": self.base, "CapacityProvider": self.name, "Weight": self.weight})
    }
}
