//! The table of gates, check × ending × contract: the checks that ask AWS.

use greenlight_core::gate::Verdict::{Error, Failed, Inconclusive, Passed};
use greenlight_tests::cells::{Absent, Deed, Ending, Row, complete, play};
use rehearsal::account::{
    cloudwatch::AlarmState,
    containers::{Behaviour, ImageSpec},
};
use tokio::time::Duration;

const ABSENT: [Absent; 2] = [
    (
        "alarms",
        Ending::Timeout,
        "an alarm has a state at any time; without data, see `NoData`",
    ),
    (
        "task",
        Ending::NoData,
        "a task that has ended has an exit code",
    ),
];

const ALARMS: [Row; 5] = [
    Row::of(
        "alarms",
        Ending::Passed,
        "alarms: {names: [api-errors]}",
        Passed,
        "alarm `api-errors` is OK",
    )
    .after(Deed::Alarm(AlarmState::Ok)),
    Row::of(
        "alarms",
        Ending::Failed,
        "alarms: {names: [api-errors]}",
        Failed,
        "6 errors in a minute",
    )
    .after(Deed::Alarm(AlarmState::Alarm)),
    Row::of(
        "alarms",
        Ending::Error,
        "alarms: {names: [api-errors]}",
        Error,
        "DescribeAlarms",
    )
    .after(Deed::Deny("cloudwatch:DescribeAlarms")),
    Row::of(
        "alarms",
        Ending::NoData,
        "alarms: {names: [api-errors], timeout: 40s}",
        Inconclusive,
        "has not enough data",
    )
    .after(Deed::Alarm(AlarmState::InsufficientData)),
    Row::of(
        "alarms",
        Ending::DryRun,
        "alarms: {names: [api-errors], dry_run: true}",
        Failed,
        "alarm `api-errors` is on",
    )
    .after(Deed::Alarm(AlarmState::Alarm)),
];

const METRIC: [Row; 6] = [
    Row::of("metric", Ending::Passed, "metric: {namespace: Shop, metric: Errors, statistic: Sum, period: 10s, window: 1m, max: 5, initial_delay: 15s, timeout: 2m}", Passed, "Sum of Shop Errors")
        .after(Deed::Metric(4.0)),
    Row::of("metric", Ending::Failed, "metric: {namespace: Shop, metric: Errors, statistic: Sum, period: 10s, window: 1m, max: 5, initial_delay: 15s, timeout: 2m}", Failed, "Sum of Shop Errors")
        .after(Deed::Metric(6.0)),
    Row::of("metric", Ending::Error, "metric: {namespace: Shop, metric: Errors, statistic: Sum, period: 10s, window: 1m, max: 5, initial_delay: 12s, timeout: 2m}", Error, "GetMetricData")
        .after(Deed::Deny("cloudwatch:GetMetricData")),
    Row::of("metric", Ending::Timeout, "metric: {namespace: Shop, metric: Errors, statistic: Sum, period: 1h, window: 1h, max: 5, timeout: 20s}", Failed, "no whole period of 3600 s is over"),
    Row::of("metric", Ending::NoData, "metric: {namespace: Shop, metric: Errors, statistic: Sum, period: 10s, window: 1m, max: 5, interval: 10s, timeout: 20s}", Inconclusive, "Sum of Shop Errors"),
    Row::of("metric", Ending::DryRun, "metric: {namespace: Shop, metric: Errors, statistic: Sum, period: 10s, window: 1m, max: 5, initial_delay: 15s, timeout: 2m, dry_run: true}", Failed, "Sum of Shop Errors")
        .after(Deed::Metric(6.0)),
];

const SCAN: [Row; 6] = [
    Row::of(
        "scan",
        Ending::Passed,
        "scan: {timeout: 2m}",
        Passed,
        "within the limits",
    )
    .after(Deed::Scanned(&[("CVE-2026-1", "HIGH")])),
    Row::of(
        "scan",
        Ending::Failed,
        "scan: {timeout: 2m}",
        Failed,
        "CRITICAL CVE-2026-2 in openssl 3.0.1",
    )
    .after(Deed::Scanned(&[("CVE-2026-2", "CRITICAL")])),
    Row::of(
        "scan",
        Ending::Error,
        "scan: {timeout: 2m}",
        Error,
        "DescribeImageScanFindings",
    )
    .after(Deed::Deny("ecr:DescribeImageScanFindings")),
    Row::of(
        "scan",
        Ending::Timeout,
        "scan: {timeout: 30s}",
        Error,
        "is IN_PROGRESS",
    )
    .after(Deed::Scanning),
    Row::of(
        "scan",
        Ending::NoData,
        "scan: {timeout: 20s}",
        Inconclusive,
        "was never scanned",
    ),
    Row::of(
        "scan",
        Ending::DryRun,
        "scan: {timeout: 2m, dry_run: true}",
        Failed,
        "1 findings of severity CRITICAL",
    )
    .after(Deed::Scanned(&[("CVE-2026-2", "CRITICAL")])),
];

const LAMBDA: [Row; 7] = [
    Row::of(
        "lambda",
        Ending::Passed,
        "lambda: {function: greenlight-check-team}",
        Passed,
        "2 of 3 orders",
    )
    .after(Deed::Says("passed")),
    Row::of(
        "lambda",
        Ending::Failed,
        "lambda: {function: greenlight-check-team}",
        Failed,
        "order 7 is open",
    )
    .after(Deed::Says("failed")),
    Row::of(
        "lambda",
        Ending::Error,
        "lambda: {function: greenlight-check-team}",
        Error,
        "Invoke",
    )
    .after(Deed::Deny("lambda:InvokeFunction")),
    Row::of(
        "lambda",
        Ending::Error,
        "lambda: {function: greenlight-check-team, timeout: 20s}",
        Error,
        "KeyError: 'orders'",
    )
    .after(Deed::Raises),
    Row::of(
        "lambda",
        Ending::Timeout,
        "lambda: {function: greenlight-check-team, timeout: 20s}",
        Failed,
        "2 of 3 orders",
    )
    .after(Deed::Says("pending")),
    Row::of(
        "lambda",
        Ending::NoData,
        "lambda: {function: greenlight-check-team, timeout: 20s}",
        Inconclusive,
        "2 of 3 orders",
    )
    .after(Deed::Says("inconclusive")),
    Row::of(
        "lambda",
        Ending::DryRun,
        "lambda: {function: greenlight-check-team, dry_run: true}",
        Failed,
        "2 of 3 orders",
    )
    .after(Deed::Says("failed")),
];

const SMOKES: fn() -> ImageSpec = || smoke(Duration::from_secs(5), 0);
const SMOKES_BADLY: fn() -> ImageSpec = || smoke(Duration::from_secs(5), 3);
const SMOKES_FOR_EVER: fn() -> ImageSpec = || smoke(Duration::from_hours(1), 0);

fn smoke(runs: Duration, exit_code: i32) -> ImageSpec {
    ImageSpec::healthy("v2").with_command(&["smoke"], Behaviour::one_shot(runs, exit_code))
}

const TASK: [Row; 5] = [
    Row::of(
        "task",
        Ending::Passed,
        "task: {command: [smoke], timeout: 2m}",
        Passed,
        "ended with exit code 0",
    )
    .deploying(SMOKES),
    Row::of(
        "task",
        Ending::Failed,
        "task: {command: [smoke], timeout: 2m}",
        Failed,
        "container `api` exited with 3",
    )
    .deploying(SMOKES_BADLY),
    Row::of(
        "task",
        Ending::Error,
        "task: {command: [smoke], timeout: 2m}",
        Error,
        "RunTask",
    )
    .after(Deed::Deny("ecs:RunTask")),
    Row::of(
        "task",
        Ending::Timeout,
        "task: {command: [smoke], timeout: 30s}",
        Error,
        "it is not stopped when the time of the check is over",
    )
    .deploying(SMOKES_FOR_EVER),
    Row::of(
        "task",
        Ending::DryRun,
        "task: {command: [smoke], timeout: 2m, dry_run: true}",
        Failed,
        "container `api` exited with 3",
    )
    .deploying(SMOKES_BADLY),
];

#[test]
fn every_ending_of_these_checks_is_in_the_table_or_cannot_be() {
    let rows = [&ALARMS[..], &METRIC, &SCAN, &LAMBDA, &TASK].concat();
    complete(
        &["alarms", "metric", "scan", "lambda", "task"],
        &rows,
        &ABSENT,
    );
}

#[test]
fn alarms_is_so_under_each_contract() {
    play(&ALARMS);
}

#[test]
fn metric_is_so_under_each_contract() {
    play(&METRIC);
}

#[test]
fn scan_is_so_under_each_contract() {
    play(&SCAN);
}

#[test]
fn lambda_is_so_under_each_contract() {
    play(&LAMBDA);
}

#[test]
fn task_is_so_under_each_contract() {
    play(&TASK);
}
