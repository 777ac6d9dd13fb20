//! From targets back to the document they were read from.
//!
//! What equals its default is left out, so that a stored target reads as it was written.

use serde_json::{Map, Value, json};

use super::check::{
    Check, Destination, DigestCheck, Expectation, HttpCheck, Method, StatusRange, TargetsCheck,
    TasksCheck,
};
use super::{CodeDeploy, Gates, ImageSource, OnFailure, Service, Strategy, Target};
use crate::duration;
use crate::policy::TagPolicy;

impl Target {
    /// The document of this target alone; [`super::parse`] reads it back to an equal target.
    pub fn to_value(&self) -> Value {
        let service = self
            .service
            .as_ref()
            .map(|Service { cluster, name }| json!({"cluster": cluster, "name": name}));
        let mut document = json!({
            "name": self.name,
            "images": self.images.iter().map(image).collect::<Vec<_>>(),
            "service": service,
            "deploy": strategy(&self.deploy),
        });
        if !self.gates.is_empty() {
            document["gates"] = gates(&self.gates);
        }
        if self.on_failure != OnFailure::default() {
            document["on_failure"] = json!({"restore_tag": self.on_failure.restore_tag});
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

fn image(image: &ImageSource) -> Value {
    let tags: Vec<Value> = image
        .tags
        .iter()
        .map(|policy| match policy {
            TagPolicy::Exact(tag) => json!(tag),
        })
        .collect();
    json!({"container": image.container, "repository": image.repository, "tags": tags})
}

fn strategy(strategy: &Strategy) -> Value {
    match strategy {
        Strategy::CodeDeploy(CodeDeploy {
            application,
            group,
            config,
        }) => {
            let mut parameters = json!({"application": application, "group": group});
            if let Some(config) = config {
                parameters["config"] = json!(config);
            }
            json!({"codedeploy": parameters})
        }
        Strategy::Rolling | Strategy::Native | Strategy::Task(_) | Strategy::Pipeline(_) => {
            json!({strategy.name(): {}})
        }
    }
}

fn gates(gates: &Gates) -> Value {
    let points = gates.iter().map(|(point, checks)| {
        (
            point.name().to_owned(),
            checks.iter().map(check).collect::<Value>(),
        )
    });
    Value::Object(points.collect())
}

fn check(check: &Check) -> Value {
    let waiting = |timeout, default| {
        if timeout == default {
            json!({})
        } else {
            json!({"timeout": duration::write(timeout)})
        }
    };
    let parameters = match check {
        Check::Tasks(check) => waiting(check.timeout, TasksCheck::default().timeout),
        Check::Digest(check) => waiting(check.timeout, DigestCheck::default().timeout),
        Check::Targets(check) => waiting(check.timeout, TargetsCheck::default().timeout),
        Check::Http(check) => http(check),
    };
    json!({check.name(): parameters})
}

fn http(check: &HttpCheck) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    match &check.request.to {
        Destination::TestListener { path } => put("path", json!(path)),
        Destination::Url(url) => put("url", json!(url)),
    }
    if check.request.method != Method::default() {
        put("method", json!(check.request.method.as_str()));
    }
    if !check.request.headers.is_empty() {
        put("headers", json!(check.request.headers));
    }
    if let Some(body) = &check.request.body {
        put("body", json!(body));
    }
    if check.expect != Expectation::default() {
        put("expect", expectation(&check.expect));
    }
    if let Some(latency) = check.latency {
        put("latency", json!(duration::write(latency)));
    }
    if check.consecutive != HttpCheck::DEFAULT_CONSECUTIVE {
        put("consecutive", json!(check.consecutive));
    }
    if check.interval != HttpCheck::DEFAULT_INTERVAL {
        put("interval", json!(duration::write(check.interval)));
    }
    if check.timeout != HttpCheck::DEFAULT_TIMEOUT {
        put("timeout", json!(duration::write(check.timeout)));
    }
    if check.follow_redirects != 0 {
        put("follow_redirects", json!(check.follow_redirects));
    }
    Value::Object(out)
}

fn expectation(expect: &Expectation) -> Value {
    let mut out = Map::new();
    if expect.status != Expectation::default().status {
        out.insert(
            "status".into(),
            expect.status.iter().copied().map(status).collect(),
        );
    }
    if let Some(text) = &expect.body_contains {
        out.insert("body_contains".into(), json!(text));
    }
    if let Some(pattern) = &expect.body_matches {
        out.insert("body_matches".into(), json!(pattern.as_str()));
    }
    if !expect.json.is_empty() {
        out.insert("json".into(), json!(expect.json));
    }
    Value::Object(out)
}

fn status(range: StatusRange) -> Value {
    if range.from == range.to {
        json!(range.from)
    } else {
        json!(range.to_string())
    }
}
