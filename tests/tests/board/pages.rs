//! What the pages show.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use greenlight_tests::{
    rounds::rounds,
    world::{World, targets_in},
};
use rehearsal::{
    account::containers::ImageSpec, board::sanitise::sanitised, scenario::sample::Stand,
};
use scraper::Html;
use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::press::{Seen, elements, given, sample, see, see_on};

/// CloudWatch is not known to have a limit of its own; a function may give 6 MB, and a person reads much less.
const LARGEST: usize = 256 * 1024;

#[tokio::test(start_paused = true)]
async fn the_overview_is_a_table_of_what_runs_where() {
    let world = World::open().await;
    let seen = Seen::of(&given(&world, sample("widget/overview")).await.unwrap());
    assert!(
        seen.one("caption")
            .starts_with("What runs where: 1 target, "),
        "{}",
        seen.one("caption")
    );
    assert_eq!(
        seen.all("thead th[scope=col]"),
        ["Target", "Image", "State", "Gates", "Hold", "Drift", "Next"]
    );
    assert_eq!(seen.one("tbody th[scope=row] button"), "api-test");
    assert_eq!(seen.button("api-test"), Some(json!({"target": "api-test"})));
    let row = seen.one("tbody tr");
    let digest = &world.sample.v1["sha256:".len()..][..12];
    for part in ["mco/api:test", digest, "not proved by Greenlight", "✓ live"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    // The names of columns stay with their cells where there is room for two only.
    let narrow = see_on(&world, json!({}), json!({"width": 400})).await;
    assert_eq!(narrow.all("thead th"), ["Target", "How things are"]);
    assert!(narrow.one("tbody tr").contains(digest));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_seen_from_its_begin_to_its_end_with_its_gates() {
    let world = World::open().await;
    let digest = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    sleep(Duration::from_secs(30)).await;
    let busy = see(&world, json!({})).await;
    assert!(
        busy.one("tbody tr").contains("… deploying"),
        "{}",
        busy.one("tbody tr")
    );
    let target = see(&world, json!({"target": "api-test"})).await;
    assert!(
        target
            .all("th[scope=row]")
            .contains(&"Under way".to_owned())
    );
    world.quiet().await;
    let live = see(&world, json!({})).await.one("tbody tr");
    assert!(live.contains(&digest["sha256:".len()..][..12]), "{live}");
    assert!(live.contains("✓ passed before_traffic"), "{live}");
    world.sample.push(&ImageSpec::answers_500("v3")).unwrap();
    world.quiet().await;
    let failed = see(&world, json!({})).await.one("tbody tr");
    assert!(failed.contains("✗ last one failed"), "{failed}");
    assert!(failed.contains("✗ failed before_traffic"), "{failed}");
    let target = see(&world, json!({"target": "api-test"})).await;
    let gates = target.all("details");
    assert!(
        gates[0].contains("http") && gates[0].contains("500"),
        "{gates:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_promotion_to_come_is_next_until_it_is_done() {
    let document = format!(
        "{}    promote: {{tag: staging, after: 30m}}\n",
        Stand::CodeDeploy.targets()
    );
    let settings = rehearsal::account::Settings::for_tests();
    let world = World::open_with(settings, &targets_in(&document)).await;
    let next = async || see(&world, json!({})).await.all("tbody td").pop();
    // What Greenlight has not proved is promoted by a person only.
    assert_eq!(next().await.unwrap(), "–");
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let seen = next().await.unwrap();
    assert!(seen.contains("promoted to staging"), "{seen}");
    assert!(seen.contains("if it stays live, in "), "{seen}");
    sleep(Duration::from_mins(31)).await;
    let seen = next().await.unwrap();
    assert!(seen.contains("within a minute"), "{seen}");
    rounds(&world, 2).await;
    assert_eq!(next().await.unwrap(), "–");
}

#[tokio::test(start_paused = true)]
async fn the_timeline_has_a_bar_for_each_deployment_and_the_table_says_the_same() {
    let world = World::open().await;
    for image in [ImageSpec::healthy("v2"), ImageSpec::answers_500("v3")] {
        world.sample.push(&image).unwrap();
        world.quiet().await;
    }
    let history = world.history().await;
    let seen = see(&world, json!({"target": "api-test"})).await;
    assert_eq!(
        seen.count("svg[role=img][aria-label] g > rect"),
        history.len()
    );
    let titles = seen.all("svg g > title");
    let words: Vec<&str> = titles
        .iter()
        .map(|title| title.rsplit(": ").next().unwrap())
        .collect();
    assert!(words[2].starts_with("failed, "), "{titles:?}");
    let rows = seen.all("table:last-of-type tbody > tr");
    assert_eq!(rows.len(), history.len());
    assert!(
        rows[1].contains("✗ failed") && rows[2].contains("✓ succeeded"),
        "{rows:?}"
    );
    assert!(rows[0].contains("brought back after"), "{rows:?}");
    assert_eq!(seen.count("svg use"), 0);
}

#[tokio::test(start_paused = true)]
async fn times_are_those_of_the_dashboard_and_colours_those_of_its_theme() {
    let world = World::open().await;
    let zone = json!({"label": "Local", "offsetISO": "+05:30", "offsetInMinutes": -330});
    let seen = see_on(
        &world,
        json!({}),
        json!({"theme": "dark", "timezone": zone}),
    )
    .await;
    assert!(
        seen.one("caption").ends_with(" +05:30"),
        "{}",
        seen.one("caption")
    );
    assert_eq!(seen.count(".gl-dark"), 1);
    let light = see(&world, json!({})).await;
    assert_eq!(light.count(".gl-light"), 1);
    assert_ne!(seen.one("style"), light.one("style"));
}

#[tokio::test(start_paused = true)]
async fn what_people_and_aws_have_written_is_text_and_nothing_else() {
    let world = World::open().await;
    let bad = "\"><script>alert('x')</script><img src=x onerror=alert(1)></cwdb-action>";
    let wish = "test".parse().unwrap();
    world
        .operator
        .ask(world.target().await, &wish, bad, false)
        .await
        .unwrap();
    world.quiet().await;
    for width in [300, 1200] {
        let context = json!({"width": width, "forms": {"all": {"by": bad, "reason": bad}}, "theme": bad, "locale": bad});
        let seen = see_on(&world, json!({"target": "api-test"}), context).await;
        assert_eq!(seen.count("script, img, [onerror]"), 0, "{}", seen.html);
        assert!(seen.html.contains("&lt;script&gt;"), "{}", seen.html);
        let fields = Html::parse_fragment(&seen.html);
        assert!(
            elements(&fields)
                .iter()
                .any(|it| it.starts_with("input ") && it.contains(bad))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_page_is_taken_out_by_the_sanitiser() {
    let world = World::open_stand(Stand::Rolling).await;
    world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    for parameters in [
        json!({}),
        json!({"target": "api-test"}),
        json!({"target": "nobody"}),
    ] {
        let seen = see(&world, parameters.clone()).await;
        let left = sanitised(&seen.html);
        assert_eq!(elements(&Html::parse_fragment(&left)), seen.elements());
    }
}

/// Registering so many would take a minute. Their items are that of the one that is registered, under other names.
async fn copy_target(world: &World, copies: usize) {
    let dynamodb = &world.operator.clients.dynamodb;
    let scan = dynamodb
        .scan()
        .table_name("greenlight")
        .send()
        .await
        .unwrap();
    let is_target =
        |item: &&HashMap<String, AttributeValue>| item["sk"].as_s().unwrap() == "target";
    let one = scan.items().iter().find(is_target).unwrap();
    for number in 0..copies {
        let name = format!("api-{number:03}");
        let mut copy = one.clone();
        copy.insert("pk".to_owned(), AttributeValue::S(format!("target#{name}")));
        copy.insert("name".to_owned(), AttributeValue::S(name.clone()));
        let AttributeValue::M(document) = copy.get_mut("document").unwrap() else {
            panic!("{one:?}");
        };
        document.insert("name".to_owned(), AttributeValue::S(name));
        let put = dynamodb
            .put_item()
            .table_name("greenlight")
            .set_item(Some(copy));
        put.send().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn five_hundred_targets_are_shown_page_by_page() {
    let world = World::open().await;
    copy_target(&world, 499).await;
    let first = see(&world, json!({})).await;
    assert!(
        first
            .one("caption")
            .starts_with("What runs where: 500 targets")
    );
    assert!(first.html.len() < LARGEST, "{}", first.html.len());
    assert!(first.html.contains("Targets 1 to 25 of 500 are shown."));
    assert_eq!(first.button("Earlier targets"), None);
    let second = see(&world, first.button("More targets").unwrap()).await;
    let names = second.all("tbody th button");
    assert_eq!((names.len(), names[0].as_str()), (25, "api-025"));
    assert_eq!(second.button("Earlier targets"), Some(json!({"page": 0})));
    let beyond = see(&world, json!({"page": 4000})).await;
    assert!(beyond.html.contains("Targets 476 to 500 of 500 are shown."));
    assert_eq!(beyond.button("More targets"), None);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_too_long_is_cut() {
    let world = World::open().await;
    for _ in 0..3 {
        let wish = "test".parse().unwrap();
        let long = "x".repeat(100_000);
        world
            .operator
            .ask(world.target().await, &wish, &long, false)
            .await
            .unwrap();
        world.quiet().await;
    }
    let seen = see(&world, json!({"target": "api-test"})).await;
    assert!(seen.html.contains("asked for by xxx"), "{}", seen.html);
    assert!(seen.html.len() < 32 * 1024, "{}", seen.html.len());
}
