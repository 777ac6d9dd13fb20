//! The table of verdicts, and that a run may be broken off and carried on anywhere.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn run(needed: u32, measurements: &[(i64, Measurement)]) -> Option<(Verdict, u32)> {
    let mut progress = Progress::new("http", needed, at(10));
    measurements.iter().find_map(|(second, measurement)| {
        progress
            .after(measurement.clone(), at(*second))
            .map(|report| (report.verdict, report.measurements))
    })
}

#[test]
fn the_table_holds() {
    use Measurement::{Bad, Good, NotYet, NothingToMeasure, Unmeasured};
    let reason = || "because".to_owned();
    for (needed, measurements, expected) in [
        (1, vec![(0, Good(reason()))], Some((Verdict::Passed, 1))),
        (2, vec![(0, Good(reason()))], None),
        (
            2,
            vec![(0, Good(reason())), (1, Good(reason()))],
            Some((Verdict::Passed, 2)),
        ),
        // A miss starts the count again.
        (
            2,
            vec![
                (0, Good(reason())),
                (1, NotYet(reason())),
                (2, Good(reason())),
            ],
            None,
        ),
        (
            2,
            vec![
                (0, Good(reason())),
                (1, Unmeasured(reason())),
                (2, Good(reason())),
            ],
            None,
        ),
        (2, vec![(10, Good(reason()))], Some((Verdict::Failed, 1))),
        // The last measurement that was needed counts, however late it came.
        (1, vec![(99, Good(reason()))], Some((Verdict::Passed, 1))),
        (
            1,
            vec![(9, NotYet(reason())), (10, NotYet(reason()))],
            Some((Verdict::Failed, 2)),
        ),
        (1, vec![(0, Bad(reason()))], Some((Verdict::Failed, 1))),
        (
            1,
            vec![(9, Unmeasured(reason())), (10, Unmeasured(reason()))],
            Some((Verdict::Error, 2)),
        ),
        (
            1,
            vec![(0, NothingToMeasure(reason()))],
            Some((Verdict::Inconclusive, 1)),
        ),
    ] {
        assert_eq!(
            run(needed, &measurements),
            expected,
            "{needed} {measurements:?}"
        );
    }
}

fn any_measurement() -> impl Strategy<Value = Measurement> {
    // Hardly ever one that ends the run at once, so that most runs are long.
    prop_oneof![
        8 => Just(Measurement::Good("good".to_owned())),
        6 => Just(Measurement::NotYet("not yet".to_owned())),
        3 => Just(Measurement::Unmeasured("no answer".to_owned())),
        1 => Just(Measurement::Bad("bad".to_owned())),
        1 => Just(Measurement::NothingToMeasure("nothing".to_owned())),
    ]
}

proptest! {
    #[test]
    fn a_run_that_is_broken_off_anywhere_ends_as_it_would_have_otherwise(
        measurements in prop::collection::vec((any_measurement(), any::<bool>()), 0..30),
        needed in 1_u32..4,
    ) {
        let mut whole = Progress::new("http", needed, at(20));
        let mut broken = whole.clone();
        for (second, (measurement, break_off)) in (0..).zip(measurements) {
            if break_off {
                let written = serde_json::to_value(&broken).unwrap();
                let read = serde_json::from_value(written).unwrap();
                // The next invocation would give the check its whole time again.
                broken = Progress::new("http", needed, at(20 + second)).carried_on_from(read);
            }
            let expected = whole.after(measurement.clone(), at(second));
            prop_assert_eq!(&broken.after(measurement, at(second)), &expected);
            if expected.is_some() {
                break;
            }
        }
    }
}

#[test]
fn what_cannot_have_been_this_check_is_begun_anew() {
    let fresh = || Progress::new("http", 3, at(100));
    let earlier = || Progress {
        good_in_a_row: 2,
        measurements: 7,
        ..Progress::new("http", 3, at(90))
    };
    assert_eq!(fresh().carried_on_from(earlier()), earlier());
    for wrong in [
        Progress {
            check: "tasks".to_owned(),
            ..earlier()
        },
        Progress {
            needed: 1,
            ..earlier()
        },
        // It would have passed.
        Progress {
            good_in_a_row: 3,
            ..earlier()
        },
        // It would last longer than the check may.
        Progress {
            deadline: at(101),
            ..earlier()
        },
    ] {
        assert_eq!(fresh().carried_on_from(wrong.clone()), fresh(), "{wrong:?}");
    }
}

#[test]
fn counts_from_outside_do_not_overflow() {
    let mut progress = Progress {
        good_in_a_row: u32::MAX,
        measurements: u32::MAX,
        ..Progress::new("http", u32::MAX, at(1))
    };
    let report = progress.after(Measurement::Good("good".to_owned()), at(0));
    assert_eq!(report.unwrap().measurements, u32::MAX);
}
