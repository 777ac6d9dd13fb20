//! What the stage hand does just before the check of a row looks.

use std::sync::Arc;

use futures_util::FutureExt as _;
use greenlight_deployer::{Deployer, approve::Answer};
use rehearsal::{
    account::{
        Account,
        cloudwatch::{Alarm, AlarmState, Statistic},
        containers::Finding,
        ecr::{Scan, Scanner},
        functions::FunctionError,
    },
    scenario::sample::{CLUSTER, REPOSITORY, SERVICE},
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::{
    by_hand::{ECS, call},
    world::name,
};

use super::Contract;

/// The function that the gate asks first.
pub(super) const STAGE_HAND: &str = "greenlight-check-hand";
/// The function of the checks `lambda`.
const TEAM_CHECK: &str = "greenlight-check-team";
/// The alarm of the checks `alarms`.
const ALARM: &str = "api-errors";
/// Longer than a check looks that decides at once.
const A_WHILE: Duration = Duration::from_secs(15);
/// The metric of the checks `metric`.
const METRIC: (&str, &str) = ("Shop", "Errors");

/// What is done to the account.
#[derive(Debug, Clone, Copy)]
pub enum Deed {
    /// Nothing.
    Nothing,
    /// The function that measures may not do this for a while.
    Deny(&'static str),
    /// Somebody stops the new tasks; others are started in their place.
    StopTasks,
    /// Somebody wants no tasks for a while.
    ScaleToNought,
    /// The alarm is there, in this state.
    Alarm(AlarmState),
    /// The metric has this value.
    Metric(f64),
    /// The image was scanned, and has these findings: name and severity.
    Scanned(&'static [(&'static str, &'static str)]),
    /// The image is being scanned, for hours.
    Scanning,
    /// The function of the team gives this verdict.
    Says(&'static str),
    /// The function of the team fails.
    Raises,
    /// Somebody approves, or rejects.
    Answers(bool),
}

/// Does something when the check has looked.
fn later(what: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        sleep(A_WHILE).await;
        what.await;
    });
}

/// Where it is done.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) account: Account,
    pub(super) operator: Deployer,
    pub(super) contract: Contract,
}

impl Scene {
    /// Engages the stage hand.
    pub(super) fn set(self, deed: Deed) {
        let functions = self.account.functions();
        let hand = move |invocation: rehearsal::account::functions::Invocation| {
            let scene = self.clone();
            async move {
                let digest = invocation.payload["images"][0]["digest"].as_str();
                Box::pin(scene.does(deed, digest.unwrap_or_default())).await;
                Ok(json!({"verdict": "passed", "summary": "all is set"}))
            }
            .boxed()
        };
        functions.register(STAGE_HAND, Arc::new(hand));
    }

    async fn does(&self, deed: Deed, digest: &str) {
        let account = &self.account;
        match deed {
            Deed::Nothing => {}
            Deed::Deny(action) => {
                let caller = self.contract.function();
                account.deny(caller, action);
                let account = account.clone();
                later(async move { account.allow(caller, action) });
            }
            Deed::StopTasks => self.stop_new_tasks().await,
            Deed::ScaleToNought => {
                let of = |count: u32| json!({"cluster": CLUSTER, "service": SERVICE, "desiredCount": count});
                call(account, ECS, "UpdateService", of(0)).await;
                let (account, usual) = (account.clone(), of(2));
                later(async move {
                    call(&account, ECS, "UpdateService", usual).await;
                });
            }
            Deed::Alarm(state) => {
                let metric = ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count");
                account.put_alarm(Alarm::above(ALARM, metric, &[], Statistic::Sum, 5.0));
                assert!(account.set_alarm_state(ALARM, state, "6 errors in a minute"));
            }
            Deed::Metric(value) => account.put_metric_data(METRIC.0, METRIC.1, &[], value),
            Deed::Scanned(found) => {
                let findings = found.iter().map(|(name, it)| Finding::new(name, it));
                let scan = Scan::found(Scanner::Basic, findings);
                account.set_scan(REPOSITORY, digest, scan).unwrap();
            }
            Deed::Scanning => {
                let scan = Scan::found(Scanner::Basic, []).after(Duration::from_hours(5));
                account.set_scan(REPOSITORY, digest, scan).unwrap();
            }
            Deed::Says(verdict) => self.team_check(Ok(
                json!({"verdict": verdict, "summary": "2 of 3 orders", "evidence": ["order 7 is open"]}),
            )),
            Deed::Raises => self.team_check(Err(FunctionError::new("KeyError", "'orders'"))),
            Deed::Answers(approved) => {
                let scene = self.clone();
                tokio::spawn(async move { Box::pin(scene.answers(approved)).await });
            }
        }
    }

    fn team_check(&self, says: Result<Value, FunctionError>) {
        let says = move |_| {
            let says = says.clone();
            async { says }.boxed()
        };
        let functions = self.account.functions();
        functions.register(TEAM_CHECK, Arc::new(says));
    }

    /// Those of the newest revision.
    async fn stop_new_tasks(&self) {
        let account = &self.account;
        let input = json!({"cluster": CLUSTER, "serviceName": SERVICE});
        let listed = call(account, ECS, "ListTasks", input).await;
        let input = json!({"cluster": CLUSTER, "tasks": listed["taskArns"]});
        let described = call(account, ECS, "DescribeTasks", input).await;
        let tasks = described["tasks"].as_array().unwrap();
        let revision = |task: &Value| {
            let arn = task["taskDefinitionArn"].as_str().unwrap();
            let revision = arn.rsplit(':').next().unwrap();
            revision.parse::<u32>().unwrap()
        };
        let newest = tasks.iter().map(revision).max();
        for task in tasks.iter().filter(|task| Some(revision(task)) == newest) {
            let input = json!({"cluster": CLUSTER, "task": task["taskArn"]});
            call(account, ECS, "StopTask", input).await;
        }
    }

    /// As soon as the gate asks.
    async fn answers(&self, approved: bool) {
        let answer = Answer {
            approved,
            reason: (!approved).then(|| "the migration has not run".to_owned()),
            point: None,
            deployment: None,
        };
        loop {
            sleep(Duration::from_secs(1)).await;
            let stored = self.operator.target(&name()).await.unwrap();
            let stored = stored.unwrap().unwrap();
            if !self
                .operator
                .open_approvals(&stored)
                .await
                .unwrap()
                .is_empty()
            {
                Box::pin(self.operator.approve(&stored, &answer))
                    .await
                    .unwrap();
                return;
            }
        }
    }
}
