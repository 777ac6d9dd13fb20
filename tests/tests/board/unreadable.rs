//! What cannot be understood is told in words, and nothing is done.

use greenlight_tests::world::World;
use serde_json::json;

use crate::press::{Seen, given, sample, see};

#[tokio::test(start_paused = true)]
async fn whoever_adds_the_widget_is_given_its_manual() {
    let world = World::open().await;
    let manual = given(&world, sample("widget/describe")).await.unwrap();
    let manual = manual.as_str().unwrap();
    assert!(manual.starts_with("## Greenlight's board"), "{manual}");
    assert!(manual.contains("**target**"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_makes_no_sense_is_told_so_on_the_page() {
    let world = World::open().await;
    for (event, words) in [
        (json!(null), "with a JSON object"),
        (json!([1]), "with a JSON object"),
        (json!("<b>"), "with a JSON object"),
        (json!({"target": "A B"}), "no name of a target"),
        (json!({"target": "nobody"}), "No target is called `nobody`"),
        (
            json!({"do": "delete", "target": "api-test", "version": 1}),
            "cannot do `delete`",
        ),
        (
            json!({"do": "approve", "target": "nobody", "version": 1}),
            "your name is empty",
        ),
        (json!({"page": "two", "widgetContext": [7]}), "`page`"),
    ] {
        let before = world.target().await;
        let seen = Seen::of(&given(&world, event.clone()).await.unwrap());
        let said = seen.all("[role=alert]").join(" ");
        assert!(said.contains(words), "{event}: {said}");
        assert!(seen.button("All targets").is_some(), "{event}");
        assert_eq!(world.target().await, before);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_table_says_what_to_do() {
    let world = World::open_without_adopting(&[]).await;
    let seen = see(&world, json!({})).await;
    assert!(seen.html.contains("greenlight targets apply"));
    assert_eq!(seen.count("table"), 0);
}
