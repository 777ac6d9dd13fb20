//! Whatever looks as if ECS had sent it is answered with a well-formed status, also where AWS cannot be reached.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use greenlight_aws::{Clients, table::Table};
use greenlight_deployer::{Deployer, clock::Clock, probe::Probe};
use greenlight_runtime::{
    aws::sdk_config, config::AwsConfig, function::Invocation, http::shared_client,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};
use validate_green::{Context, Error, handle};

macro_rules! sample {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../events/", $name))).unwrap()
    };
}

/// A function that cannot reach anything.
fn cut_off() -> Context {
    let variables = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        // Nobody listens there.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = AwsConfig::parse(&variables.into_iter().collect()).unwrap();
    let clients = Clients::new(&sdk_config(&config, shared_client(&config).unwrap()));
    Context {
        deployer: Deployer {
            table: Table::new(clients.clone(), "greenlight"),
            clients,
            bus: "default".to_owned(),
            hook_function: None,
            probe: Probe::new(),
            clock: Clock::starting_at("2026-11-22T10:00:00Z".parse().unwrap()),
        },
    }
}

fn answer(payload: Value) -> Value {
    answered(payload).unwrap()
}

fn answered(payload: Value) -> Result<Value, Error> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    tokio.block_on(async {
        let context = cut_off();
        let invocation = Invocation {
            payload,
            request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
            function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:tested".to_owned(),
            deadline: Instant::now() + Duration::from_mins(15),
        };
        handle(&context, invocation).await
    })
}

#[test]
fn a_stage_without_a_gate_and_a_roll_back_go_on_without_asking_anybody() {
    let mut unknown = sample!("hook/ecs-native-flat.json");
    unknown["lifecycleStage"] = json!("A_STAGE_OF_2031");
    let mut reconcile = sample!("hook/ecs-native-post-scale-up.json");
    reconcile["lifecycleStage"] = json!("RECONCILE_SERVICE");
    for payload in [sample!("hook/ecs-native-rollback.json"), unknown, reconcile] {
        assert_eq!(answer(payload), json!({ "hookStatus": "SUCCEEDED" }));
    }
}

#[test]
fn a_gate_that_cannot_be_run_fails() {
    for payload in [
        sample!("hook/ecs-native-post-scale-up.json"),
        sample!("hook/ecs-native-flat.json"),
        sample!("hook/ecs-native-pre-production.json"),
        sample!("hook/ecs-native-production-shift.json"),
        sample!("hook/ecs-native-with-hook-details.json"),
        sample!("bad/hook-of-ecs-without-deployment.json"),
    ] {
        assert_eq!(answer(payload), json!({ "hookStatus": "FAILED" }));
    }
}

#[test]
fn what_nobody_waits_for_is_dropped() {
    for payload in [
        sample!("bad/empty-object.json"),
        sample!("bad/null.json"),
        sample!("bad/hook-no-execution-id.json"),
        sample!("bad/hook-empty-ids.json"),
    ] {
        assert!(answer(payload).get("dropped").is_some());
    }
}

#[test]
fn a_schedule_that_cannot_look_for_gates_fails_so_that_somebody_hears_of_it() {
    let error = answered(sample!("schedule/minute.json")).unwrap_err();
    assert!(matches!(error, Error::Due(_)), "{error}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_distorted_payload_of_ecs_gets_a_well_formed_answer(
        garbage in any_json(),
        field in prop::sample::select(vec![
            "lifecycleStage", "resourceArn", "executionDetails", "hookDetails",
            "targetServiceRevisionArn", "productionTrafficWeights", "testTrafficWeights",
        ]),
        is_nested in any::<bool>(),
    ) {
        let mut payload = if is_nested {
            sample!("hook/ecs-native-production-shift.json")
        } else {
            sample!("hook/ecs-native-flat.json")
        };
        payload[field] = garbage;
        let answer = answer(payload);
        let status = answer["hookStatus"].as_str();
        prop_assert!(matches!(status, Some("SUCCEEDED" | "FAILED")), "{answer}");
        prop_assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1));
    }
}
