//! Samples in a bounded form, and the statistics of them.

use std::collections::BTreeMap;

/// What is taken of the samples of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// `Average`
    Average,
    /// `Maximum`
    Maximum,
    /// `Minimum`
    Minimum,
    /// `p99.9`: so many per cent of the samples are not greater.
    Percentile(f64),
    /// `SampleCount`
    SampleCount,
    /// `Sum`
    Sum,
}

/// How many bits of the mantissa tell samples apart in the histogram: within 1 per cent.
const PRECISION: u32 = 7;

/// Any number of samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Samples {
    count: u64,
    sum: f64,
    minimum: f64,
    maximum: f64,
    /// By size: the first sample of that size, and how many there are.
    histogram: BTreeMap<i64, (f64, u64)>,
}

impl Statistic {
    /// The statistic of this name, if it is one that is simulated.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "Average" => return Some(Self::Average),
            "Maximum" => return Some(Self::Maximum),
            "Minimum" => return Some(Self::Minimum),
            "SampleCount" => return Some(Self::SampleCount),
            "Sum" => return Some(Self::Sum),
            _ => {}
        }
        let digits = name.strip_prefix('p')?;
        let plain = digits.bytes().all(|it| it.is_ascii_digit() || it == b'.');
        let percent: f64 = digits.parse().ok().filter(|_| plain)?;
        (percent <= 100.0).then_some(Self::Percentile(percent))
    }

    /// As CloudWatch calls it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Average => "Average".to_owned(),
            Self::Maximum => "Maximum".to_owned(),
            Self::Minimum => "Minimum".to_owned(),
            Self::Percentile(percent) => format!("p{percent}"),
            Self::SampleCount => "SampleCount".to_owned(),
            Self::Sum => "Sum".to_owned(),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of samples fit in 53 bits"
    )]
    pub(super) fn of(self, samples: &Samples) -> f64 {
        match self {
            Self::Average => samples.sum / samples.count.max(1) as f64,
            Self::Maximum => samples.maximum,
            Self::Minimum => samples.minimum,
            Self::Percentile(percent) => samples.percentile(percent),
            Self::SampleCount => samples.count as f64,
            Self::Sum => samples.sum,
        }
    }
}

impl Samples {
    /// A number that is not finite is nobody's sample.
    pub(super) fn add(&mut self, value: f64) {
        let one = Self {
            count: 1,
            sum: value,
            minimum: value,
            maximum: value,
            histogram: BTreeMap::from([(size(value), (value, 1))]),
        };
        self.merge(&one);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        // The minimum and maximum of no samples are none.
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        for (size, (value, count)) in &other.histogram {
            self.histogram.entry(*size).or_insert((*value, 0)).1 += count;
        }
    }

    /// The smallest sample that so many per cent are not greater than.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of samples fit in 53 bits"
    )]
    fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.count as f64).ceil().max(1.0);
        let mut seen = 0;
        for (value, count) in self.histogram.values() {
            seen += count;
            if seen as f64 >= rank {
                return *value;
            }
        }
        self.maximum
    }
}

/// Orders samples by size, those within 1 per cent of each other together.
fn size(value: f64) -> i64 {
    let bits = value.abs().to_bits() >> (f64::MANTISSA_DIGITS - 1 - PRECISION);
    // Without its sign a number has at most 63 bits.
    let size = i64::try_from(bits).unwrap_or(i64::MAX);
    if value < 0.0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Samples {
        let mut samples = Samples::default();
        values.into_iter().for_each(|value| samples.add(value));
        samples
    }

    #[test]
    fn every_statistic_is_that_of_the_samples() {
        let samples = of([-1.5, 0.25, 4.0, 0.25]);
        let close = |statistic: Statistic, expected: f64| {
            let found = statistic.of(&samples);
            assert!((found - expected).abs() < 1e-12, "{statistic:?}: {found}");
        };
        close(Statistic::Average, 0.75);
        close(Statistic::Sum, 3.0);
        close(Statistic::Minimum, -1.5);
        close(Statistic::Maximum, 4.0);
        close(Statistic::SampleCount, 4.0);
        close(Statistic::Percentile(0.0), -1.5);
        close(Statistic::Percentile(25.0), -1.5);
        close(Statistic::Percentile(50.0), 0.25);
        close(Statistic::Percentile(75.0), 0.25);
        close(Statistic::Percentile(75.1), 4.0);
        close(Statistic::Percentile(100.0), 4.0);
    }

    #[test]
    fn a_percentile_of_many_samples_is_right_within_one_per_cent() {
        let samples = of((1..=10_000).map(|number| f64::from(number) / 1000.0));
        assert!(samples.histogram.len() < 2_000);
        for percent in [1.0, 10.0, 50.0, 90.0, 99.0, 99.9] {
            let exact = percent / 10.0;
            let found = Statistic::Percentile(percent).of(&samples);
            assert!((found / exact - 1.0).abs() < 0.01, "p{percent}: {found}");
        }
    }

    #[test]
    fn samples_merged_are_samples_together() {
        let mut parts = of([3.0, 1.0]);
        parts.merge(&of([2.0, 2.0]));
        parts.merge(&Samples::default());
        assert_eq!(parts, of([3.0, 1.0, 2.0, 2.0]));
    }

    #[test]
    fn statistics_have_the_names_that_cloudwatch_gives_them() {
        for name in [
            "Average",
            "Sum",
            "Minimum",
            "Maximum",
            "SampleCount",
            "p99",
            "p99.9",
            "p0",
        ] {
            assert_eq!(
                Statistic::parse(name).map(Statistic::name).as_deref(),
                Some(name)
            );
        }
        for name in [
            "average", "p", "p101", "p-1", "p+1", "pinf", "tm90", "p9 ", "pNaN", "p1e1",
        ] {
            assert_eq!(Statistic::parse(name), None, "{name}");
        }
    }
}
