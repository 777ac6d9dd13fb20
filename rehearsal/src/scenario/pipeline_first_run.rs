//! The first release with Greenlight, with everything that it needs missing in turn: target, image, variable,
//! service, files, permissions. Each time the action fails at once, long before CodePipeline gives up, and its
//! message says what to do. When all is there, it succeeds.

use std::collections::BTreeMap;
use std::time::Duration;

use super::expectations::Expectations;
use super::pipeline_files::{APP_SPEC, replace};
use super::release::Ended;
use super::sample::{
    INFRASTRUCTURE, INFRASTRUCTURE_BRANCH, PIPELINE_ACTION as ACTION, Stand, WORKER_REPOSITORY,
    infrastructure,
};
use super::stage::{Stage, StageError};
use crate::account::codepipeline::{self, Action, Does, Mode, Pipeline};
use crate::account::containers::ImageSpec;

const TASK_DEFINITION: &str = "worker/taskdef.json";

/// The targets with a service that is not there.
const MISNAMED: &str = "rehearsal/sample/misnamed.yaml";

/// How long it may take until an action has failed, in seconds: CodePipeline itself gives up after 20 minutes.
/// Functions live in real time, so on a slow machine they are slow as seen from the account.
const AT_ONCE: f64 = 600.0;

const CONFIGURATION: &str = "ConfigurationError";
const PERMISSION: &str = "PermissionError";

/// The pipelines, and the action of each that does the work.
const WORKER: (&str, &str) = ("worker", "Worker");
const API: (&str, &str) = ("api", "API");
/// One with a mistake in its parameters.
const MISTAKEN: (&str, &str) = ("first-try", "Worker");

/// Who may not do what, the pipeline whose action then fails, and the resource that it names.
const PERMISSIONS: [(&str, &str, (&str, &str), &str); 10] = [
    ("job", "s3:GetObject", WORKER, "artifact `Infrastructure`"),
    (ACTION, "dynamodb:GetItem", WORKER, "table `greenlight`"),
    (ACTION, "dynamodb:UpdateItem", WORKER, "table `greenlight`"),
    (ACTION, "dynamodb:PutItem", WORKER, "table `greenlight`"),
    (
        ACTION,
        "dynamodb:TransactWriteItems",
        WORKER,
        "table `greenlight`",
    ),
    (ACTION, "ecr:DescribeImages", WORKER, "mco/worker"),
    (
        ACTION,
        "ecs:DescribeServices",
        WORKER,
        "service `worker` in cluster `mco`",
    ),
    (
        ACTION,
        "ecs:RegisterTaskDefinition",
        WORKER,
        "family `worker`",
    ),
    (
        ACTION,
        "ecs:UpdateService",
        WORKER,
        "service `worker` in cluster `mco`",
    ),
    (
        ACTION,
        "codedeploy:CreateDeployment",
        API,
        "deployment group `API`",
    ),
];

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let mut run = FirstRun {
        stage,
        expectations,
    };
    run.without_target_or_image().await?;
    run.without_files().await?;
    run.without_permission().await?;
    run.complete().await
}

struct FirstRun<'a> {
    stage: &'a Stage,
    expectations: &'a mut Expectations,
}

impl FirstRun<'_> {
    async fn without_target_or_image(&mut self) -> Result<(), StageError> {
        let remedy = ["no target `worker-test`", "`greenlight targets apply`"];
        self.fails("no target is registered", WORKER, CONFIGURATION, &remedy)
            .await?;
        self.stage.register(Stand::Releases.file()).await?;

        let remedy = ["mco/worker", "no tag `v2`", "hint: push the image"];
        self.fails("no such tag", WORKER, "RevisionUnavailable", &remedy)
            .await?;
        let image = ImageSpec::healthy("worker-v2");
        self.stage.sample.push_to(WORKER_REPOSITORY, "v2", &image)?;
        self.stage.sample.push_as("v2", &ImageSpec::healthy("v2"))?;

        mistaken_pipeline(self.stage);
        let remedy = ["`#{variables.tga}`", "declare the variable `tga`"];
        self.fails("no such variable", MISTAKEN, CONFIGURATION, &remedy)
            .await?;

        self.stage.register_unverified(MISNAMED).await?;
        let remedy = [
            "service `wroker` in cluster `mco`",
            "check that the ECS service",
        ];
        self.fails("no such service", WORKER, CONFIGURATION, &remedy)
            .await?;
        self.stage.register(Stand::Releases.file()).await
    }

    async fn without_files(&mut self) -> Result<(), StageError> {
        let all = infrastructure()?;
        let changed = |path: &str, old: &str, new: &str| {
            let mut files = all.clone();
            let place = replace(&mut files, path, old, new);
            (files, place)
        };
        let without = |path: &str| {
            let mut files = all.clone();
            files.remove(path);
            files
        };

        let files = without(TASK_DEFINITION);
        let missing = [
            "`Infrastructure::worker/taskdef.json`",
            "there is `Infrastructure::api/taskdef.json`; name it by",
        ];
        self.fails_with(&files, "no task definition", WORKER, &missing)
            .await?;

        let (files, place) = changed(
            TASK_DEFINITION,
            "\"essential\": true,",
            "\"essential\": true",
        );
        let place = format!("Infrastructure::{}", next_line(&place));
        self.fails_with(
            &files,
            "a broken task definition",
            WORKER,
            &[&place, "not JSON"],
        )
        .await?;

        let (files, place) = changed(TASK_DEFINITION, "\"live\"", "\"<STAGE>\"");
        let place = format!("Infrastructure::{place}");
        let remedy = [&place, "`<STAGE>` has no value", "`<IMAGE1_NAME>`"];
        self.fails_with(&files, "a placeholder without value", WORKER, &remedy)
            .await?;

        let missing = ["`Infrastructure::api/appspec.yaml`", "put the file there"];
        self.fails_with(&without(APP_SPEC), "no AppSpec", API, &missing)
            .await?;

        let balancer = "\n        LoadBalancerInfo:\n          ContainerName: api\n          ContainerPort: 8080";
        let (files, _) = changed(APP_SPEC, balancer, "");
        let remedy = [
            "Infrastructure::api/appspec.yaml",
            "LoadBalancerInfo",
            "hint",
        ];
        self.fails_with(&files, "an AppSpec without load balancer", API, &remedy)
            .await?;

        let (files, _) = changed(APP_SPEC, "ContainerName: api", "ContainerName: web");
        let remedy = [
            "Infrastructure::api/appspec.yaml",
            "no container named `web`; it has `api`",
        ];
        self.fails_with(&files, "an AppSpec of another container", API, &remedy)
            .await?;
        self.stage.sample.push_infrastructure(&all);
        Ok(())
    }

    async fn without_permission(&mut self) -> Result<(), StageError> {
        // Whoever may not read the table cannot look for jobs either.
        self.stage.sample.account.events().pause_schedules();
        self.stage.until_quiet().await?;
        for (caller, permission, pipeline, resource) in PERMISSIONS {
            let account = &self.stage.sample.account;
            account.deny(caller, permission);
            let remedy = match (caller, permission) {
                ("job", _) => "policy of the artifact bucket".to_owned(),
                // The transaction itself is nothing that a policy knows.
                (_, "dynamodb:TransactWriteItems") => "(`dynamodb:PutItem`, ".to_owned(),
                _ => format!("allow `{permission}` on "),
            };
            let what = format!("no `{permission}`");
            let found = [&remedy, permission, resource];
            let failed = self.fails(&what, pipeline, PERMISSION, &found).await;
            account.allow(caller, permission);
            failed?;
        }
        self.stage.sample.account.events().resume_schedules();
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), StageError> {
        let tags = [("worker_tag", "v2"), ("api_tag", "v2")];
        let release = self.stage.release("both", "API", &tags).await?;
        let worker = Ended::of(&self.stage.sample, "both", &release.execution, "Worker");
        self.expectations
            .released("what has all that it needs", &release);
        self.expectations.equal(
            "and the worker's, too",
            &worker.words(),
            &"Succeeded".to_owned(),
        );
        Ok(())
    }

    async fn fails_with(
        &mut self,
        files: &BTreeMap<String, String>,
        what: &str,
        pipeline: (&str, &str),
        remedy: &[&str],
    ) -> Result<(), StageError> {
        self.stage.sample.push_infrastructure(files);
        self.fails(what, pipeline, CONFIGURATION, remedy).await
    }

    /// Releases `v2`, and notes that this fails at once, with this code and these words.
    async fn fails(
        &mut self,
        what: &str,
        (pipeline, action): (&str, &str),
        code: &str,
        remedy: &[&str],
    ) -> Result<(), StageError> {
        self.stage.timeline.heading(&format!("\n{what}"));
        let tag = [("tag", "v2")];
        let release = self.stage.release(pipeline, action, &tag).await?;
        let ended = &release.action;
        let seconds = ended.to - ended.from;
        let said = ended.error.as_ref().is_some_and(|(found, message)| {
            found == code && remedy.iter().all(|words| message.contains(words))
        });
        self.expectations.expect(
            &format!("{what}: the action fails at once, and says what to do"),
            said && release.status == "Failed" && seconds < AT_ONCE,
            format!("after {seconds:.0} s: {}", ended.words()),
        );
        Ok(())
    }
}

/// The place after this one: `path:line`.
fn next_line(place: &str) -> String {
    let (path, line) = place.rsplit_once(':').unwrap_or((place, "0"));
    let line: usize = line.parse().unwrap_or_default();
    format!("{path}:{}", line + 1)
}

/// A pipeline whose action names a variable that it does not declare.
fn mistaken_pipeline(stage: &Stage) {
    let (name, action) = MISTAKEN;
    let function = stage.sample.template.function(ACTION);
    let parameters = r##"{"target": "worker-test", "tag": "#{variables.tga}"}"##;
    let invoke = Does::Invoke {
        function: function.map(|it| it.name.clone()).unwrap_or_default(),
        user_parameters: Some(parameters.to_owned()),
    };
    let files = Does::Files {
        repository: INFRASTRUCTURE.to_owned(),
        branch: INFRASTRUCTURE_BRANCH.to_owned(),
    };
    let source = Action {
        outputs: vec!["Infrastructure".to_owned()],
        ..Action::new("Infrastructure", Duration::from_secs(1), files)
    };
    let stage_of = |name: &str, action: Action| codepipeline::Stage {
        name: name.to_owned(),
        actions: vec![action],
    };
    let pipeline = Pipeline {
        name: name.to_owned(),
        mode: Mode::Superseded,
        variables: vec![("tag".to_owned(), None)],
        artifact_bucket: "mco-first-try-artifacts".to_owned(),
        stages: vec![
            stage_of("Source", source),
            stage_of("Deploy", Action::new(action, Duration::ZERO, invoke)),
        ],
    };
    if let Err(error) = codepipeline::create_pipeline(&stage.sample.account, pipeline) {
        // Then starting it fails, and that ends the scenario.
        let journal = stage.sample.account.journal();
        journal.note("codepipeline", crate::account::journal::Tone::Bad, error);
    }
}
