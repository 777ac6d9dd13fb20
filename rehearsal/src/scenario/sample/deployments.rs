//! The deployments of the sample account: of CodeDeploy or ECS, one-shot tasks, or executions of the
//! pipeline.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{APPLICATION, CLUSTER, PIPELINE, SERVICE, Sample, Stand, WEB, WORKER};
use crate::account::{codedeploy, codepipeline, ecs};

/// The statuses of CodeDeploy's deployments that are not over.
const ACTIVE: [&str; 5] = ["Created", "Queued", "InProgress", "Baking", "Ready"];

impl Sample {
    /// The ids of all deployments by what the stand deploys with, newest first: of CodeDeploy, service
    /// deployments (ARNs) without the one that was over before the story began, one-shot tasks (ARNs), or
    /// pipeline executions. At [`Stand::Releases`] and [`Stand::Gated`], those of CodeDeploy, and then those of the
    /// second service.
    pub fn deployments(&self) -> Vec<String> {
        match self.stand {
            Stand::CodeDeploy | Stand::Templates => self.list_deployments(&json!([])),
            Stand::Rolling
            | Stand::Migration
            | Stand::Sidecars
            | Stand::BlueGreen
            | Stand::Canary
            | Stand::PausedCanary => self.service_deployments(SERVICE),
            Stand::Releases | Stand::Gated => {
                let second = match self.stand {
                    Stand::Gated => WEB,
                    _ => WORKER,
                };
                let mut ids = self.list_deployments(&json!([]));
                ids.extend(self.service_deployments(second));
                ids
            }
            Stand::Task => self.one_shots(),
            Stand::Pipeline => self.answered("StartPipelineExecution", |answer| {
                vec![answer["pipelineExecutionId"].clone()]
            }),
        }
    }

    fn service_deployments(&self, service: &str) -> Vec<String> {
        let all = ecs::service_deployments(&self.account, CLUSTER, service);
        let mut arns: Vec<String> = all.into_iter().map(|it| it.arn).collect();
        arns.pop();
        arns
    }

    /// Those that are not over.
    pub fn active_deployments(&self) -> Vec<String> {
        if self.stand == Stand::CodeDeploy || self.stand == Stand::Templates {
            return self.list_deployments(&json!(ACTIVE));
        }
        let mut active = self.deployments();
        active.retain(|id| !self.is_over(id));
        active
    }

    /// The ARNs of all tasks that `RunTask` has started, newest first: migrations, too.
    pub fn one_shots(&self) -> Vec<String> {
        self.answered("RunTask", |answer| {
            let tasks = answer["tasks"].as_array().into_iter().flatten();
            tasks.map(|task| task["taskArn"].clone()).collect()
        })
    }

    /// A deployment as its service describes it: `GetDeployment`, `DescribeServiceDeployments`,
    /// `DescribeTasks` or `GetPipelineExecution`.
    pub fn deployment(&self, id: &str) -> Value {
        let account = &self.account;
        let (answer, pointer) = match self.stand {
            Stand::CodeDeploy | Stand::Templates | Stand::Releases | Stand::Gated
                if id.starts_with("d-") =>
            {
                (
                    codedeploy::handle(account, "GetDeployment", json!({"deploymentId": id})),
                    "/deploymentInfo",
                )
            }
            Stand::Task => (
                ecs::handle(
                    account,
                    "DescribeTasks",
                    json!({"cluster": CLUSTER, "tasks": [id]}),
                ),
                "/tasks/0",
            ),
            Stand::Pipeline => (
                codepipeline::handle(
                    account,
                    "GetPipelineExecution",
                    &json!({"pipelineName": PIPELINE, "pipelineExecutionId": id}),
                ),
                "/pipelineExecution",
            ),
            _ => (
                ecs::handle(
                    account,
                    "DescribeServiceDeployments",
                    json!({"serviceDeploymentArns": [id]}),
                ),
                "/serviceDeployments/0",
            ),
        };
        let found = answer
            .unwrap_or_default()
            .pointer_mut(pointer)
            .map(Value::take);
        found.unwrap_or_default()
    }

    /// The hooks of service deployments that wait for a person: `continue` or `abort`.
    pub fn awaiting(&self) -> Vec<Value> {
        let mut awaiting = Vec::new();
        for id in self.active_deployments() {
            let deployment = self.deployment(&id);
            let hooks = deployment["lifecycleHookDetails"].as_array();
            let hooks = hooks.into_iter().flatten();
            awaiting.extend(
                hooks
                    .filter(|hook| hook["status"] == "AWAITING_ACTION")
                    .cloned(),
            );
        }
        awaiting
    }

    fn is_over(&self, id: &str) -> bool {
        let deployment = self.deployment(id);
        let status = deployment["status"].as_str();
        match self.stand {
            // Stopped tasks are forgotten after a while.
            Stand::Task => deployment["lastStatus"]
                .as_str()
                .is_none_or(|status| status == "STOPPED"),
            Stand::Pipeline => status.is_none_or(|it| it != "InProgress" && it != "Stopping"),
            Stand::Releases | Stand::Gated if id.starts_with("d-") => {
                status.is_none_or(|status| !ACTIVE.contains(&status))
            }
            _ => matches!(
                status,
                None | Some("SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED")
            ),
        }
    }

    /// What `pick` finds in the answers to an operation, newest first and each once. Repetitions with the
    /// same client token give the same answer.
    fn answered(&self, operation: &str, pick: impl Fn(&Value) -> Vec<Value>) -> Vec<String> {
        let calls = self.account.journal().calls();
        let answers = calls.iter().rev();
        let answers = answers.filter(|call| call.operation == operation && call.status == 200);
        let picked = answers.flat_map(|call| pick(&call.response));
        let mut seen = BTreeSet::new();
        picked
            .filter_map(|id| id.as_str().map(str::to_owned))
            .filter(|id| seen.insert(id.clone()))
            .collect()
    }

    fn list_deployments(&self, statuses: &Value) -> Vec<String> {
        let mut input = json!({"applicationName": APPLICATION, "deploymentGroupName": APPLICATION});
        if statuses
            .as_array()
            .is_some_and(|statuses| !statuses.is_empty())
        {
            input["includeOnlyStatuses"] = statuses.clone();
        }
        let output =
            codedeploy::handle(&self.account, "ListDeployments", input).unwrap_or_default();
        let ids = output["deployments"].as_array().into_iter().flatten();
        ids.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// What is being deployed in the account, by whatever service, in words.
    pub(super) fn in_progress(&self) -> Vec<String> {
        let mut busy = self.list_deployments(&json!(ACTIVE));
        busy.extend(ecs::deployments_in_progress(&self.account));
        busy
    }
}
