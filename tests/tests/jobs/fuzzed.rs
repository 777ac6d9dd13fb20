//! Whatever a job holds, it is answered once, with a message, and nothing is deployed; what nobody can be
//! answered for is dropped.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::world::{PIPELINE_ACTION, World};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rehearsal::{account::s3, scenario::sample::Stand};
use serde_json::{Value, json};

const BUCKET: &str = "fuzzed";

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,12}", inner, 0..4)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
}

/// What stands in `UserParameters`: nearly right, or anything. No image is named that there is.
fn any_parameters() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "action",
        "target",
        "tag",
        "digest",
        "to",
        "execution",
        "task_definition",
        "app_spec",
        "image_definitions",
        "image_detail",
        "colour",
    ]);
    let values = prop_oneof![
        Just(json!("api-test")),
        Just(json!("deploy")),
        Just(json!("promote")),
        Just(json!("verify")),
        Just(json!("#{variables.tag}")),
        Just(json!("no-such-tag")),
        Just(json!("Infra::taskdef.json")),
        Just(json!("../../etc/passwd")),
        any_json(),
    ];
    let object = prop::collection::btree_map(keys, values, 0..6);
    prop_oneof![
        3 => object.prop_map(|mut object| {
            object.entry("tag").or_insert_with(|| json!("no-such-tag"));
            json!(serde_json::to_string(&object).unwrap())
        }),
        1 => ".{0,1200}".prop_map(Value::from),
        1 => any_json(),
    ]
}

/// The bytes of an artifact: anything, or a zip's beginning and anything.
fn any_artifact() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| [
            b"PK\x05\x06".as_slice(),
            &bytes
        ]
        .concat()),
    ]
}

/// A job's event, and the bytes of its artifact.
fn any_job() -> impl Strategy<Value = (Value, Vec<u8>)> {
    let id = prop_oneof![
        4 => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".prop_map(Value::from),
        1 => any_json(),
    ];
    let artifacts = prop_oneof![
        3 => Just(json!([{
            "location": {"s3Location": {"bucketName": BUCKET, "objectKey": "artifact"}, "type": "S3"},
            "revision": null,
            "name": "Infra",
        }])),
        1 => any_json(),
    ];
    let token =
        prop_oneof![3 => Just(Value::Null), 1 => ".{0,80}".prop_map(Value::from), 1 => any_json()];
    (
        id,
        any_parameters(),
        artifacts,
        token,
        any_json(),
        any_artifact(),
    )
        .prop_map(|(id, parameters, artifacts, token, noise, bytes)| {
            let event = json!({"CodePipeline.job": {
                "id": id,
                "accountId": "123456789012",
                "data": {
                    "actionConfiguration": {"configuration": {
                        "FunctionName": "pipeline-action",
                        "UserParameters": parameters,
                    }},
                    "inputArtifacts": artifacts,
                    "outputArtifacts": noise,
                    "artifactCredentials": {
                        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
                        "secretAccessKey": "JOBSECRET",
                        "sessionToken": "JOBTOKEN",
                    },
                    "continuationToken": token,
                },
            }});
            (event, bytes)
        })
}

#[test]
fn whatever_a_job_holds_it_is_answered_once_and_nothing_is_deployed() {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let world = tokio.block_on(World::open_stand(Stand::CodeDeploy));
    world.sample.account.events().pause_schedules();
    let journal = world.sample.account.journal();
    let mut runner = TestRunner::new(Config::with_cases(400));
    let outcome = runner.run(&any_job(), |(event, bytes)| {
        let before = journal.calls().len();
        let answer = tokio.block_on(async {
            s3::put_object(&world.sample.account, BUCKET, "artifact", &bytes)
                .await
                .unwrap();
            world.invoke(PIPELINE_ACTION, event.clone()).await
        });
        let answer = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let calls = journal.calls().split_off(before);
        let results = calls.iter().filter(|call| {
            ["PutJobSuccessResult", "PutJobFailureResult"].contains(&call.operation.as_str())
        });
        let results: Vec<&Value> = results.map(|call| &call.request).collect();
        if answer.get("dropped").is_some() {
            prop_assert!(results.is_empty());
            return Ok(());
        }
        let [result] = results[..] else {
            return Err(TestCaseError::fail(format!("{} answers", results.len())));
        };
        let message = result["failureDetails"]["message"]
            .as_str()
            .unwrap_or_default();
        prop_assert!(!message.is_empty() && message.chars().count() <= 5000);
        // Neither the answer nor what the function gives holds a secret.
        let told = format!("{answer}{result}");
        prop_assert!(
            !told.contains("JOBSECRET") && !told.contains("JOBTOKEN"),
            "{}",
            told
        );
        let writes = [
            "RegisterTaskDefinition",
            "CreateDeployment",
            "PutImage",
            "TransactWriteItems",
        ];
        prop_assert!(
            !calls
                .iter()
                .any(|call| writes.contains(&call.operation.as_str()))
        );
        Ok(())
    });
    outcome.unwrap();
    assert!(world.sample.deployments().is_empty());
}
