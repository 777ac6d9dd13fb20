use greenlight_core::verification::{Branch, Finding, Report};
use serde_json::json;

use super::{checked, remarks, text};
use crate::commands::promises::assert_kept;
use crate::commands::sample;

fn report(findings: Vec<Finding>) -> Report {
    Report {
        target: "api-test".parse().unwrap(),
        branches: vec![
            Branch {
                name: "service `mco/api`".into(),
                findings: vec![Finding::ok(
                    "service.exists",
                    "ECS service `mco/api` is there",
                )],
            },
            Branch {
                name: "roles of task definition `mco-api`".into(),
                findings,
            },
        ],
    }
}

fn missing() -> Finding {
    Finding::missing(
        "task_role.trust",
        "role `api`, the task role, does not trust `ecs-tasks.amazonaws.com`, which has to assume it",
        "add the statement to the trust policy of role `api`",
    )
    .with_statement("trust policy of api", json!({"Effect": "Allow"}))
}

#[test]
fn the_tree_is_shown_with_its_remedies_and_a_sum() {
    let text = text(&report(vec![missing()]));
    sample::assert_documented(&text);
    insta::assert_snapshot!(text, @r#"
    api-test
      service `mco/api`
        ok: ECS service `mco/api` is there
      roles of task definition `mco-api`
        missing: role `api`, the task role, does not trust `ecs-tasks.amazonaws.com`, which has to assume it
          → add the statement to the trust policy of role `api`
          trust policy of api: {"Effect":"Allow"}
    1 ok, 0 to be known, 1 missing, 0 not looked at
    "#);
}

#[test]
fn a_target_that_would_be_refused_says_no() {
    let outcome = checked(&[report(vec![]), report(vec![missing()])]);
    assert!(outcome.says_no);
    let json = outcome.output.unwrap().json;
    assert_kept("targets-check", &json);
    let finding = &json["targets"][1]["branches"][1]["findings"][0];
    assert_eq!(finding["check"], "task_role.trust");
    assert_eq!(finding["state"], "missing");
    assert_eq!(finding["statement"]["statement"]["Effect"], "Allow");
    assert!(!checked(&[report(vec![])]).says_no);
}

#[test]
fn of_a_registered_target_only_what_is_not_as_it_should_be_is_told() {
    assert_eq!(remarks(&report(vec![])), "");
    let warning = Finding::warning("tag.exists", "no image has a tag yet", "push one");
    let remarks = remarks(&report(vec![warning]));
    insta::assert_snapshot!(remarks, @"
    api-test
      roles of task definition `mco-api`
        warning: no image has a tag yet
          → push one
    ");
}
