//! What is said about gates, and about those that a strategy does not have.

use serde_json::{Value, json};

use super::super::{parse, sample};
use super::{assert_problems, check};

#[test]
fn a_check_is_not_run_where_it_cannot_pass() {
    for kind in ["tasks", "digest", "targets", "task"] {
        check(
            "/gates",
            json!({"before_install": [{kind: {}}]}),
            &format!(
                "gates.before_install[0].{kind}: cannot pass at before_install: the green tasks are not created yet"
            ),
        );
    }
    check(
        "/gates",
        json!({"after_install": [{"http": {"path": "/"}}]}),
        "gates.after_install[0].http: cannot pass at after_install: \
         the test listener does not lead to the green tasks yet",
    );
    check(
        "/gates",
        json!({"before_install": [{"http": {"requests": [{"url": "http://x/"}, {"path": "/"}]}}]}),
        "gates.before_install[0].http: cannot pass at before_install: the green tasks are not created yet",
    );
    let green = json!({"namespace": "N", "metric": "M", "statistic": "Sum", "max": 1,
        "dimensions": {"TargetGroup": "$target_group"}});
    check(
        "/gates",
        json!({"before_install": [{"metric": green}]}),
        "gates.before_install[0].metric: cannot pass at before_install: the green tasks are not created yet",
    );
}

#[test]
fn what_needs_no_green_tasks_is_checked_before_they_are_created() {
    let checks = json!([
        {"alarms": {"names": ["a"]}},
        {"scan": {}},
        {"lambda": {"function": "f"}},
        {"approval": {}},
        {"http": {"url": "https://example.org/"}},
        {"metric": {"namespace": "N", "metric": "M", "statistic": "Sum", "max": 1}},
    ]);
    let document = with_gates(
        &json!({"native": {}}),
        json!({"before_install": checks, "after_install": [{"task": {}}]}),
    );
    assert_eq!(parse(&document).map(|targets| targets.len()), Ok(1));
}

#[test]
fn a_gate_has_so_many_checks() {
    let checks =
        |count: usize| json!({"after_traffic": vec![json!({"scan": {"timeout": "1s"}}); count]});
    assert!(parse(&with_gates(&json!({"native": {}}), checks(20))).is_ok());
    assert_problems(
        &with_gates(&json!({"native": {}}), checks(21)),
        "gates.after_traffic: expected 0 to 20 checks, found 21",
    );
}

#[test]
fn a_check_written_as_a_word_is_explained() {
    check(
        "/gates",
        json!({"before_traffic": ["tasks"]}),
        "gates.before_traffic[0]: expected a mapping, found `tasks`\n  hint: write `{tasks: {}}`",
    );
}

/// A target of this strategy with these gates.
fn with_gates(deploy: &Value, gates: Value) -> Value {
    let mut document = sample()["targets"][0].clone();
    document["deploy"] = deploy.clone();
    document["gates"] = gates;
    document
}

#[test]
fn a_rolling_deployment_waits_after_traffic_only() {
    let rolling = json!({"rolling": {}});
    for point in [
        "before_install",
        "after_install",
        "test_traffic",
        "before_traffic",
    ] {
        assert_problems(
            &with_gates(&rolling, json!({point: []})),
            &format!(
                "gates.{point}: `rolling` does not wait at {point}: the tasks of a rolling \
                 deployment get traffic as soon as they are healthy\n  \
                 hint: `rolling` has `after_traffic`"
            ),
        );
    }
    let all = json!([
        {"tasks": {"timeout": "2m"}},
        {"digest": {"timeout": "2m"}},
        {"targets": {"timeout": "4m"}},
        {"http": {"url": "https://api.example.org/health"}},
    ]);
    let document = with_gates(&rolling, json!({"after_traffic": all}));
    assert_eq!(parse(&document).map(|targets| targets.len()), Ok(1));
}

#[test]
fn a_rolling_deployment_has_no_test_listener() {
    assert_problems(
        &with_gates(
            &json!({"rolling": null}),
            json!({"after_traffic": [{"tasks": {}}, {"http": {"path": "/health"}}]}),
        ),
        "gates.after_traffic[1].http.path: cannot pass: a rolling deployment has no test listener\n  \
         hint: write the whole `url`",
    );
    let requests = json!([{"url": "http://x/"}, {"path": "/a"}, {"path": "/b"}]);
    assert_problems(
        &with_gates(
            &json!({"rolling": null}),
            json!({"after_traffic": [{"http": {"requests": requests}}]}),
        ),
        "gates.after_traffic[0].http.requests[1].path: cannot pass: a rolling deployment has no test listener\n  \
         hint: write the whole `url`\n\
         gates.after_traffic[0].http.requests[2].path: cannot pass: a rolling deployment has no test listener\n  \
         hint: write the whole `url`",
    );
}

#[test]
fn nobody_waits_at_the_gate_of_a_rolling_deployment() {
    assert_problems(
        &with_gates(
            &json!({"rolling": null}),
            json!({"after_traffic": [{"approval": {"timeout": "1m"}}]}),
        ),
        "gates.after_traffic[0].approval: cannot pass: nobody waits at the gate of a rolling deployment, which has \
         10 minutes and is run by a function\n  hint: deploy with `codedeploy` or `native`, or put an approval into \
         the pipeline that moves the tag",
    );
}

#[test]
fn a_rolling_deployment_has_no_blue_tasks_to_compare_with() {
    let metric = |baseline: &str| {
        json!({"after_traffic": [{"metric": {"namespace": "N", "metric": "M", "statistic": "Sum",
            "dimensions": {"TargetGroup": "$target_group"}, "no_worse_than": baseline}}]})
    };
    assert_problems(
        &with_gates(&json!({"rolling": null}), metric("blue")),
        "gates.after_traffic[0].metric.no_worse_than: cannot pass: a rolling deployment has no blue tasks beside the \
         green ones\n  hint: compare with `previous`",
    );
    assert!(parse(&with_gates(&json!({"rolling": null}), metric("previous"))).is_ok());
}

#[test]
fn the_gate_of_a_rolling_deployment_fits_into_its_function() {
    assert_problems(
        &with_gates(
            &json!({"rolling": {}}),
            json!({"after_traffic": [{"tasks": {}}, {"digest": null}, {"targets": {"timeout": "1s"}}]}),
        ),
        "gates.after_traffic: expected timeouts of at most 10m together, found 601s\n  \
         hint: shorten each `timeout`; one that is not written counts with its default",
    );
    let two_defaults = json!({"after_traffic": [{"tasks": {}}, {"digest": {}}]});
    assert!(parse(&with_gates(&json!({"rolling": {}}), two_defaults.clone())).is_ok());
}

#[test]
fn a_gate_is_over_before_whoever_waits_for_it_gives_up() {
    let codedeploy = json!({"codedeploy": {"application": "A", "group": "G"}});
    let native = json!({"native": {}});
    let gates = |timeouts: &[&str]| {
        let checks: Vec<Value> = timeouts
            .iter()
            .map(|timeout| json!({"alarms": {"names": ["a"], "timeout": timeout}}))
            .collect();
        json!({"after_traffic": checks})
    };
    for (deploy, fits, most, too_long, found) in [
        (
            &codedeploy,
            ["25m", "30m"],
            "55m",
            ["25m", "1801s"],
            "3301s",
        ),
        (&native, ["1h", "22h"], "23h", ["1h", "1321m"], "1381m"),
    ] {
        assert!(parse(&with_gates(deploy, gates(&fits))).is_ok(), "{deploy}");
        assert_problems(
            &with_gates(deploy, gates(&too_long)),
            &format!(
                "gates.after_traffic: expected timeouts of at most {most} together, found {found}\n  \
                 hint: shorten each `timeout`; one that is not written counts with its default"
            ),
        );
    }
    // Each point is a hook of its own.
    let both = json!({
        "before_traffic": [{"tasks": {"timeout": "50m"}}],
        "after_traffic": [{"tasks": {"timeout": "50m"}}],
    });
    assert!(parse(&with_gates(&codedeploy, both)).is_ok());
    // One that is not written counts with its default.
    let usual = json!({"test_traffic": [{"approval": {}}, {"approval": {"timeout": "26m"}}]});
    assert_problems(
        &with_gates(&codedeploy, usual),
        "gates.test_traffic: expected timeouts of at most 55m together, found 56m\n  \
         hint: shorten each `timeout`; one that is not written counts with its default",
    );
}

#[test]
fn tasks_and_pipelines_have_no_gates() {
    assert_problems(
        &with_gates(
            &json!({"task": {}}),
            json!({"after_traffic": [], "before_traffic": [{"tsks": {}}]}),
        ),
        "gates.before_traffic: `task` does not wait at before_traffic: its exit codes say whether a \
         task has succeeded\n  hint: `task` has no gates\n\
         gates.before_traffic[0].tsks: unknown key\n  hint: did you mean `tasks`?\n\
         gates.after_traffic: `task` does not wait at after_traffic: its exit codes say whether a \
         task has succeeded\n  hint: `task` has no gates",
    );
    let pipeline = json!({"pipeline": {"name": "p", "action": "Source"}});
    assert_problems(
        &with_gates(&pipeline, json!({"after_traffic": []})),
        "gates.after_traffic: `pipeline` does not wait at after_traffic: the pipeline has its own \
         checks\n  hint: `pipeline` has no gates",
    );
    for deploy in [json!({"task": {}}), pipeline] {
        assert!(parse(&with_gates(&deploy, json!({}))).is_ok(), "{deploy}");
    }
}

#[test]
fn gates_are_checked_against_a_strategy_that_is_itself_not_right() {
    assert_problems(
        &with_gates(&json!({"rolling": {"x": 1}}), json!({"before_traffic": []})),
        "deploy.rolling.x: unknown key; nothing is expected here\n\
         gates.before_traffic: `rolling` does not wait at before_traffic: the tasks of a rolling \
         deployment get traffic as soon as they are healthy\n  hint: `rolling` has `after_traffic`",
    );
}
