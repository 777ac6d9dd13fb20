//! Mistakes in targets, each found by the check that is meant for it, with its remedy.

use greenlight_core::verification::State;
use rehearsal::scenario::sample::Stand;

use crate::verification_told::{Told, found, world};

use Stand::{CodeDeploy, Migration, Pipeline, Rolling, Task};

/// A stand, the mistake, other words in its target's document, the check that finds it, and how bad it is.
type Row = (
    Stand,
    &'static str,
    (&'static str, &'static str),
    &'static str,
    State,
);

const EDITS: [Row; 23] = [
    (
        Rolling,
        "another service",
        ("name: api }", "name: web }"),
        "service.exists",
        State::Missing,
    ),
    (
        Rolling,
        "another cluster",
        ("cluster: mco", "cluster: shop"),
        "service.exists",
        State::Missing,
    ),
    (
        Rolling,
        "a rolling service as native",
        ("rolling: {}", "native: {}"),
        "service.strategy",
        State::Missing,
    ),
    (
        Rolling,
        "a misspelt container",
        ("container: api", "container: apo"),
        "container.exists",
        State::Missing,
    ),
    (
        Rolling,
        "a misspelt repository",
        ("mco/api,", "mco/apo,"),
        "repository.exists",
        State::Missing,
    ),
    (
        Rolling,
        "a tag that nobody pushes",
        ("tags: [test]", "tags: [tset]"),
        "tag.exists",
        State::Warning,
    ),
    (
        Rolling,
        "a rule that no tag fits",
        ("tags: [test]", "tags: [{semver: '>=1'}]"),
        "tag.exists",
        State::Warning,
    ),
    (
        Rolling,
        "a template that is not there",
        (
            "deploy: {",
            "task_definition: s3://mco-deployments/no.json\n    deploy: {",
        ),
        "template.exists",
        State::Missing,
    ),
    (
        Rolling,
        "an alarm that is not there",
        (
            "- digest: { timeout: 1m }",
            "- alarms: { names: [api-errors, slow], timeout: 1m }",
        ),
        "alarm.exists",
        State::Missing,
    ),
    (
        Rolling,
        "a function that is not there",
        (
            "- digest: { timeout: 1m }",
            "- lambda: { function: check-orders, timeout: 1m }",
        ),
        "check_function.exists",
        State::Missing,
    ),
    (
        Rolling,
        "a check's task in another container",
        (
            "- digest: { timeout: 1m }",
            "- task: { container: smoke, command: [smoke], timeout: 1m }",
        ),
        "container.exists",
        State::Missing,
    ),
    (
        Rolling,
        "a role that trusts somebody else",
        (
            "deploy: {",
            "role_arn: arn:aws:iam::123456789012:role/deploys\n    deploy: {",
        ),
        "role_arn.assumable",
        State::Missing,
    ),
    (
        Migration,
        "a migration in another container",
        (
            "command: [migrate]",
            "container: migrate, command: [migrate]",
        ),
        "container.exists",
        State::Missing,
    ),
    (
        CodeDeploy,
        "another deployment group",
        ("group: API", "group: api"),
        "codedeploy.group",
        State::Missing,
    ),
    (
        CodeDeploy,
        "a deployment configuration that is not there",
        ("CodeDeployDefault.ECSCanary10Percent5Minutes", "Slowly"),
        "codedeploy.config",
        State::Missing,
    ),
    (
        Task,
        "a one-shot in another cluster",
        ("cluster: mco", "cluster: shop"),
        "cluster.exists",
        State::Missing,
    ),
    (
        CodeDeploy,
        "another application",
        ("application: API", "application: WEB"),
        "codedeploy.group",
        State::Missing,
    ),
    (
        Task,
        "a one-shot family that is not there",
        ("family:api", "family:migrate"),
        "task_definition.exists",
        State::Missing,
    ),
    (
        Task,
        "a one-shot in another container",
        (
            "cluster: mco",
            "cluster: mco\n        container: worker\n        command: [work]",
        ),
        "container.exists",
        State::Missing,
    ),
    (
        Pipeline,
        "a pipeline that is not there",
        (
            "name: api-test\n        action",
            "name: api-prod\n        action",
        ),
        "pipeline.exists",
        State::Missing,
    ),
    (
        Pipeline,
        "a source action that is not there",
        ("action: Image", "action: Source"),
        "pipeline.action",
        State::Missing,
    ),
    (
        Pipeline,
        "a variable that is not declared",
        ("LABEL:", "TAG:"),
        "pipeline.variable",
        State::Missing,
    ),
    (
        Pipeline,
        "the image of another repository",
        ("mco/api,", "mco/web,"),
        "pipeline.repository",
        State::Missing,
    ),
];

#[tokio::test(start_paused = true)]
async fn mistakes_in_the_document_are_found() {
    let mut told = Told::default();
    for (stand, mistake, edit, check, state) in EDITS {
        let world = world(stand).await;
        let report = found(&world, stand, &[edit]).await;
        told.row(mistake, &report, check, state);
    }
    insta::assert_snapshot!("mistakes_in_the_document", told.0);
}

#[tokio::test(start_paused = true)]
async fn documents_of_other_strategies_are_found() {
    let mut told = Told::default();
    for (stand, document, check) in [
        (CodeDeploy, Rolling, "service.controller"),
        (Rolling, CodeDeploy, "service.controller"),
        (Stand::BlueGreen, Rolling, "service.strategy"),
    ] {
        let report = found(&world(stand).await, document, &[]).await;
        let mistake = format!("a service of {stand:?} with a target of {document:?}");
        told.row(&mistake, &report, check, State::Missing);
    }
    insta::assert_snapshot!("documents_of_other_strategies", told.0);
}
