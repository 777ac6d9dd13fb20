//! Any windows.

use std::time::Duration;

use proptest::prelude::*;

use crate::window::{Once, Recurring, Side, Times, Window, Windows, Zone};

/// Any windows that mean something.
pub(super) fn windows() -> impl Strategy<Value = Windows> {
    let zones = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"];
    let zone = prop::sample::select(zones.to_vec()).prop_map(|zone| zone.parse::<Zone>().unwrap());
    let window = zone.prop_flat_map(|zone| {
        let side = prop::sample::select(vec![Side::Allow, Side::Deny]);
        let reason = prop::option::of("[A-Za-z0-9][A-Za-z0-9 .-]{0,30}[A-Za-z0-9]");
        (side, times(zone), reason).prop_map(move |(side, times, reason)| Window {
            side,
            times,
            zone,
            reason,
        })
    });
    prop::collection::vec(window, 0..3).prop_map(Windows)
}

fn times(zone: Zone) -> impl Strategy<Value = Times> {
    let weekly = [
        "Mon-Fri 09:00-17:00",
        "22:00-04:00",
        "Sat,Sun 00:00-24:00, Fri 10:00-12:00",
    ];
    let rules = [
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=DAILY;INTERVAL=3;COUNT=9",
        "FREQ=WEEKLY;UNTIL=20261231T235959Z",
    ];
    prop_oneof![
        prop::sample::select(weekly.to_vec()).prop_map(|text| Times::Weekly(text.parse().unwrap())),
        (prop::sample::select(rules.to_vec()), 1..1000_u64).prop_map(move |(rule, minutes)| {
            let lasts = Duration::from_mins(minutes);
            let recurring = Recurring::new(rule, "2026-01-01T09:30", lasts, zone).unwrap();
            Times::Recurring(Box::new(recurring))
        }),
        (1..28_u8, 1..28_u8).prop_map(|(from, to)| {
            let (from, to) = (
                format!("2026-11-{from:02}"),
                format!("2026-12-{to:02}T12:00"),
            );
            Times::Once(Once::new(&from, &to).unwrap())
        }),
    ]
}
