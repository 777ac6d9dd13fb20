//! `CodeDeploy` (AWS-FACTS 10.2): the deployment group, which a deployment's id stands for; `CreateDeployment` needs
//! what it reads, too.

use super::{Call, Need};
use crate::account::codedeploy::{group_of, usual_config};

pub(super) fn needs(call: &Call<'_>) -> Option<Vec<Need>> {
    let own = call.action();
    let application = call.text("applicationName").unwrap_or_default();
    let named_group = || {
        let group = call.text("deploymentGroupName")?;
        Some(group_arn(call, application, group))
    };
    let of_deployment = |id: &str| {
        let (application, group) = group_of(call.account, id)?;
        Some(group_arn(call, &application, &group))
    };
    let application_arn = || call.arn("codedeploy", &format!("application:{application}"));
    let config_arn = |name: &str| call.arn("codedeploy", &format!("deploymentconfig:{name}"));
    Some(match call.operation {
        "CreateDeployment" => {
            let group = call.text("deploymentGroupName").unwrap_or_default();
            let config = call.text("deploymentConfigName").map(str::to_owned);
            let config = config.or_else(|| usual_config(call.account, application, group));
            vec![
                Need::on_found(&own, named_group()),
                Need::on_found(
                    "codedeploy:GetDeploymentConfig",
                    config.map(|name| config_arn(&name)),
                ),
                Need::on("codedeploy:GetApplicationRevision", application_arn()),
                Need::on("codedeploy:RegisterApplicationRevision", application_arn()),
            ]
        }
        "GetDeploymentGroup" | "ListDeployments" => vec![Need::on_found(&own, named_group())],
        "GetDeployment" => {
            let id = call.text("deploymentId").unwrap_or_default();
            vec![Need::on_found(&own, of_deployment(id))]
        }
        "BatchGetDeployments" => {
            let ids = call.texts("deploymentIds").into_iter();
            ids.map(|id| Need::on_found(&own, of_deployment(id)))
                .collect()
        }
        "BatchGetDeploymentGroups" => {
            let groups = call.texts("deploymentGroupNames").into_iter();
            let arns = groups.map(|group| group_arn(call, application, group));
            arns.map(|arn| Need::on(&own, arn)).collect()
        }
        "GetApplication" | "GetApplicationRevision" | "ListDeploymentGroups" => {
            vec![Need::on(&own, application_arn())]
        }
        "GetDeploymentConfig" => {
            let name = call.text("deploymentConfigName").unwrap_or_default();
            vec![Need::on(&own, config_arn(name))]
        }
        // No resource type is listed for these.
        "BatchGetDeploymentTargets"
        | "ContinueDeployment"
        | "GetDeploymentTarget"
        | "ListApplications"
        | "ListDeploymentTargets"
        | "PutLifecycleEventHookExecutionStatus"
        | "StopDeployment" => vec![Need::on_anything(&own)],
        _ => return None,
    })
}

fn group_arn(call: &Call<'_>, application: &str, group: &str) -> String {
    call.arn(
        "codedeploy",
        &format!("deploymentgroup:{application}/{group}"),
    )
}
