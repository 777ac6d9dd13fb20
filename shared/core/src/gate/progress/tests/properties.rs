//! What holds whatever is measured.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{START, after, at, check, measurement, play};
use crate::gate::{GateReport, Measurement, Phase, Progress, Unfinished, Verdict};
use crate::target::check::{OnNoData, Rules};
use crate::target::{Check, GatePoint};

fn any_phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

/// Mostly of phases alone; some decide for good.
fn any_measurement() -> impl Strategy<Value = Measurement> {
    (any_phase(), prop::bool::weighted(0.05)).prop_map(|(phase, is_final)| Measurement {
        is_final,
        memo: Some("memo".to_owned()),
        ..measurement(phase).with_evidence(["a line".to_owned()])
    })
}

fn measurements() -> impl Strategy<Value = Vec<Measurement>> {
    prop::collection::vec(any_measurement(), 1..40)
}

fn limit() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(0_u32..5)
}

fn any_check() -> impl Strategy<Value = Check> {
    (
        (1_u64..60, 0_u64..60, 1_u64..600),
        prop::option::of(1_u32..12),
        limit(),
        limit(),
        prop::option::of(1_u32..5),
        prop::sample::select(OnNoData::ALL.to_vec()),
        any::<bool>(),
    )
        .prop_map(
            |(
                (interval, initial_delay, timeout),
                count,
                failure_limit,
                error_limit,
                in_a_row,
                on_no_data,
                dry_run,
            )| {
                check(Rules {
                    interval: Duration::from_secs(interval),
                    initial_delay: Duration::from_secs(initial_delay),
                    count,
                    timeout: Duration::from_secs(timeout),
                    failure_limit,
                    error_limit,
                    consecutive_success: in_a_row,
                    on_no_data,
                    dry_run,
                })
            },
        )
}

/// A check whose delay is over at once, for what has nothing to do with time.
fn any_check_without_delay() -> impl Strategy<Value = Check> {
    any_check().prop_map(|mut check| {
        check.rules.initial_delay = Duration::ZERO;
        check
    })
}

/// The check as a runner would run it: each measurement is made when it is due, and the given ones over and over.
fn run(
    check: &Check,
    measurements: &[Measurement],
    gate_deadline: Timestamp,
    mut between: impl FnMut(Progress) -> Progress,
) -> (crate::gate::CheckReport, Timestamp) {
    let mut progress = Progress::begin(check, START, gate_deadline);
    let deadline = progress.deadline();
    for measurement in measurements.iter().cycle().take(10_000) {
        let now = progress.next_at();
        if let Some(report) = progress.after(check, measurement.clone(), now) {
            return (report, deadline);
        }
        progress = between(progress);
    }
    panic!("it never ends");
}

/// What a later invocation reads.
fn written_and_read(progress: &Progress) -> Progress {
    serde_json::from_str(&serde_json::to_string(progress).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_measurements_end_with_a_verdict_by_the_deadline(
        check in any_check(),
        measurements in measurements(),
        gate in 0_u64..700,
    ) {
        let (report, deadline) = run(&check, &measurements, at(gate), |progress| progress);
        prop_assert!(report.ended_at <= deadline);
        prop_assert!(deadline <= at(gate) && deadline <= after(START, check.rules.timeout));
    }

    #[test]
    fn a_check_that_was_broken_off_ends_as_it_would_have_otherwise(
        check in any_check(),
        measurements in measurements(),
        gate in 0_u64..700,
    ) {
        let whole = run(&check, &measurements, at(gate), |progress| progress);
        let broken = run(&check, &measurements, at(gate), |progress| written_and_read(&progress));
        prop_assert_eq!(whole, broken);
    }

    #[test]
    fn what_could_not_be_measured_never_passes(
        mut check in any_check(),
        phases in prop::collection::vec(
            prop::sample::select(vec![Phase::Pending, Phase::Running, Phase::Error, Phase::Inconclusive]),
            1..20,
        ),
        finals in prop::collection::vec(any::<bool>(), 20),
    ) {
        if check.rules.on_no_data == OnNoData::Pass {
            check.rules.on_no_data = OnNoData::Inconclusive;
        }
        let measurements: Vec<_> = phases
            .into_iter()
            .zip(finals)
            .map(|(phase, is_final)| Measurement { is_final, ..measurement(phase) })
            .collect();
        let (report, _) = run(&check, &measurements, at(700), |progress| progress);
        prop_assert_ne!(report.verdict, Verdict::Passed, "{}", report.summary);
    }

    /// Whatever passed was measured as good, and within its limits.
    #[test]
    fn what_passes_was_good(check in any_check_without_delay(), measurements in measurements()) {
        let Some((report, made)) = play(&check, &measurements) else { return Ok(()) };
        let last = &measurements[made - 1];
        if report.verdict == Verdict::Passed && !last.is_final {
            let rules = &check.rules;
            prop_assert!(report.counts.successful > 0);
            prop_assert!(rules.failure_limit.is_none_or(|limit| report.counts.failed <= limit));
            prop_assert!(rules.error_limit.is_none_or(|limit| report.counts.errors <= limit));
            let counted = rules.count.is_some() && rules.consecutive_success.is_none();
            let good = |phase| phase == Phase::Successful
                || phase == Phase::Inconclusive && rules.on_no_data == OnNoData::Pass;
            prop_assert!(counted || good(last.phase));
            prop_assert!(!counted || rules.count == Some(report.counts.all()));
        }
    }

    #[test]
    fn counts_add_up(check in any_check_without_delay(), measurements in measurements()) {
        let Some((report, made)) = play(&check, &measurements) else { return Ok(()) };
        let over = measurements[..made].iter().filter(|it| it.phase.is_over()).count();
        prop_assert_eq!(report.counts.all() as usize, over);
        let said = |phase| measurements[..made].iter().filter(|it| it.phase == phase).count();
        prop_assert_eq!(report.counts.errors as usize, said(Phase::Error));
        if check.rules.on_no_data == OnNoData::Inconclusive {
            prop_assert_eq!(report.counts.failed as usize, said(Phase::Failed));
            prop_assert_eq!(report.counts.successful as usize, said(Phase::Successful));
        }
    }

    #[test]
    fn a_failure_more_never_makes_a_failed_check_pass(
        check in any_check_without_delay(),
        measurements in measurements(),
        place in any::<prop::sample::Index>(),
    ) {
        let Some((before, _)) = play(&check, &measurements) else { return Ok(()) };
        let mut worse = measurements.clone();
        let place = place.index(measurements.len());
        // Of what still goes on nothing is counted: where it fails instead, a `count` may be full before the deadline.
        prop_assume!(worse[place].phase.is_over());
        worse[place].phase = Phase::Failed;
        if let (Verdict::Failed, Some((after, _))) = (before.verdict, play(&check, &worse)) {
            prop_assert_ne!(after.verdict, Verdict::Passed, "{} / {}", before.summary, after.summary);
        }
    }

    /// Where both budgets are used up by the same measurements, the first that is passed decides; and of a check that
    /// somebody wrote down with both passed, it is the failures.
    #[test]
    fn failures_decide_before_errors(failures in 1_u32..5, errors in 1_u32..5, ends_with in any_phase()) {
        let mut check = check(Rules::usual(&super::alarms()));
        let mut progress = Progress::begin(&check, START, at(100));
        check.rules.failure_limit = None;
        for phase in std::iter::repeat_n(Phase::Failed, failures as usize)
            .chain(std::iter::repeat_n(Phase::Error, errors as usize))
        {
            prop_assert_eq!(progress.after(&check, measurement(phase), at(1)), None);
        }
        check.rules.failure_limit = Some(0);
        check.rules.error_limit = Some(0);
        let report = progress.after(&check, measurement(ends_with), at(2)).unwrap();
        prop_assert_eq!(report.verdict, Verdict::Failed);
    }

    #[test]
    fn a_dry_run_changes_no_verdict_of_a_gate(
        checks in prop::collection::vec((any_check_without_delay(), measurements()), 1..5),
    ) {
        let reports: Vec<_> = checks
            .iter()
            .map(|(check, measurements)| run(check, measurements, at(700), |progress| progress).0)
            .collect();
        let conclude = |reports: Vec<_>| {
            GateReport::conclude(GatePoint::TestTraffic, reports, START, at(700)).verdict
        };
        let counting = reports.iter().filter(|report| !report.dry_run).cloned().collect();
        prop_assert_eq!(conclude(reports.clone()), conclude(counting));
        let tried = reports.into_iter().map(|report| crate::gate::CheckReport { dry_run: true, ..report });
        prop_assert_eq!(conclude(tried.collect()), Verdict::Passed);
    }

    #[test]
    fn a_gate_is_carried_on_with_what_it_had(
        checks in prop::collection::vec((any_check(), measurements()), 1..5),
    ) {
        let only_checks: Vec<_> = checks.iter().map(|(check, _)| check.clone()).collect();
        let mut unfinished = Unfinished::begin(&only_checks, START);
        for (check, measurements) in &checks {
            let (report, _) = run(check, measurements, at(700), |progress| {
                unfinished.running = Some(progress);
                let text = serde_json::to_string(&unfinished).unwrap();
                let read: Unfinished = serde_json::from_str(&text).unwrap();
                assert!(read.is_of(&only_checks) && read == unfinished);
                read.running.unwrap()
            });
            unfinished.running = None;
            unfinished.reports.push(report);
        }
        prop_assert!(unfinished.is_of(&only_checks));
    }
}
