//! Payloads as ECS sends them and as nobody should; what is asked for at which stage.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const DEPLOYMENT: &str =
    "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/EZe5RNVLH6PPzHXINuP28";
const GREEN: &str =
    "arn:aws:ecs:eu-west-1:123456789012:service-revision/mco/api/9313423515462893900";
const BLUE: &str =
    "arn:aws:ecs:eu-west-1:123456789012:service-revision/mco/api/4578213645871236547";

macro_rules! sample {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../../../events/", $name)))
            .unwrap()
    };
}

fn hook(stage: &str, production: &[(&str, f64)]) -> EcsHook {
    let weights = production
        .iter()
        .map(|(arn, weight)| ((*arn).to_owned(), *weight));
    EcsHook {
        stage: stage.to_owned(),
        deployment: DEPLOYMENT.to_owned(),
        account: "123456789012".to_owned(),
        service: Service {
            cluster: "mco".to_owned(),
            name: "api".to_owned(),
        },
        target_revision: Some(GREEN.to_owned()),
        test_weights: Weights::default(),
        production_weights: Weights(weights.collect()),
    }
}

#[test]
fn nested_and_flat_payloads_say_the_same() {
    for sample in [
        sample!("hook/ecs-native-post-scale-up.json"),
        sample!("hook/ecs-native-flat.json"),
        sample!("hook/ecs-native-with-hook-details.json"),
    ] {
        assert!(is_ecs_hook(&sample));
        assert_eq!(EcsHook::parse(&sample), Ok(hook("POST_SCALE_UP", &[])));
    }
}

#[test]
fn each_sample_asks_for_what_its_name_says() {
    let point = |payload: &Value| match EcsHook::parse(payload).unwrap().asks() {
        AtStage::Gate(point) => point.name(),
        AtStage::Nothing { .. } => "nothing",
    };
    for (payload, expected) in [
        (
            sample!("hook/ecs-native-post-scale-up.json"),
            "after_install",
        ),
        (
            sample!("hook/ecs-native-pre-production.json"),
            "before_traffic",
        ),
        (
            sample!("hook/ecs-native-production-shift.json"),
            "before_traffic",
        ),
        (sample!("hook/ecs-native-rollback.json"), "nothing"),
    ] {
        assert_eq!(point(&payload), expected, "{payload}");
    }
}

#[test]
fn the_hook_of_codedeploy_and_other_events_are_not_those_of_ecs() {
    for payload in [
        sample!("hook/codedeploy.json"),
        sample!("bad/hook-no-execution-id.json"),
        sample!("bad/null.json"),
        sample!("bad/not-an-object.json"),
        sample!("bad/scheduled-event.json"),
        json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e", "lifecycleStage": "POST_SCALE_UP"}),
    ] {
        assert!(!is_ecs_hook(&payload), "{payload}");
    }
}

#[test]
fn what_is_wrong_with_a_payload_is_told() {
    for (payload, expected) in [
        (
            sample!("bad/hook-of-ecs-without-deployment.json"),
            "`resourceArn` is missing",
        ),
        (
            json!({"resourceArn": DEPLOYMENT}),
            "`lifecycleStage` is missing",
        ),
        (
            json!({"lifecycleStage": null, "resourceArn": DEPLOYMENT}),
            "`lifecycleStage` is missing",
        ),
        (
            json!({"lifecycleStage": "S".repeat(65), "resourceArn": DEPLOYMENT}),
            "`lifecycleStage` is missing",
        ),
        (
            json!({"lifecycleStage": "POST_SCALE_UP", "resourceArn": GREEN}),
            "not that of a service deployment",
        ),
        (
            json!({"lifecycleStage": "POST_SCALE_UP", "resourceArn": "arn:aws:ecs:eu-west-1:1:service-deployment/a/b/c"}),
            "not that of",
        ),
        (
            json!({"lifecycleStage": "POST_SCALE_UP", "resourceArn": format!("{DEPLOYMENT}/x")}),
            "not that of",
        ),
        (
            json!({"lifecycleStage": "POST_SCALE_UP", "resourceArn": format!("{DEPLOYMENT} ")}),
            "not that of",
        ),
    ] {
        assert!(is_ecs_hook(&payload), "{payload}");
        let error = EcsHook::parse(&payload).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}

#[test]
fn a_stage_asks_for_its_gate_or_for_nothing() {
    for (stage, expected) in [
        ("RECONCILE_SERVICE", None),
        ("PRE_SCALE_UP", Some(GatePoint::BeforeInstall)),
        ("POST_SCALE_UP", Some(GatePoint::AfterInstall)),
        ("TEST_TRAFFIC_SHIFT", None),
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
        ("BAKE_TIME", None),
        ("A_STAGE_OF_2031", None),
        ("", None),
    ] {
        match (hook(stage, &[]).asks(), expected) {
            (AtStage::Gate(found), Some(expected)) => assert_eq!(found, expected, "{stage}"),
            (AtStage::Nothing { reason }, None) => assert!(reason.ends_with(stage), "{reason}"),
            (found, _) => panic!("{stage}: {found:?}"),
        }
    }
}

#[test]
fn a_shift_away_from_green_is_a_roll_back_and_one_that_has_not_begun_is_not() {
    const PRODUCTION: &str = "PRODUCTION_TRAFFIC_SHIFT";
    const PRE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";
    for (stage, weights, is_back) in [
        (PRODUCTION, &[(GREEN, 0.0), (BLUE, 100.0)][..], true),
        (PRODUCTION, &[(BLUE, 100.0)], true),
        (PRODUCTION, &[(GREEN, 0.0)], true),
        (PRODUCTION, &[(GREEN, 0.1), (BLUE, 99.9)], false),
        (PRODUCTION, &[(GREEN, 100.0), (BLUE, 0.0)], false),
        // The first deployment of a service.
        (PRODUCTION, &[(GREEN, 100.0)], false),
        // Nothing is known, so that the gate decides.
        (PRODUCTION, &[], false),
        (PRODUCTION, &[(BLUE, 0.0)], false),
        (PRE, &[(GREEN, 0.0), (BLUE, 100.0)], false),
        (
            "POST_PRODUCTION_TRAFFIC_SHIFT",
            &[(GREEN, 0.0), (BLUE, 100.0)],
            false,
        ),
    ] {
        let asked = hook(stage, weights).asks();
        let found = matches!(asked, AtStage::Nothing { .. });
        assert_eq!(found, is_back, "{stage} {weights:?}: {asked:?}");
    }
    let nameless = EcsHook {
        target_revision: None,
        ..hook(PRODUCTION, &[(BLUE, 100.0)])
    };
    assert_eq!(nameless.asks(), AtStage::Gate(GatePoint::BeforeTraffic));
    let test = EcsHook {
        test_weights: Weights(vec![(GREEN.to_owned(), 0.0)]),
        ..hook("TEST_TRAFFIC_SHIFT", &[])
    };
    let AtStage::Nothing { reason } = test.asks() else {
        panic!("{test:?}");
    };
    assert!(reason.contains("rolled back"), "{reason}");
}

#[test]
fn the_steps_of_a_shift_are_told_apart() {
    let at = |weight| {
        hook(
            "PRODUCTION_TRAFFIC_SHIFT",
            &[(GREEN, weight), (BLUE, 100.0 - weight)],
        )
    };
    assert_eq!(
        at(12.5).stage_in_words(),
        "PRODUCTION_TRAFFIC_SHIFT, 12.5 % of production traffic"
    );
    assert_eq!(
        at(100.0).stage_in_words(),
        "PRODUCTION_TRAFFIC_SHIFT, 100 % of production traffic"
    );
    assert_eq!(hook("POST_SCALE_UP", &[]).stage_in_words(), "POST_SCALE_UP");
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(Value::from(DEPLOYMENT)),
        Just(Value::from("POST_SCALE_UP")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Mostly keys that mean something.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("lifecycleStage".to_owned()),
        Just("resourceArn".to_owned()),
        Just("executionDetails".to_owned()),
        Just("targetServiceRevisionArn".to_owned()),
        Just("productionTrafficWeights".to_owned()),
        Just("hookDetails".to_owned()),
        Just("greenlight".to_owned()),
        ".{0,8}",
    ]
}

proptest! {
    #[test]
    fn no_payload_causes_a_panic(payload in any_json()) {
        is_ecs_hook(&payload);
        if let Ok(hook) = EcsHook::parse(&payload) {
            prop_assert!(is_ecs_hook(&payload) || payload.get("LifecycleEventHookExecutionId").is_some());
            hook.asks();
            hook.stage_in_words();
        }
    }
}
