//! `pipeline-action` dies before and after each of its calls, or loses each answer: a release is one
//! deployment all the same, and its action gets one result.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::{
    asked::{calls, done},
    releases::released,
    wire::Fault,
    world::World,
};
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};

/// A pipeline of the examples.
struct Example {
    pipeline: &'static str,
    action: &'static str,
    repository: &'static str,
}

/// By a Lambda invoke action, and by the custom action type.
const WORKER: Example = Example {
    pipeline: "worker",
    action: "Worker",
    repository: "mco/worker",
};
const API: Example = Example {
    pipeline: "api",
    action: "API",
    repository: "mco/api",
};

/// Releases an image, with whatever `inject` does to the function, and gives the calls that it makes.
async fn release(example: &Example, case: &str, inject: impl Fn(&World)) -> Vec<String> {
    let world = World::open_stand(Stand::Releases).await;
    let image = ImageSpec::healthy("v2");
    let v2 = world
        .sample
        .push_to(example.repository, "v2", &image)
        .unwrap();
    world.quiet().await;
    let before = world.action_wire.seen().len();
    inject(&world);
    let tag = [("tag", "v2")];
    let release = released(&world, example.pipeline, example.action, &tag).await;
    assert_eq!(release.status, "Succeeded", "{case}: {:?}", release.error);
    assert_eq!(release.variables["Digest"], v2, "{case}");
    assert_eq!(world.sample.deployments().len(), 1, "{case}");
    // Of a lost answer the SDK asks again, and ECS has no client token for it.
    let most = if case.contains("AnswerLost") { 2 } else { 1 };
    let registered = done(&world, "RegisterTaskDefinition").len();
    assert!((1..=most).contains(&registered), "{case}: {registered}");
    let results = done(&world, "PutJobSuccessResult");
    let results = results
        .iter()
        .filter(|call| call.request["continuationToken"].is_null());
    assert_eq!(results.count(), 1, "{case}");
    let failed = calls(&world);
    let failed = failed
        .iter()
        .find(|call| call.operation == "PutJobFailureResult");
    assert!(failed.is_none(), "{case}: {failed:?}");
    // What was crashed into may be tidied up a few minutes later.
    tokio::time::sleep(tokio::time::Duration::from_mins(6)).await;
    world.quiet().await;
    let waiting = world.operator.table.waiting_jobs(10).await.unwrap();
    assert!(waiting.is_empty(), "{case}: {waiting:?}");
    let seen = world.action_wire.seen().split_off(before);
    seen.into_iter().map(|seen| seen.operation).collect()
}

async fn at_every_call(example: &Example, fault: Fault) {
    let undisturbed = release(example, "undisturbed", |_| {}).await;
    let last = undisturbed
        .iter()
        .rposition(|operation| operation == "TransactWriteItems");
    let last = last.unwrap();
    assert!(last >= 10, "{undisturbed:?}");
    for (number, operation) in undisturbed.iter().take(last + 1).enumerate() {
        let reads = ["Describe", "Get", "List", "Query", "BatchGet", "Poll"];
        let is_read = reads.iter().any(|read| operation.starts_with(read));
        // To die after a read is to die before the next call.
        if is_read && fault != Fault::CrashBefore {
            continue;
        }
        let case = format!(
            "{}: {fault:?} at call {number}, {operation}",
            example.pipeline
        );
        release(example, &case, |world| {
            world.action_wire.inject(number, fault);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_by_a_lambda_action_survives_a_crash_before_every_call() {
    at_every_call(&WORKER, Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_by_a_lambda_action_survives_a_crash_after_every_call() {
    at_every_call(&WORKER, Fault::CrashAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_by_a_lambda_action_survives_a_lost_answer_to_every_call() {
    at_every_call(&WORKER, Fault::AnswerLost).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_by_the_custom_action_survives_a_crash_before_every_call() {
    at_every_call(&API, Fault::CrashBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_by_the_custom_action_survives_a_crash_after_every_call() {
    at_every_call(&API, Fault::CrashAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_by_the_custom_action_survives_a_lost_answer_to_every_call() {
    at_every_call(&API, Fault::AnswerLost).await;
}
