//! What the functions called in the scenarios, against what template.yaml permits: no call without its
//! permission, and no permission without its call.
//!
//! Resources and conditions are not compared; docs/permissions.md says what each permission is for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod stories;

use std::collections::BTreeSet;

use greenlight_tests::world::{
    BOARD, DEPLOY_ON_PUSH, PIPELINE_ACTION, RECONCILE, RECORD_DEPLOYMENT, VALIDATE_GREEN,
};
use rehearsal::account::journal::Call;

use stories::calls;

/// Checked by AWS when another action is called, so they are in no journal.
const CHECKED_WITH_ANOTHER: [&str; 6] = [
    // With GetObject of a key that is not there.
    "s3:ListBucket",
    // With CreateDeployment.
    "codedeploy:GetApplicationRevision",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:RegisterApplicationRevision",
    // With RegisterTaskDefinition, where the task definition has tags, and where it has roles.
    "ecs:TagResource",
    "iam:PassRole",
];

/// The actions that a call needs.
fn actions(call: &Call) -> Vec<String> {
    let service = match call.service {
        "elbv2" => "elasticloadbalancing",
        other => other,
    };
    let operations: Vec<String> = match call.operation.as_str() {
        "TransactWriteItems" => {
            let items = call.request["TransactItems"].as_array().unwrap().iter();
            let kinds = items.flat_map(|item| item.as_object().unwrap().keys());
            kinds
                .map(|kind| match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    other => format!("{other}Item"),
                })
                .collect()
        }
        "Invoke" => vec!["InvokeFunction".to_owned()],
        other => vec![other.to_owned()],
    };
    operations
        .into_iter()
        .map(|operation| format!("{service}:{operation}"))
        .collect()
}

/// Calls that these scenarios do not bring about, with what would.
fn only_otherwise(function: &str) -> &'static [&'static str] {
    match function {
        DEPLOY_ON_PUSH => &[
            // A person goes back while it starts a deployment: what it has started is looked at, and stopped.
            "codedeploy:BatchGetDeploymentTargets",
            "codedeploy:ListDeploymentTargets",
            "codedeploy:StopDeployment",
            "codepipeline:GetPipelineExecution",
            "codepipeline:ListActionExecutions",
            "codepipeline:StopPipelineExecution",
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:StopTask",
            // CodeDeploy refuses a deployment because somebody else's is running.
            "codedeploy:GetDeployment",
            // It starts what a pipeline waits for, and the service runs just that already.
            "codepipeline:PutJobSuccessResult",
        ],
        RECORD_DEPLOYMENT => &[
            // A person goes back while it starts a deployment, or the call that was to stop it was lost.
            "codedeploy:StopDeployment",
            "codepipeline:StopPipelineExecution",
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:StopTask",
            // What was queued is started with CodeDeploy, dies half-way, and is resumed.
            "codedeploy:ListDeployments",
            "codedeploy:BatchGetDeployments",
        ],
        // The task definition names an image by its tag, and no service revision says which that is.
        VALIDATE_GREEN => &["ecr:DescribeImages"],
        RECONCILE => &[
            // What is stuck, or is to be stopped, waits at a pause hook.
            "ecs:ContinueServiceDeployment",
            // A job waits for what it concludes, and its own schedule has not come first.
            "codepipeline:PutJobFailureResult",
            "codepipeline:PutJobSuccessResult",
        ],
        BOARD => &[
            // AWS waits for an answer, at a pause hook or before traffic shifts.
            "codedeploy:ContinueDeployment",
            "ecs:ContinueServiceDeployment",
            // A start that was broken off is looked for, or CodeDeploy refuses one.
            "codedeploy:BatchGetDeployments",
            "codedeploy:ListDeployments",
            "codedeploy:ListDeploymentTargets",
            // A job waits for what it stops or starts.
            "codepipeline:PutJobFailureResult",
            "codepipeline:PutJobSuccessResult",
            // A task that comes before is stopped.
            "ecs:StopTask",
        ],
        PIPELINE_ACTION => &[
            // A person goes back while it starts a deployment, or the call that was to stop it was lost.
            "codedeploy:StopDeployment",
            "codepipeline:StopPipelineExecution",
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:StopTask",
        ],
        _ => &[],
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_permitted_and_every_permission_is_used_or_explained() {
    let played = Box::pin(calls()).await;
    let mut wrong = Vec::new();
    for function in [
        DEPLOY_ON_PUSH,
        VALIDATE_GREEN,
        RECORD_DEPLOYMENT,
        PIPELINE_ACTION,
        RECONCILE,
        BOARD,
    ] {
        let template = &played[0].0.sample.template;
        let permitted: BTreeSet<&str> = template
            .function(function)
            .unwrap()
            .actions
            .iter()
            .map(String::as_str)
            .collect();
        let calls = played.iter().flat_map(|(_, calls)| calls);
        let calls = calls.filter(|call| call.caller == function);
        let used: BTreeSet<String> = calls.flat_map(actions).collect();
        for action in &used {
            if !permitted.contains(action.as_str()) {
                wrong.push(format!("{function} calls {action} without permission"));
            }
        }
        let explained = only_otherwise(function);
        for action in permitted {
            let is_explained = explained.contains(&action);
            match (used.contains(action), is_explained) {
                (true, true) => wrong.push(format!("{function} does call {action}")),
                (false, false) if !CHECKED_WITH_ANOTHER.contains(&action) => {
                    wrong.push(format!("{function} may call {action} and does not"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
