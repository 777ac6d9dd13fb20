//! Any windows at any time near a change of the clocks, against a naive reading of them, minute by minute.

use chrono::{
    DateTime, Datelike as _, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::windows;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const RULE_DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// Half an hour in summer; a day left out; no summer time; and the usual ones.
const ZONES: [Tz; 5] = [
    Tz::Europe__London,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Asia__Kolkata,
];
/// Shortly before clocks were changed, or will be.
const CHANGES: [&str; 5] = [
    "2026-03-28T20:00:00Z",
    "2026-10-24T20:00:00Z",
    "2026-03-07T23:00:00Z",
    "2026-04-04T10:00:00Z",
    "2011-12-29T20:00:00Z",
];
const LOOKED_AT: i64 = 2 * 24 * 60;

#[derive(Debug, Clone)]
enum Times {
    Weekly {
        days: Vec<usize>,
        from: u32,
        to: u32,
    },
    Rule {
        days: Vec<usize>,
        at: u32,
        minutes: i64,
    },
    Once {
        from: NaiveDateTime,
        minutes: i64,
    },
}

#[derive(Debug, Clone)]
struct Naive {
    allows: bool,
    zone: Tz,
    times: Times,
}

fn times() -> impl Strategy<Value = Times> {
    let days = || prop::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..=7);
    let minute =
        || (0..24_u32, prop::sample::select(vec![0_u32, 15, 30, 59])).prop_map(|(h, m)| h * 60 + m);
    prop_oneof![
        3 => (days(), minute(), minute())
            .prop_filter("a range has an end", |(_, from, to)| from != to && *to != 0)
            .prop_map(|(days, from, to)| Times::Weekly { days, from, to }),
        1 => (days(), minute(), 1..4000_i64)
            .prop_map(|(days, at, minutes)| Times::Rule { days, at, minutes }),
        1 => (0..CHANGES.len(), -600..2000_i64, 1..2000_i64).prop_map(|(change, after, minutes)| {
            let from = change_at(change).naive_utc() + TimeDelta::minutes(after);
            Times::Once { from, minutes }
        }),
    ]
}

fn any_windows() -> impl Strategy<Value = Vec<Naive>> {
    let one = (any::<bool>(), prop::sample::select(ZONES.to_vec()), times()).prop_map(
        |(allows, zone, times)| Naive {
            allows,
            zone,
            times,
        },
    );
    prop::collection::vec(one, 1..4)
}

fn change_at(index: usize) -> DateTime<Utc> {
    CHANGES[index].parse().unwrap()
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn written(naive: &Naive) -> Value {
    let listed = |names: [&str; 7], days: &[usize]| {
        let names: Vec<&str> = days.iter().map(|day| names[*day]).collect();
        names.join(",")
    };
    let times = match &naive.times {
        Times::Weekly { days, from, to } => {
            json!(format!(
                "{} {}-{}",
                listed(DAYS, days),
                clock(*from),
                clock(*to)
            ))
        }
        Times::Rule { days, at, minutes } => json!({
            "rrule": format!("FREQ=WEEKLY;BYDAY={}", listed(RULE_DAYS, days)),
            "start": format!("2010-01-01T{}", clock(*at)),
            "duration": format!("{minutes}m"),
        }),
        Times::Once { from, minutes } => {
            let to = *from + TimeDelta::minutes(*minutes);
            let text = |at: NaiveDateTime| at.format("%Y-%m-%dT%H:%M").to_string();
            json!({"from": text(*from), "to": text(to)})
        }
    };
    let side = if naive.allows { "allow" } else { "deny" };
    json!({side: times, "zone": naive.zone.name()})
}

/// When a clock shows that, first; where it never does, when it first shows more.
fn first(zone: Tz, shown: NaiveDateTime) -> DateTime<Utc> {
    let mut shown = shown;
    loop {
        if let Some(at) = zone.from_local_datetime(&shown).earliest() {
            return at.to_utc();
        }
        shown += TimeDelta::minutes(1);
    }
}

fn covers(naive: &Naive, at: DateTime<Utc>) -> bool {
    let shown = at.with_timezone(&naive.zone).naive_local();
    let on = |date: chrono::NaiveDate, minute: u32| {
        date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute))
    };
    match &naive.times {
        Times::Weekly { days, from, to } => [0, 1].into_iter().any(|back| {
            let date = shown.date() - Days::new(back);
            let end = if to > from { date } else { date + Days::new(1) };
            days.contains(&(date.weekday().num_days_from_monday() as usize))
                && (on(date, *from)..on(end, *to)).contains(&shown)
        }),
        Times::Rule {
            days,
            at: minute,
            minutes,
        } => (0..6).any(|back| {
            let date = shown.date() - Days::new(back);
            let from = first(naive.zone, on(date, *minute));
            days.contains(&(date.weekday().num_days_from_monday() as usize))
                && (from..from + TimeDelta::minutes(*minutes)).contains(&at)
        }),
        Times::Once { from, minutes } => {
            let to = *from + TimeDelta::minutes(*minutes);
            (first(naive.zone, *from)..first(naive.zone, to)).contains(&at)
        }
    }
}

fn is_open(all: &[Naive], at: DateTime<Utc>) -> bool {
    let denied = all.iter().any(|it| !it.allows && covers(it, at));
    let mut allowing = all.iter().filter(|it| it.allows).peekable();
    !denied && (allowing.peek().is_none() || allowing.any(|it| covers(it, at)))
}

fn timestamp(at: DateTime<Utc>) -> jiff::Timestamp {
    jiff::Timestamp::from_second(at.timestamp()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_closed_window_says_the_first_minute_at_which_it_opens(
        all in any_windows(),
        change in 0..CHANGES.len(),
        minute in 0..900_i64,
    ) {
        let document: Vec<Value> = all.iter().map(written).collect();
        let windows = windows(&json!(document));
        let at = change_at(change) + TimeDelta::minutes(minute);
        let Some(closure) = windows.closure(timestamp(at)) else {
            prop_assert!(is_open(&all, at), "open at {at}: {document:?}");
            return Ok(());
        };
        let said = closure.reason.rsplit(' ').next().unwrap().parse::<DateTime<Utc>>().ok();
        let opens = (0..=LOOKED_AT)
            .map(|minutes| at + TimeDelta::minutes(minutes))
            .find(|at| is_open(&all, *at));
        let near = said.filter(|said| *said <= at + TimeDelta::minutes(LOOKED_AT));
        prop_assert_eq!(near, opens, "{} {:?}", closure.reason, document);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", rule in "(FREQ|BYDAY|COUNT|UNTIL|INTERVAL|=|;|[A-Z0-9,-]){0,12}") {
        let _ = text.parse::<super::Weekly>();
        let _ = text.parse::<super::Zone>();
        let _ = super::Once::new(&text, &text);
        let hour = std::time::Duration::from_hours(1);
        let _ = super::Recurring::new(&rule, "2026-01-01", hour, super::Zone::default());
    }
}
