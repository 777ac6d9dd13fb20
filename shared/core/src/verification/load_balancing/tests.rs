use super::*;
use crate::verification::sample::wrong;

const BLUE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/mco/1/2";
const RULE: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/mco/1/2/3";

#[test]
fn a_target_group_has_to_take_the_addresses_of_tasks() {
    let group = |kind: &str| {
        Look::Found(TargetGroup {
            arn: BLUE.into(),
            kind: kind.into(),
        })
    };
    assert_eq!(wrong(&target_group(BLUE, true, &group("ip"))), []);
    assert_eq!(wrong(&target_group(BLUE, false, &group("instance"))), []);
    let findings = target_group(BLUE, true, &group("instance"));
    assert_eq!(
        wrong(&findings),
        [(
            "target_group.type",
            "target group `blue` takes targets of type `instance`, but the service's tasks are of type `ip`",
            "create one with the target type `ip`: it cannot be changed",
        )]
    );
    let findings = target_group("blue", true, &Look::Missing);
    assert_eq!(wrong(&findings)[0].1, "target group `blue` does not exist");
}

#[test]
fn a_production_listener_has_to_lead_to_a_target_group_of_the_service() {
    let groups = |names: &[&str]| names.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    let leads_to = Look::Found(vec![BLUE.to_owned()]);
    // CodeDeploy names target groups by their names, ECS by their ARNs.
    for named in [groups(&["blue", "green"]), groups(&[BLUE])] {
        assert_eq!(wrong(&production(LISTENER, &named, &leads_to)), []);
    }
    let others = groups(&["a", "b"]);
    let findings = production(LISTENER, &others, &leads_to);
    assert_eq!(
        wrong(&findings)[0].1,
        "production listener `app/mco/1/2` leads to neither of the target groups `a` and `b`"
    );
    let findings = production(RULE, &others, &Look::Missing);
    assert_eq!(
        wrong(&findings)[0],
        (
            "listener.exists",
            "production listener `app/mco/1/2/3` does not exist",
            "create it, or name another where this one is named"
        )
    );
}

#[test]
fn a_test_listener_that_is_not_there_is_told() {
    let findings = [test::<()>(LISTENER, &Look::Missing)];
    assert_eq!(
        wrong(&findings)[0].1,
        "test listener `app/mco/1/2` does not exist"
    );
    assert_eq!(wrong(&[test(LISTENER, &Look::Found(()))]), []);
}
