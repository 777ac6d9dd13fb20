//! A deployment group, with all that decides how its deployments go, and the configurations that they may be given
//! (AWS-FACTS 5.3, 5.4).

use aws_sdk_codedeploy::types;

use super::Group;
use crate::{AwsError, Clients, Look, error::failed};

/// What a deployment group says, as far as it matters to ECS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentGroup {
    /// `Server | Lambda | ECS`
    pub compute_platform: String,
    /// The configuration of deployments that are given none.
    pub config: Option<String>,
    /// The role with which CodeDeploy acts.
    pub service_role: Option<String>,
    /// Name of the cluster and of the service.
    pub services: Vec<(String, String)>,
    /// `BLUE_GREEN | IN_PLACE`; for ECS there is only the former.
    pub deployment_type: Option<String>,
    /// `WITH_TRAFFIC_CONTROL | WITHOUT_TRAFFIC_CONTROL`
    pub deployment_option: Option<String>,
    /// The names of the two target groups.
    pub target_groups: Vec<String>,
    /// The ARNs of the listeners that carry production traffic.
    pub production_listeners: Vec<String>,
    /// The ARNs of the listeners by which green can be reached before.
    pub test_listeners: Vec<String>,
    /// `DEPLOYMENT_FAILURE | DEPLOYMENT_STOP_ON_ALARM | DEPLOYMENT_STOP_ON_REQUEST`: after these it goes back by
    /// itself. None, if it is not to.
    pub rolls_back_on: Vec<String>,
    /// The names of the alarms that stop a deployment; none, if they are not listened to.
    pub alarms: Vec<String>,
    /// So long green waits for a person before traffic is shifted; `None`, if it does not wait.
    pub waits_for_person_minutes: Option<u32>,
    /// So long blue is kept afterwards; `None`, if it is kept for ever.
    pub keeps_blue_minutes: Option<u32>,
}

/// What a deployment group says. That the application is not there is told as if the group were not.
pub async fn deployment_group(
    clients: &Clients,
    group: &Group,
) -> Result<Look<DeploymentGroup>, AwsError> {
    const ACTION: &str = "codedeploy:GetDeploymentGroup";
    let answer = clients
        .codedeploy
        .get_deployment_group()
        .application_name(&group.application)
        .deployment_group_name(&group.name)
        .send()
        .await
        .map_err(failed(ACTION, group.to_string()));
    Look::of(answer.and_then(|answer| {
        answer.deployment_group_info().map(describe).ok_or_else(|| {
            let message = "the answer holds no deployment group";
            AwsError::not_understood(ACTION, group.to_string(), message)
        })
    }))
}

fn describe(info: &types::DeploymentGroupInfo) -> DeploymentGroup {
    let style = info.deployment_style();
    let listeners = |route: Option<&types::TrafficRoute>| {
        route
            .map(types::TrafficRoute::listener_arns)
            .unwrap_or_default()
            .to_vec()
    };
    let pair = info
        .load_balancer_info()
        .and_then(|info| info.target_group_pair_info_list().first());
    let names = pair
        .map(types::TargetGroupPairInfo::target_groups)
        .unwrap_or_default();
    let rollback = info.auto_rollback_configuration();
    let rollback = rollback.filter(|rollback| rollback.enabled());
    let rolls_back_on = rollback
        .map(types::AutoRollbackConfiguration::events)
        .unwrap_or_default();
    let alarms = info
        .alarm_configuration()
        .filter(|alarms| alarms.enabled())
        .map(types::AlarmConfiguration::alarms)
        .unwrap_or_default();
    let blue_green = info.blue_green_deployment_configuration();
    DeploymentGroup {
        compute_platform: info
            .compute_platform()
            // The platform of old groups, which know of no other.
            .map_or("Server", types::ComputePlatform::as_str)
            .to_owned(),
        config: info.deployment_config_name().map(str::to_owned),
        service_role: info.service_role_arn().map(str::to_owned),
        services: info
            .ecs_services()
            .iter()
            .map(|service| (text(service.cluster_name()), text(service.service_name())))
            .collect(),
        deployment_type: style
            .and_then(types::DeploymentStyle::deployment_type)
            .map(|kind| kind.as_str().to_owned()),
        deployment_option: style
            .and_then(types::DeploymentStyle::deployment_option)
            .map(|option| option.as_str().to_owned()),
        target_groups: names.iter().map(|group| text(group.name())).collect(),
        production_listeners: listeners(
            pair.and_then(types::TargetGroupPairInfo::prod_traffic_route),
        ),
        test_listeners: listeners(pair.and_then(types::TargetGroupPairInfo::test_traffic_route)),
        rolls_back_on: rolls_back_on
            .iter()
            .map(|event| event.as_str().to_owned())
            .collect(),
        alarms: alarms.iter().map(|alarm| text(alarm.name())).collect(),
        waits_for_person_minutes: blue_green
            .and_then(types::BlueGreenDeploymentConfiguration::deployment_ready_option)
            .filter(|ready| {
                ready.action_on_timeout() == Some(&types::DeploymentReadyAction::StopDeployment)
            })
            .map(|ready| minutes(ready.wait_time_in_minutes())),
        keeps_blue_minutes: blue_green
            .and_then(|blue_green| blue_green.terminate_blue_instances_on_deployment_success())
            .filter(|end| end.action() == Some(&types::InstanceAction::Terminate))
            .map(|end| minutes(end.termination_wait_time_in_minutes())),
    }
}

/// The compute platform for which a deployment configuration is: `Server | Lambda | ECS`.
pub async fn platform_of_config(clients: &Clients, name: &str) -> Result<Look<String>, AwsError> {
    let answer = clients
        .codedeploy
        .get_deployment_config()
        .deployment_config_name(name)
        .send()
        .await
        .map_err(failed(
            "codedeploy:GetDeploymentConfig",
            format!("CodeDeploy deployment configuration `{name}`"),
        ));
    Look::of(answer.map(|answer| {
        let info = answer.deployment_config_info();
        info.and_then(types::DeploymentConfigInfo::compute_platform)
            .map_or("Server", types::ComputePlatform::as_str)
            .to_owned()
    }))
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn minutes(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    fn group() -> Group {
        Group {
            application: "mco".to_owned(),
            name: "api".to_owned(),
        }
    }

    fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
        texts.map(str::to_owned).to_vec()
    }

    #[test]
    fn a_deployment_group_tells_all_that_decides_how_its_deployments_go() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"deploymentGroupInfo": {
            "applicationName": "mco", "deploymentGroupName": "api", "computePlatform": "ECS",
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
            "ecsServices": [{"clusterName": "mco", "serviceName": "api"}],
            "deploymentStyle": {
                "deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "loadBalancerInfo": {"targetGroupPairInfoList": [{
                "targetGroups": [{"name": "blue"}, {"name": "green"}],
                "prodTrafficRoute": {"listenerArns": ["arn:prod"]},
                "testTrafficRoute": {"listenerArns": ["arn:test"]},
            }]},
            "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]},
            "alarmConfiguration": {"enabled": true, "alarms": [{"name": "errors"}]},
            "blueGreenDeploymentConfiguration": {
                "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60},
                "terminateBlueInstancesOnDeploymentSuccess": {
                    "action": "TERMINATE", "terminationWaitTimeInMinutes": 5,
                },
            },
        }}));
        let found = run(deployment_group(&aws.clients(), &group())).unwrap();
        assert_eq!(
            found,
            Look::Found(DeploymentGroup {
                compute_platform: "ECS".to_owned(),
                config: Some("CodeDeployDefault.ECSAllAtOnce".to_owned()),
                service_role: Some("arn:aws:iam::123456789012:role/codedeploy".to_owned()),
                services: vec![("mco".to_owned(), "api".to_owned())],
                deployment_type: Some("BLUE_GREEN".to_owned()),
                deployment_option: Some("WITH_TRAFFIC_CONTROL".to_owned()),
                target_groups: texts(["blue", "green"]),
                production_listeners: texts(["arn:prod"]),
                test_listeners: texts(["arn:test"]),
                rolls_back_on: texts(["DEPLOYMENT_FAILURE"]),
                alarms: texts(["errors"]),
                waits_for_person_minutes: Some(60),
                keeps_blue_minutes: Some(5),
            })
        );
        assert_eq!(
            aws.sent()[0].json(),
            json!({ "applicationName": "mco", "deploymentGroupName": "api" })
        );
    }

    #[test]
    fn what_is_switched_off_is_told_as_not_there() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"deploymentGroupInfo": {
            "autoRollbackConfiguration": {"enabled": false, "events": ["DEPLOYMENT_FAILURE"]},
            "alarmConfiguration": {"enabled": false, "alarms": [{"name": "errors"}]},
            "blueGreenDeploymentConfiguration": {
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"},
            },
        }}));
        let found = run(deployment_group(&aws.clients(), &group())).unwrap();
        let expected = DeploymentGroup {
            compute_platform: "Server".to_owned(),
            ..DeploymentGroup::default()
        };
        assert_eq!(found, Look::Found(expected));
    }

    #[test]
    fn a_group_that_is_not_there_and_one_that_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        let look = || run(deployment_group(&aws.clients(), &group()));
        for code in [
            "ApplicationDoesNotExistException",
            "DeploymentGroupDoesNotExistException",
        ] {
            aws.refuse(code, "no");
            assert_eq!(look().unwrap(), Look::Missing, "{code}");
        }
        aws.refuse("AccessDeniedException", "no");
        assert!(matches!(look().unwrap(), Look::Forbidden(_)));
        aws.refuse("InvalidApplicationNameException", "no");
        assert!(look().is_err());
    }

    #[test]
    fn a_deployment_configuration_tells_its_platform() {
        let aws = Scripted::default();
        let look = || run(platform_of_config(&aws.clients(), "slow")).unwrap();
        aws.answer_json(&json!({"deploymentConfigInfo": {
            "deploymentConfigName": "slow", "computePlatform": "Lambda",
        }}));
        assert_eq!(look(), Look::Found("Lambda".to_owned()));
        assert_eq!(
            aws.sent()[0].json(),
            json!({ "deploymentConfigName": "slow" })
        );
        aws.refuse("DeploymentConfigDoesNotExistException", "no");
        assert_eq!(look(), Look::Missing);
    }
}
