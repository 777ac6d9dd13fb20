//! CodeDeploy's deployment group and its service role.

use greenlight_aws::codedeploy::{self, Group};
use greenlight_core::{
    target::CodeDeploy,
    verification::{Branch, Finding, Look, check, codedeploy as judge, uses},
};

use super::{Verifier, look::looked, roles::Question};

impl Verifier<'_> {
    pub(super) async fn group(&self, strategy: &CodeDeploy) -> Look<judge::Group> {
        let group = Group {
            application: strategy.application.clone(),
            name: strategy.group.clone(),
        };
        let lack = self
            .place
            .lack("codedeploy:GetDeploymentGroup", self.place.group(strategy));
        let call = codedeploy::deployment_group(&self.clients, &group);
        looked(self.bounded(call).await, lack).map(|group| judge::Group {
            services: group.services,
            role: group.service_role,
            production: group.production_listeners,
            test: group.test_listeners,
            target_groups: group.target_groups,
        })
    }

    /// What is found of the group: its role is read now.
    pub(super) async fn group_branch(
        &self,
        strategy: &CodeDeploy,
        look: &Look<judge::Group>,
    ) -> Branch {
        let mut findings = judge::judge(self.target, strategy, look);
        // AWS's own configurations are known by their names.
        let config = strategy.config.as_deref();
        let config = config.filter(|name| !name.starts_with("CodeDeployDefault."));
        if let Some(name) = config {
            let lack = self
                .place
                .lack("codedeploy:GetDeploymentConfig", self.place.config(name));
            let call = codedeploy::platform_of_config(&self.clients, name);
            let look = looked(self.bounded(call).await, lack);
            findings.push(judge::config(name, &look));
        }
        if let Some(role) = look.found().and_then(|group| group.role.as_deref()) {
            let (found, is_there) = self.role_findings(role, uses::CODEDEPLOY).await;
            findings.extend(found);
            let hook = self.deployer.hook_function.as_deref();
            if let (true, Some(hook), false) = (is_there, hook, self.target.gates.is_empty()) {
                findings.extend(self.may_call_gate(role, hook).await);
            }
        }
        Branch {
            name: format!(
                "deployment group `{}/{}`",
                strategy.application, strategy.group
            ),
            findings,
        }
    }

    /// Whether a role may call the function that runs the gates.
    pub(super) async fn may_call_gate(&self, role: &str, function: &str) -> Vec<Finding> {
        let arn = self.place.function(function);
        self.permissions(Question {
            check: check::HOOK_PERMISSION,
            role,
            action: "lambda:InvokeFunction",
            resources: vec![(arn, format!("call the gate `{function}`"))],
            context: &[],
            parameter: None,
            may_be_allowed_elsewhere: false,
        })
        .await
    }
}
