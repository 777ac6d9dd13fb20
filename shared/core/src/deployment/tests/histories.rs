//! Any history of inputs, in any order, keeps the promises.

use proptest::prelude::*;

use super::*;

/// What may happen to a target, as far as the images 0 to 9 are concerned.
fn any_input() -> impl Strategy<Value = Input> {
    let number = 0_u8..10;
    prop_oneof![
        4 => number.clone().prop_map(requested),
        1 => number.clone().prop_map(|number| Input::Outdated {
            deployment: id(number + 100),
            candidate: candidate(number),
        }),
        2 => number.clone().prop_map(started),
        2 => number.clone().prop_map(succeeded),
        2 => (number.clone(), any::<bool>()).prop_map(|(number, rolling)| failed(number, rolling)),
        1 => number.clone().prop_map(|number| Input::StartFailed {
            deployment: id(number),
            obstacle: Obstacle::Permission,
            reason: "denied".to_owned(),
        }),
        1 => number.clone().prop_map(|number| Input::StartDeferred {
            deployment: id(number),
            reason: "busy".to_owned(),
        }),
        1 => (number.clone(), 0_u32..2).prop_map(|(number, step)| Input::BeforeStarted {
            deployment: id(number),
            step,
            aws_id: "task".to_owned(),
            task_definition: None,
        }),
        1 => (number.clone(), 0_u32..2).prop_map(|(number, step)| Input::BeforeSucceeded {
            deployment: id(number),
            step,
            task_definition: None,
        }),
        1 => number.clone().prop_map(|number| Input::Concluded {
            deployment: id(number),
            aws_id: format!("d-{number}"),
            outcome: Outcome::Failed {
                reason: "gate after_traffic failed".to_owned(),
                evidence: Vec::new(),
                aftermath: Aftermath::Restore,
            },
        }),
        2 => number.clone().prop_map(awaiting::asked),
        2 => number.clone().prop_map(awaiting::of_a_sidecar),
        1 => number.clone().prop_map(|number| awaiting::awaited(number, number + 10, Some(number))),
        1 => (number.clone(), any::<bool>()).prop_map(|(number, is_short)| Input::Held {
            id: id(number + 120),
            hold: Hold {
                by: "ada".to_owned(),
                reason: None,
                since: at(1000),
                until: is_short.then(|| at(1020)),
            },
        }),
        1 => number.clone().prop_map(|number| Input::Released {
            id: id(number + 130),
            by: "ada".to_owned(),
            reason: None,
        }),
        1 => number.clone().prop_map(|number| Input::RolledBack {
            deployment: id(number + 140),
            to: candidate(number),
            by: "ada".to_owned(),
            reason: None,
        }),
        1 => (number.clone(), any::<bool>()).prop_map(|(number, is_known)| Input::Drifted {
            deployment: id(number + 150),
            running: is_known.then(|| candidate(number)),
            runs: "something".to_owned(),
            task_definition: None,
            cause: None,
        }),
        2 => (140_u8..150).prop_map(succeeded),
        1 => (140_u8..150, any::<bool>()).prop_map(|(number, rolling)| failed(number, rolling)),
        1 => (140_u8..150).prop_map(started),
        1 => (140_u8..150).prop_map(|number| Input::StartDeferred {
            deployment: id(number),
            reason: "busy".to_owned(),
        }),
        1 => (0_u8..10).prop_map(|number| Input::StartFailed {
            deployment: id(number),
            obstacle: Obstacle::Person,
            reason: "it was not started".to_owned(),
        }),
        1 => Just(Input::Revisited),
    ]
}

/// Whether the record of this input exists: the store refuses to create it twice, and Greenlight then
/// takes the input for one that was dealt with before.
fn is_recorded(target: &Target, input: &Input) -> bool {
    match input {
        Input::Requested { deployment, .. }
        | Input::Outdated { deployment, .. }
        | Input::RolledBack { deployment, .. }
        | Input::Drifted { deployment, .. } => target.statuses.contains_key(deployment),
        _ => false,
    }
}

/// Whether the job of this input waits already, or has waited: the store refuses to note it twice.
fn is_known_job(target: &Target, input: &Input) -> bool {
    match input {
        Input::Requested { job: Some(job), .. } | Input::Awaited { job, .. } => {
            target.waited_for.contains_key(job) || target.answered.iter().any(|(it, ..)| it == job)
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn any_history_keeps_the_promises(inputs in prop::collection::vec(any_input(), 1..60)) {
        let mut target = Target::default();
        for input in inputs {
            let is_known = is_recorded(&target, &input) || is_known_job(&target, &input);
            let input = if is_known { Input::Revisited } else { input };
            let before = target.clone();
            let repeated = input.clone();
            target.take(input);
            // Records and state say the same.
            for (deployment, status) in &target.statuses {
                let active = target.state.active.as_ref().map(|active| active.deployment);
                let queued = target.state.queued.as_ref().map(|queued| queued.deployment);
                prop_assert_eq!(
                    active == Some(*deployment),
                    matches!(status, Status::Requested | Status::Started)
                );
                let wanted = target.state.rollback.as_ref().map(|it| it.deployment);
                prop_assert_eq!(
                    queued == Some(*deployment) || wanted == Some(*deployment),
                    *status == Status::Queued
                );
            }
            // What is rejected is neither under way anew nor waiting.
            let new_start = target.starts.get(before.starts.len());
            if let (Some((_, false)), Some(active)) = (new_start, &target.state.active)
                && active.origin.is_push()
            {
                prop_assert!(!before.state.rejected.contains(&active.candidate.digest));
                prop_assert!(before.live() != Some(&active.candidate.digest));
            }
            // What a person wants stopped is not started any more.
            if let Some((deployment, _)) = target.starts.get(before.starts.len()) {
                let is_stopped = before.state.active.as_ref().is_some_and(|active| {
                    active.stop.is_some() && active.deployment == *deployment
                });
                prop_assert!(!is_stopped || target.looked_for.last() == Some(deployment));
            }
            // What a person wants back goes before everything else.
            if let (Some(wanted), None) = (&before.state.rollback, &before.state.active)
                && let Some((started, _)) = target.starts.get(before.starts.len())
            {
                let is_other_wish = target.noted.len() > before.noted.len();
                prop_assert!(*started == wanted.deployment || is_other_wish);
            }
            // Every job is answered once, or waits for the deployment that it was said to wait for.
            let active = target.state.active.iter().map(|it| (it.deployment, &it.jobs));
            let queued = target.state.queued.iter().map(|it| (it.deployment, &it.jobs));
            let wanted = target.state.rollback.iter().map(|it| (it.deployment, &it.jobs));
            let waiting: Vec<_> = active
                .chain(queued)
                .chain(wanted)
                .flat_map(|(id, jobs)| jobs.iter().map(move |job| (job, id)))
                .collect();
            for (job, deployment) in &target.waited_for {
                let answers = target.answered.iter().filter(|(it, ..)| it == job).count();
                let replaced = target.replaced.contains(job);
                let waits = waiting.contains(&(job, *deployment));
                prop_assert_eq!(usize::from(waits) + answers + usize::from(replaced), 1, "{}", job);
            }
            for (_, deployment, _) in &target.answered {
                prop_assert!(target.statuses[deployment].is_final());
            }
            // The order never goes backwards.
            for (repository, newest) in &before.state.newest {
                let newer = target.state.newest.get(repository);
                prop_assert!(newer.is_some_and(|newer| newer.compare(newest).is_ge()));
            }
            // The same again, at the same moment, starts nothing.
            let starts = target.starts.len();
            let is_known = is_recorded(&target, &repeated) || is_known_job(&target, &repeated);
            let repeated = if is_known { Input::Revisited } else { repeated };
            let second = target.second;
            target.take_at(repeated, second);
            prop_assert!(target.starts.len() <= starts + usize::from(target.state.active != before.state.active));
        }
    }

    #[test]
    fn the_state_survives_being_stored(inputs in prop::collection::vec(any_input(), 1..30)) {
        let mut target = Target::default();
        for input in inputs {
            let is_known = is_recorded(&target, &input) || is_known_job(&target, &input);
            target.take(if is_known { Input::Revisited } else { input });
        }
        let stored = serde_json::to_value(&target.state).unwrap();
        prop_assert_eq!(serde_json::from_value::<TargetState>(stored).unwrap(), target.state);
    }
}
