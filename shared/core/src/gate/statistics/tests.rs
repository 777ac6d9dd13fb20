//! The tests against `SciPy` 1.17.1 as a second opinion, and how often they are wrong.
//!
//! The expected values are what `scipy.stats.mannwhitneyu(x, y, alternative="greater", method=…)`,
//! `scipy.stats.fisher_exact(table, alternative="greater")` and `scipy.stats.norm.sf(z)` gave.

mod rates;

use super::*;

fn near(found: f64, expected: f64) {
    let difference = (found - expected).abs();
    assert!(
        difference <= 1e-9 + expected.abs() * 1e-6,
        "{found} is not {expected}"
    );
}

fn stepping(count: u32, step: f64, from: f64) -> Vec<f64> {
    (0..count)
        .map(|index| from + f64::from(index) * step)
        .collect()
}

#[test]
fn few_values_without_ties_are_counted_out_as_scipy_does() {
    let low = [0.0, 1.0, 2.0, 3.0, 4.0];
    let high = [5.0, 6.0, 7.0, 8.0, 9.0];
    for (green, baseline, p) in [
        (
            &[1.83, 0.50, 1.62, 2.48, 1.68][..],
            &[0.878, 0.647, 0.598, 2.05, 1.06][..],
            0.210_317_460_317_460_32,
        ),
        (&high, &low, 0.003_968_253_968_253_968),
        (&low, &high, 1.0),
        (&[1.1, 2.2, 3.3], &[0.9, 2.0, 3.1], 0.35),
        (
            &stepping(20, 1.0, 0.5),
            &stepping(20, 0.9, 0.01),
            0.230_584_388_008_095_5,
        ),
    ] {
        near(higher_values(green, baseline).p, p);
    }
}

#[test]
fn many_values_and_ties_are_approximated_as_scipy_does() {
    for (green, baseline, p) in [
        (
            &[1.0, 2.0, 2.0, 3.0, 5.0, 5.0][..],
            &[1.0, 2.0, 2.0, 2.0, 3.0, 4.0][..],
            0.279_461_730_405_617_06,
        ),
        (
            &[3.0, 3.0, 3.0, 4.0],
            &[1.0, 2.0, 3.0, 3.0, 3.0],
            0.072_805_047_698_433_48,
        ),
        (
            &stepping(30, 1.0, 0.5),
            &stepping(25, 0.9, 0.02),
            0.041_586_398_630_360_84,
        ),
    ] {
        near(higher_values(green, baseline).p, p);
    }
}

#[test]
fn shares_are_compared_as_scipy_does() {
    let share = |events, of| Share { events, of };
    for (green, baseline, p) in [
        (share(8, 100), share(1, 100), 0.017_449_575_986_057_876),
        (share(0, 500), share(0, 500), 1.0),
        (share(5, 500), share(5, 500), 0.623_666_450_135_221_3),
        (
            share(30, 1000),
            share(10, 1000),
            0.001_004_166_780_915_004_7,
        ),
        (share(1, 50), share(0, 5000), 0.009_900_990_099_009_901),
        (
            share(200, 100_000),
            share(150, 100_000),
            0.004_330_768_335_395_564,
        ),
        (share(0, 100), share(10, 100), 1.0),
    ] {
        let found = higher_share(green, baseline);
        assert_eq!(found.test, "Fisher's exact test");
        near(found.p, p);
    }
    for (green, baseline, p) in [
        (
            share(51_000, 1_000_000),
            share(50_000, 1_000_000),
            0.000_620_735_514_364_200_5,
        ),
        (
            share(20_500, 400_000),
            share(20_000, 400_000),
            0.005_387_650_421_566_18,
        ),
    ] {
        let found = higher_share(green, baseline);
        assert_eq!(found.test, "z-test of two proportions");
        near(found.p, p);
    }
}

#[test]
fn what_does_not_differ_at_all_is_no_worse() {
    let same = [2.0; 6];
    near(higher_values(&same, &same).p, 1.0);
    near(higher_values(&[], &[]).p, 1.0);
    near(higher_values(&[1.0; 30], &[1.0; 3]).p, 1.0);
    let all = Share {
        events: 40_000,
        of: 40_000,
    };
    near(higher_share(all, all).p, 1.0);
    near(higher_share(Share { events: 0, of: 0 }, all).p, 1.0);
}

#[test]
fn the_smallest_p_is_that_of_one_way_among_all() {
    near(smallest_p(3, 3), 1.0 / 20.0);
    near(smallest_p(5, 5), 1.0 / 252.0);
    near(smallest_p(4, 5), 1.0 / 126.0);
    near(smallest_p(0, 5), 1.0);
    assert!(smallest_p(1440, 1440) < 1e-100);
    for (n, m) in [(3_u32, 4_u32), (5, 5), (10, 6)] {
        let (green, baseline) = (stepping(n, 1.0, 100.0), stepping(m, 1.0, 0.0));
        near(
            higher_values(&green, &baseline).p,
            smallest_p(green.len(), baseline.len()),
        );
    }
}

#[test]
fn the_median_is_in_the_middle() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0]), Some(3.0));
    assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
}
