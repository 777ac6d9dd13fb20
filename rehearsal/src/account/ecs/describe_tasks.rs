//! `DescribeTasks` and `ListTasks` (AWS-FACTS 5.11, 5.12, 6.6).

use serde_json::{Value, json};

use super::find::{missing, page};
use super::task::{Container, Health, Task};
use super::{Account, Members, ServiceError, epoch};

pub(super) fn describe_tasks(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let wanted = input.list("tasks").and_then(|_| input.strings("tasks"))?;
    if wanted.is_empty() || wanted.len() > 100 {
        let message = "Tasks cannot be empty, and no more than 100 can be described at once.";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let with_tags = input.strings("include")?.contains(&"TAGS");
    let state = account.state();
    let cluster = state.ecs.cluster(input.optional_string("cluster")?)?;
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for name in wanted {
        let id = name.rsplit('/').next().unwrap_or(name);
        let arn = account.arn("ecs", &format!("task/{}/{id}", cluster.name));
        match state.ecs.tasks.get(&arn) {
            Some(task) => {
                let mut described = describe(&cluster.arn, task, account);
                if let Some(run) = task.owner.one_shot().filter(|_| with_tags) {
                    described["tags"] = run.tags.clone().into();
                }
                tasks.push(described);
            }
            None => failures.push(missing(account, "task", &cluster.name, name)),
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

pub(super) fn list_tasks(account: &Account, input: Members<'_>) -> Result<Value, ServiceError> {
    let service = input.optional_string("serviceName")?;
    let family = input.optional_string("family")?;
    let started_by = input.optional_string("startedBy")?;
    let desired = input.optional_string("desiredStatus")?.unwrap_or("RUNNING");
    let launch_type = input.optional_string("launchType")?;
    // `startedBy` must be the only filter (AWS-FACTS 5.11); that `desiredStatus`, which has a default, does
    // not count as one is how it is used everywhere, but UNCONFIRMED.
    if started_by.is_some() && (service.is_some() || family.is_some() || launch_type.is_some()) {
        let message =
            "When you specify startedBy as the filter, it must be the only filter that you use.";
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    let state = account.state();
    let cluster = state.ecs.cluster(input.optional_string("cluster")?)?;
    let service = match service {
        Some(name) => {
            let unknown = || ServiceError::new("ServiceNotFoundException", "Service not found.");
            Some(cluster.service(name).ok_or_else(unknown)?.name.as_str())
        }
        None => None,
    };
    // PENDING is accepted and finds nothing: ECS never sets it as a desired status.
    let of_family = |task: &Task| {
        let definition = task.definition.rsplit('/').next().unwrap_or_default();
        family.is_none_or(|family| definition.split(':').next() == Some(family))
    };
    let tasks = state.ecs.tasks.values().filter(|task| {
        task.cluster == cluster.name
            && task.desired_status() == desired
            && service.is_none_or(|service| task.owner.service() == Some(service))
            && started_by.is_none_or(|it| task.owner.started_by() == Some(it))
            && launch_type.is_none_or(|it| it == "FARGATE")
            && of_family(task)
    });
    page(
        "taskArns",
        tasks.map(|task| task.arn.clone()).collect(),
        input,
    )
}

pub(super) fn describe(cluster_arn: &str, task: &Task, account: &Account) -> Value {
    let attachment = task.arn.rsplit('/').next().unwrap_or_default();
    let run = task.owner.one_shot();
    let subnet = run.map_or("subnet-0123456789abcdef0", |run| run.subnet.as_str());
    let mut described = json!({
        "attachments": [{
            "id": attachment,
            "type": "ElasticNetworkInterface",
            "status": if task.stopped_at.is_some() { "DELETED" } else { "ATTACHED" },
            "details": [
                {"name": "subnetId", "value": subnet},
                {"name": "privateIPv4Address", "value": task.ip},
            ],
        }],
        "availabilityZone": format!("{}a", account.settings().region),
        "clusterArn": cluster_arn,
        "connectivity": "CONNECTED",
        "containers": task.containers.iter().map(|container| describe_container(container, task)).collect::<Vec<_>>(),
        "cpu": task.cpu,
        "createdAt": epoch(task.created_at),
        "desiredStatus": task.desired_status(),
        "enableExecuteCommand": false,
        "group": task.owner.group(),
        "healthStatus": task.health().name(),
        "lastStatus": task.status.name(),
        "launchType": "FARGATE",
        "memory": task.memory,
        "overrides": {"containerOverrides": []},
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "tags": [],
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition,
        "version": task.version,
    });
    if let Some(started_by) = task.owner.started_by() {
        described["startedBy"] = started_by.into();
    }
    if let Some(run) = run {
        described["overrides"] = run.overrides.clone();
        described["enableExecuteCommand"] = run.execute_command.into();
        described["platformVersion"] = run.platform_version.as_str().into();
        if let Some(provider) = &run.capacity_provider {
            described["capacityProviderName"] = provider.as_str().into();
        }
    }
    for (name, at) in [
        ("pullStartedAt", task.pull_started_at),
        ("pullStoppedAt", task.pull_stopped_at),
        ("startedAt", task.started_at),
        ("stoppingAt", task.stopping_at),
        ("stoppedAt", task.stopped_at),
        ("executionStoppedAt", task.stopped_at),
    ] {
        if let Some(at) = at {
            described[name] = epoch(at);
        }
    }
    if let Some(stop) = &task.stop {
        described["stopCode"] = stop.code.into();
        described["stoppedReason"] = stop.reason.as_str().into();
    }
    described
}

fn describe_container(container: &Container, task: &Task) -> Value {
    let health = if container.check.is_some() {
        container.health
    } else {
        Health::Unknown
    };
    let mut described = json!({
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "lastStatus": container.status,
        "networkBindings": [],
        "networkInterfaces": [{"attachmentId": task.id, "privateIpv4Address": task.ip}],
        "healthStatus": health.name(),
        "cpu": "0",
    });
    if let Some(digest) = &container.digest {
        described["imageDigest"] = digest.as_str().into();
        described["runtimeId"] = container.runtime_id.as_str().into();
    }
    if let Some(code) = container.exit_code {
        described["exitCode"] = code.into();
    }
    if let Some(reason) = &container.reason {
        described["reason"] = reason.as_str().into();
    }
    described
}
