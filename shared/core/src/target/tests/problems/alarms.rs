//! What is said about checks of alarms.

use serde_json::{Value, json};

use super::super::{check_of, one, sample};
use super::assert_problems;
use crate::target::check::{AlarmsCheck, AlreadyOn, CheckKind};

fn document(parameters: &Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["gates"] = json!({"before_traffic": [{"alarms": parameters}]});
    document
}

#[track_caller]
fn refused(parameters: &Value, expected: &str) {
    let expected = expected.replacen("alarms", "gates.before_traffic[0].alarms", 1);
    assert_problems(&document(parameters), &expected);
}

#[test]
fn every_key_of_the_check_is_read() {
    let target = one(&document(
        &json!({"names": ["a", "b"], "already_on": "ignore"}),
    ));
    assert_eq!(
        check_of(&target).kind,
        CheckKind::Alarms(AlarmsCheck {
            names: vec!["a".into(), "b".into()],
            already_on: AlreadyOn::Ignore,
        })
    );
    for parameters in [
        json!({"names": ["a"]}),
        json!({"names": ["a"], "already_on": "fail"}),
    ] {
        let CheckKind::Alarms(check) = check_of(&one(&document(&parameters))).kind.clone() else {
            panic!("expected alarms");
        };
        assert_eq!(check.already_on, AlreadyOn::Fail);
    }
}

#[test]
fn alarms_are_named() {
    refused(&json!({}), "alarms: `names` is missing");
    refused(
        &json!({"names": "api-5xx"}),
        "alarms.names: expected a list of alarms, found `api-5xx`\n  hint: write `[api-5xx]`",
    );
    refused(
        &json!({"names": []}),
        "alarms.names: expected 1 to 100 alarms, found 0",
    );
    refused(
        &json!({"names": ["a", "", "a", 5]}),
        "alarms.names[1]: expected an alarm's name (1 to 255 printable characters), found an empty text\n\
         alarms.names[2]: `a` is already in the list\n\
         alarms.names[3]: expected an alarm's name, found the number 5\n  hint: put it in quotes"
            .replace("\nalarms", "\ngates.before_traffic[0].alarms")
            .as_str(),
    );
    refused(
        &json!({"names": ["a"], "already_on": "pass"}),
        "alarms.already_on: expected `fail` or `ignore`, found `pass`",
    );
    refused(
        &json!({"name": ["a"]}),
        "alarms.name: unknown key\n  hint: did you mean `names`?",
    );
}
