//! `ListServiceDeployments`, `DescribeServiceDeployments`, `DescribeServiceRevisions`, and what
//! `DescribeServices` shows of deployments (AWS-FACTS 6.2, 6.4).

use serde_json::{Value, json};

use super::record::{Deployment, HookExecution, Record};
use crate::account::ecs::find::page_of;
use crate::account::ecs::task_set::TaskSet;
use crate::account::ecs::{Account, Cluster, Members, Service, ServiceError, State as Ecs};
use crate::account::{State, epoch};

/// How many can be described at once.
const AT_MOST: usize = 20;

pub(in crate::account::ecs) fn list_service_deployments(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let name = input.string("service")?;
    let statuses = input.strings("status")?;
    let created = input.optional_structure("createdAt")?;
    let bound = |name: &str| {
        created
            .and_then(|created| created.get(name))
            .map(|value| {
                value.as_f64().ok_or_else(|| {
                    ServiceError::new(
                        "SerializationException",
                        format!("Expected {name} to be a timestamp"),
                    )
                })
            })
            .transpose()
    };
    let (after, before) = (bound("after")?, bound("before")?);
    let state = account.state();
    let cluster = state.ecs.cluster(input.optional_string("cluster")?)?;
    let service = cluster
        .service(name)
        .ok_or_else(|| ServiceError::new("ServiceNotFoundException", "Service not found."))?;
    let wanted = |record: &Record| {
        let at = epoch(record.created).as_f64().unwrap_or_default();
        (statuses.is_empty() || statuses.contains(&record.status.name()))
            && after.is_none_or(|after| at >= after)
            && before.is_none_or(|before| at <= before)
    };
    // Newest first (measured by a third party).
    let newest_first = service.deployments.iter().rev();
    let found: Vec<Value> = newest_first
        .filter(|deployment| deployment.read(wanted))
        .map(|deployment| deployment.read(|record| record.brief(cluster, service)))
        .collect();
    page_of("serviceDeployments", found, 20, input)
}

pub(in crate::account::ecs) fn describe_service_deployments(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let wanted = arns(input, "serviceDeploymentArns")?;
    let state = account.state();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in wanted {
        match state.ecs.deployment(arn) {
            Some((cluster, service, deployment)) => {
                found.push(deployment.read(|record| record.to_json(&state, cluster, service)));
            }
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

pub(in crate::account::ecs) fn describe_service_revisions(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let wanted = arns(input, "serviceRevisionArns")?;
    let state = account.state();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in wanted {
        let services = state.ecs.services();
        let revision = services
            .flat_map(|(cluster, service)| {
                service
                    .revisions
                    .iter()
                    .map(move |it| (cluster, service, it))
            })
            .find(|(_, _, revision)| revision.arn == arn);
        match revision {
            Some((cluster, service, revision)) => {
                found.push(revision.to_json(&state.ecs, service, &cluster.arn));
            }
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}

fn arns<'a>(input: Members<'a>, name: &str) -> Result<Vec<&'a str>, ServiceError> {
    let arns = input.list(name).and_then(|_| input.strings(name))?;
    if arns.is_empty() || arns.len() > AT_MOST {
        let message = format!("{name} must have between 1 and {AT_MOST} entries.");
        return Err(ServiceError::new("InvalidParameterException", message));
    }
    Ok(arns)
}

impl Ecs {
    pub(super) fn services(&self) -> impl Iterator<Item = (&Cluster, &Service)> {
        self.clusters
            .values()
            .flat_map(|cluster| cluster.services.values().map(move |it| (cluster, it)))
    }

    /// A service deployment by its ARN.
    pub(super) fn deployment(&self, arn: &str) -> Option<(&Cluster, &Service, &Deployment)> {
        self.services()
            .flat_map(|(cluster, service)| {
                service
                    .deployments
                    .iter()
                    .map(move |it| (cluster, service, it))
            })
            .find(|(_, _, deployment)| deployment.read(|record| record.arn == arn))
    }
}

impl Service {
    /// `deployments[]`: one for each revision with tasks, the primary one first.
    pub(in crate::account::ecs) fn deployments_json(&self, state: &State) -> Value {
        let mut sets: Vec<&TaskSet> = self.task_sets.iter().rev().collect();
        sets.sort_by_key(|set| !set.primary);
        sets.into_iter()
            .map(|set| self.deployment_json(state, set))
            .collect()
    }

    fn deployment_json(&self, state: &State, set: &TaskSet) -> Value {
        let counts = set.counts(state, self.desired_count);
        let mut described = json!({
            "id": set.id,
            "status": if set.primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": set.task_definition,
            "desiredCount": counts.desired,
            "pendingCount": counts.pending,
            "runningCount": counts.running,
            "failedTasks": set.failed_tasks,
            "createdAt": epoch(set.created_at),
            "updatedAt": epoch(set.updated_at),
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": set.network_configuration,
        });
        if let Some(revision) = self.revision(&set.id) {
            described["rolloutState"] = revision.rollout.state.name().into();
            described["rolloutStateReason"] = revision.rollout.reason.as_str().into();
            described["updatedAt"] = epoch(revision.rollout.updated.max(set.updated_at));
        }
        described
    }

    /// `currentServiceRevisions[]`
    pub(in crate::account::ecs) fn current_revisions_json(&self, state: &State) -> Value {
        let newest_first = self.task_sets.iter().rev();
        newest_first
            .filter_map(|set| self.revision(&set.id))
            .map(|revision| self.summary(state, &revision.id))
            .collect()
    }

    /// A revision and how many tasks it has.
    fn summary(&self, state: &State, id: &str) -> Value {
        let counts = self
            .task_set(id)
            .map(|set| set.counts(state, self.desired_count));
        let arn = self.revision(id).map(|revision| revision.arn.as_str());
        json!({
            "arn": arn,
            "requestedTaskCount": counts.map_or(0, |counts| counts.desired),
            "runningTaskCount": counts.map_or(0, |counts| counts.running),
            "pendingTaskCount": counts.map_or(0, |counts| counts.pending),
        })
    }
}

impl Record {
    /// As one of `serviceDeployments` of a list.
    fn brief(&self, cluster: &Cluster, service: &Service) -> Value {
        let target = service.revision(&self.target);
        let mut brief = json!({
            "serviceDeploymentArn": self.arn,
            "serviceArn": service.arn,
            "clusterArn": cluster.arn,
            "createdAt": epoch(self.created),
            "targetServiceRevisionArn": target.map(|revision| revision.arn.as_str()),
            "status": self.status.name(),
        });
        for (name, at) in [("startedAt", self.started), ("finishedAt", self.finished)] {
            if let Some(at) = at {
                brief[name] = epoch(at);
            }
        }
        if let Some(reason) = &self.status_reason {
            brief["statusReason"] = reason.as_str().into();
        }
        brief
    }

    /// As one of `serviceDeployments` that are described.
    fn to_json(&self, state: &State, cluster: &Cluster, service: &Service) -> Value {
        let mut described = self.brief(cluster, service);
        if let Some(members) = described.as_object_mut() {
            members.remove("targetServiceRevisionArn");
        }
        let mut target = service.summary(state, &self.target);
        let mut sources: Vec<Value> = self
            .sources
            .iter()
            .map(|id| service.summary(state, id))
            .collect();
        if let Some(weights) = self.weights {
            target["requestedTestTrafficWeight"] = weights.test.into();
            target["requestedProductionTrafficWeight"] = weights.production.into();
            for (id, source) in self.sources.iter().zip(&mut sources) {
                let is_blue = Some(id) == self.blue.as_ref();
                let rest = |share: f64| if is_blue { 100.0 - share } else { 0.0 };
                source["requestedTestTrafficWeight"] = rest(weights.test).into();
                source["requestedProductionTrafficWeight"] = rest(weights.production).into();
            }
        }
        described["targetServiceRevision"] = target;
        described["sourceServiceRevisions"] = sources.into();
        described["updatedAt"] = epoch(self.updated);
        if let Some(at) = self.stopped {
            described["stoppedAt"] = epoch(at);
        }
        if let Some(stage) = self.stage {
            described["lifecycleStage"] = stage.name().into();
        }
        if !self.hooks.is_empty() {
            described["lifecycleHookDetails"] =
                self.hooks.iter().map(HookExecution::to_json).collect();
        }
        described["deploymentConfiguration"] = self.configuration.to_json();
        described["deploymentCircuitBreaker"] = json!({
            "status": self.breaker.status,
            "failureCount": self.breaker.failures,
            "threshold": self.breaker.threshold,
        });
        described["alarms"] = json!({"status": "DISABLED"});
        if let Some(rollback) = &self.rollback {
            described["rollback"] = json!({
                "reason": rollback.reason,
                "startedAt": epoch(rollback.started),
                "serviceRevisionArn": rollback.revision,
            });
        }
        described
    }
}

impl HookExecution {
    fn to_json(&self) -> Value {
        let mut described = json!({
            "hookId": self.id,
            "targetType": self.kind,
            "status": self.status.name(),
            "expiresAt": epoch(self.expires),
            "timeoutAction": self.timeout_action,
        });
        if let Some(target) = &self.target {
            described["targetArn"] = target.as_str().into();
        }
        described
    }
}
