use super::*;
use crate::verification::{State, uses};

const ARN: &str = "arn:aws:iam::123456789012:role/team/api";

fn role(trust: Value) -> Look<Role> {
    Look::Found(Role {
        arn: ARN.into(),
        trust,
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "written down where it is called"
)]
fn trusting(principal: Value, action: Value) -> Value {
    json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": action}]})
}

#[test]
fn a_role_trusts_whom_its_policy_names() {
    let tasks = uses::TASKS;
    for (trust, expected) in [
        (
            trusting(json!({"Service": tasks}), json!("sts:AssumeRole")),
            true,
        ),
        (
            trusting(
                json!({"Service": ["ec2.amazonaws.com", tasks]}),
                json!(["sts:TagSession", "sts:AssumeRole"]),
            ),
            true,
        ),
        (trusting(json!("*"), json!("*")), true),
        (
            json!({"Statement": {"Effect": "Allow", "Principal": {"Service": tasks}, "Action": "sts:*"}}),
            true,
        ),
        (
            trusting(
                json!({"Service": "ecs.amazonaws.com"}),
                json!("sts:AssumeRole"),
            ),
            false,
        ),
        (
            trusting(json!({"AWS": "*"}), json!("sts:AssumeRole")),
            false,
        ),
        (
            trusting(json!({"Service": tasks}), json!("sts:TagSession")),
            false,
        ),
        (
            json!({"Statement": [{"Effect": "Deny", "Principal": {"Service": tasks}, "Action": "sts:AssumeRole"}]}),
            false,
        ),
        (json!({}), false),
    ] {
        assert_eq!(trusts(&trust, tasks), expected, "{trust}");
    }
}

#[test]
fn a_role_that_trusts_somebody_else_is_told_with_the_statement() {
    let trust = trusting(
        json!({"Service": "ec2.amazonaws.com"}),
        json!("sts:AssumeRole"),
    );
    let findings = judge(ARN, uses::TASK, &role(trust));
    assert_eq!(findings[0].state, State::Ok);
    let trust = &findings[1];
    assert_eq!(
        (trust.state, trust.check),
        (State::Missing, "task_role.trust")
    );
    assert_eq!(
        trust.text,
        "role `api`, the task role, does not trust `ecs-tasks.amazonaws.com`, which has to assume it"
    );
    assert_eq!(
        trust.remedy.as_deref(),
        Some("add the statement to the trust policy of role `api`")
    );
    let statement = trust.statement.as_ref().unwrap();
    assert_eq!(statement.of, format!("trust policy of {ARN}"));
    assert_eq!(
        statement.statement,
        json!({"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"})
    );
}

#[test]
fn a_role_that_is_not_there_is_named_with_where_it_is_named() {
    let findings = judge(ARN, uses::EXECUTION, &Look::Missing);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].text.as_str(), findings[0].remedy.as_deref()),
        (
            "role `api`, the execution role, does not exist",
            Some("create it, or name another in `executionRoleArn` of the task definition")
        )
    );
}

fn permission(look: Look<Decision>) -> Permission {
    Permission {
        check: check::PASS_ROLE,
        lack: Lack {
            of: "arn:aws:iam::123456789012:role/deployer".into(),
            action: "iam:PassRole".into(),
            resource: ARN.into(),
        },
        what: "pass role `api` to ECS".into(),
        condition: Some(json!({"StringEquals": {"iam:PassedToService": uses::TASKS}})),
        parameter: None,
        may_be_allowed_elsewhere: false,
        look,
    }
}

#[test]
fn a_permission_that_lacks_is_told_with_the_statement_and_its_condition() {
    let finding = permission(Look::Found(Decision::NotAllowed)).finding();
    assert_eq!(finding.state, State::Missing);
    assert_eq!(
        finding.text,
        "role `deployer` may not pass role `api` to ECS: no statement allows `iam:PassRole`"
    );
    assert_eq!(
        finding.statement.unwrap().statement,
        json!({
            "Effect": "Allow", "Action": "iam:PassRole", "Resource": ARN,
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        })
    );
    assert_eq!(
        permission(Look::Found(Decision::Allowed)).finding().state,
        State::Ok
    );
}

#[test]
fn a_permission_that_is_denied_is_not_mended_by_a_statement() {
    let finding = permission(Look::Found(Decision::Denied)).finding();
    assert_eq!((finding.state, finding.statement), (State::Missing, None));
    assert!(
        finding
            .remedy
            .unwrap()
            .starts_with("take the statement away that denies `iam:PassRole`")
    );
    assert_eq!(permission(Look::Missing).finding().state, State::Missing);
}

#[test]
fn a_role_that_cannot_be_assumed_needs_both_sides() {
    let us = "arn:aws:iam::123456789012:role/register-target";
    let finding = assumable(ARN, us, &Look::Missing);
    assert_eq!(finding.check, "role_arn.assumable");
    assert!(finding.remedy.unwrap().contains("`TargetRoleArns`"));
    assert_eq!(
        finding.statement.unwrap().statement["Principal"],
        json!({"AWS": us})
    );
    assert_eq!(assumable(ARN, us, &Look::Found(())).state, State::Ok);
}

#[test]
fn what_the_resources_policy_may_allow_is_a_warning() {
    let elsewhere = Permission {
        may_be_allowed_elsewhere: true,
        parameter: Some("CheckFunctionNames"),
        ..permission(Look::Found(Decision::NotAllowed))
    };
    let finding = elsewhere.finding();
    assert_eq!(finding.state, State::Warning);
    assert!(finding.statement.is_some());
    assert_eq!(
        finding.remedy.as_deref(),
        Some(
            "name it in the parameter `CheckFunctionNames` of Greenlight's stack, whose functions all have the \
             statement"
        )
    );
}

#[test]
fn what_depends_on_the_call_is_not_guessed() {
    let depends = permission(Look::Found(Decision::Depends("aws:SourceVpc".into())));
    let finding = depends.finding();
    assert_eq!(
        (finding.state, finding.statement),
        (State::CannotCheck, None)
    );
    assert!(finding.text.ends_with("depends on `aws:SourceVpc`"));
}
