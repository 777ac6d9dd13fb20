//! Where on a line of time the deployments lie: each is seen, however short it was and however many there are.

use jiff::Timestamp;

/// Narrower than this nothing is seen, and two are kept so far apart.
const LEAST: f64 = 9.0;
const APART: f64 = 3.0;

/// Where one lies, in the units of the drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) from: f64,
    pub(crate) width: f64,
}

/// The places of what lasted from when until when, oldest first, on a line that is so wide and ends at `now`. It is to
/// scale as far as what is short can still be seen; then later ones are moved on, and where the line ends, back.
pub(crate) fn places(spans: &[(Timestamp, Timestamp)], now: Timestamp, width: f64) -> Vec<Place> {
    let Some((begin, _)) = spans.first() else {
        return Vec::new();
    };
    let all = seconds(*begin, now).max(1.0);
    let least = LEAST.min(least_that_fits(spans.len(), width));
    let mut places: Vec<Place> = Vec::with_capacity(spans.len());
    let mut free_from = 0.0_f64;
    for (from, until) in spans {
        let place = Place {
            from: (seconds(*begin, *from) / all * width).max(free_from),
            width: (seconds(*from, *until) / all * width).max(least),
        };
        free_from = place.from + place.width + APART;
        places.push(place);
    }
    let mut free_until = width;
    for place in places.iter_mut().rev() {
        if place.from + place.width > free_until {
            // What was long gives way first.
            place.from = place.from.min(free_until - least);
            place.width = free_until - place.from;
        }
        free_until = place.from - APART;
    }
    places
}

fn least_that_fits(count: usize, width: f64) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    width / f64::from(count) - APART
}

fn seconds(from: Timestamp, until: Timestamp) -> f64 {
    until.duration_since(from).as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn placed(spans: &[(i64, i64)], now: i64, width: f64) -> Vec<Place> {
        let spans: Vec<_> = spans.iter().map(|(a, b)| (at(*a), at(*b))).collect();
        let places = places(&spans, at(now), width);
        let mut free_from = -1e-6;
        for place in &places {
            assert!(place.from >= free_from, "{places:?}");
            assert!(place.width >= 1.0, "{places:?}");
            free_from = place.from + place.width;
        }
        assert!(free_from <= width + 1e-6, "{places:?}");
        places
    }

    #[test]
    fn it_is_to_scale_where_that_can_be_seen() {
        let places = placed(&[(0, 250), (500, 600)], 1000, 1000.0);
        assert_eq!(
            places[0],
            Place {
                from: 0.0,
                width: 250.0
            }
        );
        assert_eq!(
            places[1],
            Place {
                from: 500.0,
                width: 100.0
            }
        );
    }

    #[test]
    fn what_is_short_can_be_seen_and_nothing_covers_another() {
        let short = placed(&[(0, 1), (2, 3), (4, 5)], 1_000_000, 400.0);
        assert!(short.iter().all(|place| place.width >= LEAST));
        placed(
            &[(0, 10), (999_990, 999_995), (999_996, 1_000_000)],
            1_000_000,
            400.0,
        );
        placed(&[(0, 1_000_000), (999_999, 1_000_000)], 1_000_000, 400.0);
        let many: Vec<_> = (0..20).map(|n| (n, n + 1)).collect();
        placed(&many, 20, 200.0);
        placed(&many, 2_000_000, 200.0);
    }

    #[test]
    fn nothing_is_nowhere_and_a_clock_that_went_back_does_no_harm() {
        assert_eq!(placed(&[], 0, 100.0), []);
        placed(&[(10, 5), (0, 3)], 0, 100.0);
    }
}
