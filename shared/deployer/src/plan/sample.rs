//! A target, as the tests of this module and of its neighbours need it.

use greenlight_aws::table::StoredTarget;
use greenlight_core::{deployment::TargetState, target};
use serde_json::{Value, json};

/// Of two repositories, with what `more` says besides.
pub(crate) fn stored(more: &Value) -> StoredTarget {
    let mut document = json!({
        "name": "api-test",
        "images": [
            {"container": "api", "repository": "mco/api", "tags": ["test"]},
            {"container": "proxy", "repository": "mco/proxy", "tags": ["stable"]},
        ],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"rolling": {}},
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    StoredTarget {
        target: target::parse(&document).unwrap().remove(0),
        home: "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
            .parse()
            .unwrap(),
        version: 1,
        line: None,
        state: TargetState::default(),
    }
}
