//! The deployment group that owns an ECS service.
//!
//! CodeDeploy cannot be asked for it: applications, their groups, and the groups' services are listed one after the
//! other. A service belongs to one group (`EcsServiceMappingLimitExceededException` otherwise), so that the first
//! that has it is it.

use aws_sdk_codedeploy::types::{ComputePlatform, DeploymentGroupInfo};

use super::Group;
use crate::{AwsError, Clients, error::failed};

/// So many applications are looked through at the most, …
const APPLICATIONS_LIMIT: usize = 500;
/// … and so many groups of each.
const GROUPS_LIMIT: usize = 500;
/// `BatchGetDeploymentGroups` takes so many.
const GROUPS_PER_CALL: usize = 100;

/// The group that owns `service` of `cluster`; `None` if none of the first 500 applications has it. An application
/// that is called like the service is looked at first, since its group is most often the one.
pub async fn owner(
    clients: &Clients,
    cluster: &str,
    service: &str,
) -> Result<Option<Group>, AwsError> {
    let mut applications = applications(clients).await?;
    let wanted = service.to_ascii_lowercase();
    applications.sort_by_key(|name| !name.to_ascii_lowercase().contains(&wanted));
    for application in applications {
        let names = groups(clients, &application).await?;
        for names in names.chunks(GROUPS_PER_CALL) {
            let infos = describe(clients, &application, names).await?;
            let owns = |info: &&DeploymentGroupInfo| is_of(info, cluster, service);
            if let Some(name) = infos
                .iter()
                .find(owns)
                .and_then(|info| info.deployment_group_name())
            {
                let name = name.to_owned();
                return Ok(Some(Group { application, name }));
            }
        }
    }
    Ok(None)
}

async fn applications(clients: &Clients) -> Result<Vec<String>, AwsError> {
    let mut names = Vec::new();
    let mut next_token = None;
    loop {
        let page = clients
            .codedeploy
            .list_applications()
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "codedeploy:ListApplications",
                "CodeDeploy's applications",
            ))?;
        names.extend(page.applications().iter().cloned());
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() || names.len() >= APPLICATIONS_LIMIT {
            break;
        }
    }
    names.truncate(APPLICATIONS_LIMIT);
    Ok(names)
}

async fn groups(clients: &Clients, application: &str) -> Result<Vec<String>, AwsError> {
    let mut names = Vec::new();
    let mut next_token = None;
    loop {
        let page = clients
            .codedeploy
            .list_deployment_groups()
            .application_name(application)
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "codedeploy:ListDeploymentGroups",
                resource(application),
            ))?;
        names.extend(page.deployment_groups().iter().cloned());
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() || names.len() >= GROUPS_LIMIT {
            break;
        }
    }
    names.truncate(GROUPS_LIMIT);
    Ok(names)
}

async fn describe(
    clients: &Clients,
    application: &str,
    names: &[String],
) -> Result<Vec<DeploymentGroupInfo>, AwsError> {
    let answer = clients
        .codedeploy
        .batch_get_deployment_groups()
        .application_name(application)
        .set_deployment_group_names(Some(names.to_vec()))
        .send()
        .await
        .map_err(failed(
            "codedeploy:BatchGetDeploymentGroups",
            resource(application),
        ))?;
    Ok(answer.deployment_groups_info.unwrap_or_default())
}

fn is_of(info: &DeploymentGroupInfo, cluster: &str, service: &str) -> bool {
    let is_ecs = info.compute_platform() == Some(&ComputePlatform::Ecs);
    let mut services = info.ecs_services().iter();
    is_ecs
        && services
            .any(|it| it.cluster_name() == Some(cluster) && it.service_name() == Some(service))
}

fn resource(application: &str) -> String {
    format!("CodeDeploy application `{application}`")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::scripted::{Scripted, run};

    fn group(name: &str, platform: &str, cluster: &str, service: &str) -> Value {
        json!({
            "applicationName": "x",
            "deploymentGroupName": name,
            "computePlatform": platform,
            "ecsServices": [{"clusterName": cluster, "serviceName": service}],
        })
    }

    #[test]
    fn the_group_is_found_through_all_pages_and_the_likely_application_comes_first() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"applications": ["Web"], "nextToken": "more"}));
        aws.answer_json(&json!({"applications": ["AppECS-mco-api"]}));
        aws.answer_json(&json!({"deploymentGroups": ["one"], "nextToken": "more"}));
        aws.answer_json(&json!({"deploymentGroups": ["two", "three"]}));
        aws.answer_json(&json!({"deploymentGroupsInfo": [
            group("one", "ECS", "other", "api"),
            group("two", "Server", "mco", "api"),
            group("three", "ECS", "mco", "api"),
        ]}));
        let found = run(owner(&aws.clients(), "mco", "api")).unwrap();
        let expected = Group {
            application: "AppECS-mco-api".to_owned(),
            name: "three".to_owned(),
        };
        assert_eq!(found, Some(expected));
        let sent = aws.sent();
        assert_eq!(sent[1].json(), json!({"nextToken": "more"}));
        assert_eq!(sent[2].json(), json!({"applicationName": "AppECS-mco-api"}));
        assert_eq!(
            sent[4].json(),
            json!({"applicationName": "AppECS-mco-api", "deploymentGroupNames": ["one", "two", "three"]})
        );
    }

    #[test]
    fn nobody_may_own_it() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"applications": ["Empty"]}));
        aws.answer_json(&json!({"applicationName": "Empty", "deploymentGroups": []}));
        assert_eq!(run(owner(&aws.clients(), "mco", "api")).unwrap(), None);
        assert_eq!(aws.sent().len(), 2, "nothing is asked of no groups");
    }
}
