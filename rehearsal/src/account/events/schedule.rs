//! Rules with a schedule: what is invoked every so often, on the account's clock.
//!
//! A [`Schedule`] ticks by itself once [`EventBus::add_schedule`] has it, for as long as there is somebody
//! who holds the account: its task holds neither. Idle ticks are no news, so the journal hears only of
//! those that fail, and they take no ids from the account, whose ids are then the same with a schedule and
//! without. Not simulated: `cron(…)`, which is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{EventBus, Target};
use crate::account::functions::uuid;
use crate::account::{WeakAccount, hex};
use crate::clock::Clock;

/// A rule that a clock sets off.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Unique on the bus; a schedule of the same name is replaced.
    pub name: String,
    /// How often; the first time after this, too.
    pub every: Duration,
    /// Where each tick is sent.
    pub targets: Vec<Target>,
}

/// Why a schedule expression was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` {reason}")]
pub struct InvalidSchedule {
    expression: String,
    reason: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// By name. Whoever ticks holds a weak reference: it ends when its schedule is replaced.
    schedules: BTreeMap<String, Arc<Schedule>>,
    paused: bool,
    /// How many ids were given to ticks.
    ids: u64,
}

/// How often `rate(1 minute)` is. EventBridge wants the unit in the singular after 1, and only then.
pub fn rate(expression: &str) -> Result<Duration, InvalidSchedule> {
    let refuse = |reason| InvalidSchedule {
        expression: expression.to_owned(),
        reason,
    };
    if expression.starts_with("cron(") {
        return Err(refuse("is not rehearsed: only rate(…) is"));
    }
    let is_rate = expression.strip_prefix("rate(");
    let parts = is_rate.and_then(|it| it.strip_suffix(')')?.split_once(' '));
    let (count, unit) = parts.ok_or_else(|| refuse("is not a rate(number unit)"))?;
    let count: u64 = count
        .parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| refuse("does not begin with a number from 1 on"))?;
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if (count == 1) != (singular == unit) {
        return Err(refuse("has a unit that does not agree with its number"));
    }
    let seconds = match singular {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return Err(refuse("has a unit that is not minutes, hours or days")),
    };
    let seconds = count.checked_mul(seconds);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| refuse("is too seldom"))
}

impl EventBus {
    /// Adds a schedule, or replaces the one of that name, and lets it tick.
    pub fn add_schedule(&self, schedule: Schedule) {
        let schedule = Arc::new(schedule);
        let ticks = tick(
            self.account.downgrade(),
            self.account.clock().clone(),
            Arc::downgrade(&schedule),
        );
        let schedules = &mut self.account.state().events.schedules.schedules;
        schedules.insert(schedule.name.clone(), schedule);
        tokio::spawn(ticks);
    }

    /// From now on no schedule does anything when it ticks. May be called before there are any.
    pub fn pause_schedules(&self) {
        self.account.state().events.schedules.paused = true;
    }

    /// Takes back a [`pause_schedules`](Self::pause_schedules).
    pub fn resume_schedules(&self) {
        self.account.state().events.schedules.paused = false;
    }

    /// Lets all schedules tick once more, now, whether they are paused or not.
    pub fn tick_schedules(&self) {
        let schedules = self.account.state().events.schedules.schedules.clone();
        for schedule in schedules.values() {
            self.fire(schedule);
        }
    }

    fn fire(&self, schedule: &Schedule) {
        let rule = self
            .account
            .arn("events", &format!("rule/{}", schedule.name));
        let event = self.envelope(
            &self.tick_id(),
            "aws.events",
            "Scheduled Event",
            &json!([rule]),
            &json!({}),
        );
        for target in &schedule.targets {
            self.send(&schedule.name, target, &event, |function, event: &Value| {
                let functions = self.account.functions();
                functions.invoke_on_schedule(function, self.tick_id(), event.clone());
            });
        }
    }

    fn tick_id(&self) -> String {
        let ids = &mut self.account.state().events.schedules.ids;
        *ids += 1;
        uuid(&hex(&Sha256::digest(format!("tick {ids}"))))
    }
}

async fn tick(account: WeakAccount, clock: Clock, schedule: Weak<Schedule>) {
    while let Some(every) = schedule.upgrade().map(|schedule| schedule.every) {
        clock.sleep(every).await;
        let (Some(account), Some(schedule)) = (account.upgrade(), schedule.upgrade()) else {
            return;
        };
        let paused = account.state().events.schedules.paused;
        if !paused {
            account.events().fire(&schedule);
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
