//! The `AppSpec` of a CodeDeploy deployment of an ECS service: generated here, or from a template.
//!
//! CodeDeploy reads YAML and JSON alike; JSON needs no quoting rules. Sending it is
//! `CreateDeployment`'s matter, in `shared/aws`. AWS-FACTS 5.1.

mod hook;
mod template;

use serde_json::{Map, Value, json};

pub use template::{AppSpecTemplate, AppSpecTemplateError};

/// What the generated `AppSpec` says. All but the first three are left out when empty, and then
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
    /// The text.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> AppSpec {
        AppSpec {
            task_definition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7".into(),
            container: "api".into(),
            port: 8080,
            platform_version: None,
            network: None,
            capacity_providers: Vec::new(),
            hooks: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_given_is_not_written() {
        insta::assert_snapshot!(plain().to_json(), @r#"{"version":0.0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","Properties":{"TaskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7","LoadBalancerInfo":{"ContainerName":"api","ContainerPort":8080}}}}]}"#);
    }

    #[test]
    fn everything_given_is_written_under_its_capitalised_name() {
        let full = AppSpec {
            platform_version: Some("1.4.0".into()),
            network: Some(NetworkConfiguration {
                subnets: vec!["subnet-0a".into(), "subnet-0b".into()],
                security_groups: vec!["sg-0c".into()],
                assign_public_ip: false,
            }),
            capacity_providers: vec![CapacityProvider {
                name: "FARGATE_SPOT".into(),
                base: 1,
                weight: 2,
            }],
            hooks: vec![
                ("AfterInstall".into(), "CodeDeployHook_a".into()),
                ("BeforeAllowTraffic".into(), "CodeDeployHook_b".into()),
            ],
            ..plain()
        };
        let document: Value = serde_json::from_str(&full.to_json()).unwrap();
        insta::assert_json_snapshot!(document, @r#"
        {
          "version": 0.0,
          "Resources": [
            {
              "TargetService": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                  "TaskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7",
                  "LoadBalancerInfo": {
                    "ContainerName": "api",
                    "ContainerPort": 8080
                  },
                  "PlatformVersion": "1.4.0",
                  "NetworkConfiguration": {
                    "AwsvpcConfiguration": {
                      "Subnets": [
                        "subnet-0a",
                        "subnet-0b"
                      ],
                      "SecurityGroups": [
                        "sg-0c"
                      ],
                      "AssignPublicIp": "DISABLED"
                    }
                  },
                  "CapacityProviderStrategy": [
                    {
                      "Base": 1,
                      "CapacityProvider": "FARGATE_SPOT",
                      "Weight": 2
                    }
                  ]
                }
              }
            }
          ],
          "Hooks": [
            {
              "AfterInstall": "CodeDeployHook_a"
            },
            {
              "BeforeAllowTraffic": "CodeDeployHook_b"
            }
          ]
        }
        "#);
    }

    #[test]
    fn quotes_and_line_ends_stay_inside_their_text() {
        let odd = AppSpec {
            container: "a\"\n- b".into(),
            ..plain()
        };
        let document: Value = serde_json::from_str(&odd.to_json()).unwrap();
        let name = document
            .pointer("/Resources/0/TargetService/Properties/LoadBalancerInfo/ContainerName");
        assert_eq!(name, Some(&json!("a\"\n- b")));
    }
}
