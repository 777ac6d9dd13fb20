//! Applications, deployment groups and configurations: what is set up before anything is deployed.
//!
//! They are seeds, made by Rust calls; the wire can only read them (AWS-FACTS 5.8).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::{ALL_AT_ONCE, Routing};
use crate::account::functions::uuid;
use crate::account::{Account, epoch};

/// A deployment group for one ECS service.
#[derive(Debug, Clone)]
pub struct Group {
    /// The application it belongs to.
    pub application: String,
    /// Its own name.
    pub name: String,
    /// The service's cluster.
    pub cluster: String,
    /// The service.
    pub service: String,
    /// The listeners of production traffic.
    pub prod_listener_arns: Vec<String>,
    /// The listeners of test traffic. Without one, a deployment has no test traffic events.
    pub test_listener_arns: Option<Vec<String>>,
    /// The names of the two target groups.
    pub target_groups: [String; 2],
    /// The configuration of deployments that name none.
    pub default_config: String,
    /// What is rolled back by itself. Empty: nothing is.
    pub auto_rollback: Vec<AutoRollback>,
    /// What happens before production traffic moves.
    pub ready_option: ReadyOption,
    /// How long the original task set lives on after the traffic has left it; at most 2880.
    pub termination_wait_minutes: u32,
    /// The role that CodeDeploy acts in.
    pub service_role_arn: String,
}

/// What is rolled back by itself (AWS-FACTS 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoRollback {
    /// A deployment that failed.
    Failure,
    /// A deployment that an alarm stopped.
    StopOnAlarm,
    /// A deployment that somebody stopped.
    StopOnRequest,
}

impl AutoRollback {
    pub(super) const ALL: [Self; 3] = [Self::Failure, Self::StopOnAlarm, Self::StopOnRequest];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Failure => "DEPLOYMENT_FAILURE",
            Self::StopOnAlarm => "DEPLOYMENT_STOP_ON_ALARM",
            Self::StopOnRequest => "DEPLOYMENT_STOP_ON_REQUEST",
        }
    }
}

/// As `autoRollbackConfiguration`.
pub(super) fn auto_rollback_json(events: &[AutoRollback]) -> Value {
    let names: Vec<&str> = events.iter().map(|event| event.name()).collect();
    json!({"enabled": !events.is_empty(), "events": names})
}

/// What happens before production traffic moves (AWS-FACTS 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadyOption {
    /// It moves at once.
    ContinueDeployment,
    /// The deployment waits, `Ready`, for `ContinueDeployment`, and is stopped if that does not come.
    StopDeployment {
        /// How long it waits.
        wait_minutes: u32,
    },
}

impl Group {
    /// A group as the console would make it: all at once, rolled back when it fails or is stopped, no test
    /// listener, and the original task set ended at once.
    pub fn new(
        application: &str,
        name: &str,
        service: (&str, &str),
        listener_arn: &str,
        groups: [&str; 2],
    ) -> Self {
        Self {
            application: application.to_owned(),
            name: name.to_owned(),
            cluster: service.0.to_owned(),
            service: service.1.to_owned(),
            prod_listener_arns: vec![listener_arn.to_owned()],
            test_listener_arns: None,
            target_groups: groups.map(str::to_owned),
            default_config: ALL_AT_ONCE.to_owned(),
            auto_rollback: vec![AutoRollback::Failure, AutoRollback::StopOnRequest],
            ready_option: ReadyOption::ContinueDeployment,
            termination_wait_minutes: 0,
            service_role_arn: "arn:aws:iam::123456789012:role/CodeDeployServiceRole".to_owned(),
        }
    }

    /// `<cluster name>:<service name>` (AWS-FACTS 5.7).
    pub(super) fn target_id(&self) -> String {
        format!("{}:{}", self.cluster, self.service)
    }

    pub(super) fn has_test_listener(&self) -> bool {
        self.test_listener_arns
            .as_ref()
            .is_some_and(|arns| !arns.is_empty())
    }

    /// As `deploymentGroupInfo`, without its history.
    pub(super) fn to_json(&self, id: &str) -> Value {
        json!({
            "applicationName": self.application,
            "deploymentGroupId": id,
            "deploymentGroupName": self.name,
            "deploymentConfigName": self.default_config,
            "serviceRoleArn": self.service_role_arn,
            "autoRollbackConfiguration": auto_rollback_json(&self.auto_rollback),
            "deploymentStyle": style_json(),
            "blueGreenDeploymentConfiguration": self.blue_green_json(),
            "loadBalancerInfo": self.load_balancer_json(),
            "computePlatform": "ECS",
            "ecsServices": [{"serviceName": self.service, "clusterName": self.cluster}],
        })
    }

    pub(super) fn blue_green_json(&self) -> Value {
        let ready = match self.ready_option {
            ReadyOption::ContinueDeployment => {
                json!({"actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0})
            }
            ReadyOption::StopDeployment { wait_minutes } => {
                json!({"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": wait_minutes})
            }
        };
        json!({
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": self.termination_wait_minutes,
            },
            "deploymentReadyOption": ready,
        })
    }

    pub(super) fn load_balancer_json(&self) -> Value {
        let names: Vec<Value> = self
            .target_groups
            .iter()
            .map(|name| json!({"name": name}))
            .collect();
        let mut pair = json!({
            "targetGroups": names,
            "prodTrafficRoute": {"listenerArns": self.prod_listener_arns},
        });
        if let Some(arns) = &self.test_listener_arns {
            pair["testTrafficRoute"] = json!({"listenerArns": arns});
        }
        json!({"targetGroupPairInfoList": [pair]})
    }
}

/// ECS deployments know no other.
pub(super) fn style_json() -> Value {
    json!({"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"})
}

/// An application and its groups.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) id: String,
    pub(super) created: Timestamp,
    /// With their ids.
    pub(super) groups: Vec<(String, Group)>,
}

impl Application {
    pub(super) fn group(&self, name: &str) -> Option<&(String, Group)> {
        self.groups.iter().find(|(_, group)| group.name == name)
    }
}

/// Creates an application for ECS; an existing one stays as it is.
pub fn create_application(account: &Account, name: &str) {
    let now = account.clock().now();
    let mut state = account.state();
    if state.codedeploy.applications.contains_key(name) {
        return;
    }
    let id = uuid(&state.unique());
    let application = Application {
        id,
        created: now,
        groups: Vec::new(),
    };
    state
        .codedeploy
        .applications
        .insert(name.to_owned(), application);
}

/// Creates a deployment group, with its application if that does not exist. A group of the same name is
/// replaced; deployments that run keep what they started with.
pub fn create_deployment_group(account: &Account, group: Group) {
    create_application(account, &group.application);
    let mut state = account.state();
    let id = uuid(&state.unique());
    if let Some(application) = state.codedeploy.applications.get_mut(&group.application) {
        application
            .groups
            .retain(|(_, known)| known.name != group.name);
        application.groups.push((id, group));
    }
}

/// Creates a deployment configuration of one's own.
pub fn create_deployment_config(account: &Account, name: &str, routing: Routing) {
    let now = account.clock().now();
    account
        .state()
        .codedeploy
        .configs
        .insert(name.to_owned(), (routing, now));
}

/// As `application`.
pub(super) fn application_json(name: &str, application: &Application) -> Value {
    json!({
        "applicationId": application.id,
        "applicationName": name,
        "createTime": epoch(application.created),
        "linkedToGitHub": false,
        "computePlatform": "ECS",
    })
}
