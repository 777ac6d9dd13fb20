//! Green against blue, or against what was before.

use super::*;

#[test]
fn green_is_worse_only_if_significantly_and_beyond_the_tolerance() {
    let base = [0.20, 0.21, 0.22, 0.23, 0.24];
    let times = |factor: f64| side(&base.map(|value| value * factor));
    let higher = no_worse(Baseline::Blue, Worse::Higher);
    let lower = no_worse(Baseline::Previous, Worse::Lower);
    for (check, green, phase, summary) in [
        (
            &higher,
            times(2.0),
            Phase::Failed,
            "green 0.44, blue 0.22: worse by more than 10 %, and not by chance (p = 0.003968, Mann-Whitney U test, at most 0.01)",
        ),
        (
            &higher,
            times(1.0),
            Phase::Successful,
            "green 0.22, blue 0.22: no worse (p = ",
        ),
        (&higher, times(0.5), Phase::Successful, "no worse (p = 1, "),
        // By little, though certainly.
        (
            &higher,
            side(&[0.241, 0.2411, 0.2412, 0.2413, 0.2414]),
            Phase::Successful,
            "by no more than the tolerated 10 %",
        ),
        // By much, though perhaps by chance.
        (
            &higher,
            side(&[0.1, 0.2, 0.5, 0.5, 0.9]),
            Phase::Successful,
            "not significantly worse (p = ",
        ),
        (
            &lower,
            times(0.5),
            Phase::Failed,
            "green 0.11, before the deployment 0.22: worse by more than 10 %",
        ),
        (&lower, times(2.0), Phase::Successful, "no worse"),
    ] {
        let found = measure_metric(check, ASKED, &green, Some(&side(&base)));
        expect(&found, phase, summary);
        assert!(
            found.value.is_some() && found.evidence.len() == 2,
            "{found:?}"
        );
    }
    let found = measure_metric(&higher, ASKED, &times(2.0), None);
    expect(&found, Phase::Error, "there is nothing to compare");
    assert!(found.is_final);
}

#[test]
fn a_comparison_of_too_little_says_how_much_there_was() {
    let five = [0.1, 0.2, 0.3, 0.4, 0.5];
    let higher = no_worse(Baseline::Blue, Worse::Higher);
    let with_samples = |values: &[f64], samples: f64| Side {
        samples: Some(all(&[samples])),
        ..side(values)
    };
    for (green, blue, summary) in [
        (
            with_samples(&five, 12.0),
            side(&five),
            "too few samples for p95 of AWS/ApplicationELB TargetResponseTime: green has 12, blue 1000, and each needs 50",
        ),
        (
            side(&five),
            with_samples(&five, 49.0),
            "green has 1000, blue 49",
        ),
        (
            side(&[0.1, 0.2]),
            side(&five),
            "too few data points for p95 of AWS/ApplicationELB TargetResponseTime: green has 2, blue 5, and each needs 3",
        ),
        (
            side(&[0.1, 0.2, 0.3]),
            side(&five),
            "with 3 of green and 5 of blue not even the worst could be told from chance (p = 0.01786, more than 0.01)",
        ),
        (side(&[]), side(&five), "has no data of green"),
        (side(&five), side(&[]), "has no data of blue"),
    ] {
        let found = measure_metric(&higher, ASKED, &green, Some(&blue));
        expect(&found, Phase::Inconclusive, summary);
        assert!(!found.is_final);
    }
}

#[test]
fn shares_of_counts_are_compared_as_a_whole() {
    let check = ratio(MetricExpectation::NoWorse(Comparison::with(Baseline::Blue)));
    let hundred = [Some(100.0), Some(100.0), Some(100.0)];
    let green = divided(&[Some(10.0), None, Some(5.0)], &hundred);
    let blue = divided(&[None, Some(1.0), None], &hundred);
    let found = measure_metric(&check, "errors", &green, Some(&blue));
    expect(
        &found,
        Phase::Failed,
        "errors: green 0.05, blue 0.003333: worse",
    );
    assert!(
        found.summary.contains("Fisher's exact test"),
        "{}",
        found.summary
    );
    assert_eq!(
        found.evidence,
        [
            "data points of green: 0.1, 0, 0.05 (15 of 300)",
            "data points of blue: 0, 0.01, 0 (1 of 300)",
        ]
    );
    let same = measure_metric(&check, "errors", &blue, Some(&blue));
    expect(&same, Phase::Successful, "no worse");
    let few = divided(&[], &[Some(10.0), Some(10.0), Some(10.0)]);
    let found = measure_metric(&check, "errors", &few, Some(&blue));
    expect(
        &found,
        Phase::Inconclusive,
        "green has 30, blue 300, and each needs 50",
    );
    let good = MetricCheck {
        expect: MetricExpectation::NoWorse(Comparison {
            worse: Worse::Lower,
            tolerance: 0.01,
            ..Comparison::with(Baseline::Blue)
        }),
        ..check.clone()
    };
    let share = |good: f64| divided(&[Some(good), Some(good), Some(good)], &hundred);
    let found = measure_metric(&good, "successes", &share(90.0), Some(&share(99.0)));
    expect(
        &found,
        Phase::Failed,
        "successes: green 0.9, blue 0.99: worse",
    );
    let found = measure_metric(&good, "successes", &share(99.0), Some(&share(90.0)));
    expect(&found, Phase::Successful, "no worse");
    // More errors than requests: no share of them, so their data points are compared.
    let more = |of: f64| {
        divided(
            &[Some(of), Some(of), Some(of), Some(of), Some(of)],
            &[Some(20.0); 5],
        )
    };
    let found = measure_metric(&check, "errors", &more(40.0), Some(&more(10.0)));
    assert!(found.summary.contains("Mann-Whitney"), "{}", found.summary);
}
