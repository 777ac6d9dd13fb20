//! What actions put out: zips in S3, at places that those who take them in are told.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use aws_credential_types::Credentials;
use aws_sdk_s3::config::BehaviorVersion;
use aws_types::region::Region;
use serde_json::json;

use super::*;
use crate::account::codepipeline::{Failure, Outcome, Program};

/// A client of S3.
pub(super) fn s3(account: &Account, credentials: Credentials) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .http_client(account.http_client())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials)
        .behavior_version(BehaviorVersion::latest());
    aws_sdk_s3::Client::from_conf(config.build())
}

/// The files of an artifact that `ListActionExecutions` names.
async fn files(world: &World, artifact: &Value) -> BTreeMap<String, String> {
    let operator = Credentials::new("AKIAX", "secret", None, None, "test");
    let location = &artifact["s3location"];
    let got = s3(&world.sample.account, operator)
        .get_object()
        .bucket(location["bucket"].as_str().unwrap())
        .key(location["key"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    let body = got.body.collect().await.unwrap().to_vec();
    let mut archive = zip::ZipArchive::new(Cursor::new(body)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_source_of_an_image_puts_out_its_detail_and_variables() {
    let world = World::with(|pipeline| pipeline.name = "a-pipeline-with-a-long-name".to_owned());
    let input = json!({"name": "a-pipeline-with-a-long-name"});
    world.call("StartPipelineExecution", input).unwrap();
    world.minutes(4).await;
    let input = json!({"pipelineName": "a-pipeline-with-a-long-name"});
    let listed = world.call("ListActionExecutions", input).unwrap();
    let output = &listed["actionExecutionDetails"][2]["output"];
    let artifact = &output["outputArtifacts"][0];
    assert_eq!(artifact["name"], "Image");
    let key = artifact["s3location"]["key"].as_str().unwrap();
    assert_eq!(key.len(), "a-pipeline-with-a-lo/Image/1234567".len());
    assert!(key.starts_with("a-pipeline-with-a-lo/Image/"), "{key}");
    let files = files(&world, artifact).await;
    assert_eq!(files.len(), 1);
    let detail: Value = serde_json::from_str(&files["imageDetail.json"]).unwrap();
    let digest = ecr::tagged(&world.sample.account, "mco/api", "test").unwrap();
    let uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api";
    let size = detail["ImageSizeInBytes"].as_str().unwrap();
    assert!(size.parse::<u64>().unwrap() > 0);
    assert_eq!(
        detail,
        json!({
            "ImageSizeInBytes": size,
            "ImageDigest": digest,
            "Version": "1.0",
            "ImagePushedAt": "Mon Jan 05 10:00:00 UTC 2026",
            "RegistryId": "123456789012",
            "RepositoryName": "mco/api",
            "ImageURI": format!("{uri}@{digest}"),
            "ImageTags": ["test"],
        })
    );
    assert_eq!(
        output["outputVariables"],
        json!({
            "ImageDigest": digest,
            "ImageTag": "test",
            "ImageURI": format!("{uri}:test"),
            "RegistryId": "123456789012",
            "RepositoryName": "mco/api",
        })
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_that_the_start_names_has_no_tag() {
    let world = World::open();
    let id = world.start();
    world.minutes(4).await;
    let variables = &world.actions(&id)[2]["output"]["outputVariables"];
    assert_eq!(variables.get("ImageTag"), None);
    assert_eq!(variables["ImageDigest"], world.v2);
    let uri = variables["ImageURI"].as_str().unwrap();
    assert!(uri.ends_with(&format!("mco/api@{}", world.v2)), "{uri}");
}

/// The source `Infra` of an execution.
fn infra(world: &World, id: &str) -> Value {
    let actions = world.actions(id);
    actions
        .into_iter()
        .find(|action| action["actionName"] == "Infra")
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_source_of_files_puts_out_the_branch_as_it_was_pushed_last() {
    let world = World::deploying(Settings::for_tests(), &["Infra"], Does::Succeed);
    let account = &world.sample.account;
    let earlier = push_files(
        account,
        "mco/infra",
        "main",
        &[("a", "1"), ("b/c.yaml", "2")],
    );
    push_files(account, "mco/infra", "other", &[("x", "y")]);
    let last = push_files(account, "mco/infra", "main", &[("b/c.yaml", "3")]);
    let id = world.start();
    world.minutes(2).await;
    world.ended(&id, "Succeeded");
    let output = &infra(&world, &id)["output"];
    let variables = &output["outputVariables"];
    assert_eq!(variables["CommitId"], last);
    assert_eq!(variables["BranchName"], "main");
    assert_eq!(variables["FullRepositoryName"], "mco/infra");
    assert_eq!(variables["CommitMessage"], "Change b/c.yaml");
    assert_eq!(variables["AuthorDate"], "2026-01-05T10:00:00Z");
    let found = files(&world, &output["outputArtifacts"][0]).await;
    assert_eq!(found, [("b/c.yaml".to_owned(), "3".to_owned())].into());
    let deploy = &world.actions(&id)[0]["input"]["inputArtifacts"];
    assert_eq!(*deploy, output["outputArtifacts"]);
    let revisions = world.execution(&id)["artifactRevisions"].clone();
    let revisions = revisions.as_array().unwrap().iter();
    let infra_revision = revisions
        .into_iter()
        .find(|it| it["name"] == "Infra")
        .unwrap();
    assert_eq!(infra_revision["revisionId"], last);

    let revision = |kind: &str, value: &str| {
        json!({"sourceRevisions": [
            {"actionName": "Infra", "revisionType": kind, "revisionValue": value},
        ]})
    };
    let id = world.started(revision("COMMIT_ID", &earlier)).unwrap();
    world.minutes(2).await;
    let output = &infra(&world, &id)["output"];
    assert_eq!(output["outputVariables"]["CommitId"], earlier);
    let found = files(&world, &output["outputArtifacts"][0]).await;
    assert_eq!(found["a"], "1");
    for (kind, value) in [("COMMIT_ID", "abc"), ("IMAGE_DIGEST", &world.v2)] {
        let error = world.started(revision(kind, value)).unwrap_err();
        assert_eq!(error.code, "ValidationException");
    }
    let id = world
        .started(revision("COMMIT_ID", &"0".repeat(40)))
        .unwrap();
    world.minutes(2).await;
    world.ended(&id, "Failed");
}

#[tokio::test(start_paused = true)]
async fn a_program_puts_out_files_and_variables_for_those_after_it() {
    let program = Program(Arc::new(|_, _| {
        let files = BTreeMap::from([("imagedefinitions.json".to_owned(), "[]".to_owned())]);
        let outcome = Outcome {
            variables: [("Version".to_owned(), "7".to_owned())].into(),
            files: [("Build".to_owned(), files)].into(),
            ..Outcome::default()
        };
        async { Ok(outcome) }.boxed()
    }));
    let world = World::with(|pipeline| {
        pipeline.stages[1] = stage("Build", Does::Run(program));
        let build = &mut pipeline.stages[1].actions[0];
        build.outputs = vec!["Build".to_owned(), "Nothing".to_owned()];
        build.namespace = Some("Build".to_owned());
        let deploy = &mut pipeline.stages[2].actions[0];
        deploy.inputs = vec!["Build".to_owned()];
        deploy.does = invoke(Some("#{Build.Version}"));
    });
    let events = world.function("Worker", |account, job, _| {
        put(account, "Success", &job["id"], json!({})).unwrap();
        Ok(())
    });
    let id = world.start();
    world.minutes(4).await;
    world.ended(&id, "Succeeded");
    let actions = world.actions(&id);
    let artifacts = &actions[1]["output"]["outputArtifacts"];
    let found = files(&world, &artifacts[0]).await;
    assert_eq!(found["imagedefinitions.json"], "[]");
    assert!(files(&world, &artifacts[1]).await.is_empty());
    let data = events.lock().unwrap()[0]["CodePipeline.job"]["data"].clone();
    assert_eq!(data["inputArtifacts"][0]["name"], "Build");
    assert_eq!(data["inputArtifacts"][0]["revision"], Value::Null);
    assert_eq!(
        data["actionConfiguration"]["configuration"]["UserParameters"],
        "7"
    );
}

#[tokio::test(start_paused = true)]
async fn artifacts_that_do_not_fit_together_are_no_pipeline() {
    let world = World::open();
    let create = |change: &dyn Fn(&mut Pipeline)| {
        let source = Does::Source {
            repository: "mco/api".to_owned(),
            tag: "test".to_owned(),
        };
        let mut pipeline = Pipeline {
            name: "p".to_owned(),
            mode: Mode::Superseded,
            variables: Vec::new(),
            artifact_bucket: BUCKET.to_owned(),
            stages: vec![source_stage(source), stage("Deploy", invoke(None))],
        };
        change(&mut pipeline);
        create_pipeline(&world.sample.account, pipeline)
    };
    create(&|_| {}).unwrap();
    let image = || vec!["Image".to_owned()];
    let many = || (0..6).map(|at| format!("A{at}")).collect::<Vec<_>>();
    for (what, change) in [
        (
            "Build",
            &(|it: &mut Pipeline| it.stages[1].actions[0].inputs = vec!["Build".to_owned()])
                as &dyn Fn(&mut Pipeline),
        ),
        ("Image", &|it| it.stages[1].actions[0].outputs = image()),
        ("at most 5", &|it| it.stages[1].actions[0].outputs = many()),
        ("one output", &|it| it.stages[0].actions[0].outputs.clear()),
        ("namespace variables", &|it| {
            it.stages[1].actions[0].namespace = Some("variables".to_owned());
        }),
        ("source actions", &|it| {
            let action = &mut it.stages[0].actions[0];
            let Does::Source { tag, .. } = &mut action.does else {
                return;
            };
            *tag = "#{variables.tag}".to_owned();
        }),
        ("UserParameters", &|it| {
            it.stages[1].actions[0].does = invoke(Some(&"x".repeat(1001)));
        }),
        ("variable", &|it| {
            it.variables = vec![("a b".to_owned(), None)];
        }),
        // What runs beside it does not run before it.
        ("Build", &|it| {
            let mut other = it.stages[1].actions[0].clone();
            other.outputs = vec!["Build".to_owned()];
            it.stages[1].actions[0].inputs = vec!["Build".to_owned()];
            it.stages[1].actions.push(other);
        }),
    ] {
        let error = create(change).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_action_puts_nothing_out() {
    let world = World::with(|pipeline| {
        let failure = Failure::job_failed("no");
        pipeline.stages[1] = stage("Build", Does::Fail(failure));
        pipeline.stages[1].actions[0].outputs = vec!["Build".to_owned()];
    });
    let id = world.start();
    world.minutes(4).await;
    assert_eq!(
        world.actions(&id)[0]["output"]["outputArtifacts"],
        json!([])
    );
}
