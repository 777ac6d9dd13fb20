//! Targets as the properties of a resource of CloudFormation, whose scalars are all texts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{arbitrary, one, parse, sample};
use crate::target::parse_properties;

/// What CloudFormation makes of a value. What the document holds of its own stays as it is: see the test below.
fn in_texts(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(items) => items.iter().map(in_texts).collect(),
        Value::Object(members) => {
            let kept = ["json", "parameters"];
            let members = members.iter().map(|(key, value)| {
                let is_kept = kept.contains(&key.as_str());
                let value = if is_kept {
                    value.clone()
                } else {
                    in_texts(value)
                };
                (key.clone(), value)
            });
            members.collect()
        }
        plain => plain.clone(),
    }
}

proptest! {
    #[test]
    fn any_target_is_the_same_when_its_scalars_are_texts(target in arbitrary::target()) {
        prop_assert_eq!(parse_properties(&in_texts(&target.to_value())), Ok(target));
    }
}

#[test]
fn only_properties_may_write_scalars_as_texts() {
    let target = sample()["targets"][0].clone();
    let texts = in_texts(&target);
    assert_eq!(texts["on_failure"]["restore_tag"], "true");
    assert_eq!(parse_properties(&texts), Ok(one(&sample())));
    assert_eq!(parse_properties(&target), Ok(one(&sample())));
    let problems = parse(&texts).unwrap_err().to_string();
    assert!(problems.contains("restore_tag"), "{problems}");
}

#[test]
fn a_text_that_is_no_scalar_is_still_wrong_and_a_text_that_looks_like_one_is_still_a_text() {
    let mut target = sample()["targets"][0].clone();
    target["on_failure"]["restore_tag"] = json!("yes");
    let problems = parse_properties(&target).unwrap_err();
    assert_eq!(
        problems.to_string().trim_end(),
        "on_failure.restore_tag: expected `true` or `false`, found `yes`"
    );
    target["on_failure"]["restore_tag"] = json!("false");
    target["images"][0]["tags"] = json!(["1.10"]);
    let target = parse_properties(&target).unwrap().to_value();
    assert_eq!(target["images"][0]["tags"], json!(["1.10"]));
}
