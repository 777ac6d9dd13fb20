//! Which gates a service can have, and what they should check to begin with.

use std::time::Duration;

use super::{Found, HealthCheck, Remark, Way, say};
use crate::target::check::{
    Check, CheckKind, Destination, Expectation, HttpCheck, HttpRequest, StatusRange,
};
use crate::target::{GatePoint, Gates};

/// The gate of a rolling deployment is run by a function, so that its checks have less time together.
const ROLLING: [Duration; 3] = [
    Duration::from_mins(5),
    Duration::from_mins(1),
    Duration::from_mins(3),
];

/// What can be checked of any service, and over HTTP what the load balancer asks.
pub(super) fn gates(found: &Found, remarks: &mut Vec<Remark>) -> Gates {
    let health = found.health_check.as_ref();
    match &found.way {
        Way::CodeDeploy(group) => {
            let has_test_listener = group.as_ref().is_some_and(|group| group.has_test_listener);
            let mut checks = usual(health);
            checks.extend(http(health, has_test_listener, remarks));
            [(GatePoint::BeforeTraffic, checks)].into_iter().collect()
        }
        Way::Rolling { .. } => {
            say(
                remarks,
                "gates",
                "the only gate of a rolling service: where it fails, the previous image is deployed again",
            );
            let mut checks = usual(health);
            for (check, timeout) in checks.iter_mut().zip(ROLLING) {
                check.rules.timeout = timeout;
            }
            [(GatePoint::AfterTraffic, checks)].into_iter().collect()
        }
        Way::Native {
            stages,
            has_test_listener,
            ..
        } => native(stages, health, *has_test_listener, remarks),
        Way::Other(_) => Gates::default(),
    }
}

fn usual(health: Option<&HealthCheck>) -> Vec<Check> {
    let mut kinds = vec![CheckKind::Tasks, CheckKind::Digest];
    if health.is_some() {
        kinds.push(CheckKind::Targets);
    }
    kinds.into_iter().map(Check::usual).collect()
}

/// ECS asks only at the stages for which the service declares a hook: a gate elsewhere would never be run.
fn native(
    stages: &[String],
    health: Option<&HealthCheck>,
    has_test_listener: bool,
    remarks: &mut Vec<Remark>,
) -> Gates {
    let asks = |point: &GatePoint| {
        let mut known = point.ecs_stages().iter();
        known.any(|known| stages.iter().any(|stage| stage == known))
    };
    let points: Vec<GatePoint> = GatePoint::ALL
        .into_iter()
        .filter(|point| *point != GatePoint::BeforeInstall)
        .filter(asks)
        .collect();
    let Some(first) = points.first() else {
        say(
            remarks,
            "deploy",
            "there are no gates, since the service has no lifecycle hook that calls a function: declare Greenlight's \
             (output `HookFunctionArn`), for POST_TEST_TRAFFIC_SHIFT for example, and add `gates`",
        );
        return Gates::default();
    };
    say(
        remarks,
        "gates",
        "at the stages at which the service calls a function, which has to be Greenlight's (output `HookFunctionArn`)",
    );
    // Requests reach the green tasks from the test traffic on, and only then can the load balancer judge them.
    let reached = points
        .iter()
        .find(|point| **point != GatePoint::AfterInstall);
    let points = points.iter().map(|point| {
        let mut checks = Vec::new();
        if point == first {
            checks.extend(usual(None));
        }
        if Some(point) == reached {
            checks.extend(health.map(|_| Check::usual(CheckKind::Targets)));
            checks.extend(http(health, has_test_listener, remarks));
        }
        (*point, checks)
    });
    points.filter(|(_, checks)| !checks.is_empty()).collect()
}

/// The load balancer's own question, asked through the test listener.
fn http(
    health: Option<&HealthCheck>,
    has_test_listener: bool,
    remarks: &mut Vec<Remark>,
) -> Option<Check> {
    let health = health?;
    let path = health.path.as_ref().filter(|path| is_path(path))?;
    if !has_test_listener {
        say(
            remarks,
            "gates",
            "with a test listener, a check `http` could ask the new tasks before anybody else does",
        );
        return None;
    }
    say(
        remarks,
        "gates",
        "`http` asks what the load balancer's health check asks; a path that shows that the service does its work \
         says more",
    );
    let path = path.clone();
    let mut request = HttpRequest::get(Destination::TestListener { path });
    if let Some(status) = statuses(&health.statuses) {
        request.expect = Expectation {
            status,
            ..Expectation::default()
        };
    }
    Some(Check::usual(CheckKind::Http(HttpCheck {
        requests: vec![request],
        server_name: None,
        follow_redirects: 0,
        load: None,
        local_addresses: false,
    })))
}

/// A path as a document may have it. Elastic Load Balancing allows more.
fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 1024
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// `200`, `200,301`, `200-299`; nothing where it is anything else.
fn statuses(written: &str) -> Option<Vec<StatusRange>> {
    let status = |text: &str| {
        let status = text.trim().parse::<u16>().ok();
        status.filter(|status| (100..=599).contains(status))
    };
    let range = |text: &str| {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = (status(from)?, status(to)?);
        (from <= to).then_some(StatusRange { from, to })
    };
    written.split(',').take(20).map(range).collect()
}
