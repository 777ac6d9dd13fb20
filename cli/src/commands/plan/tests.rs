use crate::commands::promises::assert_kept;
use greenlight_core::deployment::Rule;
use greenlight_core::target::GatePoint;
use greenlight_core::task_definition::{TaskDefinition, difference};
use serde_json::json;

use super::*;
use crate::commands::sample;

const LIVE: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7";

fn task_definition(image: &str, more: &Value) -> TaskDefinition {
    let mut document = json!({
        "family": "mco-api",
        "containerDefinitions": [{
            "name": "api",
            "image": image,
            "environment": [{"name": "LOG", "value": "info"}, {"name": "API_TOKEN", "value": "t0p-s3cret"}],
        }],
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    TaskDefinition::parse(document).unwrap()
}

fn started() -> Explanation {
    Explanation {
        decision: Decision::Start,
        rule: Rule::Asked,
        text: "mco/api:test (d60bbfffc19a) is deployed to `api-test` as 01KAPX2V9M3Z8QK4T7N5R6S0W2"
            .into(),
    }
}

/// A plan that brings another image, and more memory by its template.
fn plan() -> Plan {
    let live = task_definition(&sample::candidate('a').pinned(), &json!({"memory": "512"}));
    let new = task_definition(&sample::candidate('b').pinned(), &json!({"memory": "1024"}));
    Plan {
        target: "api-test".parse().unwrap(),
        candidate: sample::candidate('b'),
        decision: started(),
        live: Some(LIVE.into()),
        difference: Some(difference(&live, &new)),
        document: Some(new),
        registers: true,
        pipeline: None,
        before: vec![BeforeTask {
            container: Some("api".into()),
            command: vec!["migrate".into(), "up".into()],
            source: None,
        }],
        gates: vec![
            (GatePoint::BeforeTraffic, vec!["tasks", "http"]),
            (GatePoint::AfterTraffic, Vec::new()),
        ],
        faults: Vec::new(),
        notes: Vec::new(),
        lacks_hook: false,
    }
}

fn text(outcome: &Outcome) -> &str {
    &outcome.output.as_ref().unwrap().text
}

#[test]
fn a_difference_is_shown_a_line_each() {
    let outcome = diffed(&plan(), false);
    sample::assert_documented(text(&outcome));
    insta::assert_snapshot!(text(&outcome), @r#"
    mco/api:test (d60bbfffc19a) changes arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    ~ containerDefinitions[api].image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d → 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8
    ~ memory: "512" → "1024"
    "#);
    let json = outcome.output.unwrap().json;
    assert_kept("diff", &json);
    sample::assert_documented(&format!("{json:#}\n"));
    insta::assert_json_snapshot!(json, @r#"
    {
      "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
      "repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api",
      "tag": "test",
      "digest": "sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8",
      "target": "api-test",
      "decision": "start",
      "rule": "asked",
      "live": "arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7",
      "registers": true,
      "difference": [
        {
          "path": "containerDefinitions[api].image",
          "kind": "changed",
          "old": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d",
          "new": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8"
        },
        {
          "path": "memory",
          "kind": "changed",
          "old": "512",
          "new": "1024"
        }
      ],
      "pipeline": null,
      "before": [
        {
          "container": "api",
          "command": [
            "migrate",
            "up"
          ],
          "task_definition": null
        }
      ],
      "gates": {
        "before_traffic": [
          "tasks",
          "http"
        ],
        "after_traffic": []
      },
      "notes": [],
      "faults": [],
      "lacks_hook": false
    }
    "#);
}

#[test]
fn secrets_are_in_neither_form() {
    let mut plan = plan();
    let other = json!({"containerDefinitions": [{
        "name": "api",
        "image": "x",
        "environment": [{"name": "API_TOKEN", "value": "0ther-s3cret"}],
    }]});
    let live = task_definition("x", &json!({}));
    plan.difference = Some(difference(&live, &task_definition("x", &other)));
    for outcome in [diffed(&plan, false), planned(&plan)] {
        let output = outcome.output.unwrap();
        assert_kept("diff", &output.json);
        assert_kept("deploy", &output.json);
        assert!(output.text.contains("(hidden)"), "{}", output.text);
        let all = output.text + &output.json.to_string();
        assert!(!all.contains("s3cret"), "{all}");
    }
}

#[test]
fn that_something_would_change_is_a_no_only_where_it_is_asked_for() {
    let changed = plan();
    let same = Plan {
        difference: Some(difference(
            changed.document.as_ref().unwrap(),
            changed.document.as_ref().unwrap(),
        )),
        registers: false,
        ..plan()
    };
    let new = Plan {
        live: None,
        difference: None,
        ..plan()
    };
    for (plan, exit_code, expected) in [
        (&changed, false, false),
        (&changed, true, true),
        (&same, true, false),
        (&new, true, true),
    ] {
        let outcome = diffed(plan, exit_code);
        assert_eq!(outcome.says_no, expected, "{}", text(&outcome));
        assert!(outcome.failure.is_none());
    }
    insta::assert_snapshot!(text(&diffed(&same, true)), @"
    mco/api:test (d60bbfffc19a) changes nothing in arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
    ");
    insta::assert_snapshot!(text(&diffed(&new, true)), @"
    mco/api:test (d60bbfffc19a) would be the first of task definition `mco-api`; there is nothing to compare it with
    ");
}

#[test]
fn a_pipeline_is_shown_with_what_it_would_be_started_with() {
    let plan = Plan {
        live: None,
        document: None,
        difference: None,
        registers: false,
        pipeline: Some(PipelineStart {
            name: "api-prod".into(),
            action: Some("Source".into()),
            variables: vec![("IMAGE_TAG".into(), "test".into())],
        }),
        ..plan()
    };
    let outcome = diffed(&plan, false);
    insta::assert_snapshot!(text(&outcome), @"
    mco/api:test (d60bbfffc19a) starts pipeline `api-prod`
    revision of `Source`: sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8
    variable `IMAGE_TAG`: test
    ");
    assert!(outcome.failure.is_none());
    let json = outcome.output.unwrap().json;
    assert_kept("diff", &json);
    insta::assert_json_snapshot!(json["pipeline"], @r#"
    {
      "name": "api-prod",
      "action": "Source",
      "variables": {
        "IMAGE_TAG": "test"
      }
    }
    "#);
}

#[test]
fn what_cannot_be_made_has_no_difference_and_fails() {
    let plan = Plan {
        document: None,
        difference: None,
        faults: vec![
            "the task definition `mco-api` has no container named `api`; it has `app`".into(),
        ],
        ..plan()
    };
    let outcome = diffed(&plan, false);
    assert_eq!(text(&outcome), "");
    insta::assert_snapshot!(outcome.failure.unwrap().message(), @"
    error: it cannot be told what a deployment to target `api-test` would register: the task definition `mco-api` has no container named `api`; it has `app`
    ");
}

#[test]
fn a_dry_run_shows_all_that_would_be_done() {
    let outcome = planned(&plan());
    assert!(outcome.failure.is_none());
    sample::assert_documented(text(&outcome));
    insta::assert_snapshot!(text(&outcome), @r#"
    target           api-test
    image            mco/api:test (d60bbfffc19a)
    decision         it would be started now (rule `asked`)
    before           task 1 of 1 runs `migrate up` in container `api`
    gate             before_traffic: tasks, http
    gate             after_traffic: nothing
    task definition  mco/api:test (d60bbfffc19a) changes arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
                     ~ containerDefinitions[api].image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d → 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8
                     ~ memory: "512" → "1024"
    nothing was done: this is a dry run
    "#);
}

#[test]
fn a_dry_run_fails_where_the_deployment_would() {
    let plan = Plan {
        decision: Explanation {
            decision: Decision::Skip,
            rule: Rule::AlreadyDeploying,
            text: "mco/api:test (d60bbfffc19a) is already being deployed to `api-test` as 1".into(),
        },
        notes: vec!["a deployment is running".into()],
        faults: vec!["image `x` is archived".into()],
        lacks_hook: true,
        ..plan()
    };
    let outcome = planned(&plan);
    insta::assert_snapshot!(text(&outcome), @r#"
    target           api-test
    image            mco/api:test (d60bbfffc19a)
    decision         it would not be started: mco/api:test (d60bbfffc19a) is already being deployed to `api-test` as 1 (rule `already_deploying`)
    before           task 1 of 1 runs `migrate up` in container `api`
    gate             before_traffic: tasks, http
    gate             after_traffic: nothing
    task definition  mco/api:test (d60bbfffc19a) changes arn:aws:ecs:eu-west-1:123456789012:task-definition/mco-api:7
                     ~ containerDefinitions[api].image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:3a4dfb063801c320986f8d8251a8888a0bdd8a427cc60d872bb4ccb3c374743d → 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@sha256:d60bbfffc19aea2ed7a1a3953b1bea39494d9eb012e050706fb16e5267aeefe8
                     ~ memory: "512" → "1024"
    note             a deployment is running
    fault            image `x` is archived
    fault            the target has gates, but the hook function that runs them is not known; give `--hook` or set `GREENLIGHT_HOOK`: it is the output `HookFunctionArn` of Greenlight's stack
    nothing was done: this is a dry run
    "#);
    assert_eq!(
        outcome.failure.unwrap().message(),
        "error: a deployment to target `api-test` would not be started\n"
    );
}

#[test]
fn every_decision_is_a_sentence_with_its_rule() {
    for (kind, rule, expected) in [
        (
            Decision::Start,
            Rule::Asked,
            "it would be started now (rule `asked`)",
        ),
        (
            Decision::Resume,
            Rule::BrokenOffStart,
            "text (rule `broken_off_start`)",
        ),
        (
            Decision::Queue,
            Rule::OneAtATime,
            "it would be queued: text (rule `one_at_a_time`)",
        ),
        (
            Decision::Skip,
            Rule::AlreadyQueued,
            "it would not be started: text (rule `already_queued`)",
        ),
    ] {
        let explanation = Explanation {
            decision: kind,
            rule,
            text: "text".into(),
        };
        assert_eq!(decision(&explanation), expected);
    }
}
