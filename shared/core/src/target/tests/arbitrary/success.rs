//! Any `on_success` and `promote`.

use std::time::Duration;

use proptest::prelude::*;

use crate::target::{OnSuccess, Promote};

pub(super) fn on_success() -> impl Strategy<Value = OnSuccess> {
    let tag = prop::option::of("deployed-to-[a-z]{1,8}");
    let parameter = prop::option::of("(/[b-r][A-Za-z0-9_.-]{0,9}){1,5}");
    (tag, parameter).prop_map(|(tag, parameter)| OnSuccess {
        tag: tag.map(|tag| tag.parse().unwrap()),
        parameter: parameter.map(|name| name.parse().unwrap()),
    })
}

pub(super) fn promote() -> impl Strategy<Value = Option<Promote>> {
    let promote = ("promoted-to-[a-z]{1,8}", 0..720u64).prop_map(|(tag, hours)| Promote {
        tag: tag.parse().unwrap(),
        after: Duration::from_hours(hours),
    });
    prop::option::of(promote)
}
