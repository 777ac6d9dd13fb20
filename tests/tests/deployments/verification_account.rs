//! Mistakes in the account, each found by the check that is meant for it, with its remedy.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::verification::{Report, State};
use greenlight_tests::world::World;
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

use crate::verification_told::{Told, found, world};

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
        let groups = ["api-blue", "api-green"];
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
    let role = r#"  "executionRoleArn": "arn:aws:iam::123456789012:role/api-execution","#;
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
