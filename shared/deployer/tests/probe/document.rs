//! Checks as a target's document has them.

use greenlight_core::target::check::{Check, CheckKind, HttpCheck};
use greenlight_core::target::{GatePoint, parse};
use serde_json::{Value, json};

/// The check `http` with these keys. The servers of the tests are on loopback, so that local addresses are allowed
/// unless it says otherwise.
pub(crate) fn check(keys: &Value) -> HttpCheck {
    let mut http = json!({"local_addresses": true});
    let keys = keys.as_object().unwrap().clone();
    if !["url", "path", "requests"]
        .iter()
        .any(|it| keys.contains_key(*it))
    {
        http["url"] = json!("http://127.0.0.1/");
    }
    http.as_object_mut().unwrap().extend(keys);
    let document = json!({"targets": [{
        "name": "probe",
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"codedeploy": {"application": "API", "group": "API"}},
        "gates": {"before_traffic": [{"http": http}]},
    }]});
    let targets = parse(&document).unwrap();
    let checks = targets[0].gates.get(GatePoint::BeforeTraffic).unwrap();
    match &checks[0] {
        Check {
            kind: CheckKind::Http(http),
            ..
        } => http.clone(),
        other => panic!("{other:?}"),
    }
}
