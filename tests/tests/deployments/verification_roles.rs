//! Mistakes in roles: that they are not there, trust somebody else, or may not do what a deployment needs.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use greenlight_core::verification::{Finding, Report, State};
use greenlight_tests::world::{World, targets_of};
use rehearsal::{
    account::{
        Account,
        iam::{add_role, trusts},
    },
    scenario::sample::Stand,
};
use serde_json::{Value, json};

const TASKS: &str = "ecs-tasks.amazonaws.com";

/// What is found of a stand's target after something was done to its roles.
async fn found(stand: Stand, mistake: impl FnOnce(&Account)) -> Report {
    let world = World::open_stand_with(stand, &[], |_| {}).await;
    mistake(&world.sample.account);
    world.operator.verify_target(&targets_of(stand)[0]).await
}

/// A role of the sample account is made anew.
fn made_anew(account: &Account, name: &str, service: &str, statements: &[Value]) {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    add_role(account, name, &trusts(&[service]), &[document]).unwrap();
}

fn the<'r>(report: &'r Report, check: &str) -> &'r Finding {
    let mut found = report.findings().filter(|it| it.check == check);
    found
        .find(|it| it.state != State::Ok)
        .unwrap_or_else(|| panic!("{check}:\n{report}"))
}

#[tokio::test(start_paused = true)]
async fn a_role_that_trusts_somebody_else_is_found_with_the_statement() {
    for (stand, name, service, check) in [
        (Stand::Rolling, "api-task", TASKS, "task_role.trust"),
        (
            Stand::Rolling,
            "api-execution",
            TASKS,
            "execution_role.trust",
        ),
        (
            Stand::CodeDeploy,
            "CodeDeployServiceRole",
            "codedeploy.amazonaws.com",
            "codedeploy_role.trust",
        ),
        (
            Stand::BlueGreen,
            "ecsInfrastructureRoleForLoadBalancers",
            "ecs.amazonaws.com",
            "infrastructure_role.trust",
        ),
    ] {
        let report = found(stand, |account| {
            made_anew(account, name, "ec2.amazonaws.com", &[]);
        })
        .await;
        let finding = the(&report, check);
        assert_eq!(finding.state, State::Missing, "{report}");
        assert_eq!(
            finding.remedy.as_deref(),
            Some(format!("add the statement to the trust policy of role `{name}`").as_str())
        );
        let statement = finding.statement.as_ref().unwrap();
        assert_eq!(
            statement.statement,
            json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_role_that_may_read_nothing_is_found() {
    let report = found(Stand::Rolling, |account| {
        made_anew(account, "api-execution", TASKS, &[]);
    })
    .await;
    let readable = report.findings().filter(|it| it.check == "secret.readable");
    let readable: Vec<(State, &str)> = readable.map(|it| (it.state, it.text.as_str())).collect();
    assert_eq!(
        readable,
        [
            (
                State::Warning,
                "role `api-execution` may not read `API_KEY` of container `api`: no statement allows \
                 `secretsmanager:GetSecretValue`, and the resource's own policy was not looked at"
            ),
            (
                State::Missing,
                "role `api-execution` may not read `DATABASE_URL` of container `api`: no statement \
                 allows `ssm:GetParameters`"
            ),
        ]
    );
    let statement = the(&report, "secret.readable").statement.as_ref().unwrap();
    assert_eq!(
        statement.statement["Action"],
        "secretsmanager:GetSecretValue"
    );
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_codedeploy_may_not_call_is_found() {
    let report = found(Stand::CodeDeploy, |account| {
        let other = json!({
            "Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:other",
        });
        made_anew(
            account,
            "CodeDeployServiceRole",
            "codedeploy.amazonaws.com",
            &[other],
        );
    })
    .await;
    let finding = the(&report, "hook.permission");
    assert_eq!(finding.state, State::Missing);
    assert_eq!(
        finding.remedy.as_deref(),
        Some("add the statement to a policy of role `CodeDeployServiceRole`")
    );
    let statement = &finding.statement.as_ref().unwrap().statement;
    assert_eq!(statement["Action"], "lambda:InvokeFunction");
}

#[tokio::test(start_paused = true)]
async fn a_task_role_that_is_not_there_is_found() {
    let world = World::open_stand_with(Stand::Templates, &[], |_| {}).await;
    let template = include_str!("../../../rehearsal/sample/templates/taskdef.json");
    let other = template.replace("role/api-task", "role/api-tusk");
    world
        .sample
        .put_template("api/taskdef.json", &other)
        .await
        .unwrap();
    let report = world
        .operator
        .verify_target(&targets_of(Stand::Templates)[0])
        .await;
    let finding = the(&report, "task_role.exists");
    assert_eq!(
        (
            finding.state,
            finding.text.as_str(),
            finding.remedy.as_deref()
        ),
        (
            State::Missing,
            "role `api-tusk`, the task role, does not exist",
            Some("create it, or name another in `taskRoleArn` of the task definition")
        )
    );
    // Greenlight's functions may pass every role to ECS unless the stack says otherwise.
    assert!(
        report
            .findings()
            .any(|it| it.check == "pass_role" && it.state == State::Ok),
        "{report}"
    );
}
