//! From targets back to the document they were read from.
//!
//! What equals its default is left out, so that a stored target reads as it was written.

mod checks;

use serde_json::{Map, Value, json};

use super::parse::DEFAULT_WEIGHT;
use super::{
    AppSpecSource, CodeDeploy, ImageSource, Launch, OnFailure, OnSuccess, OneShotTask, Pipeline,
    Promote, Service, Strategy, Target, TaskDefinitionSource,
};
use crate::appspec::CapacityProvider;
use crate::duration;
use crate::policy::{TagPolicy, default_ignore};

impl Target {
    /// The document of this target alone; [`super::parse`] reads it back to an equal target.
    pub fn to_value(&self) -> Value {
        let mut document = json!({
            "name": self.name,
            "images": self.images.iter().map(image).collect::<Vec<_>>(),
        });
        if let Some(Service { cluster, name }) = &self.service {
            document["service"] = json!({"cluster": cluster, "name": name});
        }
        document["deploy"] = strategy(&self.deploy);
        if self.task_definition != TaskDefinitionSource::default() {
            document["task_definition"] = task_definition(&self.task_definition);
        }
        if let AppSpecSource::S3(object) = &self.appspec {
            document["appspec"] = json!(object.to_string());
        }
        if let Some(role) = &self.role_arn {
            document["role_arn"] = json!(role);
        }
        if !self.before.is_empty() {
            document["before"] = self
                .before
                .iter()
                .map(|before| json!({"task": task(before)}))
                .collect();
        }
        if !self.gates.is_empty() {
            document["gates"] = self.gates.to_value();
        }
        if self.on_failure != OnFailure::default() {
            document["on_failure"] = json!({"restore_tag": self.on_failure.restore_tag});
        }
        if let Some(timeout) = self.timeout {
            document["timeout"] = json!(crate::duration::write(timeout));
        }
        if !self.windows.is_empty() {
            document["windows"] = self.windows.to_value();
        }
        if self.on_success != OnSuccess::default() {
            document["on_success"] = on_success(&self.on_success);
        }
        if let Some(Promote { tag, after }) = &self.promote {
            document["promote"] = json!({"tag": tag});
            if !after.is_zero() {
                document["promote"]["after"] = json!(duration::write(*after));
            }
        }
        document
    }
}

impl serde::Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Value::deserialize(deserializer)?;
        let mut targets = super::parse(&document).map_err(serde::de::Error::custom)?;
        match (targets.pop(), targets.is_empty()) {
            (Some(target), true) => Ok(target),
            _ => Err(serde::de::Error::custom("expected one target")),
        }
    }
}

fn on_success(on_success: &OnSuccess) -> Value {
    let mut out = json!({});
    if let Some(tag) = &on_success.tag {
        out["tag"] = json!(tag);
    }
    if let Some(parameter) = &on_success.parameter {
        out["parameter"] = json!(parameter);
    }
    out
}

fn image(image: &ImageSource) -> Value {
    let tags: Vec<Value> = image.tags.iter().map(policy).collect();
    let mut source =
        json!({"container": image.container, "repository": image.repository, "tags": tags});
    if image.ignore != default_ignore() {
        source["ignore"] = json!(image.ignore);
    }
    if let Some(placeholder) = &image.placeholder {
        source["placeholder"] = json!(placeholder);
    }
    source
}

fn policy(policy: &TagPolicy) -> Value {
    match policy {
        TagPolicy::Exact(tag) => json!(tag),
        TagPolicy::Glob(glob) => json!({"glob": glob}),
        TagPolicy::Newest => json!({"newest": true}),
        TagPolicy::Regex(pattern) => {
            let mut out = json!({"regex": pattern.as_str()});
            if let Some(order) = pattern.order() {
                out["order"] = json!(order.name());
            }
            out
        }
        TagPolicy::Semver(range) => {
            let mut out = json!({"semver": range.to_string()});
            if range.takes_prereleases() {
                out["prerelease"] = json!(true);
            }
            if !range.prefix().is_empty() {
                out["prefix"] = json!(range.prefix());
            }
            out
        }
    }
}

fn strategy(strategy: &Strategy) -> Value {
    let parameters = match strategy {
        Strategy::CodeDeploy(parameters) => codedeploy(parameters),
        Strategy::Rolling | Strategy::Native => json!({}),
        Strategy::Task(parameters) => task(parameters),
        Strategy::Pipeline(parameters) => pipeline(parameters),
    };
    json!({strategy.name(): parameters})
}

fn codedeploy(parameters: &CodeDeploy) -> Value {
    let CodeDeploy {
        application,
        group,
        config,
    } = parameters;
    let mut out = json!({"application": application, "group": group});
    if let Some(config) = config {
        out["config"] = json!(config);
    }
    out
}

fn pipeline(parameters: &Pipeline) -> Value {
    let mut out = json!({"name": parameters.name});
    if let Some(action) = &parameters.action {
        out["action"] = json!(action);
    }
    if !parameters.variables.is_empty() {
        let variables = parameters
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)));
        out["variables"] = Value::Object(variables.collect());
    }
    out
}

fn task_definition(source: &TaskDefinitionSource) -> Value {
    match source {
        TaskDefinitionSource::Service => json!("service"),
        TaskDefinitionSource::Family(family) => json!(format!("family:{family}")),
        TaskDefinitionSource::S3(object) => json!(object.to_string()),
    }
}

fn task(task: &OneShotTask) -> Value {
    Value::Object(task_keys(task))
}

fn task_keys(task: &OneShotTask) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    if let Some(cluster) = &task.cluster {
        put("cluster", json!(cluster));
    }
    if let Some(source) = &task.task_definition {
        put("task_definition", task_definition(source));
    }
    if let Some(how) = &task.launch {
        put("launch", launch(how));
    }
    if let Some(network) = &task.network {
        put("subnets", json!(network.subnets));
        if !network.security_groups.is_empty() {
            put("security_groups", json!(network.security_groups));
        }
        if network.assign_public_ip {
            put("assign_public_ip", json!(true));
        }
    }
    if let Some(container) = &task.container {
        put("container", json!(container));
    }
    if !task.command.is_empty() {
        put("command", json!(task.command));
    }
    out
}

fn launch(launch: &Launch) -> Value {
    let (mut out, version) = match launch {
        Launch::Type {
            launch_type,
            platform_version,
        } => (json!({"type": launch_type}), platform_version),
        Launch::CapacityProviders {
            providers,
            platform_version,
        } => {
            let providers: Value = providers.iter().map(capacity_provider).collect();
            (json!({"capacity_providers": providers}), platform_version)
        }
    };
    if let Some(version) = version {
        out["platform_version"] = json!(version);
    }
    out
}

fn capacity_provider(provider: &CapacityProvider) -> Value {
    let mut out = json!({"name": provider.name});
    if provider.base != 0 {
        out["base"] = json!(provider.base);
    }
    if provider.weight != DEFAULT_WEIGHT {
        out["weight"] = json!(provider.weight);
    }
    out
}
