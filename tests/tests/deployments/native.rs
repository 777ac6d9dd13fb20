//! Services that ECS deploys blue/green or as a canary by itself: its lifecycle hooks ask the gate.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use greenlight_core::{gate::Verdict, record::Status, target::GatePoint};
use greenlight_tests::world::{World, targets_in, targets_of};
use rehearsal::{
    account::{
        containers::ImageSpec,
        ecs::{
            self, Controller, EcsController, Hook, LoadBalancer, Native, Routing, ServiceSpec,
            Shift, Stage, Strategy,
        },
        elb::{self, TargetGroupSpec},
        functions::FunctionError,
    },
    scenario::sample::{CLUSTER, SERVICE, Stand},
};
use serde_json::Value;
use tokio::time::{Duration, sleep};

/// Everything that production answers from now on, once a second, each answer once.
fn seen_in_production(world: &World) -> Arc<Mutex<Vec<String>>> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (account, kept) = (world.sample.account.clone(), seen.clone());
    let listener = elb::listener(&account, &world.sample.production_listener);
    let url: http::Uri = format!("{}/", listener.unwrap().url).parse().unwrap();
    tokio::spawn(async move {
        loop {
            let request = http::Request::get("/").body(bytes::Bytes::new()).unwrap();
            let answer = match account.request(url.clone(), request).await {
                Ok(answer) => String::from_utf8_lossy(answer.body()).into_owned(),
                Err(error) => error.to_string(),
            };
            keep(&kept, answer);
            sleep(Duration::from_secs(1)).await;
        }
    });
    seen
}

fn keep(kept: &Mutex<Vec<String>>, answer: String) {
    let mut kept = kept.lock().unwrap();
    if !kept.contains(&answer) {
        kept.push(answer);
    }
}

/// Stage and `hookStatus` of each answer that the gate gave.
fn answers(world: &World) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let answers = world.gate_answers().into_iter();
    answers
        .map(|it| {
            let answer = it.answer.unwrap();
            (
                text(&it.payload["lifecycleStage"]),
                text(&answer["hookStatus"]),
            )
        })
        .collect()
}

fn succeeded(stages: &[&str]) -> Vec<(String, String)> {
    let pair = |stage: &&str| ((*stage).to_owned(), "SUCCEEDED".to_owned());
    stages.iter().map(pair).collect()
}

fn change_native(spec: &mut ServiceSpec, change: impl FnOnce(&mut Native)) {
    if let Controller::Ecs(controller) = &mut spec.controller
        && let Strategy::Native(native) = &mut controller.configuration.strategy
    {
        change(native);
    }
}

#[tokio::test(start_paused = true)]
async fn a_blue_green_deployment_passes_its_gate_at_each_stage() {
    let world = World::open_stand(Stand::BlueGreen).await;
    let seen = seen_in_production(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(world.recorded().await.as_ref(), Some(&v2));
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Succeeded);
    let verdicts: Vec<(GatePoint, Verdict)> = record
        .gates
        .values()
        .map(|report| (report.point, report.verdict))
        .collect();
    let passed = |point| (point, Verdict::Passed);
    assert_eq!(
        verdicts,
        [
            passed(GatePoint::AfterInstall),
            passed(GatePoint::TestTraffic),
            passed(GatePoint::BeforeTraffic),
        ]
    );
    assert_eq!(
        answers(&world),
        succeeded(&[
            "POST_SCALE_UP",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ])
    );
    assert_eq!(*seen.lock().unwrap(), ["v1", "v2"], "nothing was lost");
    assert_eq!(
        world.emitted(),
        ["Deployment Started", "Deployment Succeeded"]
    );

    // The next one goes the other way, from green to blue.
    let v3 = world.sample.push(&ImageSpec::healthy("v3")).unwrap();
    world.quiet().await;
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v3));
    assert_eq!(world.status_of(&v3).await, Some(Status::Succeeded));
    assert_eq!(*seen.lock().unwrap(), ["v1", "v2", "v3"]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_image_fails_at_test_traffic_and_never_gets_production_traffic() {
    let targets = targets_of(Stand::BlueGreen);
    let world = World::open_stand_with(Stand::BlueGreen, &targets, |spec| {
        // On the way back ECS asks at these.
        change_native(spec, |native| {
            native.hooks[0].stages.push(Stage::ProductionTrafficShift);
        });
    })
    .await;
    let seen = seen_in_production(&world);
    let bad = world.sample.push(&ImageSpec::answers_500("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&bad).await;
    assert_eq!(record.status, Status::Failed);
    let gate = &record.gates[&GatePoint::TestTraffic];
    assert_eq!(gate.verdict, Verdict::Failed, "{gate:?}");
    assert!(!record.gates.contains_key(&GatePoint::BeforeTraffic));
    let reason = record.reason.unwrap();
    assert!(reason.contains("500"), "{reason}");
    let mut expected = succeeded(&["POST_SCALE_UP", "", "PRODUCTION_TRAFFIC_SHIFT"]);
    expected[1] = ("POST_TEST_TRAFFIC_SHIFT".to_owned(), "FAILED".to_owned());
    assert_eq!(answers(&world), expected, "the way back is never refused");
    assert_eq!(*seen.lock().unwrap(), ["v1"]);
    let v1 = Some(&world.sample.v1);
    assert_eq!(world.sample.live_digest().as_ref(), v1);
    assert_eq!(world.recorded().await.as_ref(), v1);
    assert_eq!(world.sample.tagged().as_ref(), v1);
    // The last one is the tag's way back to the image that is live.
    assert_eq!(
        world.emitted(),
        [
            "Deployment Started",
            "Deployment Failed",
            "Deployment Skipped"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_canary_runs_its_gate_before_each_step() {
    let world = World::open_stand(Stand::Canary).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    assert_eq!(
        answers(&world),
        succeeded(&[
            "POST_SCALE_UP",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_linear_deployment_runs_its_gate_before_every_step() {
    let targets = targets_of(Stand::Canary);
    let world = World::open_stand_with(Stand::Canary, &targets, |spec| {
        change_native(spec, |native| {
            native.shift = Shift::Linear {
                step_percent: 25.0,
                step_bake_minutes: 2,
            };
        });
    })
    .await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
    let before = succeeded(&["PRE_PRODUCTION_TRAFFIC_SHIFT"]).remove(0);
    let steps = answers(&world).into_iter().filter(|it| *it == before);
    assert_eq!(steps.count(), 4);
}

/// Waits until the deployment waits for somebody.
async fn until_awaiting(world: &World) {
    for _ in 0..3600 {
        if !world.sample.awaiting().is_empty() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("nothing waits: {}", world.sample.busy_with());
}

#[tokio::test(start_paused = true)]
async fn a_paused_canary_waits_until_somebody_continues_it() {
    let world = World::open_stand(Stand::PausedCanary).await;
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    for _ in 0..2 {
        until_awaiting(&world).await;
        sleep(Duration::from_hours(3)).await;
        let target = world.target().await;
        let progress = world.operator.progress(&target).await.unwrap();
        let awaiting = progress.awaiting.unwrap();
        assert!(awaiting.remedy.contains("continue"), "{awaiting:?}");
        assert_eq!(world.status_of(&v2).await, Some(Status::Started));
        world.operator.continue_(&target).await.unwrap();
        sleep(Duration::from_secs(5)).await;
    }
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Succeeded));
    assert_eq!(world.sample.live_digest().as_ref(), Some(&v2));
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_somebody_aborts_goes_back_and_is_a_failure() {
    let world = World::open_stand(Stand::PausedCanary).await;
    let seen = seen_in_production(&world);
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    until_awaiting(&world).await;
    let target = world.target().await;
    world.operator.continue_(&target).await.unwrap();
    sleep(Duration::from_mins(1)).await;
    until_awaiting(&world).await;
    let deployment = &ecs::service_deployments(&world.sample.account, CLUSTER, SERVICE)[0];
    assert_eq!(deployment.production_weight, Some(10.0));
    world
        .operator
        .abort(&target, "the canary is too slow")
        .await
        .unwrap();
    world.quiet().await;
    assert_eq!(world.status_of(&v2).await, Some(Status::Failed));
    let v1 = Some(&world.sample.v1);
    assert_eq!(world.sample.live_digest().as_ref(), v1);
    assert_eq!(world.recorded().await.as_ref(), v1);
    assert_eq!(world.sample.tagged().as_ref(), v1);
    assert_eq!(*seen.lock().unwrap(), ["v1", "v2"], "nothing was lost");
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_dies_lets_nothing_through() {
    let world = World::open_stand(Stand::BlueGreen).await;
    let gate = world.sample.template.function("ValidateGreen").unwrap();
    let dies = |_| async { Err(FunctionError::new("Runtime.ExitError", "it died")) }.boxed();
    let functions = world.sample.account.functions();
    functions.register(&gate.name, Arc::new(dies));
    let v2 = world.sample.push(&ImageSpec::healthy("v2")).unwrap();
    world.quiet().await;
    let record = world.record_of(&v2).await;
    assert_eq!(record.status, Status::Failed);
    let evidence = record.evidence.join("\n");
    assert!(evidence.contains("hook"), "{evidence}");
    let v1 = Some(&world.sample.v1);
    assert_eq!(world.sample.live_digest().as_ref(), v1);
    assert_eq!(world.recorded().await.as_ref(), v1);
}

/// A service that has never run anything: `CreateService` begins its first deployment, which asks the gate,
/// and nobody at Greenlight has started it.
#[tokio::test(start_paused = true)]
async fn the_first_deployment_of_a_service_passes_its_gate() {
    let document = Stand::BlueGreen
        .targets()
        .replace("name: api }", "name: first }");
    let world = World::open_stand_with(Stand::BlueGreen, &[], |_| {}).await;
    let (account, target) = (&world.sample.account, targets_in(&document).remove(0));
    world.operator.apply(&target).await.unwrap();
    let group = |name: &str| {
        let spec = TargetGroupSpec {
            name: name.to_owned(),
            port: 8080,
            health_check_path: "/ping".to_owned(),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            deregistration_delay: Duration::from_secs(30),
        };
        elb::create_target_group(account, spec)
    };
    let (blue, green) = (group("first-blue"), group("first-green"));
    let balancer = elb::create_load_balancer(account, "first");
    let listener = |port| elb::create_listener(account, &balancer, port, &blue).unwrap();
    let (production, test) = (listener(80), listener(9001));
    let gate = world.sample.template.function("ValidateGreen").unwrap();
    let stages = [
        Stage::PostScaleUp,
        Stage::PostTestTrafficShift,
        Stage::PreProductionTrafficShift,
    ];
    let native = Native {
        hooks: vec![Hook::lambda(&account.functions().arn(&gate.name), &stages)],
        ..Native::blue_green(Some(Routing {
            alternate_target_group_arn: green,
            production_listener_rule: elb::default_rule(&production),
            test_listener_rule: Some(elb::default_rule(&test)),
            role_arn: "arn:aws:iam::123456789012:role/ecsInfrastructureRoleForLoadBalancers"
                .to_owned(),
        }))
    };
    let load_balancer = LoadBalancer {
        target_group_arn: blue.clone(),
        container_name: "api".to_owned(),
        container_port: 8080,
    };
    let spec = ServiceSpec {
        cluster: CLUSTER.to_owned(),
        name: "first".to_owned(),
        desired_count: 2,
        task_definition: "api".to_owned(),
        controller: Controller::Ecs(EcsController::native(Some(load_balancer), native)),
        health_check_grace: Duration::from_secs(30),
    };
    ecs::create_new_service(account, spec).unwrap();
    world.quiet().await;
    let deployment = &ecs::service_deployments(account, CLUSTER, "first")[0];
    assert_eq!(
        deployment.status, "SUCCESSFUL",
        "{:?}",
        deployment.status_reason
    );
    assert_eq!(
        answers(&world),
        succeeded(&[
            "POST_SCALE_UP",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ])
    );
    assert_eq!(
        world.recorded().await.as_ref(),
        Some(&world.sample.v1),
        "what the service runs now is known"
    );
}
