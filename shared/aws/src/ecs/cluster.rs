//! Clusters: whether they are there, and what tasks can run on.

use aws_sdk_ecs::types;

use super::count;
use crate::{AwsError, Clients, Kind, Look, error::failed};

/// A cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    /// `clusterArn`
    pub arn: String,
    /// `ACTIVE | PROVISIONING | DEPROVISIONING | FAILED`
    pub status: String,
    /// `registeredContainerInstancesCount`: machines of one's own.
    pub instances: u32,
    /// `capacityProviders`, such as `FARGATE_SPOT`.
    pub capacity_providers: Vec<String>,
}

/// The cluster of this name or ARN. One that was deleted is told of as `INACTIVE` for a while, and is not there.
pub async fn cluster(clients: &Clients, name: &str) -> Result<Look<Cluster>, AwsError> {
    const ACTION: &str = "ecs:DescribeClusters";
    let resource = || format!("ECS cluster `{name}`");
    let answer = clients
        .ecs
        .describe_clusters()
        .clusters(name)
        .send()
        .await
        .map_err(failed(ACTION, resource()));
    Look::of(answer.and_then(|answer| {
        let found = answer.clusters().first();
        let cluster = found.filter(|cluster| cluster.status() != Some("INACTIVE"));
        cluster.map(describe).ok_or_else(|| {
            let failure = answer.failures().first();
            let reason = failure
                .and_then(types::Failure::reason)
                .unwrap_or("MISSING");
            let message = format!("ECS answers {reason}");
            AwsError::unusable(ACTION, resource(), Kind::NotFound, None, message)
        })
    }))
}

fn describe(cluster: &types::Cluster) -> Cluster {
    Cluster {
        arn: cluster.cluster_arn().unwrap_or_default().to_owned(),
        status: cluster.status().unwrap_or_default().to_owned(),
        instances: count(cluster.registered_container_instances_count()),
        capacity_providers: cluster.capacity_providers().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/mco";

    #[test]
    fn a_cluster_tells_what_tasks_can_run_on() {
        let aws = Scripted::default();
        aws.answer_json(&json!({ "clusters": [{
            "clusterArn": ARN, "clusterName": "mco", "status": "ACTIVE",
            "registeredContainerInstancesCount": 2, "capacityProviders": ["FARGATE_SPOT"],
        }], "failures": [] }));
        let found = run(cluster(&aws.clients(), "mco")).unwrap();
        let expected = Cluster {
            arn: ARN.to_owned(),
            status: "ACTIVE".to_owned(),
            instances: 2,
            capacity_providers: vec!["FARGATE_SPOT".to_owned()],
        };
        assert_eq!(found, Look::Found(expected));
        assert_eq!(aws.sent()[0].operation, "DescribeClusters");
        assert_eq!(aws.sent()[0].json(), json!({ "clusters": ["mco"] }));
    }

    #[test]
    fn a_cluster_that_is_not_there_or_no_longer_and_one_that_we_must_not_see_are_findings() {
        let aws = Scripted::default();
        let look = || run(cluster(&aws.clients(), "mco")).unwrap();
        aws.answer_json(
            &json!({ "clusters": [], "failures": [{ "arn": ARN, "reason": "MISSING" }] }),
        );
        assert_eq!(look(), Look::Missing);
        aws.answer_json(&json!({ "clusters": [{ "clusterArn": ARN, "status": "INACTIVE" }] }));
        assert_eq!(look(), Look::Missing);
        aws.refuse("AccessDeniedException", "no");
        assert!(matches!(look(), Look::Forbidden(_)));
    }
}
