//! A target whose gate has every check that the way to deploy can have, in an account where each finds what it needs.

use std::sync::Arc;

use futures_util::FutureExt as _;
use greenlight_core::target::Target;
use greenlight_deployer::approve::Answer;
use rehearsal::{
    account::{
        Settings,
        cloudwatch::{Alarm, AlarmState, Statistic},
        ecr::Scanner,
    },
    scenario::sample::{REPOSITORY, Stand},
};
use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::world::{World, targets_in};

/// The function of the team's own.
pub const CHECK_FUNCTION: &str = "greenlight-check-smoke";
/// The alarm that the gate looks at.
pub const ALARM: &str = "api-errors";

const CHECKS: &str = "
        - tasks: { timeout: 1m }
        - digest: { timeout: 1m }
        - targets: { timeout: 1m }
        - alarms: { names: [api-errors], timeout: 30s }
        - metric:
            namespace: AWS/ApplicationELB
            metric: RequestCount
            dimensions: { TargetGroup: $target_group, LoadBalancer: $load_balancer }
            statistic: Sum
            min: 0
            on_no_data: pass
            timeout: 3m
        - scan: { timeout: 1m }
        - lambda: { function: greenlight-check-smoke, timeout: 30s }
        - task: { command: [migrate], timeout: 1m }
";

/// The sample target of a stand, with one gate that has every check.
pub fn with_every_check(stand: Stand) -> Vec<Target> {
    let document = stand.targets();
    let (before, _) = document.split_once("    gates:\n").unwrap();
    let (point, more) = match stand {
        Stand::Rolling => ("after_traffic", ""),
        _ => (
            "before_traffic",
            "        - http: { path: /health, timeout: 30s }\n        - approval: { timeout: 10m }\n",
        ),
    };
    let checks = CHECKS.trim_start_matches('\n');
    targets_in(&format!(
        "{before}    gates:\n      {point}:\n{checks}{more}    on_failure: {{ restore_tag: true }}\n"
    ))
}

/// The account of a stand with such a target, in which every check finds what it needs.
pub async fn open_with_every_check(stand: Stand) -> World {
    let targets = with_every_check(stand);
    let world = World::open_stand_in(Settings::for_tests(), stand, &targets).await;
    let account = &world.sample.account;
    account.events().resume_schedules();
    account.put_alarm(Alarm::above(
        ALARM,
        ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
        &[],
        Statistic::Sum,
        5.0,
    ));
    account.set_alarm_state(ALARM, AlarmState::Ok, "few errors");
    let how = Some((Scanner::Basic, Duration::from_secs(20)));
    account.set_scan_on_push(REPOSITORY, how).unwrap();
    let says = |_| async { Ok(json!({"verdict": "passed", "summary": "all is well"})) }.boxed();
    account.functions().register(CHECK_FUNCTION, Arc::new(says));
    world
}

/// Waits until the gate asks people, and says yes.
pub async fn approved(world: &World) {
    let yes = Answer {
        approved: true,
        reason: None,
        point: None,
        deployment: None,
    };
    for _ in 0..600 {
        sleep(Duration::from_secs(2)).await;
        let stored = world.target().await;
        let open = world.operator.open_approvals(&stored).await.unwrap();
        if !open.is_empty() {
            Box::pin(world.operator.approve(&stored, &yes))
                .await
                .unwrap();
            return;
        }
        if stored.state.active.is_none() {
            return;
        }
    }
}
