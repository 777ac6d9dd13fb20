//! Where tasks run: capacity providers and the network, as they are read from a service and given to
//! a task.

use aws_sdk_ecs::types::{self, AssignPublicIp};
use aws_smithy_types::error::operation::BuildError;

use super::count;

/// One item of a capacity provider strategy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapacityProvider {
    /// The provider's name, such as `FARGATE_SPOT`.
    pub name: String,
    /// How many tasks it runs at least.
    pub base: u32,
    /// Its share of the rest.
    pub weight: u32,
}

impl CapacityProvider {
    pub(super) fn to_sdk(&self) -> Result<types::CapacityProviderStrategyItem, BuildError> {
        // ECS allows 100,000 and 1,000; it refuses what is more.
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        types::CapacityProviderStrategyItem::builder()
            .capacity_provider(&self.name)
            .base(number(self.base))
            .weight(number(self.weight))
            .build()
    }
}

pub(super) fn capacity_providers(
    strategy: &[types::CapacityProviderStrategyItem],
) -> Vec<CapacityProvider> {
    strategy
        .iter()
        .map(|item| CapacityProvider {
            name: item.capacity_provider().to_owned(),
            base: count(item.base()),
            weight: count(item.weight()),
        })
        .collect()
}

/// `networkConfiguration.awsvpcConfiguration`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// The subnets' ids.
    pub subnets: Vec<String>,
    /// The security groups' ids; the default group of the VPC where there is none.
    pub security_groups: Vec<String>,
    /// `assignPublicIp` is `ENABLED`.
    pub assign_public_ip: bool,
}

impl Network {
    pub(super) fn to_sdk(&self) -> Result<types::NetworkConfiguration, BuildError> {
        let security_groups = Some(self.security_groups.clone()).filter(|ids| !ids.is_empty());
        let public = if self.assign_public_ip {
            AssignPublicIp::Enabled
        } else {
            AssignPublicIp::Disabled
        };
        let network = types::AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.clone()))
            .set_security_groups(security_groups)
            .assign_public_ip(public)
            .build()?;
        Ok(types::NetworkConfiguration::builder()
            .awsvpc_configuration(network)
            .build())
    }
}

pub(super) fn network(configuration: Option<&types::NetworkConfiguration>) -> Option<Network> {
    let network = configuration?.awsvpc_configuration()?;
    Some(Network {
        subnets: network.subnets().to_vec(),
        security_groups: network.security_groups().to_vec(),
        assign_public_ip: network.assign_public_ip() == Some(&AssignPublicIp::Enabled),
    })
}
