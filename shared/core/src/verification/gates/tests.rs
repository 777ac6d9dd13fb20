use super::*;
use crate::verification::State;
use crate::verification::sample::deployed;

#[test]
fn each_alarm_and_function_is_asked_for_once() {
    let target = deployed(
        "deploy: {native: {}}, gates: {before_traffic: [{alarms: {names: [errors, slow]}}, \
         {lambda: {function: check}}], after_traffic: [{alarms: {names: [slow]}}, {lambda: {function: check}}]}",
    );
    let before = GatePoint::BeforeTraffic;
    assert_eq!(
        alarms(&target),
        [("errors".to_owned(), before), ("slow".to_owned(), before)]
    );
    assert_eq!(functions(&target), [("check".to_owned(), before)]);
}

#[test]
fn an_alarm_and_a_function_that_are_not_there_are_told_with_their_gate() {
    let point = GatePoint::BeforeTraffic;
    let finding = alarm("errors", point, &Look::Missing);
    assert_eq!(
        (
            finding.state,
            finding.text.as_str(),
            finding.remedy.as_deref()
        ),
        (
            State::Missing,
            "alarm `errors`, which a check at before_traffic asks, does not exist",
            Some(
                "create it in this account and region, or correct `alarms` in `gates.before_traffic`"
            )
        )
    );
    let finding = function::<()>("check", point, &Look::Missing);
    assert_eq!(
        (finding.state, finding.check),
        (State::Missing, "check_function.exists")
    );
}

#[test]
fn the_function_that_runs_the_gates_counts_where_aws_calls_it() {
    let target = deployed(
        "deploy: {codedeploy: {application: A, group: G}}, gates: {test_traffic: [{tasks: {}}]}",
    );
    let state = |function: Option<(&str, &Look<()>)>| hook(&target, function).unwrap().state;
    assert_eq!(state(None), State::CannotCheck);
    assert_eq!(state(Some(("hook", &Look::Missing))), State::Missing);
    assert_eq!(state(Some(("hook", &Look::Found(())))), State::Ok);
    let rolling = deployed("deploy: {rolling: {}}, gates: {after_traffic: [{digest: {}}]}");
    assert_eq!(hook::<()>(&rolling, None), None);
}

#[test]
fn codedeploys_hook_is_answered_only_at_home() {
    let target = deployed(
        "deploy: {codedeploy: {application: A, group: G}}, gates: {test_traffic: [{tasks: {}}]}, \
         role_arn: 'arn:aws:iam::210987654321:role/deploys'",
    );
    assert_eq!(account(&target, "210987654321"), None);
    let finding = account(&target, "123456789012").unwrap();
    assert_eq!(finding.state, State::Missing);
    assert!(finding.text.contains("in account 210987654321"));
}
