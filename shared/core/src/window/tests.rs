//! What is open when, and what is said of it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

mod properties;

/// The windows of a target that has these.
pub(super) fn windows(document: &Value) -> Windows {
    let target = json!({
        "name": "api",
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"rolling": {}},
        "windows": document,
    });
    let mut targets = crate::target::parse(&target).unwrap_or_else(|it| panic!("{it}"));
    let target = targets.remove(0);
    // What is written is read back to the same.
    let again = crate::target::parse(&target.to_value()).unwrap();
    assert_eq!(again[0].windows, target.windows);
    target.windows
}

fn london(times: &str) -> Windows {
    windows(&json!([{"allow": times, "zone": "Europe/London"}]))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Why it is closed; nothing if it is open.
fn closed(windows: &Windows, time: &str) -> String {
    let closure = windows.closure(at(time));
    closure.map_or_else(String::new, |closure| {
        assert_eq!(closure.rule, crate::deployment::Rule::WindowClosed);
        closure.reason
    })
}

/// Checks for each time whether it is open.
fn check(windows: &Windows, times: &[(&str, bool)]) {
    for (time, is_open) in times {
        assert_eq!(closed(windows, time).is_empty(), *is_open, "{time}");
    }
}

#[test]
fn without_windows_it_is_always_open() {
    check(&windows(&json!([])), &[("2026-11-29T12:00:00Z", true)]);
}

#[test]
fn office_hours_are_open_from_their_first_minute_to_just_before_their_end() {
    let office = london("Mon-Fri 09:00-17:00");
    check(
        &office,
        &[
            ("2026-11-30T08:59:59Z", false),
            ("2026-11-30T09:00:00Z", true),
            ("2026-11-30T16:59:59Z", true),
            ("2026-11-30T17:00:00Z", false),
            ("2026-11-28T12:00:00Z", false),
        ],
    );
    assert_eq!(
        closed(&office, "2026-11-27T18:00:00Z"),
        "window `Mon-Fri 09:00-17:00` (Europe/London) opens at 2026-11-30T09:00:00Z"
    );
}

#[test]
fn the_hours_are_those_of_the_clock_on_the_wall_on_both_sides_of_a_change() {
    let london = london("Mon-Fri 09:00-17:00");
    // The clocks of London are put back on 25 October, those of New York on 1 November 2026.
    assert!(closed(&london, "2026-10-23T16:30:00Z").ends_with("at 2026-10-26T09:00:00Z"));
    assert!(closed(&london, "2026-03-27T18:00:00Z").ends_with("at 2026-03-30T08:00:00Z"));
    let york = windows(&json!([{"allow": "Mon-Fri 09:00-17:00", "zone": "America/New_York"}]));
    assert!(closed(&york, "2026-10-30T22:00:00Z").ends_with("at 2026-11-02T14:00:00Z"));
    assert!(closed(&york, "2026-10-30T12:00:00Z").ends_with("at 2026-10-30T13:00:00Z"));
}

#[test]
fn an_hour_that_a_clock_leaves_out_or_shows_twice_is_left_out_or_there_twice() {
    let night = london("01:15-01:45");
    // 29 March 2026: 01:00 is followed by 02:00.
    assert!(closed(&night, "2026-03-29T00:50:00Z").ends_with("at 2026-03-30T00:15:00Z"));
    // 25 October 2026: 02:00 is followed by 01:00.
    check(
        &night,
        &[
            ("2026-10-25T00:20:00Z", true),
            ("2026-10-25T00:50:00Z", false),
            ("2026-10-25T01:20:00Z", true),
            ("2026-10-25T01:50:00Z", false),
        ],
    );
    // What has begun before is open again when the clock is put back into it.
    let around = london("00:45-01:30");
    assert!(closed(&around, "2026-10-25T00:40:00Z").ends_with("at 2026-10-25T01:00:00Z"));
    // In New York, 02:00 is followed by 03:00 on 8 March 2026.
    let york = windows(&json!([{"deny": "02:00-03:00", "zone": "America/New_York"}]));
    check(
        &york,
        &[
            ("2026-03-08T06:59:59Z", true),
            ("2026-03-08T07:00:00Z", true),
        ],
    );
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let nights = london("Fri 22:00-04:00, Sun 00:00-24:00");
    check(
        &nights,
        &[
            ("2026-11-27T21:59:00Z", false),
            ("2026-11-27T22:00:00Z", true),
            ("2026-11-28T03:59:00Z", true),
            ("2026-11-28T04:00:00Z", false),
            ("2026-11-28T22:00:00Z", false),
            ("2026-11-29T00:00:00Z", true),
            ("2026-11-29T23:59:59Z", true),
            ("2026-11-30T00:00:00Z", false),
            // Nor is there one before Friday.
            ("2026-11-27T01:00:00Z", false),
        ],
    );
}

#[test]
fn days_share_the_times_that_follow_them_and_may_go_round_the_weekend() {
    check(
        &windows(
            &json!([{"allow": "Mon,Wed 09:00-10:00, sat-sun 12:00-13:00, Fri-Mon 20:00-21:00"}]),
        ),
        &[
            ("2026-11-30T09:30:00Z", true),
            ("2026-12-01T09:30:00Z", false),
            ("2026-12-02T09:30:00Z", true),
            ("2026-11-29T12:30:00Z", true),
            ("2026-11-30T12:30:00Z", false),
            ("2026-11-30T20:30:00Z", true),
            ("2026-12-01T20:30:00Z", false),
            ("2026-11-27T20:30:00Z", true),
        ],
    );
}

#[test]
fn what_denies_counts_before_what_allows() {
    let both = windows(&json!([
        {"allow": "Mon-Fri 09:00-17:00", "zone": "Europe/London"},
        {"deny": {"from": "2026-12-21", "to": "2027-01-01"}, "zone": "Europe/London", "reason": "year end"},
    ]));
    // A date is its whole day; Friday the first is one, so Monday is next.
    assert_eq!(
        closed(&both, "2026-12-30T12:00:00Z"),
        "window deny `2026-12-21 to 2027-01-01` (Europe/London; year end) closes it until \
         2027-01-04T09:00:00Z"
    );
    // The office hours are over, but the freeze is what a person has to know of.
    assert!(closed(&both, "2026-12-20T23:00:00Z").starts_with("window `Mon-Fri"));
    assert!(closed(&both, "2026-12-21T00:00:00Z").starts_with("window deny"));
}

#[test]
fn a_freeze_may_begin_and_end_within_a_day() {
    let freeze = windows(&json!([
        {"deny": {"from": "2026-07-03T18:00", "to": "2026-07-03T19:30"}, "zone": "America/New_York"},
    ]));
    check(
        &freeze,
        &[
            ("2026-07-03T21:59:59Z", true),
            ("2026-07-03T22:00:00Z", false),
            ("2026-07-03T23:29:59Z", false),
            ("2026-07-03T23:30:00Z", true),
        ],
    );
}

#[test]
fn a_rule_of_icalendar_recurs() {
    let release_days = windows(&json!([{
        "allow": {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01T09:00", "duration": "8h"},
        "zone": "Europe/London",
    }]));
    check(
        &release_days,
        &[
            ("2026-11-27T08:59:59Z", false),
            ("2026-11-27T09:00:00Z", true),
            ("2026-11-27T16:59:59Z", true),
            ("2026-11-27T17:00:00Z", false),
            ("2026-11-20T12:00:00Z", false),
            // In summer nine o'clock is eight in UTC.
            ("2026-07-31T08:00:00Z", true),
            ("2026-07-31T16:00:00Z", false),
        ],
    );
    assert_eq!(
        closed(&release_days, "2026-11-29T20:00:00Z"),
        "window `FREQ=MONTHLY;BYDAY=-1FR, 8h from 2026-01-01T09:00` (Europe/London) opens at \
         2026-12-25T09:00:00Z"
    );
}

#[test]
fn an_occurrence_may_last_into_the_next_and_a_rule_may_end() {
    let rule = |rule: &str| {
        windows(&json!([{
            "deny": {"rrule": rule, "start": "2026-06-01", "duration": "48h"},
            "zone": "America/New_York",
        }]))
    };
    let weekly = rule("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260616T035959Z");
    check(
        &weekly,
        &[
            ("2026-06-01T04:00:00Z", false),
            ("2026-06-03T03:59:59Z", false),
            ("2026-06-03T04:00:00Z", true),
            // It ends on 15 June by the clock of New York, where that is a Monday.
            ("2026-06-15T04:00:00Z", false),
            ("2026-06-22T04:00:00Z", true),
        ],
    );
    check(
        &rule("FREQ=DAILY;COUNT=3"),
        &[
            ("2026-06-05T03:59:59Z", false),
            ("2026-06-05T04:00:00Z", true),
        ],
    );
}

#[test]
fn what_never_opens_is_said() {
    let past = windows(&json!([{"allow": {"from": "2026-01-01", "to": "2026-01-02"}}]));
    assert_eq!(
        closed(&past, "2026-11-29T12:00:00Z"),
        "window `2026-01-01 to 2026-01-02` (UTC) does not open within 400 days"
    );
    let always = windows(&json!([{"deny": "00:00-24:00", "reason": "it is retired"}]));
    assert_eq!(
        closed(&always, "2026-11-29T12:00:00Z"),
        "window deny `00:00-24:00` (UTC; it is retired) closes it, and it does not open within 400 days"
    );
}

#[test]
fn a_time_beyond_all_calendars_is_closed() {
    let office = london("Mon-Fri 09:00-17:00");
    for time in [Timestamp::MAX, Timestamp::MIN] {
        let _ = office.closure(time);
    }
    assert!(office.closure(Timestamp::MAX).is_some());
}
