//! What documents of each strategy mean.

use serde_json::{Value, json};

use super::{one, parse, sample};
use crate::appspec::CapacityProvider;
use crate::target::{
    AppSpecSource, GatePoint, Launch, Network, OneShotTask, Pipeline, S3Object, Strategy, Target,
    TaskDefinitionSource,
};

/// A target without a service, with these keys.
fn target(more: Value) -> Target {
    let mut document = json!({
        "name": "t",
        "images": [{"container": "c", "repository": "r/r", "tags": ["x"]}],
    });
    let Value::Object(more) = more else {
        panic!("expected a mapping, found {more}");
    };
    document.as_object_mut().unwrap().extend(more);
    let target = one(&document);
    assert_eq!(one(&target.to_value()), target);
    target
}

fn object(bucket: &str, key: &str) -> S3Object {
    S3Object {
        bucket: bucket.into(),
        key: key.into(),
    }
}

#[test]
fn a_rolling_and_a_native_target_are_as_the_service_declares() {
    let service = json!({"cluster": "c", "name": "s"});
    for (deploy, expected) in [
        (json!({"rolling": {}}), Strategy::Rolling),
        (json!({"rolling": null}), Strategy::Rolling),
        (json!({"native": {}}), Strategy::Native),
        (json!({"native": null}), Strategy::Native),
    ] {
        let target = target(json!({"service": service, "deploy": deploy}));
        assert_eq!(target.deploy, expected);
        assert_eq!(target.task_definition, TaskDefinitionSource::Service);
        assert_eq!(target.before, []);
        assert_eq!(target.role_arn, None);
    }
}

#[test]
fn a_native_target_has_a_gate_at_every_point() {
    let points: serde_json::Map<_, _> = GatePoint::ALL
        .into_iter()
        .map(|point| (point.name().to_owned(), json!([])))
        .collect();
    let target = target(json!({
        "service": {"cluster": "c", "name": "s"}, "deploy": {"native": {}}, "gates": points,
    }));
    let found: Vec<_> = target.gates.iter().map(|(point, _)| point).collect();
    assert_eq!(found, GatePoint::ALL);
}

#[test]
fn templates_are_objects_in_s3() {
    let target = target(json!({
        "images": [{"container": "c", "repository": "r/r", "tags": ["x"], "placeholder": "IMAGE1_NAME"}],
        "service": {"cluster": "c", "name": "s"},
        "deploy": {"codedeploy": {"application": "A", "group": "G"}},
        "task_definition": "s3://my.bucket-1/a b/taskdef.json",
        "appspec": "s3://bucket//appspec.yaml",
        "role_arn": "arn:aws:iam::123456789012:role/deploys",
    }));
    assert_eq!(target.images[0].placeholder.as_deref(), Some("IMAGE1_NAME"));
    assert_eq!(
        target.task_definition,
        TaskDefinitionSource::S3(object("my.bucket-1", "a b/taskdef.json"))
    );
    assert_eq!(
        target.appspec,
        AppSpecSource::S3(object("bucket", "/appspec.yaml"))
    );
    assert_eq!(
        target.role_arn.unwrap().as_str(),
        "arn:aws:iam::123456789012:role/deploys"
    );
}

#[test]
fn a_one_shot_task_says_all_of_how_it_runs() {
    let target = target(json!({
        "deploy": {"task": {
            "cluster": "mco",
            "launch": {"type": "FARGATE", "platform_version": "1.4.0"},
            "subnets": ["subnet-1", "subnet-2"],
            "security_groups": ["sg-1"],
            "assign_public_ip": true,
            "container": "worker",
            "command": ["sh", "-c", "set -e\n./run \"$1\"", ""],
        }},
        "task_definition": "family:nightly",
    }));
    assert_eq!(target.service, None);
    assert_eq!(
        target.task_definition,
        TaskDefinitionSource::Family("nightly".into())
    );
    assert_eq!(
        target.deploy,
        Strategy::Task(OneShotTask {
            cluster: Some("mco".into()),
            task_definition: None,
            launch: Some(Launch::Type {
                launch_type: "FARGATE".into(),
                platform_version: Some("1.4.0".into()),
            }),
            network: Some(Network {
                subnets: vec!["subnet-1".into(), "subnet-2".into()],
                security_groups: vec!["sg-1".into()],
                assign_public_ip: true,
            }),
            container: Some("worker".into()),
            command: ["sh", "-c", "set -e\n./run \"$1\"", ""]
                .map(str::to_owned)
                .into(),
        })
    );
}

#[test]
fn a_task_with_a_service_needs_nothing_else() {
    for task in [json!({}), json!(null)] {
        let target = target(json!({
            "service": {"cluster": "c", "name": "s"}, "deploy": {"task": task},
        }));
        assert_eq!(target.deploy, Strategy::Task(OneShotTask::default()));
        assert_eq!(target.task_definition, TaskDefinitionSource::Service);
    }
}

#[test]
fn a_capacity_provider_that_is_named_is_used() {
    let target = target(json!({
        "service": {"cluster": "c", "name": "s"},
        "deploy": {"task": {"launch": {"capacity_providers": [
            {"name": "FARGATE_SPOT"}, {"name": "FARGATE", "base": 2, "weight": 0},
        ]}}},
    }));
    let Strategy::Task(OneShotTask {
        launch:
            Some(Launch::CapacityProviders {
                providers,
                platform_version: None,
            }),
        ..
    }) = target.deploy
    else {
        panic!("expected capacity providers, found {:?}", target.deploy);
    };
    let provider = |name: &str, base, weight| CapacityProvider {
        name: name.into(),
        base,
        weight,
    };
    assert_eq!(
        providers,
        [provider("FARGATE_SPOT", 0, 1), provider("FARGATE", 2, 0)]
    );
}

#[test]
fn tasks_before_come_in_their_order_and_may_have_their_own_task_definition() {
    let target = target(json!({
        "service": {"cluster": "c", "name": "s"},
        "deploy": {"rolling": {}},
        "before": [
            {"task": {"command": ["migrate"]}},
            {"task": {"task_definition": "family:seed", "container": "seed"}},
            {"task": {"task_definition": "s3://bucket/check.json"}},
            {"task": {"task_definition": "service"}},
            {"task": null},
        ],
    }));
    let sources: Vec<_> = target
        .before
        .iter()
        .map(|task| task.task_definition.clone())
        .collect();
    assert_eq!(
        sources,
        [
            None,
            Some(TaskDefinitionSource::Family("seed".into())),
            Some(TaskDefinitionSource::S3(object("bucket", "check.json"))),
            Some(TaskDefinitionSource::Service),
            None,
        ]
    );
    assert_eq!(target.before[0].command, ["migrate"]);
    assert_eq!(target.before[1].container.as_deref(), Some("seed"));
    assert_eq!(target.before[4], OneShotTask::default());
}

#[test]
fn a_pipeline_is_told_of_the_image_by_its_action_or_its_variables() {
    let by_action = target(json!({"deploy": {"pipeline": {"name": "p", "action": "Source"}}}));
    assert_eq!(
        by_action.deploy,
        Strategy::Pipeline(Pipeline {
            name: "p".into(),
            action: Some("Source".into()),
            variables: Vec::new(),
        })
    );
    let by_variable = target(json!({"deploy": {"pipeline": {
        "name": "p", "variables": {"Z": "{image}", "A@1": "{\"t\": \"{target}\"}"},
    }}}));
    let Strategy::Pipeline(pipeline) = by_variable.deploy else {
        panic!("expected a pipeline, found {:?}", by_variable.deploy);
    };
    assert_eq!(
        pipeline.variables,
        [("A@1", "{\"t\": \"{target}\"}"), ("Z", "{image}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_stage_of_ecs_is_one_point_or_none() {
    for (stage, point) in [
        ("PRE_SCALE_UP", Some(GatePoint::BeforeInstall)),
        ("POST_SCALE_UP", Some(GatePoint::AfterInstall)),
        ("POST_TEST_TRAFFIC_SHIFT", Some(GatePoint::TestTraffic)),
        (
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Some(GatePoint::BeforeTraffic),
        ),
        ("PRODUCTION_TRAFFIC_SHIFT", Some(GatePoint::BeforeTraffic)),
        (
            "POST_PRODUCTION_TRAFFIC_SHIFT",
            Some(GatePoint::AfterTraffic),
        ),
        ("RECONCILE_SERVICE", None),
        ("TEST_TRAFFIC_SHIFT", None),
        ("SCALE_UP", None),
        ("BAKE_TIME", None),
        ("CLEAN_UP", None),
        ("pre_scale_up", None),
        ("SOMETHING_NEW", None),
        ("", None),
    ] {
        assert_eq!(GatePoint::of_ecs_stage(stage), point, "{stage}");
        if let Some(point) = point {
            assert!(point.ecs_stages().contains(&stage), "{stage}");
        }
    }
    let stages = GatePoint::ALL.map(|point| point.ecs_stages().len());
    assert_eq!(stages, [1, 1, 1, 2, 1]);
}

#[test]
fn a_deployment_may_take_as_long_as_its_strategy_gives_or_as_is_written() {
    use std::time::Duration;
    let mut document = sample()["targets"][0].clone();
    let limit = |document: &serde_json::Value| one(document).time_limit();
    assert_eq!(limit(&document), Duration::from_hours(5 * 24));
    document["timeout"] = json!("36h");
    assert_eq!(limit(&document), Duration::from_hours(36));
    assert_eq!(one(&document).to_value()["timeout"], "36h");
    document["timeout"] = json!("4m");
    let problems = parse(&document).unwrap_err().to_string();
    assert!(
        problems.contains("a duration from 5m to 720h"),
        "{problems}"
    );
    document["timeout"] = json!(null);
    document["deploy"] = json!({"rolling": {}});
    document["gates"] = json!({});
    assert_eq!(limit(&document), Duration::from_hours(24));
}
