//! Custom action types, and what pipelines that use them must have.

use serde_json::json;

use super::worker::{acknowledge, custom, greenlight, open, poll};
use super::*;
use crate::account::codepipeline::{CustomActionType, create_custom_action_type};

#[tokio::test(start_paused = true)]
async fn a_type_that_codepipeline_would_not_create_is_refused() {
    let world = World::open();
    let create = |change: &dyn Fn(&mut CustomActionType)| {
        let mut spec = greenlight();
        change(&mut spec);
        create_custom_action_type(&world.sample.account, spec)
    };
    create(&|_| {}).unwrap();
    for (what, change) in [
        (
            "category",
            &(|it: &mut CustomActionType| it.category = "Release".to_owned())
                as &dyn Fn(&mut CustomActionType),
        ),
        ("provider", &|it| it.provider = "Green light".to_owned()),
        ("version", &|it| it.version = "1234567890".to_owned()),
        ("at most 10", &|it| {
            it.properties = vec![it.properties[0].clone(); 11];
        }),
        ("twice", &|it| it.properties.push(it.properties[0].clone())),
        ("queryable", &|it| it.properties[0].required = false),
        ("at most one", &|it| {
            it.properties[1].queryable = true;
            it.properties[1].required = true;
        }),
        ("artifacts", &|it| it.inputs = (2, 1)),
        ("artifacts", &|it| it.outputs = (0, 6)),
        ("Secret", &|it| {
            it.entity_url = Some("https://x/{Config:Secret}".to_owned());
        }),
        ("URL", &|it| it.execution_url = Some(String::new())),
    ] {
        let error = create(change).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_has_the_configuration_and_artifacts_that_its_type_asks_for() {
    let world = open(Settings::for_tests());
    let create = |configuration: &[(&str, &str)], inputs: &[&str], version: &str| {
        let Does::Custom { provider, .. } = custom(&[]) else {
            panic!("no custom action");
        };
        let does = Does::Custom {
            provider,
            version: version.to_owned(),
            configuration: configuration
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let source = Does::Source {
            repository: "mco/api".to_owned(),
            tag: "test".to_owned(),
        };
        let mut pipeline = Pipeline {
            name: "p".to_owned(),
            mode: Mode::Superseded,
            variables: Vec::new(),
            artifact_bucket: BUCKET.to_owned(),
            stages: vec![source_stage(source), stage("Deploy", does)],
        };
        let inputs = inputs.iter().map(|it| (*it).to_owned());
        pipeline.stages[1].actions[0].inputs = inputs.collect();
        create_pipeline(&world.sample.account, pipeline)
    };
    create(&[("Target", "api")], &["Image"], "1").unwrap();
    for (what, configuration, inputs, version) in [
        ("Target", &[("Tag", "v1")][..], &["Image"][..], "1"),
        ("Tga", &[("Target", "a"), ("Tga", "v1")], &["Image"], "1"),
        (
            "twice",
            &[("Target", "a"), ("Target", "b")],
            &["Image"],
            "1",
        ),
        ("Tag", &[("Target", "a"), ("Tag", "")], &["Image"], "1"),
        (
            "2 input artifacts",
            &[("Target", "a")],
            &["Image", "Image"],
            "1",
        ),
        ("Greenlight/2", &[("Target", "a")], &["Image"], "2"),
    ] {
        let error = create(configuration, inputs, version).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_are_hidden_and_links_are_filled() {
    let world = open(Settings::for_tests());
    let id = world.start();
    world.minutes(2).await;
    let input = world.actions(&id)[0]["input"].clone();
    assert_eq!(
        input["resolvedConfiguration"],
        json!({"Target": "api-test", "Tag": "test", "Secret": "*****"})
    );
    assert_eq!(input["configuration"]["Secret"], "*****");
    assert_eq!(input["configuration"]["Target"], "api-#{variables.ENV}");
    let action_state = || {
        let state = world.call("GetPipelineState", json!({"name": "api-prod"}));
        state.unwrap()["stageStates"][1]["actionStates"][0].clone()
    };
    assert_eq!(action_state()["entityUrl"], "https://greenlight/api-test");
    // The link to an execution needs its id.
    assert_eq!(
        action_state()["latestExecution"].get("externalExecutionUrl"),
        None
    );
    let job = poll(&world, 1)[0].clone();
    acknowledge(&world, &job).unwrap();
    let details = json!({"executionDetails": {"summary": "live", "externalExecutionId": "01ABC"}});
    put(&world.sample.account, "Success", &job["id"], details).unwrap();
    world.sample.after(5).await;
    world.ended(&id, "Succeeded");
    let url = "https://greenlight/api-test/01ABC";
    assert_eq!(
        action_state()["latestExecution"]["externalExecutionUrl"],
        url
    );
    let result = &world.actions(&id)[0]["output"]["executionResult"];
    assert_eq!(result["externalExecutionUrl"], url);
    let events = world.sample.account.events().history();
    let event = events
        .iter()
        .rev()
        .find(|it| it["detail"]["action"] == "Deploy");
    let detail = &event.unwrap()["detail"];
    assert_eq!(detail["execution-result"]["external-execution-url"], url);
    assert_eq!(
        detail["type"],
        json!({"category": "Deploy", "owner": "Custom", "provider": "Greenlight", "version": "1"})
    );
    let told = format!("{:?} {events:?}", world.sample.account.journal().entries(0));
    assert!(!told.contains("hush"));
}
