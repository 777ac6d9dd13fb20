//! What people are told by the topics of template.yaml: a text for each event, without any code.

use greenlight_tests::world::World;
use rehearsal::{account::containers::ImageSpec, scenario::sample::Stand};
use serde_json::Value;

#[tokio::test(start_paused = true)]
async fn each_event_is_a_text_that_says_what_happened_where() {
    let world = World::open_stand(Stand::Rolling).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    world.sample.push(&ImageSpec::crashes("v3", 1)).unwrap();
    world.quiet().await;
    let texts = world.sample.account.published("NotificationTopic").unwrap();
    let kinds: Vec<&str> = texts
        .iter()
        .map(|text| text.split(':').next().unwrap().trim_start_matches('"'))
        .collect();
    assert_eq!(
        kinds,
        [
            "Deployment Started",
            "Deployment Succeeded",
            "Deployment Started",
            "Deployment Failed"
        ]
    );
    let succeeded: String = serde_json::from_str(&texts[1]).unwrap();
    assert!(
        succeeded.starts_with("Deployment Succeeded: api-test. mco/api:test ("),
        "{succeeded}"
    );
    assert!(
        succeeded.contains(&format!("mco/api@{v2}, deployment 01")),
        "{succeeded}"
    );
    // The same as chat integrations take it: JSON, whatever the reason holds.
    let chat = world.sample.account.published("ChatTopic").unwrap();
    assert_eq!(chat.len(), texts.len());
    let failed: Value = serde_json::from_str(&chat[3]).unwrap();
    assert_eq!(failed["source"], "custom");
    assert_eq!(failed["content"]["title"], "Deployment Failed");
    assert_eq!(failed["content"]["keywords"][0], "api-test");
    let events = world.emitted_events();
    let event = events
        .iter()
        .rfind(|it| it["detail-type"] == "Deployment Failed");
    let detail = &event.unwrap()["detail"];
    assert_eq!(failed["content"]["description"], detail["reason"]);
    assert_eq!(failed["metadata"]["threadId"], detail["deployment"]);
}
