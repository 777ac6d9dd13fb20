//! Finding clusters and services by name or ARN, and cutting long lists into pages.

use serde_json::{Value, json};

use super::{Account, Cluster, Members, Service, ServiceError, State};

impl State {
    /// The cluster that a request names, by name or ARN; `default` if it names none.
    pub(super) fn cluster(&self, name: Option<&str>) -> Result<&Cluster, ServiceError> {
        let name = name.unwrap_or("default");
        let name = name.rsplit('/').next().unwrap_or(name);
        self.clusters
            .get(name)
            .ok_or_else(|| ServiceError::new("ClusterNotFoundException", "Cluster not found."))
    }

    pub(super) fn service(&self, cluster: &str, name: &str) -> Option<&Service> {
        self.clusters.get(cluster)?.services.get(name)
    }

    pub(super) fn service_mut(&mut self, cluster: &str, name: &str) -> Option<&mut Service> {
        self.clusters.get_mut(cluster)?.services.get_mut(name)
    }
}

impl Cluster {
    /// A service of the cluster, by name or ARN (which may be of the old form, without the cluster).
    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name.rsplit('/').next().unwrap_or(name))
    }
}

/// The ARN that a failure names for something that is not there.
pub(super) fn missing(account: &Account, kind: &str, cluster: &str, name: &str) -> Value {
    let arn = if name.starts_with("arn:") {
        name.to_owned()
    } else {
        account.arn("ecs", &format!("{kind}/{cluster}/{name}"))
    };
    json!({"arn": arn, "reason": "MISSING"})
}

/// A page of a list of ARNs: at most 100, and a token if there are more.
pub(super) fn page(
    member: &str,
    arns: Vec<String>,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let arns = arns.into_iter().map(Value::String).collect();
    page_of(member, arns, 100, input)
}

/// A page of a list: at most 100 of it, `usual` unless the request says so, and a token if there are more.
pub(super) fn page_of(
    member: &str,
    all: Vec<Value>,
    usual: usize,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    let invalid =
        |what: &str| ServiceError::new("InvalidParameterException", format!("Invalid {what}."));
    let start = match input.optional_string("nextToken")? {
        Some(token) => token.parse::<usize>().map_err(|_| invalid("token"))?,
        None => 0,
    };
    let size = match input.optional_integer("maxResults")? {
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=100).contains(size))
            .ok_or_else(|| invalid("maxResults"))?,
        None => usual,
    };
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(page.len());
    let mut output = json!({member: page});
    if end < total {
        output["nextToken"] = end.to_string().into();
    }
    Ok(output)
}
