//! The target groups and listeners of what is deployed, each read once.

use std::collections::BTreeSet;

use futures_util::{future::join_all, join};
use greenlight_aws::{ecs, elbv2};
use greenlight_core::{
    target::Strategy,
    verification::{
        Branch, Finding, Look, codedeploy as groups,
        load_balancing::{self as judge, TargetGroup},
    },
};

use super::{Verifier, look::looked};

/// What is named of load balancers.
#[derive(Debug, Default)]
struct Named {
    /// ARNs of target groups.
    target_groups: BTreeSet<String>,
    /// Names or ARNs of those to which production has to lead.
    lead_to: Vec<String>,
    production: BTreeSet<String>,
    test: BTreeSet<String>,
}

impl Verifier<'_> {
    /// `group` is CodeDeploy's deployment group, if it deploys.
    pub(super) async fn load_balancing(
        &self,
        service: &ecs::Service,
        group: Option<&groups::Group>,
    ) -> Option<Branch> {
        let named = named(service, group);
        // Only tasks with addresses of their own have a network configuration.
        let has_addresses = service.network.is_some();
        let target_groups = join_all(named.target_groups.iter().map(async |arn| {
            let lack = self
                .place
                .lack("elasticloadbalancing:DescribeTargetGroups", "*");
            let look = looked(
                self.bounded(elbv2::target_group(&self.clients, arn)).await,
                lack,
            );
            let look = look.map(|group| TargetGroup {
                arn: group.arn,
                kind: group.target_type,
            });
            judge::target_group(arn, has_addresses, &look)
        }));
        let production =
            join_all(named.production.iter().map(async |arn| {
                judge::production(arn, &named.lead_to, &self.leads_to(arn).await)
            }));
        let test = join_all(
            named
                .test
                .iter()
                .map(async |arn| judge::test(arn, &self.leads_to(arn).await)),
        );
        let (target_groups, production, test) = join!(target_groups, production, test);
        let mut findings: Vec<Finding> = target_groups.into_iter().flatten().collect();
        findings.extend(production.into_iter().flatten());
        findings.extend(test);
        if self.target.deploy == Strategy::Native {
            let has_test = !named.test.is_empty();
            let what = format!("ECS service `{}`", self.service_name());
            findings.extend(groups::test_listener(self.target, has_test, &what));
        }
        (!findings.is_empty()).then(|| Branch {
            name: "load balancing".to_owned(),
            findings,
        })
    }

    /// The target groups that a listener, by any of its rules, or one rule leads to.
    async fn leads_to(&self, arn: &str) -> Look<Vec<String>> {
        let lack = self.place.lack("elasticloadbalancing:DescribeRules", "*");
        let look = if arn.contains(":listener-rule/") {
            let rule = self.bounded(elbv2::rule(&self.clients, arn)).await;
            looked(rule, lack).map(|rule| vec![rule])
        } else {
            looked(self.bounded(elbv2::rules(&self.clients, arn)).await, lack)
        };
        look.map(|rules| {
            let forwards = rules.into_iter().flat_map(|rule| rule.forwards);
            forwards.map(|forward| forward.target_group).collect()
        })
    }
}

fn named(service: &ecs::Service, group: Option<&groups::Group>) -> Named {
    let mut named = Named::default();
    if let Some(group) = group {
        // The other one is known by its name only; which is green alternates.
        let live = service.primary().map(|set| set.load_balancers.as_slice());
        let live = live.unwrap_or_default().iter();
        named
            .target_groups
            .extend(live.map(|it| it.target_group.clone()));
        named.lead_to.clone_from(&group.target_groups);
        named.production.extend(group.production.iter().cloned());
        named.test.extend(group.test.iter().cloned());
        return named;
    }
    for balancer in &service.load_balancers {
        let own = balancer
            .target_group
            .iter()
            .chain(&balancer.alternate_target_group);
        named.target_groups.extend(own.clone().cloned());
        named.lead_to.extend(own.cloned());
        named
            .production
            .extend(balancer.production_listener_rule.clone());
        named.test.extend(balancer.test_listener_rule.clone());
    }
    named
}
