//! What Greenlight tells others is as it has promised: every event that a test's world has seen is checked
//! against its schema when the world ends.

use std::collections::HashMap;
use std::sync::LazyLock;

use greenlight_core::record::DetailType;
use jsonschema::Validator;
use rehearsal::account::Account;
use serde_json::Value;

/// Compiled once for all tests of a program.
static SCHEMAS: LazyLock<HashMap<&str, Validator>> = LazyLock::new(|| {
    DetailType::ALL
        .into_iter()
        .map(|kind| {
            let schema = jsonschema::draft202012::new(&kind.schema());
            let schema = schema.unwrap_or_else(|error| panic!("{}: {error}", kind.as_str()));
            (kind.as_str(), schema)
        })
        .collect()
});

/// Checks the events of an account when it goes.
#[derive(Debug)]
pub struct EventContract(Account);

impl EventContract {
    /// That of all that is emitted in this account.
    pub fn of(account: &Account) -> Self {
        Self(account.clone())
    }
}

impl Drop for EventContract {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for event in self.0.events().history() {
            if event["source"] == "greenlight"
                && let Err(problem) = check_event(&event)
            {
                panic!("{problem}");
            }
        }
    }
}

/// Whether an event is as its schema says.
pub fn check_event(event: &Value) -> Result<(), String> {
    let kind = event["detail-type"].as_str().unwrap_or_default();
    let schema = SCHEMAS
        .get(kind)
        .ok_or_else(|| format!("no schema for the event `{kind}`"))?;
    match schema.iter_errors(event).next() {
        None => Ok(()),
        Some(error) => Err(format!(
            "`{kind}` is not as its schema says: {error} at `{}`\n{event:#}\nhint: if the event was changed \
             on purpose, change `shared/core/src/record/schema.rs`, too",
            error.instance_path()
        )),
    }
}
