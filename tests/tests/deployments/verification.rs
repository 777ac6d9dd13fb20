//! Verifying targets for which all is there: nothing is missing, and how many calls it takes.

use std::collections::BTreeMap;

use greenlight_core::verification::{Report, State};
use greenlight_deployer::register::RegisterError;
use greenlight_deployer::targets::Applied;
use greenlight_tests::{
    wire::Wire,
    world::{World, targets_in, targets_of},
};
use rehearsal::scenario::sample::Stand;

/// What is not as it should be: check, state, text.
fn wrong(report: &Report) -> Vec<String> {
    let wrong = report.findings();
    let wrong = wrong.filter(|it| matches!(it.state, State::Missing | State::Warning));
    wrong
        .map(|it| format!("{} {:?}: {}", it.check, it.state, it.text))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn of_a_sound_target_nothing_is_missing_however_it_is_deployed() {
    for stand in Stand::ALL {
        let world = World::open_stand_with(stand, &[], |_| {}).await;
        for target in targets_of(stand) {
            let report = world.operator.verify_target(&target).await;
            assert_eq!(wrong(&report), [""; 0], "{stand:?}:\n{report}");
            // Several parts were looked at, not none.
            assert!(report.findings().count() > 4, "{stand:?}:\n{report}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everything_is_read_once_in_few_round_trips() {
    for (stand, most_calls, most_rounds) in [
        (Stand::CodeDeploy, 26, 6),
        (Stand::Templates, 26, 6),
        (Stand::Rolling, 20, 6),
        (Stand::BlueGreen, 32, 6),
        (Stand::Task, 17, 6),
        (Stand::Pipeline, 10, 5),
    ] {
        let world = World::open_stand_with(stand, &[], |_| {}).await;
        let wire = Wire::new();
        let person = world.person_on("jane", &wire);
        person.verify_target(&targets_of(stand)[0]).await;
        let seen = wire.seen();
        let rounds = seen.iter().map(|call| call.round).max().unwrap();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for call in &seen {
            *counts.entry(&call.operation).or_default() += 1;
        }
        assert!(seen.len() <= most_calls, "{stand:?}: {counts:?}");
        assert!(rounds <= most_rounds, "{stand:?}: {rounds}: {seen:?}");
        for once in [
            "DescribeServices",
            "DescribeTaskDefinition",
            "DescribeRepositories",
        ] {
            assert!(
                counts.get(once) <= Some(&1),
                "{stand:?}: {once}: {counts:?}"
            );
        }
        // What is looked at is left as it is.
        for action in counts.keys() {
            let reads = ["Describe", "Get", "List", "Batch", "Simulate", "unknown"];
            assert!(reads.iter().any(|it| action.starts_with(it)), "{action}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_would_fail_is_not_registered_unless_nobody_looks() {
    let world = World::open_stand_with(Stand::Rolling, &[], |_| {}).await;
    let document = Stand::Rolling
        .targets()
        .replace("name: api }", "name: web }");
    let target = &targets_in(&document)[0];
    let refused = world.operator.register(target, true).await.unwrap_err();
    let RegisterError::Refused { report } = &refused else {
        panic!("{refused}")
    };
    assert!(report.is_refused());
    assert!(
        refused
            .to_string()
            .contains("ECS service `mco/web` does not exist")
    );
    assert_eq!(world.operator.target(&target.name).await.unwrap(), None);

    let registered = world.operator.register(target, false).await.unwrap();
    assert_eq!(
        (registered.applied, registered.report),
        (Applied::Created, None)
    );

    let sound = &targets_of(Stand::Rolling)[0];
    let registered = world.operator.register(sound, true).await.unwrap();
    assert_eq!(registered.applied, Applied::Changed);
    assert_eq!(wrong(&registered.report.unwrap()), [""; 0]);
}
