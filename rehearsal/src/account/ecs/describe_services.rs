//! `DescribeServices`, `DescribeTaskSets` and `DescribeClusters` (AWS-FACTS 5.11), and the lists of what can be
//! described.

use serde_json::{Value, json};

use super::find::{missing, page, page_of};
use super::task_set::{TaskSet, refresh};
use super::{Account, Cluster, LoadBalancer, Members, Service, ServiceError, epoch};
use crate::account::{ControllerDeployments, State};

pub(super) fn describe_clusters(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let names = input.strings("clusters")?;
    let names = if names.is_empty() {
        vec!["default"]
    } else {
        names
    };
    let state = account.state();
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match state.ecs.cluster(Some(name)) {
            Ok(cluster) => clusters.push(describe_cluster(&state, cluster)),
            Err(_) if name.starts_with("arn:") => {
                failures.push(json!({"arn": name, "reason": "MISSING"}));
            }
            Err(_) => {
                let arn = account.arn("ecs", &format!("cluster/{name}"));
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

pub(super) fn list_clusters(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let state = account.state();
    let arns = state.ecs.clusters.values().map(|it| it.arn.clone());
    page("clusterArns", arns.collect(), input)
}

/// Without `maxResults` there are ten on a page (the API reference of `ListServices`).
pub(super) fn list_services(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let state = account.state();
    let cluster = state.ecs.cluster(input.optional_string("cluster")?)?;
    let arns = cluster.services.values().map(|it| it.arn.as_str().into());
    page_of("serviceArns", arns.collect(), 10, input)
}

pub(super) fn describe_services(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let names = input
        .list("services")
        .and_then(|_| input.strings("services"))?;
    if names.is_empty() || names.len() > 10 {
        let message = "Services cannot be empty, and no more than 10 can be described at once.";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let now = account.clock().now();
    let mut state = account.state();
    refresh(&mut state, now);
    let cluster = state.ecs.cluster(input.optional_string("cluster")?)?;
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match cluster.service(name) {
            Some(service) => services.push(describe_service(account, &state, cluster, service)),
            None => failures.push(missing(account, "service", &cluster.name, name)),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

pub(super) fn describe_task_sets(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let wanted = input.strings("taskSets")?;
    let (cluster, service) = (input.string("cluster")?, input.string("service")?);
    let now = account.clock().now();
    let mut state = account.state();
    refresh(&mut state, now);
    let cluster = state.ecs.cluster(Some(cluster))?;
    let unknown = || ServiceError::new("ServiceNotFoundException", "Service not found.");
    let service = cluster.service(service).ok_or_else(unknown)?;
    if service.ecs().is_some() {
        let message = "Services under the ECS deployment controller have no task sets.";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let describe = |set: &TaskSet| describe_task_set(&state, cluster, service, set);
    if wanted.is_empty() {
        let sets: Vec<Value> = service.task_sets.iter().map(describe).collect();
        return Ok(json!({"taskSets": sets, "failures": []}));
    }
    let (mut sets, mut failures) = (Vec::new(), Vec::new());
    for name in wanted {
        match service
            .task_sets
            .iter()
            .find(|set| set.id == name || set.arn == name)
        {
            Some(set) => sets.push(describe(set)),
            None => failures.push(missing(
                account,
                "task-set",
                &format!("{}/{}", cluster.name, service.name),
                name,
            )),
        }
    }
    Ok(json!({"taskSets": sets, "failures": failures}))
}

fn describe_cluster(state: &State, cluster: &Cluster) -> Value {
    let counts = cluster
        .services
        .values()
        .map(|service| totals(state, service));
    let (running, pending) =
        counts.fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": cluster.services.len(),
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    })
}

pub(super) fn describe_service(
    account: &Account,
    state: &State,
    cluster: &Cluster,
    service: &Service,
) -> Value {
    let (running, pending) = totals(state, service);
    let events = service.events.iter();
    let events: Vec<Value> = events
        .map(|(id, at, message)| json!({"id": id, "createdAt": epoch(*at), "message": message}))
        .collect();
    let mut described = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": cluster.arn,
        "serviceRegistries": [],
        "status": "ACTIVE",
        "desiredCount": service.desired_count,
        "runningCount": running,
        "pendingCount": pending,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
        "loadBalancers": service.load_balancers_json(),
        "events": events,
        "createdAt": epoch(service.created_at),
        "placementConstraints": [],
        "placementStrategy": [],
        "networkConfiguration": service.network_configuration,
        "healthCheckGracePeriodSeconds": service.health_check_grace.as_secs(),
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": service.controller.name()},
        "enableECSManagedTags": false,
        "propagateTags": "NONE",
        "enableExecuteCommand": false,
    });
    // With the load balancers it follows the primary task set, which is why Terraform configurations have
    // to ignore both.
    if let Some(primary) = service.primary() {
        described["taskDefinition"] = primary.task_definition.as_str().into();
    }
    if let Some(controller) = service.ecs() {
        described["schedulingStrategy"] = controller.scheduling.name().into();
        described["deploymentConfiguration"] = controller.configuration.to_json();
        described["deployments"] = service.deployments_json(state);
        described["currentServiceRevisions"] = service.current_revisions_json(state);
        if let Some(newest) = service.deployments.last() {
            described["currentServiceDeployment"] = newest.arn().into();
        }
        return described;
    }
    let sets = service.task_sets.iter();
    let sets = sets.map(|set| describe_task_set(state, cluster, service, set));
    described["taskSets"] = sets.collect();
    if account.settings().controller_deployments == ControllerDeployments::Empty {
        described["deployments"] = json!([]);
    }
    described
}

fn describe_task_set(state: &State, cluster: &Cluster, service: &Service, set: &TaskSet) -> Value {
    let counts = set.counts(state, service.desired_count);
    let mut described = json!({
        "id": set.id,
        "taskSetArn": set.arn,
        "serviceArn": service.arn,
        "clusterArn": cluster.arn,
        "startedBy": set.started_by,
        "status": set.status(),
        "taskDefinition": set.task_definition,
        "computedDesiredCount": counts.desired,
        "pendingCount": counts.pending,
        "runningCount": counts.running,
        "createdAt": epoch(set.created_at),
        "updatedAt": epoch(set.updated_at),
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": set.network_configuration,
        "loadBalancers": set.load_balancer.iter().map(LoadBalancer::to_json).collect::<Vec<_>>(),
        "serviceRegistries": [],
        "scale": {"value": set.percent(), "unit": "PERCENT"},
        "stabilityStatus": if set.steady { "STEADY_STATE" } else { "STABILIZING" },
        "stabilityStatusAt": epoch(set.steady_at),
        "tags": [],
    });
    if let Some(id) = &set.external_id {
        described["externalId"] = id.as_str().into();
    }
    described
}

/// Running and pending tasks of all task sets.
fn totals(state: &State, service: &Service) -> (u32, u32) {
    let counts = service
        .task_sets
        .iter()
        .map(|set| set.counts(state, service.desired_count));
    counts.fold((0, 0), |sum, counts| {
        (sum.0 + counts.running, sum.1 + counts.pending)
    })
}
