//! Blue/green, linear and canary deployments that go well.

use super::*;

const LINEAR: Shift = Shift::Linear {
    step_percent: 40.0,
    step_bake_minutes: 3,
};
const CANARY: Shift = Shift::Canary {
    percent: 10.0,
    bake_minutes: 5,
};

/// The stages that the journal tells of, in order.
fn stages(world: &World) -> Vec<String> {
    let story = world.story().into_iter();
    let names = story.filter_map(|line| line.strip_prefix("service api: ").map(str::to_owned));
    names
        .filter(|line| line.chars().all(|it| it.is_ascii_uppercase() || it == '_'))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn green_takes_over_stage_by_stage() {
    let world = World::native(Shift::AllAtOnce, &[]);
    assert_eq!(world.weights(&world.production), (100, 0));
    let arn = world.deploy("mco-api:2");
    world.until_stage(&arn, Stage::PostScaleUp).await;
    assert_eq!(world.revisions()[1].running, 2);
    assert_eq!(
        world.revisions()[1].target_group_arn.as_ref(),
        Some(&world.green)
    );
    assert_eq!(world.weights(&world.production), (100, 0));
    world.until_stage(&arn, Stage::PostTestTrafficShift).await;
    assert_eq!(world.weights(&world.test), (0, 100));
    assert_eq!(world.weights(&world.production), (100, 0));
    assert_eq!(world.get().await, (200, "v1".to_owned()));
    world.until_stage(&arn, Stage::BakeTime).await;
    assert_eq!(world.weights(&world.production), (0, 100));
    assert_eq!(world.get().await, (200, "v2".to_owned()));
    assert_eq!(world.revisions().len(), 2);
    let deployment = world.deployment(&arn);
    let target = &deployment["targetServiceRevision"];
    assert_eq!(target["requestedProductionTrafficWeight"], 100.0);
    assert_eq!(target["requestedTestTrafficWeight"], 100.0);
    let source = &deployment["sourceServiceRevisions"][0];
    assert_eq!(source["requestedProductionTrafficWeight"], 0.0);
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.deployments(), ["PRIMARY 2 COMPLETED"]);
    assert_eq!(
        stages(&world),
        [
            "PRE_SCALE_UP",
            "SCALE_UP",
            "POST_SCALE_UP",
            "TEST_TRAFFIC_SHIFT",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRE_PRODUCTION_TRAFFIC_SHIFT",
            "PRODUCTION_TRAFFIC_SHIFT",
            "POST_PRODUCTION_TRAFFIC_SHIFT",
            "BAKE_TIME",
            "CLEAN_UP"
        ]
    );
    let names: Vec<String> = world.changes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["IN_PROGRESS", "COMPLETED"]);
}

#[tokio::test(start_paused = true)]
async fn the_target_groups_alternate_and_the_service_shows_what_is_configured() {
    let world = World::native(Shift::AllAtOnce, &[]);
    for (definition, group) in [
        ("mco-api:2", &world.green),
        ("mco-api:1", &world.blue),
        ("mco-api:2", &world.green),
    ] {
        let arn = world.deploy(definition);
        world.until_status(&arn, "SUCCESSFUL").await;
        let service = world.service();
        let revision = world.revision(&service["currentServiceRevisions"][0]["arn"]);
        assert_eq!(
            revision["resolvedConfiguration"]["loadBalancers"][0],
            json!({
                "targetGroupArn": group,
                "productionListenerRule": elb::default_rule(&world.production),
            })
        );
        let balancer = &service["loadBalancers"][0];
        assert_eq!(balancer["targetGroupArn"], world.blue);
        assert_eq!(
            balancer["advancedConfiguration"]["alternateTargetGroupArn"],
            world.green
        );
    }
}

#[tokio::test(start_paused = true)]
async fn production_traffic_moves_in_linear_steps_with_their_bake_times() {
    let world = World::native(LINEAR, &[]);
    let arn = world.deploy("mco-api:2");
    for weights in [(60, 40), (20, 80)] {
        world
            .until("a step", || world.weights(&world.production) == weights)
            .await;
        world.seconds(170).await;
        assert_eq!(world.weights(&world.production), weights);
    }
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.weights(&world.production), (0, 100));
    let steps = stages(&world);
    let steps = steps
        .iter()
        .filter(|it| *it == "PRE_PRODUCTION_TRAFFIC_SHIFT");
    assert_eq!(steps.count(), 3);
    assert_eq!(
        world.service()["deploymentConfiguration"]["linearConfiguration"],
        json!({"stepPercent": 40.0, "stepBakeTimeInMinutes": 3})
    );
}

#[tokio::test(start_paused = true)]
async fn no_request_is_lost_by_a_canary_and_a_tenth_of_them_reaches_it() {
    let world = Arc::new(World::native(CANARY, &[]));
    let asking = Asking::begin(&world);
    let arn = world.deploy("mco-api:2");
    world
        .until("the canary", || {
            world.weights(&world.production) == (90, 10)
        })
        .await;
    let before = asking.answers().len();
    world.seconds(250).await;
    let answers = asking.answers().split_off(before);
    let new = answers.iter().filter(|(_, body)| body == "v2").count();
    assert!((49..=51).contains(&new), "{new} of {}", answers.len());
    world.until_status(&arn, "SUCCESSFUL").await;
    world.seconds(10).await;
    assert_eq!(asking.end().last().unwrap().1, "v2");
}

#[tokio::test(start_paused = true)]
async fn the_first_deployment_of_a_service_runs_all_stages_without_a_blue_revision() {
    let (world, mut spec) = World::empty();
    let hook = Hook::lambda(
        &function_arn("check-green"),
        &[Stage::PostScaleUp, Stage::ProductionTrafficShift],
    );
    world.make_native(&mut spec, Shift::AllAtOnce, &[hook]);
    let payloads = world.function("check-green", &[json!({"hookStatus": "SUCCEEDED"})]);
    ecs::create_new_service(&world.account, spec).unwrap();
    let arn = world.service()["currentServiceDeployment"]
        .as_str()
        .unwrap()
        .to_owned();
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.deployment(&arn)["sourceServiceRevisions"], json!([]));
    let payloads = payloads.lock().unwrap().clone();
    assert_eq!(payloads.len(), 2);
    let details = &payloads[1]["executionDetails"];
    let green = details["targetServiceRevisionArn"].as_str().unwrap();
    assert_eq!(details["productionTrafficWeights"], json!({green: 100}));
    assert_eq!(world.get().await, (200, "v1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_load_balancer_goes_through_the_stages_and_moves_no_traffic() {
    let world = World::with(|spec| {
        let native = Native::blue_green(None);
        spec.controller = Controller::Ecs(EcsController::native(None, native));
    });
    let arn = world.deploy("mco-api:2");
    world.until_status(&arn, "SUCCESSFUL").await;
    assert_eq!(world.deployments(), ["PRIMARY 2 COMPLETED"]);
    let target = &world.deployment(&arn)["targetServiceRevision"];
    assert_eq!(target.get("requestedProductionTrafficWeight"), None);
}

#[tokio::test(start_paused = true)]
async fn what_a_service_cannot_have_is_refused() {
    let refused = |change: &dyn Fn(&World, &mut ServiceSpec)| {
        let (world, mut spec) = World::empty();
        change(&world, &mut spec);
        let error = ecs::create_service(&world.account, spec).unwrap_err();
        let input = json!({"cluster": "mco", "services": ["api"]});
        let services = world.call("DescribeServices", input).unwrap();
        assert_eq!(services["services"], json!([]), "{error}");
        error
    };
    let hook = |hook: &Hook| {
        refused(&|world, spec| {
            world.make_native(spec, Shift::AllAtOnce, std::slice::from_ref(hook));
        })
    };
    assert!(hook(&Hook::pause(&[Stage::ProductionTrafficShift])).starts_with("PAUSE"));
    assert!(hook(&Hook::lambda("arn:x", &[Stage::BakeTime])).starts_with("BAKE_TIME"));
    let many = vec![Hook::pause(&[Stage::PreScaleUp]); 11];
    assert!(
        refused(&|world, spec| world.make_native(spec, Shift::AllAtOnce, &many))
            .contains("at most 10")
    );
    let no_routing = refused(&|world, spec| {
        let native = Native::blue_green(None);
        let balancer = Some(world.balancer());
        spec.controller = Controller::Ecs(EcsController::native(balancer, native));
    });
    assert!(no_routing.contains("advanced configuration"));
    let no_rule = refused(&|world, spec| {
        world.make_native(spec, Shift::AllAtOnce, &[]);
        if let Strategy::Native(native) = &mut configuration(spec).strategy {
            native.routing.as_mut().unwrap().production_listener_rule = "arn:gone".to_owned();
        }
    });
    assert!(no_rule.contains("arn:gone"));
    let percents = refused(&|_, spec| configuration(spec).maximum_percent = 100);
    assert!(percents.contains("maximum percent"));
}
