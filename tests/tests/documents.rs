//! A field of a task definition that no SDK knows comes out as it went in, at every depth.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_tests::{
    by_hand::{ECS, call, deploy_by_hand},
    world::World,
};
use rehearsal::{
    account::{containers::ImageSpec, ecs},
    scenario::sample::{CLUSTER, SERVICE},
};
use serde_json::{Value, json};

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
    for member in ["taskDefinitionArn", "revision", "registeredAt"] {
        expected[member] = after["taskDefinition"][member].clone();
    }
    assert_eq!(after["taskDefinition"], expected);
}
