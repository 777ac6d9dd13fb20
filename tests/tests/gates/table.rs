//! The table of gates, check × ending × contract: the checks that look at the green tasks and ask them, and people.
//!
//! Those that ask AWS are in `table_aws.rs`. A new row needs no code: `tests/src/cells` plays it.

use greenlight_core::gate::Verdict::{Error, Failed, Passed};
use greenlight_tests::cells::{Absent, Contract, Deed, Ending, Row, complete, play};
use rehearsal::account::containers::ImageSpec;

const ABSENT: [Absent; 7] = [
    (
        "tasks",
        Ending::NoData,
        "how many tasks there are is always known, be it none",
    ),
    (
        "digest",
        Ending::Failed,
        "Greenlight registers digests, and ECS runs them: see `table_rest.rs`",
    ),
    (
        "digest",
        Ending::NoData,
        "a target's images are in ECR, so their digests are known",
    ),
    (
        "targets",
        Ending::Failed,
        "a target that is ill may come to be healthy: it is waited for",
    ),
    (
        "targets",
        Ending::NoData,
        "it takes a service without a load balancer: see `table_rest.rs`",
    ),
    ("http", Ending::NoData, "a request is answered or not"),
    (
        "approval",
        Ending::NoData,
        "nobody who answers is no approval",
    ),
];

const TASKS: [Row; 5] = [
    Row::of(
        "tasks",
        Ending::Passed,
        "tasks: {}",
        Passed,
        "2 of 2 green tasks run",
    ),
    Row::of(
        "tasks",
        Ending::Failed,
        "tasks: {}",
        Failed,
        "no green task is desired",
    )
    .after(Deed::ScaleToNought)
    .except(&[(
        Contract::Rolling,
        "what was live is not deployed back where no task is desired",
    )]),
    Row::of("tasks", Ending::Error, "tasks: {}", Error, "ListTasks")
        .after(Deed::Deny("ecs:ListTasks")),
    Row::of(
        "tasks",
        Ending::Timeout,
        "tasks: {timeout: 8s}",
        Failed,
        "of 2 green tasks run",
    )
    .after(Deed::StopTasks),
    Row::of(
        "tasks",
        Ending::DryRun,
        "tasks: {dry_run: true}",
        Error,
        "ListTasks",
    )
    .after(Deed::Deny("ecs:ListTasks")),
];

const DIGEST: [Row; 4] = [
    Row::of(
        "digest",
        Ending::Passed,
        "digest: {}",
        Passed,
        "2 of 2 containers run",
    ),
    Row::of("digest", Ending::Error, "digest: {}", Error, "ListTasks")
        .after(Deed::Deny("ecs:ListTasks")),
    Row::of(
        "digest",
        Ending::Timeout,
        "digest: {timeout: 8s}",
        Failed,
        "does not tell the digest of container `api` yet",
    )
    .after(Deed::StopTasks),
    Row::of(
        "digest",
        Ending::DryRun,
        "digest: {dry_run: true}",
        Error,
        "ListTasks",
    )
    .after(Deed::Deny("ecs:ListTasks")),
];

const TARGETS: [Row; 4] = [
    Row::of(
        "targets",
        Ending::Passed,
        "targets: {}",
        Passed,
        "2 of 2 green targets are healthy",
    ),
    Row::of(
        "targets",
        Ending::Error,
        "targets: {}",
        Error,
        "DescribeTargetHealth",
    )
    .after(Deed::Deny("elasticloadbalancing:DescribeTargetHealth")),
    Row::of(
        "targets",
        Ending::Timeout,
        "targets: {timeout: 8s}",
        Failed,
        "of 2 green tasks are registered",
    )
    .after(Deed::StopTasks),
    Row::of(
        "targets",
        Ending::DryRun,
        "targets: {dry_run: true}",
        Error,
        "DescribeTargetHealth",
    )
    .after(Deed::Deny("elasticloadbalancing:DescribeTargetHealth")),
];

const BAD: fn() -> ImageSpec = || ImageSpec::answers_500("v2");

const HTTP: [Row; 5] = [
    Row::of(
        "http",
        Ending::Passed,
        "http: {$health}",
        Passed,
        "answered 200",
    ),
    Row::of(
        "http",
        Ending::Failed,
        "http: {$health, failure_limit: 0}",
        Failed,
        "500",
    )
    .deploying(BAD),
    Row::of(
        "http",
        Ending::Error,
        "http: {url: \"http://10.99.0.1/\", timeout: 10s}",
        Error,
        "10.99.0.1",
    ),
    Row::of(
        "http",
        Ending::Timeout,
        "http: {$health, timeout: 10s}",
        Failed,
        "cannot reach the database",
    )
    .deploying(BAD),
    Row::of(
        "http",
        Ending::DryRun,
        "http: {$health, failure_limit: 0, dry_run: true}",
        Failed,
        "500",
    )
    .deploying(BAD),
];

const NOBODY_ASKED: &[(Contract, &str)] = &[(
    Contract::Pipeline,
    "a gate that is tried asks nobody: the check is left out",
)];
const NO_ONE_WAITS: &[(Contract, &str)] = &[(
    Contract::Rolling,
    "nobody waits at the gate of a rolling deployment",
)];

const APPROVAL: [Row; 5] = [
    Row::of(
        "approval",
        Ending::Passed,
        "approval: {timeout: 5m}",
        Passed,
        "approved by arn:aws:iam::123456789012:user/operator",
    )
    .after(Deed::Answers(true))
    .except(NOBODY_ASKED)
    .refused(NO_ONE_WAITS),
    Row::of(
        "approval",
        Ending::Failed,
        "approval: {timeout: 5m}",
        Failed,
        "the migration has not run",
    )
    .after(Deed::Answers(false))
    .except(NOBODY_ASKED)
    .refused(NO_ONE_WAITS),
    Row::of(
        "approval",
        Ending::Error,
        "approval: {timeout: 1m}",
        Error,
        "GetItem",
    )
    .after(Deed::Deny("dynamodb:GetItem"))
    .except(NOBODY_ASKED)
    .refused(NO_ONE_WAITS),
    Row::of(
        "approval",
        Ending::Timeout,
        "approval: {timeout: 2m}",
        Failed,
        "1 of 1 approvals",
    )
    .except(NOBODY_ASKED)
    .refused(NO_ONE_WAITS),
    Row::of(
        "approval",
        Ending::DryRun,
        "approval: {timeout: 1m, dry_run: true}",
        Failed,
        "1 of 1 approvals",
    )
    .except(NOBODY_ASKED)
    .refused(NO_ONE_WAITS),
];

#[test]
fn every_ending_of_these_checks_is_in_the_table_or_cannot_be() {
    let rows = [&TASKS[..], &DIGEST, &TARGETS, &HTTP, &APPROVAL].concat();
    complete(
        &["tasks", "digest", "targets", "http", "approval"],
        &rows,
        &ABSENT,
    );
}

#[test]
fn tasks_is_so_under_each_contract() {
    play(&TASKS);
}

#[test]
fn digest_is_so_under_each_contract() {
    play(&DIGEST);
}

#[test]
fn targets_is_so_under_each_contract() {
    play(&TARGETS);
}

#[test]
fn http_is_so_under_each_contract() {
    play(&HTTP);
}

#[test]
fn approval_is_so_under_each_contract() {
    play(&APPROVAL);
}
