use serde_json::json;

use super::check;

#[test]
fn each_window_allows_or_denies() {
    check(
        "/windows",
        json!([{"zone": "UTC"}, {"allow": "09:00-17:00", "deny": "09:00-17:00"}, {"alow": "09:00-17:00"}]),
        "windows[0]: expected exactly one of `allow` and `deny`\n\
         windows[1]: expected exactly one of `allow` and `deny`\n\
         windows[2].alow: unknown key\n  hint: did you mean `allow`?\n\
         windows[2]: expected exactly one of `allow` and `deny`",
    );
}

#[test]
fn a_zone_is_one_of_the_database() {
    check(
        "/windows",
        json!([{"allow": "09:00-17:00", "zone": "Europe/Londn"}]),
        "windows[0].zone: `Europe/Londn` is no time zone of the IANA database, such as `Europe/London`; \
         did you mean `Europe/London`?",
    );
}

#[test]
fn days_and_times_are_unambiguous() {
    let usage = "write days and times, such as `Mon-Fri 09:00-17:00, Sat 22:00-04:00`";
    for (text, why) in [
        ("Mon-Fri", "the last days have no times"),
        ("Mon 09:00-17:00, Tue", "the last days have no times"),
        (
            "Mon 09:00-12:00, 13:00-17:00",
            "one range names its days and another does not",
        ),
        (
            "Mon, 09:00-17:00",
            "`09:00-17:00` follows days without times",
        ),
        (
            "Mo 09:00-17:00",
            "`Mo` is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun",
        ),
        ("Mon 9-17", "`9-17` is not as `09:00-17:00`"),
        ("Mon 09:00-24:01", "`09:00-24:01` is not as `09:00-17:00`"),
        ("Mon 9:00-17:00", "`9:00-17:00` is not as `09:00-17:00`"),
        (
            "Mon 09:00-09:00",
            "`09:00-09:00` has no end; a whole day is `00:00-24:00`, and what ends at midnight ends at `24:00`",
        ),
        (
            "Mon 09:00-00:00",
            "`09:00-00:00` has no end; a whole day is `00:00-24:00`, and what ends at midnight ends at `24:00`",
        ),
        (
            "Mon - Fri 09:00-17:00",
            "`Mon - Fri 09:00-17:00` is no range",
        ),
        ("09:00-17:00,", "`` is no range"),
    ] {
        check(
            "/windows",
            json!([{"allow": text}]),
            &format!("windows[0].allow: `{text}` is not understood: {why}; {usage}"),
        );
    }
}

#[test]
fn a_freeze_has_a_beginning_and_an_end() {
    let form = "write `2026-12-20` or `2026-12-20T18:00`, in the zone of the window";
    check(
        "/windows",
        json!([
            {"deny": {"from": "2026-12-20", "to": "2026-12-19"}},
            {"deny": {"from": "20.12.2026", "to": "2026-12-24"}},
            {"deny": {"from": "2026-12-20", "to": "2026-12-24T18:00Z"}},
            {"deny": {"from": "2026-12-20", "until": "2026-12-24"}},
            {"deny": 3},
        ]),
        &format!(
            "windows[0].deny: it ends at `2026-12-19`, before it begins at `2026-12-20`\n\
             windows[1].deny: `20.12.2026` is no date or time; {form}\n\
             windows[2].deny: `2026-12-24T18:00Z` is no date or time; {form}\n\
             windows[3].deny.until: unknown key\n  hint: known here: `from`, `to`\n\
             windows[3].deny: `to` is missing\n\
             windows[4].deny: expected days and times (`Mon-Fri 09:00-17:00`), a mapping with `rrule`, `start` \
             and `duration`, or one with `from` and `to`, found the number 3"
        ),
    );
}

/// What would keep a function busy, or mean something else to somebody else, is refused.
#[test]
fn a_rule_begins_once_a_day_at_the_most() {
    let often = "a window may begin once a day at the most, at the time of `start`; found";
    for (rule, problem) in [
        ("FREQ=SECONDLY", format!("{often} `FREQ=SECONDLY`")),
        ("FREQ=MINUTELY;COUNT=2", format!("{often} `FREQ=MINUTELY`")),
        ("FREQ=HOURLY", format!("{often} `FREQ=HOURLY`")),
        ("FREQ=DAILY;BYHOUR=1,2,3", format!("{often} `BYHOUR`")),
        ("FREQ=DAILY;BYMINUTE=0", format!("{often} `BYMINUTE`")),
        ("FREQ=DAILY;BYSECOND=1", format!("{often} `BYSECOND`")),
        (
            "FREQ=DAILY;UNTIL=20271231T000000",
            "`UNTIL` has to be in UTC, such as `UNTIL=20261231T235959Z`".to_owned(),
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "`FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30` never occurs after `start`".to_owned(),
        ),
        (
            "FREQ=DAILY\nRRULE:FREQ=DAILY",
            "`FREQ=DAILY RRULE:FREQ=DAILY` is no RRULE of iCalendar: write at most 300 characters, such as \
             `FREQ=MONTHLY;BYDAY=-1FR`"
                .to_owned(),
        ),
    ] {
        let times = json!({"rrule": rule, "start": "2026-01-01T09:00", "duration": "8h"});
        check(
            "/windows",
            json!([{"deny": times}]),
            &format!("windows[0].deny: {problem}"),
        );
    }
    check(
        "/windows",
        json!([{"deny": {"rrule": "FREQ=DAILY", "duration": "745h"}}]),
        "windows[0].deny: `start` is missing\n\
         windows[0].deny.duration: expected a duration from 1m to 744h, found `745h`",
    );
}
