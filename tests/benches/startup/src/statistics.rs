//! The middle of a series, and its ends.

/// A series of measurements in one unit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn push(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    /// The value in the middle; of an even number of values, the greater of the two.
    pub(crate) fn median(&self) -> Option<f64> {
        self.0.get(self.0.len() / 2).copied()
    }

    pub(crate) fn least(&self) -> Option<f64> {
        self.0.first().copied()
    }

    pub(crate) fn greatest(&self) -> Option<f64> {
        self.0.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_follow_a_stray_value() {
        let mut series = Series::default();
        assert_eq!(series.median(), None);
        for value in [5.0, 4.0, 900.0, 6.0, 3.0] {
            series.push(value);
        }
        assert_eq!(
            (series.least(), series.median(), series.greatest()),
            (Some(3.0), Some(5.0), Some(900.0))
        );
    }
}
