//! The roles by which ECS moves traffic and calls the gate.

use std::collections::BTreeSet;

use futures_util::{future::join_all, join};
use greenlight_aws::ecs;
use greenlight_core::verification::{Branch, service::function_name, uses};

use super::Verifier;

impl Verifier<'_> {
    pub(super) async fn native(&self, service: &ecs::Service) -> Option<Branch> {
        let balancers = service.load_balancers.iter();
        let moves: BTreeSet<&str> = balancers.filter_map(|it| it.role.as_deref()).collect();
        let hook = self.deployer.hook_function.as_deref();
        let calls: BTreeSet<(&str, &str)> = service
            .hooks
            .iter()
            .filter_map(|it| Some((it.role.as_deref()?, it.target_arn.as_deref()?)))
            .filter(|(_, function)| {
                hook.is_none_or(|hook| function_name(hook) == function_name(function))
            })
            .collect();
        let moves = join_all(
            moves
                .into_iter()
                .map(|role| self.role_findings(role, uses::INFRASTRUCTURE)),
        );
        let calls = join_all(calls.into_iter().map(async |(role, function)| {
            let (mut findings, is_there) = self.role_findings(role, uses::HOOK).await;
            if is_there {
                findings.extend(self.may_call_gate(role, function).await);
            }
            findings
        }));
        let (moves, calls) = join!(moves, calls);
        let mut findings: Vec<_> = moves.into_iter().flat_map(|(found, _)| found).collect();
        findings.extend(calls.into_iter().flatten());
        (!findings.is_empty()).then(|| Branch {
            name: format!("roles of service `{}`", self.service_name()),
            findings,
        })
    }
}
