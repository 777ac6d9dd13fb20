//! Green against what runs, or ran: worse only if it is so significantly, and by more than the tolerance.

use super::{Points, nothing, number, with_word};
use crate::gate::{
    Measurement,
    statistics::{Outcome, Share, higher_share, higher_values, median, smallest_p},
};
use crate::target::check::{Comparison, Worse};

/// Each side has to have so many data points.
const FEWEST: usize = 3;

pub(super) fn compare(
    comparison: &Comparison,
    asked: &str,
    green: &Points,
    baseline: &Points,
) -> Measurement {
    let with = with_word(comparison.with);
    for (side, points) in [("green", green), (with, baseline)] {
        if points.values.is_empty() {
            return nothing(asked, side, points);
        }
    }
    if let Some(too_few) = too_few(comparison, asked, green, baseline) {
        return too_few;
    }
    let Some((ours, theirs, outcome)) = tested(comparison, green, baseline) else {
        return nothing(asked, "either side", green);
    };
    let left_out = [green.left_out(), baseline.left_out()].concat();
    let is_significant = outcome.p <= comparison.significance;
    let is_beyond = is_beyond(comparison, ours, theirs);
    let p = format!("p = {}, {}", rounded(outcome.p), outcome.test);
    let found = format!("{asked}: green {}, {with} {}", number(ours), number(theirs));
    let (significance, tolerance) = (comparison.significance, comparison.tolerance * 100.0);
    let measured = match (is_significant, is_beyond) {
        (true, true) => Measurement::failed(format!(
            "{found}: worse by more than {} %, and not by chance ({p}, at most {significance}){left_out}",
            number(tolerance)
        )),
        (true, false) => Measurement::successful(format!(
            "{found}: no worse, or by no more than the tolerated {} % ({p}){left_out}",
            number(tolerance)
        )),
        (false, true) => Measurement::successful(format!(
            "{found}: not significantly worse ({p}, more than {significance}){left_out}"
        )),
        (false, false) => Measurement::successful(format!("{found}: no worse ({p}){left_out}")),
    };
    measured.with_value(ours)
}

/// That nothing could be told from so little.
fn too_few(
    comparison: &Comparison,
    asked: &str,
    green: &Points,
    baseline: &Points,
) -> Option<Measurement> {
    let with = with_word(comparison.with);
    let wanted = f64::from(comparison.min_samples);
    let enough = |points: &Points| points.samples.is_none_or(|samples| samples >= wanted);
    if !enough(green) || !enough(baseline) {
        let samples = |points: &Points| number(points.samples.unwrap_or(0.0));
        return Some(Measurement::inconclusive(format!(
            "too few samples for {asked}: green has {}, {with} {}, and each needs {} (`min_samples`)",
            samples(green),
            samples(baseline),
            comparison.min_samples
        )));
    }
    let (ours, theirs) = (green.values.len(), baseline.values.len());
    if ours.min(theirs) < FEWEST {
        return Some(Measurement::inconclusive(format!(
            "too few data points for {asked}: green has {ours}, {with} {theirs}, and each needs {FEWEST}"
        )));
    }
    let is_of_shares = green.share.is_some() && baseline.share.is_some();
    let smallest = smallest_p(ours, theirs);
    (!is_of_shares && smallest > comparison.significance).then(|| {
        Measurement::inconclusive(format!(
            "too few data points for {asked}: with {ours} of green and {theirs} of {with} not even the worst could be \
             told from chance (p = {}, more than {}); there are more a little later, or with a longer `window`",
            rounded(smallest),
            comparison.significance
        ))
    })
}

/// What both sides have, and whether green has more of what is bad.
fn tested(
    comparison: &Comparison,
    green: &Points,
    baseline: &Points,
) -> Option<(f64, f64, Outcome)> {
    if let (Some(ours), Some(theirs)) = (green.share, baseline.share) {
        let outcome = match comparison.worse {
            Worse::Higher => higher_share(ours, theirs),
            // Fewer of what is good is more of the others.
            Worse::Lower => higher_share(others(ours), others(theirs)),
        };
        return Some((ours.ratio()?, theirs.ratio()?, outcome));
    }
    let (ours, theirs) = (green.numbers(), baseline.numbers());
    let outcome = match comparison.worse {
        Worse::Higher => higher_values(&ours, &theirs),
        Worse::Lower => higher_values(&negated(&ours), &negated(&theirs)),
    };
    Some((median(&ours)?, median(&theirs)?, outcome))
}

fn others(share: Share) -> Share {
    Share {
        events: share.of.saturating_sub(share.events),
        of: share.of,
    }
}

fn negated(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| -value).collect()
}

fn is_beyond(comparison: &Comparison, ours: f64, theirs: f64) -> bool {
    let allowed = comparison.tolerance * theirs.abs();
    match comparison.worse {
        Worse::Higher => ours > theirs + allowed,
        Worse::Lower => ours < theirs - allowed,
    }
}

fn rounded(p: f64) -> String {
    if p < 0.0001 {
        return "less than 0.0001".to_owned();
    }
    number(p)
}
