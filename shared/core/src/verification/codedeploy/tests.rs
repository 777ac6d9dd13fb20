use super::*;
use crate::target::Strategy;
use crate::verification::sample::{deployed, wrong};

fn target(gates: &str) -> Target {
    deployed(&format!(
        "deploy: {{codedeploy: {{application: API, group: blue}}}}, gates: {{{gates}}}"
    ))
}

fn found(target: &Target, look: &Look<Group>) -> Vec<Finding> {
    let Strategy::CodeDeploy(strategy) = &target.deploy else {
        unreachable!("it is deployed so")
    };
    judge(target, strategy, look)
}

fn group(services: &[(&str, &str)], test: &[&str]) -> Look<Group> {
    let owned = |(cluster, name): &(&str, &str)| ((*cluster).to_owned(), (*name).to_owned());
    Look::Found(Group {
        services: services.iter().map(owned).collect(),
        test: test.iter().map(|&it| it.to_owned()).collect(),
        ..Group::default()
    })
}

#[test]
fn a_group_of_another_service_is_told() {
    let target = target("");
    let findings = found(&target, &group(&[("mco", "web")], &[]));
    assert_eq!(
        wrong(&findings),
        [(
            "codedeploy.service",
            "deployment group `blue` of CodeDeploy application `API` deploys to `mco/web`, not to service `mco/api`",
            "name the group of this service in `deploy.codedeploy`, or the service of this group in `service`",
        )]
    );
    assert_eq!(wrong(&found(&target, &group(&[("mco", "api")], &[]))), []);
}

#[test]
fn a_group_that_is_not_there_is_told_alone() {
    let findings = found(&target(""), &Look::Missing);
    let checks: Vec<&str> = findings.iter().map(|it| it.check).collect();
    assert_eq!(checks, ["codedeploy.group"]);
}

#[test]
fn a_check_that_asks_the_test_listener_needs_one() {
    let target = target("test_traffic: [{tasks: {}}, {http: {path: /health}}]");
    let services = [("mco", "api")];
    let findings = found(&target, &group(&services, &[]));
    assert_eq!(
        wrong(&findings),
        [(
            "test_listener.exists",
            "deployment group `blue` of CodeDeploy application `API` has no test listener, but a check at \
             test_traffic sends its requests there",
            "add a listener on a port of its own and name it there, or give the check a `url`",
        )]
    );
    assert_eq!(wrong(&found(&target, &group(&services, &["arn"]))), []);
}

#[test]
fn a_deployment_configuration_has_to_be_one_for_ecs() {
    let found = |platform: &str| config("slow", &Look::Found(platform.to_owned()));
    assert_eq!(wrong(&[found("ECS")]), []);
    assert_eq!(
        wrong(&[found("Lambda")])[0].1,
        "deployment configuration `slow` is for the compute platform Lambda, not for ECS"
    );
    assert_eq!(
        wrong(&[config("slow", &Look::Missing)])[0],
        (
            "codedeploy.config",
            "deployment configuration `slow` does not exist",
            "create it, or name another in `deploy.codedeploy.config`"
        )
    );
}
