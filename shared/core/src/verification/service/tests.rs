use super::*;
use crate::verification::{
    State,
    sample::{deployed, wrong},
};

const HOOK: &str = "arn:aws:lambda:eu-west-1:123456789012:function:CodeDeployHook_greenlight:live";

fn service() -> Service {
    Service {
        status: "ACTIVE".into(),
        controller: "ECS".into(),
        scheduling: "REPLICA".into(),
        strategy: "ROLLING".into(),
        desired: 2,
        is_live: true,
        has_load_balancer: true,
        hooks: Vec::new(),
    }
}

fn codedeploy() -> Target {
    deployed("deploy: {codedeploy: {application: API, group: API}}")
}

fn rolling() -> Target {
    deployed("deploy: {rolling: {}}")
}

fn native() -> Target {
    deployed("deploy: {native: {}}, gates: {after_install: [{tasks: {}}], test_traffic: []}")
}

/// The checks that are not ok.
fn checks(target: &Target, service: &Service, hook: Option<&str>) -> Vec<&'static str> {
    let findings = judge(target, service, hook);
    wrong(&findings)
        .into_iter()
        .map(|(check, ..)| check)
        .collect()
}

#[test]
fn a_service_that_fits_has_nothing_wrong() {
    let of_codedeploy = Service {
        controller: "CODE_DEPLOY".into(),
        ..service()
    };
    assert_eq!(checks(&codedeploy(), &of_codedeploy, None), [""; 0]);
    assert_eq!(checks(&rolling(), &service(), None), [""; 0]);
}

#[test]
fn another_controller_is_told_alone() {
    let external = Service {
        controller: "EXTERNAL".into(),
        desired: 0,
        ..service()
    };
    let findings = judge(&rolling(), &external, None);
    assert_eq!(
        wrong(&findings),
        [(
            "service.controller",
            "ECS service `mco/api` has the deployment controller EXTERNAL, but target `api-test` deploys by \
             UpdateService, which works under the controller ECS",
            "its task sets are somebody else's to manage: create the service with the controller ECS",
        )]
    );
    let of_codedeploy = Service {
        controller: "CODE_DEPLOY".into(),
        ..service()
    };
    let findings = judge(&rolling(), &of_codedeploy, None);
    assert_eq!(
        wrong(&findings)[0].2,
        "let the target deploy by `codedeploy`"
    );
    let findings = judge(&codedeploy(), &service(), None);
    assert_eq!(
        wrong(&findings)[0].2,
        "create the service with the controller CODE_DEPLOY"
    );
}

#[test]
fn codedeploy_needs_a_task_set_and_a_load_balancer() {
    let bare = Service {
        controller: "CODE_DEPLOY".into(),
        is_live: false,
        ..service()
    };
    assert_eq!(checks(&codedeploy(), &bare, None), ["service.live"]);
    let alone = Service {
        is_live: true,
        has_load_balancer: false,
        ..bare
    };
    assert_eq!(
        checks(&codedeploy(), &alone, None),
        ["service.load_balancer"]
    );
}

#[test]
fn strategy_and_desired_count_are_told_together() {
    let blue_green = Service {
        strategy: "BLUE_GREEN".into(),
        desired: 0,
        ..service()
    };
    let both = ["service.strategy", "service.desired_count"];
    assert_eq!(checks(&rolling(), &blue_green, None), both);
    let daemon = Service {
        scheduling: "DAEMON".into(),
        desired: 0,
        ..service()
    };
    assert_eq!(checks(&rolling(), &daemon, None), [""; 0]);
    assert_eq!(checks(&native(), &service(), None), ["service.strategy"]);
}

#[test]
fn a_service_that_is_not_active_or_runs_nothing_is_told() {
    let draining = Service {
        status: "DRAINING".into(),
        ..service()
    };
    assert_eq!(checks(&rolling(), &draining, None), ["service.status"]);
    let empty = Service {
        is_live: false,
        ..service()
    };
    assert_eq!(checks(&rolling(), &empty, None), ["service.live"]);
    let template = deployed("deploy: {rolling: {}}, task_definition: s3://mco-b/k.json");
    assert_eq!(checks(&template, &empty, None), [""; 0]);
}

#[test]
fn each_gate_with_checks_has_to_be_called_by_our_function() {
    let mut service = Service {
        strategy: "CANARY".into(),
        ..service()
    };
    let findings = judge(&native(), &service, Some(HOOK));
    assert_eq!(
        wrong(&findings),
        [(
            "service.hook",
            "target `api-test` has the gate after_install, but ECS service `mco/api` declares no lifecycle \
             hook that calls `CodeDeployHook_greenlight` at POST_SCALE_UP",
            "add it to the service's `deploymentConfiguration.lifecycleHooks`",
        )]
    );
    service.hooks = vec![Hook {
        target_type: "AWS_LAMBDA".into(),
        function: Some(HOOK.trim_end_matches(":live").into()),
        stages: vec!["POST_SCALE_UP".into()],
    }];
    assert_eq!(checks(&native(), &service, Some(HOOK)), [""; 0]);
    assert_eq!(checks(&native(), &service, None), [""; 0]);
    assert_eq!(checks(&native(), &service, Some("other")), ["service.hook"]);
    service.hooks[0].target_type = "PAUSE".into();
    assert_eq!(checks(&native(), &service, None), ["service.hook"]);
}

#[test]
fn of_a_service_that_only_gives_its_network_nothing_is_judged() {
    let task = deployed("deploy: {task: {}}");
    assert_eq!(judge(&task, &Service::default(), None), []);
}

#[test]
fn that_a_service_is_not_there_is_told_with_where_it_is_named() {
    let finding = exists::<()>(&rolling(), &Look::Missing).unwrap();
    assert_eq!(finding.state, State::Missing);
    assert_eq!(finding.text, "ECS service `mco/api` does not exist");
    assert_eq!(
        finding.remedy.as_deref(),
        Some("create it, or name another in `service` of target `api-test`")
    );
}

#[test]
fn a_cluster_that_is_not_there_is_told_with_its_key() {
    let finding = cluster::<()>("shop", "before[0].cluster", &Look::Missing);
    assert_eq!(
        (finding.state, finding.check),
        (State::Missing, "cluster.exists")
    );
    assert_eq!(
        finding.remedy.as_deref(),
        Some("create it, or name another in `before[0].cluster`")
    );
    assert_eq!(cluster("shop", "x", &Look::Found(())).state, State::Ok);
}
