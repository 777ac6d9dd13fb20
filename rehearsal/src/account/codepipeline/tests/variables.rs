//! References in the configuration of actions.

use serde_json::json;

use super::*;
use crate::account::{ImageUriVariable, UnresolvedVariable};

/// What the function was told by its user parameters.
async fn told(settings: Settings, parameters: &str) -> (World, String, Option<String>) {
    let world = World::deploying(settings, &[], invoke(Some(parameters)));
    let events = world.function("Worker", |account, job, _| {
        put(account, "Success", &job["id"], json!({})).unwrap();
        Ok(())
    });
    let id = world.started(json!({"sourceRevisions": []})).unwrap();
    world.minutes(3).await;
    let events = events.lock().unwrap();
    let told = events.first().map(|event| {
        let data = &event["CodePipeline.job"]["data"];
        let parameters = &data["actionConfiguration"]["configuration"]["UserParameters"];
        parameters.as_str().unwrap().to_owned()
    });
    drop(events);
    (world, id, told)
}

#[tokio::test(start_paused = true)]
async fn variables_of_the_pipeline_of_actions_and_of_codepipeline_are_resolved() {
    let (world, id, told) = told(
        Settings::for_tests(),
        "#{variables.ENV} #{codepipeline.PipelineExecutionId} #{Image.ImageTag} #{Infra.BranchName}",
    )
    .await;
    world.ended(&id, "Succeeded");
    assert_eq!(told, Some(format!("test {id} test main")));
    let input = &world.actions(&id)[0]["input"];
    let parameters = &input["configuration"]["UserParameters"];
    assert!(parameters.as_str().unwrap().starts_with("#{variables.ENV}"));
    assert_eq!(
        input["resolvedConfiguration"]["UserParameters"],
        told.unwrap()
    );
    let sources = world.actions(&id);
    let image = sources.iter().find(|it| it["actionName"] == "Source");
    assert_eq!(image.unwrap()["input"]["namespace"], "Image");
}

#[tokio::test(start_paused = true)]
async fn a_variable_that_is_not_there_fails_the_action_or_stays() {
    for reference in [
        "#{variables.NOTHING}",
        "#{Image.Nothing}",
        "#{Nothing.ImageTag}",
        // It has run, but has no such namespace.
        "#{Source.ImageTag}",
        "#{codepipeline.PipelineName}",
    ] {
        let (world, id, function) = told(Settings::for_tests(), reference).await;
        world.ended(&id, "Failed");
        assert_eq!(function, None);
        let error = world.error(&id);
        assert_eq!(error["code"], "ConfigurationError");
        assert!(error["message"].as_str().unwrap().contains(reference));
        let events = world.told("Action", &id);
        assert_eq!(
            events[events.len() - 2..],
            ["Deploy STARTED", "Deploy FAILED"]
        );
        let settings = Settings {
            unresolved: UnresolvedVariable::StaysAsItIs,
            ..Settings::for_tests()
        };
        let (world, id, function) = told(settings, reference).await;
        world.ended(&id, "Succeeded");
        assert_eq!(function.as_deref(), Some(reference));
    }
}

#[tokio::test(start_paused = true)]
async fn the_image_uri_of_a_source_has_a_tag_or_a_digest() {
    for (image_uri_variable, separator) in [
        (ImageUriVariable::WithTag, ":test"),
        (ImageUriVariable::WithDigest, "@sha256:"),
    ] {
        let settings = Settings {
            image_uri_variable,
            ..Settings::for_tests()
        };
        let (_, _, told) = told(settings, "#{Image.ImageURI}").await;
        let told = told.unwrap();
        assert!(told.contains(separator), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn output_variables_are_for_later_run_orders_and_stages() {
    for (order, status) in [(1, "Failed"), (2, "Succeeded")] {
        let world = World::opened(Settings::for_tests(), |_, pipeline| {
            let first = Action {
                namespace: Some("First".to_owned()),
                ..Action::new("First", Duration::ZERO, invoke(None))
            };
            let second = invoke(Some("#{First.Answer}"));
            let second = Action {
                run_order: order,
                // The first has long ended.
                ..Action::new("Second", Duration::from_mins(1), second)
            };
            pipeline.stages[2].actions = vec![first, second];
        });
        let events = world.function("Worker", |account, job, _| {
            let variables = json!({"outputVariables": {"Answer": "42"}});
            put(account, "Success", &job["id"], variables).unwrap();
            Ok(())
        });
        let id = world.start();
        world.minutes(6).await;
        world.ended(&id, status);
        let told = events.lock().unwrap().clone();
        assert_eq!(told.len(), order as usize);
        if let [_, second] = &told[..] {
            let data = &second["CodePipeline.job"]["data"];
            let configuration = &data["actionConfiguration"]["configuration"];
            assert_eq!(configuration["UserParameters"], "42");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_becomes_too_large_fails_the_action() {
    let world = World::opened(Settings::for_tests(), |_, pipeline| {
        let first = Action {
            namespace: Some("First".to_owned()),
            ..Action::new("First", Duration::ZERO, invoke(None))
        };
        let second = invoke(Some("#{First.Answer}#{First.Answer}"));
        let second = Action {
            run_order: 2,
            ..Action::new("Second", Duration::ZERO, second)
        };
        pipeline.stages[2].actions = vec![first, second];
    });
    world.function("Worker", |account, job, _| {
        let variables = json!({"outputVariables": {"Answer": "x".repeat(60_000)}});
        put(account, "Success", &job["id"], variables).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(6).await;
    world.ended(&id, "Failed");
    let error = world.error(&id);
    assert!(
        error["message"].as_str().unwrap().contains("bytes"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_services_of_deploy_actions_can_be_variables_too() {
    let world = World::with(|pipeline| {
        let does = Does::Ecs {
            cluster: "mco".to_owned(),
            service: "#{variables.ENV}".to_owned(),
            container: "api".to_owned(),
        };
        pipeline.stages[2] = stage("Deploy", does);
    });
    let id = world.start();
    world.minutes(6).await;
    world.ended(&id, "Failed");
    assert_eq!(world.error(&id)["message"], "Service test was not found");
}
