//! Actions that deploy what was picked to a service.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use serde_json::json;

use super::*;
use crate::account::codedeploy::{Group, create_deployment_group};
use crate::account::codepipeline::{DeployFiles, Failure, Outcome, Program};
use crate::account::ecs::{self, Controller, EcsController, ServiceSpec};

fn ecs_action(service: &str, container: &str) -> Does {
    Does::Ecs {
        cluster: "mco".to_owned(),
        service: service.to_owned(),
        container: container.to_owned(),
    }
}

/// A worker beside the sample's service.
fn add_worker(world: &World) {
    let spec = ServiceSpec {
        cluster: "mco".to_owned(),
        name: "worker".to_owned(),
        desired_count: 1,
        task_definition: "mco-api".to_owned(),
        controller: Controller::Ecs(EcsController::rolling(None)),
        health_check_grace: Duration::ZERO,
    };
    ecs::create_service(&world.sample.account, spec).unwrap();
}

/// The digests that the running tasks of a service report.
fn digests(world: &World, service: &str) -> Vec<String> {
    let ecs = |operation: &str, input: Value| world.sample.ecs(operation, input).unwrap();
    let listed = ecs(
        "ListTasks",
        json!({"cluster": "mco", "serviceName": service}),
    );
    let described = ecs(
        "DescribeTasks",
        json!({"cluster": "mco", "tasks": listed["taskArns"]}),
    );
    let tasks = described["tasks"].as_array().unwrap().clone();
    tasks
        .iter()
        .map(|task| {
            task["containers"][0]["imageDigest"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_picked_image_is_deployed_by_ecs() {
    let world =
        World::with(|pipeline| pipeline.stages[2] = stage("Deploy", ecs_action("worker", "api")));
    add_worker(&world);
    let id = world.start();
    world.minutes(20).await;
    assert_eq!(world.status(&id), "Succeeded", "{}", world.execution(&id));
    assert_eq!(digests(&world, "worker"), std::slice::from_ref(&world.v2));
    let deploy = &world.actions(&id)[0];
    assert_eq!(deploy["input"]["actionTypeId"]["provider"], "ECS");
    let external = &deploy["output"]["executionResult"]["externalExecutionId"];
    assert!(
        external.as_str().unwrap().starts_with("ecs-svc/"),
        "{external}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_picked_image_is_deployed_by_codedeploy() {
    let world = World::with(|pipeline| {
        let does = Does::CodeDeployToEcs {
            application: "API".to_owned(),
            group: "API".to_owned(),
            cluster: "mco".to_owned(),
            service: "api".to_owned(),
            container: "api".to_owned(),
        };
        pipeline.stages[2] = stage("Deploy", does);
    });
    let groups = ["mco-api-blue", "mco-api-green"];
    let production = &world.sample.production;
    let group = Group::new("API", "API", ("mco", "api"), production, groups);
    create_deployment_group(&world.sample.account, group);
    let id = world.start();
    world.minutes(60).await;
    assert_eq!(world.status(&id), "Succeeded", "{}", world.execution(&id));
    assert!(digests(&world, "api").contains(&world.v2));
    let result = &world.actions(&id)[0]["output"]["executionResult"];
    assert!(
        result["externalExecutionId"]
            .as_str()
            .unwrap()
            .starts_with("d-")
    );
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_cannot_be_made_fails_the_action_with_the_reason() {
    for (service, container, what) in [
        ("nothing", "api", "Service nothing was not found"),
        ("worker", "web", "no container web"),
        // It belongs to CodeDeploy.
        ("api", "api", "InvalidParameterException"),
    ] {
        let world = World::with(|pipeline| {
            pipeline.stages[2] = stage("Deploy", ecs_action(service, container));
        });
        add_worker(&world);
        let id = world.start();
        world.minutes(10).await;
        let error = world.actions(&id)[0]["output"]["executionResult"]["errorDetails"].clone();
        assert_eq!(error["code"], "JobFailed", "{error}");
        assert!(error["message"].as_str().unwrap().contains(what), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_of_ones_own_sees_what_was_picked() {
    let seen = Arc::new(Mutex::new(None));
    let keep = seen.clone();
    let program = Program(Arc::new(move |_, picked| {
        *keep.lock().unwrap() = Some(picked);
        async {
            Err(Failure {
                code: "RevisionUnavailable".to_owned(),
                ..Failure::job_failed("no")
            })
        }
        .boxed()
    }));
    let world = World::with(|pipeline| pipeline.stages[1] = stage("Build", Does::Run(program)));
    let id = world.start();
    world.minutes(5).await;
    let picked = seen.lock().unwrap().clone().unwrap();
    let image = format!(
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{}",
        world.v2
    );
    assert_eq!(picked.images["Source"], image);
    assert_eq!(picked.variables["ENV"], "test");
    let error = &world.actions(&id)[0]["output"]["executionResult"]["errorDetails"];
    assert_eq!(error["code"], "RevisionUnavailable");
}

#[tokio::test(start_paused = true)]
async fn how_a_program_ended_is_in_the_actions_result() {
    let program = Program(Arc::new(|_, _| {
        async {
            Ok(Outcome {
                summary: "all 7 tests passed".to_owned(),
                external_id: Some("build:1".to_owned()),
                ..Outcome::default()
            })
        }
        .boxed()
    }));
    let world = World::with(|pipeline| pipeline.stages[1] = stage("Build", Does::Run(program)));
    let id = world.start();
    world.minutes(5).await;
    let result = &world.actions(&id)[1]["output"]["executionResult"];
    assert_eq!(
        *result,
        json!({"externalExecutionSummary": "all 7 tests passed", "externalExecutionId": "build:1"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_codepipeline_would_not_create_is_refused() {
    let world = World::open();
    let pipeline = |stages| Pipeline {
        name: "p".to_owned(),
        mode: Mode::Superseded,
        variables: Vec::new(),
        artifact_bucket: BUCKET.to_owned(),
        stages,
    };
    let source = || Does::Source {
        repository: "mco/api".to_owned(),
        tag: "test".to_owned(),
    };
    for stages in [
        vec![],
        vec![source_stage(source())],
        vec![
            stage("Build", Does::Succeed),
            stage("Deploy", Does::Succeed),
        ],
        vec![source_stage(source()), stage("Source2", source())],
    ] {
        assert!(create_pipeline(&world.sample.account, pipeline(stages)).is_err());
    }
}

/// The files of an infrastructure repository.
const TASK_DEFINITION: &str = r#"{
    "family": "from-files", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
    "containerDefinitions": [{
        "name": "api", "image": "<IMAGE1_NAME>", "portMappings": [{"containerPort": 8080}]
    }]
}"#;
const APP_SPEC: &str = "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        \
    TaskDefinition: <TASK_DEFINITION>\n        LoadBalancerInfo: {ContainerName: api, ContainerPort: 8080}\n";

/// AWS-FACTS 4.2
#[tokio::test(start_paused = true)]
async fn codedeploy_deploys_from_the_files_of_the_input_artifacts() {
    for (files, failure) in [
        (
            [
                ("taskdef.json", TASK_DEFINITION),
                ("appspec.yaml", APP_SPEC),
            ],
            None,
        ),
        (
            [("taskdef.json", TASK_DEFINITION), ("app.yaml", APP_SPEC)],
            Some("Unable to find the file appspec.yaml in the input artifact Infra"),
        ),
        (
            [("taskdef.json", "{"), ("appspec.yaml", APP_SPEC)],
            Some("The file taskdef.json is not valid JSON"),
        ),
    ] {
        let of = |artifact: &str, path: &str| (artifact.to_owned(), path.to_owned());
        let does = Does::CodeDeployFiles {
            application: "API".to_owned(),
            group: "API".to_owned(),
            files: DeployFiles {
                task_definition: of("Infra", "taskdef.json"),
                app_spec: of("Infra", "appspec.yaml"),
                image: of("Image", "IMAGE1_NAME"),
            },
        };
        let world = World::deploying(Settings::for_tests(), &["Image", "Infra"], does);
        let account = &world.sample.account;
        push_files(account, "mco/infra", "main", &files);
        let groups = ["mco-api-blue", "mco-api-green"];
        let production = &world.sample.production;
        let group = Group::new("API", "API", ("mco", "api"), production, groups);
        create_deployment_group(account, group);
        let id = world.start();
        world.minutes(60).await;
        if let Some(failure) = failure {
            world.ended(&id, "Failed");
            let message = world.error(&id)["message"].as_str().unwrap().to_owned();
            assert!(message.contains(failure), "{message}");
            continue;
        }
        world.ended(&id, "Succeeded");
        assert!(digests(&world, "api").contains(&world.v2));
        let described = json!({"taskDefinition": "from-files"});
        let described = world
            .sample
            .ecs("DescribeTaskDefinition", described)
            .unwrap();
        let image = &described["taskDefinition"]["containerDefinitions"][0]["image"];
        assert!(image.as_str().unwrap().ends_with(&world.v2), "{image}");
    }
}
