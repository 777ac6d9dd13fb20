//! Mistakes in targets and in the account, each found by the check that is meant for it, with its remedy.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::fmt::Write as _;

use greenlight_core::verification::{Finding, Report, State};
use greenlight_tests::world::{World, targets_in};
use rehearsal::{
    account::{
        codedeploy::{self, Group},
        containers::ImageSpec,
        ecr::{self, Mutability},
        ecs::{Controller, ServiceSpec, Strategy},
        elb,
    },
    scenario::sample::{APPLICATION, CLUSTER, REPOSITORY, SECRET, SERVICE, Stand},
};

/// All that was found of the mistakes, for the eye: the rows of the tests are its headings.
#[derive(Default)]
struct Told(String);

impl Told {
    /// That the worst of what `report` has is this, by this check. All that is as bad is written down.
    fn row(&mut self, mistake: &str, report: &Report, check: &str, state: State) {
        assert_eq!(report.state(), state, "{mistake}:\n{report}");
        let mut found = report.findings().filter(|it| it.state == state);
        assert!(found.any(|it| it.check == check), "{mistake}:\n{report}");
        let _ = writeln!(self.0, "# {mistake}");
        let is_meant = |it: &&Finding| {
            // Of what could not be looked at only what is meant: that is another matter in most accounts.
            it.state == state && (state != State::CannotCheck || it.check == check)
        };
        for finding in report.findings().filter(is_meant) {
            let _ = writeln!(
                self.0,
                "{} {:?}: {}",
                finding.check, finding.state, finding.text
            );
            let remedy = finding.remedy.as_deref().unwrap();
            let _ = writeln!(self.0, "  → {remedy}");
            if let Some(statement) = &finding.statement {
                let _ = writeln!(self.0, "  {}: {}", statement.of, statement.statement);
            }
        }
    }
}

/// A world of a stand, without targets.
async fn world(stand: Stand) -> World {
    World::open_stand_with(stand, &[], |_| {}).await
}

/// What is found of a stand's target whose document has other words.
async fn found(world: &World, of: Stand, edits: &[(&str, &str)]) -> Report {
    let mut document = of.targets().to_owned();
    for (from, to) in edits {
        assert!(document.contains(from), "{from} is not in\n{document}");
        document = document.replace(from, to);
    }
    world
        .operator
        .verify_target(&targets_in(&document)[0])
        .await
}

#[tokio::test(start_paused = true)]
async fn mistakes_in_the_document_are_found() {
    use Stand::{CodeDeploy, Migration, Pipeline, Rolling, Task};
    let edits: [(Stand, &str, (&str, &str), &str, State); 23] = [
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
                "- alarms: { names: [api-errors, slow] }",
            ),
            "alarm.exists",
            State::Missing,
        ),
        (
            Rolling,
            "a function that is not there",
            (
                "- digest: { timeout: 1m }",
                "- lambda: { function: check-orders }",
            ),
            "check_function.exists",
            State::Missing,
        ),
        (
            Rolling,
            "a check's task in another container",
            (
                "- digest: { timeout: 1m }",
                "- task: { container: smoke, command: [smoke] }",
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
            ("family:mco-api", "family:mco-migrate"),
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
    let mut told = Told::default();
    for (stand, mistake, edit, check, state) in edits {
        let world = world(stand).await;
        let report = found(&world, stand, &[edit]).await;
        told.row(mistake, &report, check, state);
    }
    insta::assert_snapshot!("mistakes_in_the_document", told.0);
}

#[tokio::test(start_paused = true)]
async fn documents_of_other_strategies_are_found() {
    use Stand::{BlueGreen, CodeDeploy, Rolling};
    let mut told = Told::default();
    for (stand, document, check) in [
        (CodeDeploy, Rolling, "service.controller"),
        (Rolling, CodeDeploy, "service.controller"),
        (BlueGreen, Rolling, "service.strategy"),
    ] {
        let report = found(&world(stand).await, document, &[]).await;
        let mistake = format!("a service of {stand:?} with a target of {document:?}");
        told.row(&mistake, &report, check, State::Missing);
    }
    insta::assert_snapshot!("documents_of_other_strategies", told.0);
}

/// What is found of a stand's target at another service.
async fn serving(stand: Stand, change: impl FnOnce(&mut ServiceSpec)) -> Report {
    let world = World::open_stand_with(stand, &[], change).await;
    found(&world, stand, &[]).await
}

#[tokio::test(start_paused = true)]
async fn mistakes_of_the_service_are_found() {
    let mut told = Told::default();
    let none = |spec: &mut ServiceSpec| spec.desired_count = 0;
    let report = serving(Stand::Rolling, none).await;
    told.row(
        "no desired tasks",
        &report,
        "service.desired_count",
        State::Missing,
    );
    let external = |spec: &mut ServiceSpec| spec.controller = Controller::External;
    let report = serving(Stand::Rolling, external).await;
    told.row(
        "an external controller",
        &report,
        "service.controller",
        State::Missing,
    );
    let without_hooks = |spec: &mut ServiceSpec| {
        if let Controller::Ecs(controller) = &mut spec.controller
            && let Strategy::Native(native) = &mut controller.configuration.strategy
        {
            native.hooks.clear();
        }
    };
    let report = serving(Stand::BlueGreen, without_hooks).await;
    told.row(
        "no lifecycle hooks",
        &report,
        "service.hook",
        State::Missing,
    );
    let without_test = |spec: &mut ServiceSpec| {
        if let Controller::Ecs(controller) = &mut spec.controller
            && let Strategy::Native(native) = &mut controller.configuration.strategy
            && let Some(routing) = &mut native.routing
        {
            routing.test_listener_rule = None;
        }
    };
    let report = serving(Stand::BlueGreen, without_test).await;
    told.row(
        "no test listener",
        &report,
        "test_listener.exists",
        State::Missing,
    );
    insta::assert_snapshot!("mistakes_of_the_service", told.0);
}

#[tokio::test(start_paused = true)]
async fn mistakes_around_the_images_are_found() {
    let mut told = Told::default();
    let stand = Stand::Rolling;

    let world = world(stand).await;
    let arm = ImageSpec::healthy("v2").platform("linux/arm64");
    world.sample.push(&arm).unwrap();
    let report = found(&world, stand, &[]).await;
    told.row(
        "an image for another processor",
        &report,
        "image.platform",
        State::Missing,
    );

    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    ecr::archive(&world.sample.account, REPOSITORY, &v3).unwrap();
    let report = found(&world, stand, &[]).await;
    told.row(
        "an archived image",
        &report,
        "image.archived",
        State::Missing,
    );

    world.sample.push(&ImageSpec::healthy("v4")).unwrap();
    let account = &world.sample.account;
    let except = Mutability::ImmutableExcept(vec!["test".to_owned()]);
    ecr::set_mutability(account, REPOSITORY, except).unwrap();
    let marks = (
        "on_failure:",
        "on_success: { tag: deployed }\n    promote: { tag: staging }\n    on_failure:",
    );
    let report = found(&world, stand, &[marks]).await;
    told.row(
        "tags that cannot be moved",
        &report,
        "tag.mutable",
        State::Missing,
    );
    insta::assert_snapshot!("mistakes_around_the_images", told.0);
}

#[tokio::test(start_paused = true)]
async fn mistakes_of_the_deployment_group_are_found() {
    let mut told = Told::default();
    let stand = Stand::CodeDeploy;
    let world = world(stand).await;
    let group = |name: &str, service: &str| {
        let groups = ["mco-api-blue", "mco-api-green"];
        Group::new(
            APPLICATION,
            name,
            (CLUSTER, service),
            &world.sample.production_listener,
            groups,
        )
    };
    codedeploy::create_deployment_group(&world.sample.account, group("WEB", "web"));
    codedeploy::create_deployment_group(&world.sample.account, group("BARE", SERVICE));
    let report = found(&world, stand, &[("group: API", "group: WEB")]).await;
    told.row(
        "a group of another service",
        &report,
        "codedeploy.service",
        State::Missing,
    );
    let report = found(&world, stand, &[("group: API", "group: BARE")]).await;
    told.row(
        "a group without a test listener",
        &report,
        "test_listener.exists",
        State::Missing,
    );
    let mut elsewhere = group("ELSEWHERE", SERVICE);
    elsewhere.target_groups = ["web-blue", "web-green"].map(str::to_owned);
    elsewhere.test_listener_arns = Some(vec![format!("{}0", world.sample.test_listener)]);
    codedeploy::create_deployment_group(&world.sample.account, elsewhere);
    let report = found(&world, stand, &[("group: API", "group: ELSEWHERE")]).await;
    told.row(
        "listeners that lead elsewhere",
        &report,
        "listener.forwards",
        State::Missing,
    );
    insta::assert_snapshot!("mistakes_of_the_deployment_group", told.0);
}

#[tokio::test(start_paused = true)]
async fn traffic_that_leads_elsewhere_is_found() {
    let mut told = Told::default();
    let stand = Stand::BlueGreen;
    let world = world(stand).await;
    let account = &world.sample.account;
    let other = elb::create_target_group(account, elb::TargetGroupSpec::sample("other"));
    elb::set_listener_weights(account, &world.sample.production_listener, &[(other, 1)]);
    let report = found(&world, stand, &[]).await;
    told.row(
        "a rule that leads elsewhere",
        &report,
        "listener.forwards",
        State::Missing,
    );
    insta::assert_snapshot!("traffic_that_leads_elsewhere", told.0);
}

/// The template of [`Stand::Templates`] with other words.
async fn with_template(world: &World, key: &str, text: &str) -> Report {
    world.sample.put_template(key, text).await.unwrap();
    found(world, Stand::Templates, &[]).await
}

#[tokio::test(start_paused = true)]
async fn mistakes_of_what_tasks_need_are_found() {
    const TEMPLATE: &str = include_str!("../../../rehearsal/sample/templates/taskdef.json");
    let mut told = Told::default();
    let world = world(Stand::Templates).await;
    let secrets = r#""secrets": [{ "name": "DB", "valueFrom": "/mco/db" }], "environment": ["#;
    let role = r#"  "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole","#;
    for (mistake, from, to, check) in [
        (
            "a parameter that is not there",
            r#""environment": ["#,
            secrets,
            "parameter.exists",
        ),
        (
            "a log group that is not there",
            "/ecs/api",
            "/ecs/apo",
            "log_group.exists",
        ),
        ("no execution role", role, "", "execution_role.exists"),
        (
            "a placeholder that nobody fills",
            "<IMAGE1_NAME>",
            "<IMAGE>",
            "template.usable",
        ),
        ("another port", "8080", "80", "container.port"),
    ] {
        assert!(TEMPLATE.contains(from), "{from}");
        let report = with_template(&world, "api/taskdef.json", &TEMPLATE.replace(from, to)).await;
        told.row(mistake, &report, check, State::Missing);
    }
    with_template(&world, "api/taskdef.json", TEMPLATE).await;
    let report = with_template(&world, "api/appspec.yaml", "version: 0.0").await;
    told.row(
        "an AppSpec of nothing",
        &report,
        "template.usable",
        State::Missing,
    );
    insta::assert_snapshot!("mistakes_of_what_tasks_need", told.0);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_secret_is_found() {
    let mut told = Told::default();
    let world = world(Stand::Rolling).await;
    world.sample.account.delete_secret(SECRET);
    let report = found(&world, Stand::Rolling, &[]).await;
    told.row("a deleted secret", &report, "secret.exists", State::Missing);
    insta::assert_snapshot!("a_deleted_secret", told.0);
}

#[tokio::test(start_paused = true)]
async fn the_function_that_runs_the_gates_is_looked_for() {
    let mut told = Told::default();
    let mut world = world(Stand::CodeDeploy).await;
    world.operator.hook_function = Some("CodeDeployHook_other".to_owned());
    let report = found(&world, Stand::CodeDeploy, &[]).await;
    told.row(
        "another hook function",
        &report,
        "gate.function",
        State::Missing,
    );
    world.operator.hook_function = None;
    let report = found(&world, Stand::CodeDeploy, &[]).await;
    told.row(
        "no hook function",
        &report,
        "gate.function",
        State::CannotCheck,
    );
    insta::assert_snapshot!("the_function_that_runs_the_gates", told.0);
}
