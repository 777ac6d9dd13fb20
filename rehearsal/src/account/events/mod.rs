//! EventBridge: the default bus, its rules, and the way from an event to a function or a queue.
//!
//! Services of the account put whole events with [`EventBus::put`], clients with the API `PutEvents`
//! (`api.rs`); which rule takes an event is decided by its [`Pattern`]. EventBridge delivers at least once
//! and ECR's events are best effort (AWS-FACTS 1.1, 9): [`Disturbance`] makes the bus duplicate, drop,
//! delay or hold back events, for tests and scenarios. Rules with a [`Schedule`] are in `schedule.rs`.

mod api;
mod pattern;
mod schedule;
mod transformer;

use std::time::Duration;

use serde_json::Value;

pub use pattern::{InvalidPattern, Pattern};
pub use schedule::{InvalidSchedule, Schedule, rate};
pub use transformer::InputTransformer;

use super::Account;
use super::functions::uuid;
use super::journal::Tone;

/// The account's default event bus. Clones are the same.
#[derive(Debug, Clone)]
pub struct EventBus {
    account: Account,
}

/// A rule on the default bus.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique on the bus; a rule of the same name is replaced.
    pub name: String,
    /// Which events it takes.
    pub pattern: Pattern,
    /// Where it sends them, as they are.
    pub targets: Vec<Target>,
}

/// Where a rule sends events.
#[derive(Debug, Clone)]
pub struct Target {
    /// The function or queue.
    pub kind: TargetKind,
    /// Name of the queue for events that cannot be delivered.
    pub dead_letters: Option<String>,
}

/// What kind of thing a rule sends events to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetKind {
    /// Name or ARN of a function, which is invoked asynchronously.
    Function(String),
    /// Name or ARN of a queue.
    Queue(String),
    /// A topic.
    Topic {
        /// Its name or ARN.
        topic: String,
        /// What is made of the event first.
        input: Option<InputTransformer>,
    },
}

/// What the bus does to the events of a [`Pattern`] instead of delivering them once and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// Delivers so many times.
    Duplicate(usize),
    /// Does not deliver.
    Drop,
    /// Does not deliver every so manieth.
    DropEvery(usize),
    /// Delivers this much later.
    Delay(Duration),
    /// Keeps the event until it is asked for by [`EventBus::take_held`].
    Hold,
}

#[derive(Default)]
pub(crate) struct State {
    rules: Vec<Rule>,
    disturbances: Vec<Disturbed>,
    held: Vec<Value>,
    /// Everything that was put, newest last.
    history: std::collections::VecDeque<Value>,
    /// Events that wait for their delay to pass.
    delayed: usize,
    schedules: schedule::State,
}

/// The events that are disturbed, how, and how many there were.
struct Disturbed {
    pattern: Pattern,
    disturbance: Disturbance,
    seen: usize,
}

/// How many events are remembered.
const REMEMBERED: usize = 10_000;

impl Account {
    /// The default event bus.
    pub fn events(&self) -> EventBus {
        EventBus {
            account: self.clone(),
        }
    }
}

impl EventBus {
    /// Adds a rule, or replaces the rule of that name.
    pub fn add_rule(&self, rule: Rule) {
        let mut state = self.account.state();
        state.events.rules.retain(|known| known.name != rule.name);
        state.events.rules.push(rule);
    }

    /// Puts an event, with its whole envelope, on the bus.
    pub fn put(&self, event: Value) {
        let disturbance = {
            let events = &mut self.account.state().events;
            events.history.push_back(event.clone());
            if events.history.len() > REMEMBERED {
                events.history.pop_front();
            }
            let mut disturbances = events.disturbances.iter_mut();
            let disturbed = disturbances.find(|it| it.pattern.matches(&event));
            disturbed.and_then(|disturbed| {
                disturbed.seen += 1;
                match disturbed.disturbance {
                    Disturbance::DropEvery(number) => disturbed
                        .seen
                        .is_multiple_of(number)
                        .then_some(Disturbance::Drop),
                    other => Some(other),
                }
            })
        };
        match disturbance {
            None => self.deliver(&event),
            Some(Disturbance::Drop | Disturbance::DropEvery(_)) => {}
            Some(Disturbance::Duplicate(times)) => (0..times).for_each(|_| self.deliver(&event)),
            Some(Disturbance::Hold) => self.account.state().events.held.push(event),
            Some(Disturbance::Delay(by)) => {
                self.account.state().events.delayed += 1;
                let bus = self.clone();
                tokio::spawn(async move {
                    bus.account.clock().sleep(by).await;
                    bus.deliver(&event);
                    bus.account.state().events.delayed -= 1;
                });
            }
        }
    }

    /// Wraps `detail` into an envelope of this account, and puts it.
    pub fn put_detail(
        &self,
        source: &str,
        detail_type: &str,
        resources: &Value,
        detail: &Value,
    ) -> String {
        let id = uuid(&self.account.unique());
        self.put(self.envelope(&id, source, detail_type, resources, detail));
        id
    }

    /// The same, as forwarded from the bus of another account and region.
    pub(crate) fn put_forwarded(
        &self,
        (account_id, region): (&str, &str),
        source: &str,
        detail_type: &str,
        resources: &Value,
        detail: &Value,
    ) {
        let id = uuid(&self.account.unique());
        let mut event = self.envelope(&id, source, detail_type, resources, detail);
        event["account"] = account_id.into();
        event["region"] = region.into();
        self.put(event);
    }

    /// Delivers an event to whatever its rules say, now, whatever disturbs the bus.
    pub fn deliver(&self, event: &Value) {
        let rules: Vec<Rule> = {
            let state = self.account.state();
            state
                .events
                .rules
                .iter()
                .filter(|rule| rule.pattern.matches(event))
                .cloned()
                .collect()
        };
        for rule in rules {
            for target in &rule.targets {
                self.send(&rule.name, target, event, |function, event| {
                    let functions = self.account.functions();
                    functions.invoke_async(function, event.clone());
                });
            }
        }
    }

    /// From now on, does this to the events of the pattern. The first that fits an event counts.
    pub fn disturb(&self, pattern: Pattern, disturbance: Disturbance) {
        self.account.state().events.disturbances.push(Disturbed {
            pattern,
            disturbance,
            seen: 0,
        });
    }

    /// Ends all disturbances. What is held stays held.
    pub fn calm(&self) {
        self.account.state().events.disturbances.clear();
    }

    /// The events that were held back since the last call, in the order in which they were put.
    pub fn take_held(&self) -> Vec<Value> {
        std::mem::take(&mut self.account.state().events.held)
    }

    /// The events that were put, oldest first, whether they were delivered or not.
    pub fn history(&self) -> Vec<Value> {
        self.account
            .state()
            .events
            .history
            .iter()
            .cloned()
            .collect()
    }

    /// How many events are waiting for a delay to pass. Held ones wait for somebody.
    pub fn pending(&self) -> usize {
        self.account.state().events.delayed
    }

    /// Sends an event to a target of a rule; `invoke` is how a function is invoked with it.
    fn send(&self, rule: &str, target: &Target, event: &Value, invoke: impl Fn(&str, &Value)) {
        let delivered = match &target.kind {
            TargetKind::Function(function) => {
                let exists = self.account.functions().exists(function);
                if exists {
                    invoke(function, event);
                }
                exists
            }
            TargetKind::Queue(queue) => self
                .account
                .queue(queue)
                .map(|queue| queue.send(event))
                .is_some(),
            TargetKind::Topic { topic, input } => {
                let message = match input {
                    Some(input) => input.transform(event),
                    None => event.to_string(),
                };
                self.account.publish(topic, &message)
            }
        };
        if delivered {
            return;
        }
        // EventBridge would try for a day; nothing that is missing here appears by itself.
        let text = format!("rule {rule} cannot deliver to {}", target.kind.name());
        self.account.journal().note("events", Tone::Bad, text);
        if let Some(queue) = target
            .dead_letters
            .as_ref()
            .and_then(|name| self.account.queue(name))
        {
            let target_arn = match &target.kind {
                TargetKind::Function(name) if !name.starts_with("arn:") => {
                    self.account.functions().arn(name)
                }
                kind => kind.name().to_owned(),
            };
            // The attributes are those that the user guide lists (Using dead-letter queues to process undelivered
            // events); the wording of the message is guessed.
            let attributes = [
                (
                    "RULE_ARN",
                    self.account.arn("events", &format!("rule/{rule}")),
                ),
                ("TARGET_ARN", target_arn),
                ("ERROR_CODE", "NO_RESOURCE".to_owned()),
                ("ERROR_MESSAGE", "The target does not exist.".to_owned()),
                ("RETRY_ATTEMPTS", "0".to_owned()),
            ];
            let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
            queue.send_with(event, attributes.into());
        }
    }
}

impl TargetKind {
    /// Name or ARN.
    pub fn name(&self) -> &str {
        match self {
            Self::Function(name) | Self::Queue(name) | Self::Topic { topic: name, .. } => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::FutureExt as _;
    use serde_json::json;

    use super::*;
    use crate::account::Settings;
    use crate::account::functions::Invocation;
    use crate::account::queue::Attributes;

    /// A bus with one rule for source `test` that sends to the function `Sees`, and what that one saw.
    fn bus() -> (Account, Arc<Mutex<Vec<Value>>>) {
        let account = Account::new(Settings::for_tests());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = seen.clone();
        account.functions().register(
            "Sees",
            Arc::new(move |it: Invocation| {
                keep.lock().unwrap().push(it.payload["detail"]["n"].clone());
                async { Ok(json!(null)) }.boxed()
            }),
        );
        account.events().add_rule(Rule {
            name: "to-sees".to_owned(),
            pattern: Pattern::parse(&json!({"source": ["test"]})).unwrap(),
            targets: vec![target("Sees")],
        });
        (account, seen)
    }

    fn target(function: &str) -> Target {
        Target {
            kind: TargetKind::Function(function.to_owned()),
            dead_letters: Some("dead".to_owned()),
        }
    }

    fn put(account: &Account, source: &str, number: i32) {
        account
            .events()
            .put_detail(source, "Test", &json!([]), &json!({ "n": number }));
    }

    fn only(number: i32) -> Pattern {
        Pattern::parse(&json!({"detail": {"n": [number]}})).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_goes_to_the_targets_of_the_rules_that_take_it() {
        let (account, seen) = bus();
        put(&account, "test", 1);
        put(&account, "other", 2);
        account.clock().sleep(Duration::from_secs(1)).await;
        assert_eq!(*seen.lock().unwrap(), [1]);
        assert_eq!(account.events().history().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_duplicated_dropped_delayed_and_held_back() {
        let (account, seen) = bus();
        let bus = account.events();
        bus.disturb(only(1), Disturbance::Duplicate(2));
        bus.disturb(only(2), Disturbance::Drop);
        bus.disturb(only(3), Disturbance::Delay(Duration::from_secs(30)));
        bus.disturb(only(4), Disturbance::Hold);
        for number in 1..=5 {
            put(&account, "test", number);
        }
        account.clock().sleep(Duration::from_secs(1)).await;
        assert_eq!(*seen.lock().unwrap(), [1, 1, 5]);
        assert_eq!(bus.pending(), 1);
        account.clock().sleep(Duration::from_secs(30)).await;
        bus.take_held().iter().for_each(|event| bus.deliver(event));
        bus.calm();
        put(&account, "test", 2);
        account.clock().sleep(Duration::from_secs(1)).await;
        assert_eq!(*seen.lock().unwrap(), [1, 1, 5, 3, 4, 2]);
        assert_eq!((bus.pending(), bus.take_held().len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn every_third_event_is_dropped() {
        let (account, seen) = bus();
        let all = Pattern::parse(&json!({"source": ["test"]})).unwrap();
        account.events().disturb(all, Disturbance::DropEvery(3));
        for number in 1..=7 {
            put(&account, "test", number);
        }
        account.clock().sleep(Duration::from_secs(1)).await;
        assert_eq!(*seen.lock().unwrap(), [1, 2, 4, 5, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_for_a_missing_function_goes_to_the_dead_letter_queue() {
        let (account, _) = bus();
        account.add_queue("dead", Attributes::default()).unwrap();
        let pattern = Pattern::parse(&json!({"source": ["test"]})).unwrap();
        account.events().add_rule(Rule {
            name: "to-sees".to_owned(),
            pattern,
            targets: vec![target("Nobody")],
        });
        put(&account, "test", 7);
        let dead: Value =
            serde_json::from_str(&account.queue("dead").unwrap().bodies()[0]).unwrap();
        assert_eq!(dead["detail"]["n"], 7);
        assert_eq!(dead["account"], "123456789012");
    }
}
