//! Which clusters there are, and which services a cluster has: for somebody who has mistyped one.

use crate::{AwsError, Clients, error::failed};

/// `ListServices` and `ListClusters` give so many at once.
const NAMES_PER_PAGE: i32 = 100;
/// So many pages are read at the most.
const PAGES_LIMIT: usize = 5;

/// The names of the clusters, in order; 500 at the most.
pub async fn cluster_names(clients: &Clients) -> Result<Vec<String>, AwsError> {
    let list = clients.ecs.list_clusters().max_results(NAMES_PER_PAGE);
    let mut names = Vec::new();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = list
            .clone()
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed("ecs:ListClusters", "ECS clusters"))?;
        names.extend(page.cluster_arns().iter().map(|arn| name(arn)));
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() {
            break;
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The names of the services of a cluster, in order; 500 at the most.
pub async fn service_names(clients: &Clients, cluster: &str) -> Result<Vec<String>, AwsError> {
    let list = clients
        .ecs
        .list_services()
        .cluster(cluster)
        .max_results(NAMES_PER_PAGE);
    let mut names = Vec::new();
    let mut next_token = None;
    for _ in 0..PAGES_LIMIT {
        let page = list
            .clone()
            .set_next_token(next_token)
            .send()
            .await
            .map_err(failed(
                "ecs:ListServices",
                format!("services of cluster `{cluster}`"),
            ))?;
        names.extend(page.service_arns().iter().map(|arn| name(arn)));
        next_token = page.next_token().map(str::to_owned);
        if next_token.is_none() {
            break;
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The last part of an ARN.
fn name(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scripted::{Scripted, run};

    #[test]
    fn names_come_from_all_pages_and_in_order() {
        let aws = Scripted::default();
        let arn = |kind: &str| format!("arn:aws:ecs:eu-west-1:123456789012:{kind}");
        aws.answer_json(&json!({"clusterArns": [arn("cluster/web")], "nextToken": "more"}));
        aws.answer_json(&json!({"clusterArns": [arn("cluster/mco")]}));
        assert_eq!(run(cluster_names(&aws.clients())).unwrap(), ["mco", "web"]);
        // The old form of an ARN has no cluster.
        aws.answer_json(&json!({"serviceArns": [arn("service/mco/worker"), arn("service/api")]}));
        let found = run(service_names(&aws.clients(), "mco")).unwrap();
        assert_eq!(found, ["api", "worker"]);
        let sent = aws.sent();
        assert_eq!(
            sent[1].json(),
            json!({"maxResults": 100, "nextToken": "more"})
        );
        assert_eq!(sent[2].json(), json!({"cluster": "mco", "maxResults": 100}));
    }

    #[test]
    fn no_more_than_five_pages_are_read() {
        let aws = Scripted::default();
        for _ in 0..6 {
            aws.answer_json(&json!({"clusterArns": ["a"], "nextToken": "more"}));
        }
        assert_eq!(run(cluster_names(&aws.clients())).unwrap().len(), 5);
    }
}
