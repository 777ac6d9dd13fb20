//! Whether one side is worse than the other, or only looks so by chance.
//!
//! Every test here is one-sided: its `p` is the chance that green looks at least so much higher where both sides are
//! the same. How often they are wrong is measured in `statistics/tests/rates.rs` and told in `docs/gates.md`.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::stats_tests::{Alternative, fishers_exact};

/// Up to so many values on each side, without ties, the distribution of U is counted out.
const COUNTED_OUT: usize = 20;
/// Fisher's test adds up as many terms as the baseline has events; with more of them the normal approximation is as
/// good.
const ADDED_UP: u32 = 10_000;

/// What a test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    /// The chance of it where both sides are the same.
    pub(super) p: f64,
    /// The test's name.
    pub(super) test: &'static str,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) events: u32,
    pub(super) of: u32,
}

impl Share {
    /// What there is none of is no share of anything.
    pub(super) fn ratio(self) -> Option<f64> {
        (self.of > 0).then(|| f64::from(self.events) / f64::from(self.of))
    }

    fn others(self) -> u32 {
        self.of.saturating_sub(self.events)
    }
}

/// Whether the share of events is higher in `green` than in `baseline`: Fisher's exact test, or, where there are too
/// many for it, the test of two proportions with a pooled variance.
pub(super) fn higher_share(green: Share, baseline: Share) -> Outcome {
    if baseline.events <= ADDED_UP {
        let fisher = [
            baseline.events,
            baseline.others(),
            green.events,
            green.others(),
        ]
        .map(u64::from);
        // With the sums fixed, many in green is few in the baseline.
        if let Ok(p) = fishers_exact(&fisher, Alternative::Less) {
            return Outcome {
                p: p.clamp(0.0, 1.0),
                test: "Fisher's exact test",
            };
        }
    }
    Outcome {
        p: two_proportions(green, baseline),
        test: "z-test of two proportions",
    }
}

fn two_proportions(green: Share, baseline: Share) -> f64 {
    let (Some(ours), Some(theirs)) = (green.ratio(), baseline.ratio()) else {
        return 1.0;
    };
    let (n, m) = (f64::from(green.of), f64::from(baseline.of));
    let pooled = (f64::from(green.events) + f64::from(baseline.events)) / (n + m);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    upper_tail((ours - theirs) / deviation)
}

/// Whether values of `green` tend to be higher than those of `baseline`: the Mann-Whitney U test, which asks nothing
/// of their distribution but that the values are independent.
pub(super) fn higher_values(green: &[f64], baseline: &[f64]) -> Outcome {
    let ranked = Ranked::of(green, baseline);
    let (n, m) = (green.len(), baseline.len());
    let p = match ranked.whole_sum {
        Some(sum) if n.max(m) <= COUNTED_OUT => counted_out(n, m, sum),
        _ => approximated(n, m, &ranked),
    };
    Outcome {
        p: p.clamp(0.0, 1.0),
        test: "Mann-Whitney U test",
    }
}

/// The smallest `p` that so many values can have: where every one of green is higher than every other.
pub(super) fn smallest_p(n: usize, m: usize) -> f64 {
    let (few, many) = (n.min(m), n.max(m));
    // 1 / (n + m choose n), without the large numbers in between.
    (1..=few).fold(1.0, |p, k| p * float(k) / float(many + k))
}

/// The ranks of green among all values.
struct Ranked {
    /// Their sum; values that are equal share theirs.
    sum: f64,
    /// The same, where no two values are equal.
    whole_sum: Option<usize>,
    /// For each group of `t` equal values, `t³ - t`.
    ties: f64,
}

impl Ranked {
    fn of(green: &[f64], baseline: &[f64]) -> Self {
        let green = green.iter().map(|value| (*value, true));
        let baseline = baseline.iter().map(|value| (*value, false));
        let mut all: Vec<(f64, bool)> = green.chain(baseline).collect();
        all.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        let mut ranked = Self {
            sum: 0.0,
            whole_sum: Some(0),
            ties: 0.0,
        };
        let mut before = 0;
        for group in all.chunk_by(|(left, _), (right, _)| left.total_cmp(right).is_eq()) {
            let size = group.len();
            let of_green = group.iter().filter(|(_, is_green)| *is_green).count();
            ranked.sum += float(of_green) * (float(before) + f64::midpoint(1.0, float(size)));
            ranked.whole_sum = ranked
                .whole_sum
                .filter(|_| size == 1)
                .map(|sum| sum + of_green * (before + 1));
            ranked.ties += float(size).powi(3) - float(size);
            before += size;
        }
        ranked
    }
}

/// The share of all ways to choose `n` of the ranks `1..=n + m` whose sum is at least `sum`.
fn counted_out(n: usize, m: usize, sum: usize) -> f64 {
    let highest = (n + m) * (n + m + 1) / 2;
    // ways[k][s]: in how many ways k of the ranks so far add up to s.
    let mut ways = vec![vec![0.0_f64; highest + 1]; n + 1];
    ways[0][0] = 1.0;
    for rank in 1..=n + m {
        for k in (1..=n.min(rank)).rev() {
            let (fewer, rest) = ways.split_at_mut(k);
            let one_fewer = &fewer[k - 1];
            for (to, from) in rest[0][rank..].iter_mut().zip(one_fewer) {
                *to += from;
            }
        }
    }
    let all: f64 = ways[n].iter().sum();
    let at_least: f64 = ways[n].iter().skip(sum).sum();
    at_least / all
}

/// The normal approximation, corrected for ties and for continuity.
fn approximated(n: usize, m: usize, ranked: &Ranked) -> f64 {
    let (n, m) = (float(n), float(m));
    let all = n + m;
    if all < 2.0 {
        return 1.0;
    }
    let u = ranked.sum - n * (n + 1.0) / 2.0;
    let variance = n * m / 12.0 * (all + 1.0 - ranked.ties / (all * (all - 1.0)));
    upper_tail((u - n * m / 2.0 - 0.5) / variance.sqrt())
}

/// The chance of more than `z` under the standard normal distribution. Without any variance there is no difference.
fn upper_tail(z: f64) -> f64 {
    if !z.is_finite() {
        return 1.0;
    }
    Normal::standard().sf(z)
}

/// The value in the middle; of an even number of values the mean of the two.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(half.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

/// Numbers of data points are far below what a float cannot count.
fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests;
