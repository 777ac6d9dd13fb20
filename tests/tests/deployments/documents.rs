//! A field of a task definition that no SDK knows comes out as it went in, at every depth and in every
//! strategy; and no task definition is ever taken away.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::{
    asked::{done, requests},
    by_hand::{ECS, call, deploy_by_hand, register_by_hand, update_by_hand},
    world::World,
};
use rehearsal::{
    account::{containers::ImageSpec, ecs, s3},
    scenario::sample::{BUCKET, CLUSTER, SERVICE, Stand},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

/// The document of the task definition that serves production.
async fn live_document(world: &World) -> Value {
    let service = ecs::service(&world.sample.account, CLUSTER, SERVICE).unwrap();
    let primary = service
        .task_sets
        .iter()
        .find(|set| set.status == "PRIMARY")
        .unwrap();
    let input = json!({"taskDefinition": primary.task_definition, "include": ["TAGS"]});
    call(&world.sample.account, ECS, "DescribeTaskDefinition", input).await
}

#[tokio::test(start_paused = true)]
async fn invented_fields_at_three_depths_and_the_tags_survive_a_deployment() {
    let world = World::open().await;
    // Somebody makes a revision with fields that the SDK does not know the live one.
    deploy_by_hand(&world.sample.account, None, |definition| {
        let containers = &mut definition["containerDefinitions"];
        containers[0]["futureOfContainers"] = json!("kept");
        containers[0]["logConfiguration"]["futureOfLogs"] = json!({"deep": [{"er": 1}]});
        definition["fromTheFuture"] = json!({"on": true, "list": [1, 2.5, null]});
        definition["tags"] = json!([{"key": "team", "value": "mco"}]);
    })
    .await;
    world.quiet().await;
    let before = live_document(&world).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let after = live_document(&world).await;
    assert_eq!(
        before["taskDefinition"]["fromTheFuture"]["on"], true,
        "the account keeps it, too"
    );

    assert_ne!(
        after["taskDefinition"]["taskDefinitionArn"],
        before["taskDefinition"]["taskDefinitionArn"]
    );
    assert_eq!(after["tags"], json!([{"key": "team", "value": "mco"}]));
    let mut expected = before["taskDefinition"].clone();
    let image = &after["taskDefinition"]["containerDefinitions"][0]["image"];
    assert!(
        image.as_str().unwrap().ends_with(&format!("mco/api@{v2}")),
        "{image}"
    );
    expected["containerDefinitions"][0]["image"] = image.clone();
    // What ECS gives to each revision is new; all the rest is as it was.
    for member in [
        "taskDefinitionArn",
        "revision",
        "registeredAt",
        "registeredBy",
    ] {
        expected[member] = after["taskDefinition"][member].clone();
    }
    assert_eq!(after["taskDefinition"], expected);
}

/// Fields that nobody knows, at three depths.
fn invent(definition: &mut Value) {
    definition["fromTheFuture"] = json!({"on": true, "list": [1, 2.5, null]});
    let container = &mut definition["containerDefinitions"][0];
    container["futureOfContainers"] = json!("kept");
    container["portMappings"][0]["futureOfPorts"] = json!({"deep": [{"er": 1}]});
}

/// Makes what the target's deployments set out from have such fields.
async fn prepare(world: &World, stand: Stand) {
    let account = &world.sample.account;
    match stand {
        Stand::CodeDeploy => {
            deploy_by_hand(account, None, invent).await;
        }
        Stand::Templates => {
            let text = include_str!("../../../rehearsal/sample/templates/taskdef.json");
            let mut template = serde_json::from_str(text).unwrap();
            invent(&mut template);
            let key = "api/taskdef.json";
            s3::put_object(account, BUCKET, key, &template.to_string())
                .await
                .unwrap();
        }
        Stand::Task => {
            register_by_hand(account, invent).await;
        }
        _ => {
            update_by_hand(account, invent).await;
        }
    }
    world.quiet().await;
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_survive_in_every_strategy() {
    for stand in Stand::ALL {
        // A pipeline registers its own, and what waits for a person is deployed as any canary.
        if matches!(stand, Stand::Pipeline | Stand::PausedCanary) {
            continue;
        }
        let world = World::open_stand(stand).await;
        prepare(&world, stand).await;
        let v2 = world.sample.push(&image(stand, "v2")).unwrap();
        world.quiet().await;
        let [registered] = &done(&world, "RegisterTaskDefinition")[..] else {
            panic!("{stand:?} registers once");
        };
        let kept = &registered.response["taskDefinition"];
        for document in [&registered.request, kept] {
            let container = &document["containerDefinitions"][0];
            let taken = container["image"].as_str().unwrap();
            assert!(taken.ends_with(&v2), "{stand:?}: {taken}");
            let mut expected = document.clone();
            invent(&mut expected);
            assert_eq!(document, &expected, "{stand:?}");
        }
    }
}

/// What works at a stand.
fn image(stand: Stand, version: &str) -> ImageSpec {
    match stand {
        Stand::Task => ImageSpec::one_shot(version, Duration::from_secs(20), 0),
        _ => ImageSpec::migration(version, 0),
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_ever_takes_a_task_definition_away() {
    for stand in Stand::ALL {
        let world = World::open_stand(stand).await;
        world.sample.push(&image(stand, "v2")).unwrap();
        sleep(Duration::from_mins(1)).await;
        // What waits for a person is told that it may.
        for _ in 0..2 {
            let _ = world.operator.continue_(&world.target().await).await;
            sleep(Duration::from_mins(2)).await;
        }
        world.sample.push(&ImageSpec::crashes("v3", 1)).unwrap();
        sleep(Duration::from_mins(2)).await;
        let _ = world.operator.abort(&world.target().await, "a test").await;
        sleep(Duration::from_mins(30)).await;
        assert_ne!(requests(&world, "TransactWriteItems").len(), 0, "{stand:?}");
        let calls = world.sample.account.journal().calls();
        let taken = calls.iter().find(|call| {
            ["DeregisterTaskDefinition", "DeleteTaskDefinitions"].contains(&call.operation.as_str())
        });
        assert_eq!(taken, None, "{stand:?}");
    }
}
