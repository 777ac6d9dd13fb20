//! The table that the bench prints: each figure with its limit, and whether it holds.

use crate::statistics::Series;
use std::fmt::Write as _;

/// What a figure must not pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    None,
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    what: String,
    whose: String,
    value: f64,
    spread: Option<(f64, f64)>,
    unit: &'static str,
    limit: Limit,
}

/// All lines, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Line>);

impl Report {
    /// Adds the median of a series; nothing where nothing was measured.
    pub(crate) fn median(
        &mut self,
        what: &str,
        whose: &str,
        series: &Series,
        unit: &'static str,
        limit: Limit,
    ) {
        if let (Some(value), Some(least), Some(greatest)) =
            (series.median(), series.least(), series.greatest())
        {
            self.add(what, whose, value, Some((least, greatest)), unit, limit);
        }
    }

    /// Adds a figure that is not a series.
    pub(crate) fn figure(
        &mut self,
        what: &str,
        whose: &str,
        value: f64,
        unit: &'static str,
        limit: Limit,
    ) {
        self.add(what, whose, value, None, unit, limit);
    }

    fn add(
        &mut self,
        what: &str,
        whose: &str,
        value: f64,
        spread: Option<(f64, f64)>,
        unit: &'static str,
        limit: Limit,
    ) {
        self.0.push(Line {
            what: what.to_owned(),
            whose: whose.to_owned(),
            value,
            spread,
            unit,
            limit,
        });
    }

    /// Whether every limit holds.
    pub(crate) fn holds(&self) -> bool {
        self.0.iter().all(Line::holds)
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for line in &self.0 {
            if line.what != last {
                let _ = writeln!(text, "\n{}", line.what);
                last = &line.what;
            }
            let value = format!("{:.2} {}", line.value, line.unit);
            let spread = line
                .spread
                .map(|(from, to)| format!("({from:.2}–{to:.2})"))
                .unwrap_or_default();
            let verdict = match (line.limit, line.holds()) {
                (Limit::None, _) => String::new(),
                (Limit::AtMost(limit), holds) => {
                    format!("at most {limit} {}: {}", line.unit, word(holds))
                }
                (Limit::AtLeast(limit), holds) => {
                    format!("at least {limit} {}: {}", line.unit, word(holds))
                }
            };
            let row = format!("  {:<20} {value:>14}  {spread:<18}  {verdict}", line.whose);
            let _ = writeln!(text, "{}", row.trim_end());
        }
        text
    }
}

impl Line {
    fn holds(&self) -> bool {
        match self.limit {
            Limit::None => true,
            Limit::AtMost(limit) => self.value <= limit,
            Limit::AtLeast(limit) => self.value >= limit,
        }
    }
}

fn word(holds: bool) -> &'static str {
    if holds { "ok" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_limit_is_shown_and_fails_the_bench() {
        let mut report = Report::default();
        report.figure("zip", "deploy-on-push", 2.5, "MiB", Limit::AtMost(5.0));
        report.figure("zip", "do-nothing", 9.0, "MiB", Limit::None);
        assert!(report.holds());
        report.figure("zip", "validate-green", 5.5, "MiB", Limit::AtMost(5.0));
        report.figure(
            "faster than boto3",
            "validate-green",
            39.0,
            "x",
            Limit::AtLeast(40.0),
        );
        assert!(!report.holds());
        assert_eq!(
            report.text().matches("MISSED").count(),
            2,
            "{}",
            report.text()
        );
    }

    #[test]
    fn a_series_is_shown_by_its_median_and_its_ends() {
        let mut series = Series::default();
        for value in [4.0, 6.0, 5.0] {
            series.push(value);
        }
        let mut report = Report::default();
        report.median("CPU", "deploy-on-push", &series, "ms", Limit::AtMost(8.0));
        report.median(
            "CPU",
            "never measured",
            &Series::default(),
            "ms",
            Limit::AtMost(8.0),
        );
        assert_eq!(
            report.text(),
            "\nCPU\n  deploy-on-push              5.00 ms  (4.00–6.00)         at most 8 ms: ok\n"
        );
    }
}
