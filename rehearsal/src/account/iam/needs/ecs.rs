//! ECS (AWS-FACTS 10.1): services, tasks and what belongs to a service, with their cluster; and the roles that a task
//! definition names, which are passed.

use serde_json::Value;

use super::{Call, Need};
use crate::account::ecs::roles_of;

pub(super) fn needs(call: &Call<'_>) -> Option<Vec<Need>> {
    let own = call.action();
    let cluster = name_of(call.text("cluster").unwrap_or("default"));
    let cluster_arn = || call.arn("ecs", &format!("cluster/{cluster}"));
    let within = |kind: &str, name: &str| {
        let arn = call.arn("ecs", &format!("{kind}/{cluster}/{}", name_of(name)));
        Need::on(&own, arn).with("ecs:cluster", cluster_arn())
    };
    let all_within = |kind: &str, names: Vec<&str>| -> Vec<Need> {
        names.into_iter().map(|name| within(kind, name)).collect()
    };
    Some(match call.operation {
        "DescribeServices" => all_within("service", call.texts("services")),
        "DescribeTasks" => all_within("task", call.texts("tasks")),
        "StopTask" => vec![within("task", call.text("task").unwrap_or_default())],
        "ListServiceDeployments" => {
            vec![within("service", call.text("service").unwrap_or_default())]
        }
        "UpdateService" => {
            let mut needs = vec![within("service", call.text("service").unwrap_or_default())];
            needs.extend(passed(call));
            needs
        }
        "DescribeServiceDeployments" => {
            of_services(call, &own, call.texts("serviceDeploymentArns"))
        }
        "DescribeServiceRevisions" => of_services(call, &own, call.texts("serviceRevisionArns")),
        "ContinueServiceDeployment" | "StopServiceDeployment" => {
            let arn = call.text("serviceDeploymentArn").unwrap_or_default();
            of_services(call, &own, vec![arn])
        }
        "DescribeTaskSets" => {
            let service = name_of(call.text("service").unwrap_or_default());
            let sets = call.texts("taskSets").into_iter();
            sets.map(|set| within(&format!("task-set/{cluster}/{service}"), set))
                .collect()
        }
        "DescribeClusters" => {
            let clusters = call.texts("clusters").into_iter();
            clusters
                .map(|name| Need::on(&own, call.arn("ecs", &format!("cluster/{}", name_of(name)))))
                .collect()
        }
        "RunTask" => run_task(call, &own, cluster, &cluster_arn()),
        "RegisterTaskDefinition" => register(call, &own),
        // The reference lists container instances, of which tasks of Fargate have none.
        "ListTasks" => vec![Need::on_anything(&own).with("ecs:cluster", cluster_arn())],
        "DescribeTaskDefinition" | "ListClusters" | "ListServices" | "ListTaskDefinitions" => {
            vec![Need::on_anything(&own)]
        }
        _ => return None,
    })
}

/// The thing itself, and the service that it belongs to: both are required.
fn of_services(call: &Call<'_>, action: &str, arns: Vec<&str>) -> Vec<Need> {
    let mut needs = Vec::new();
    for arn in arns {
        let mut path = arn.split('/').skip(1);
        let (cluster, service) = (path.next(), path.next());
        let (cluster, service) = (cluster.unwrap_or_default(), service.unwrap_or_default());
        let service = call.arn("ecs", &format!("service/{cluster}/{service}"));
        let cluster = call.arn("ecs", &format!("cluster/{cluster}"));
        needs.push(Need::on(action, service).with("ecs:cluster", cluster.clone()));
        needs.push(Need::on(action, arn).with("ecs:cluster", cluster));
    }
    needs
}

fn run_task(call: &Call<'_>, action: &str, cluster: &str, cluster_arn: &str) -> Vec<Need> {
    let name = call.text("taskDefinition").unwrap_or_default();
    let definition = call.arn_of("ecs", "task-definition/", name);
    let mut needs = vec![Need::on(action, definition).with("ecs:cluster", cluster_arn)];
    needs.extend(passed(call));
    if is_tagged(call.input) {
        let tasks = call.arn("ecs", &format!("task/{cluster}/*"));
        let tag = Need::on("ecs:TagResource", tasks);
        needs.push(tag.with("ecs:CreateAction", call.operation));
    }
    needs
}

fn register(call: &Call<'_>, action: &str) -> Vec<Need> {
    let family = call.text("family").unwrap_or_default();
    let definition = call.arn("ecs", &format!("task-definition/{family}:*"));
    let mut needs = vec![Need::on(action, definition.as_str())];
    for member in ["taskRoleArn", "executionRoleArn"] {
        needs.extend(call.text(member).map(Need::pass_to_tasks));
    }
    if is_tagged(call.input) {
        let tag = Need::on("ecs:TagResource", definition);
        needs.push(tag.with("ecs:CreateAction", call.operation));
    }
    needs
}

/// The roles of the task definition that a call names, or of what overrides it.
fn passed(call: &Call<'_>) -> Vec<Need> {
    let Some(definition) = call.text("taskDefinition") else {
        return Vec::new();
    };
    let overrides = &call.input["overrides"];
    let mut roles = roles_of(call.account, definition);
    for (role, member) in roles.iter_mut().zip(["taskRoleArn", "executionRoleArn"]) {
        if let Some(other) = overrides[member].as_str() {
            *role = Some(other.to_owned());
        }
    }
    let roles = roles.iter().flatten();
    roles.map(|role| Need::pass_to_tasks(role)).collect()
}

fn is_tagged(input: &Value) -> bool {
    input["tags"]
        .as_array()
        .is_some_and(|tags| !tags.is_empty())
}

/// The name of what is named by its name or ARN.
fn name_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
