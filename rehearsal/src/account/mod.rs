//! The simulated account: one state, one door.
//!
//! Every AWS call comes in through [`Account::handle`], as it comes over the wire, and is answered by the
//! module of its service; what happens by itself (tasks start, health is checked, traffic shifts) runs
//! as tokio tasks on the account's [`Clock`]. The calls and happenings are in the [`Journal`].

mod cbor;
pub mod cloudformation;
pub mod cloudwatch;
pub mod codedeploy;
pub mod codepipeline;
pub mod containers;
pub mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod error;
pub mod events;
pub mod functions;
mod http_client;
pub mod iam;
pub mod journal;
mod lambda;
mod logs;
mod members;
pub mod network;
mod query;
pub mod queue;
pub mod s3;
#[cfg(test)]
mod sample;
mod scope;
mod secretsmanager;
mod service;
mod settings;
mod sns;
pub mod ssm;
pub mod sts;
pub mod template;
mod wire;
#[cfg(test)]
mod wire_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use error::ServiceError;
pub use journal::Journal;
pub use settings::{
    ControllerDeployments, HookFailure, ImageUriVariable, ImmutableRepeat, IndexScan, JobDetails,
    LateResult, Network, Replication, ReportedDigest, Retag, Settings, Unaccepted,
    UnresolvedVariable, UntaggedPush,
};

use crate::clock::Clock;
pub(crate) use members::Members;

/// A simulated AWS account. Clones are the same account.
#[derive(Clone)]
pub struct Account {
    inner: Arc<Inner>,
}

/// An account that is not kept alive by whoever holds this.
#[derive(Clone)]
pub(crate) struct WeakAccount(Weak<Inner>);

struct Inner {
    settings: Settings,
    journal: Journal,
    tables: dynamodb::Tables,
    buckets: s3::Buckets,
    state: Mutex<State>,
}

/// Everything that the account's services remember. Held for short sections, never across an await.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) cloudformation: cloudformation::State,
    pub(crate) cloudwatch: cloudwatch::State,
    pub(crate) ecr: ecr::State,
    pub(crate) ecs: ecs::State,
    pub(crate) elb: elb::State,
    pub(crate) codedeploy: codedeploy::State,
    pub(crate) codepipeline: codepipeline::State,
    pub(crate) events: events::State,
    pub(crate) functions: functions::State,
    pub(crate) iam: iam::State,
    pub(crate) logs: logs::State,
    pub(crate) queues: queue::State,
    pub(crate) network: network::State,
    pub(crate) secretsmanager: secretsmanager::State,
    pub(crate) sns: sns::State,
    pub(crate) ssm: ssm::State,
    pub(crate) sts: sts::State,
    /// Access key id → the name under which its calls are journalled.
    callers: BTreeMap<String, String>,
    /// Caller and action (`ecs:RegisterTaskDefinition`) that are refused.
    denied: BTreeSet<(String, String)>,
    /// How many ids were given out.
    ids: u64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("account_id", &self.settings().account_id)
            .field("region", &self.settings().region)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// An empty account. What runs in it by itself runs on the tokio runtime that is current at the time
    /// of each call.
    pub fn new(settings: Settings) -> Self {
        let journal = Journal::new(settings.clock.clone());
        Self {
            inner: Arc::new(Inner {
                settings,
                journal,
                tables: dynamodb::Tables::default(),
                buckets: s3::Buckets::default(),
                state: Mutex::default(),
            }),
        }
    }

    /// What the account was opened with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The account's time.
    pub fn clock(&self) -> &Clock {
        &self.inner.settings.clock
    }

    /// The calls made to this account and what happened in it.
    pub fn journal(&self) -> Journal {
        self.inner.journal.clone()
    }

    /// Gives a function (or person) credentials of its own, so that its calls are journalled under
    /// `name`. Returns the access key id.
    pub fn add_caller(&self, name: &str) -> String {
        let key = access_key_id(name);
        self.state().callers.insert(key.clone(), name.to_owned());
        key
    }

    /// From now on, `caller` may not do `action` (`ecs:RegisterTaskDefinition`).
    pub fn deny(&self, caller: &str, action: &str) {
        self.state()
            .denied
            .insert((caller.to_owned(), action.to_owned()));
    }

    /// Takes back a [`deny`](Self::deny).
    pub fn allow(&self, caller: &str, action: &str) {
        self.state()
            .denied
            .remove(&(caller.to_owned(), action.to_owned()));
    }

    pub(crate) fn downgrade(&self) -> WeakAccount {
        WeakAccount(Arc::downgrade(&self.inner))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not turn every later call into one.
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tables(&self) -> &dynamodb::Tables {
        &self.inner.tables
    }

    pub(crate) fn buckets(&self) -> &s3::Buckets {
        &self.inner.buckets
    }

    /// A new id of 32 hexadecimal digits: unique in the account, and the same in every run.
    pub(crate) fn unique(&self) -> String {
        self.state().unique()
    }

    /// `arn:aws:<service>:<region>:<account>:<resource>`
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Settings {
            region, account_id, ..
        } = self.settings();
        format!("arn:aws:{service}:{region}:{account_id}:{resource}")
    }
}

impl WeakAccount {
    /// The account, if somebody else holds it.
    pub(crate) fn upgrade(&self) -> Option<Account> {
        self.0.upgrade().map(|inner| Account { inner })
    }
}

impl State {
    /// A new id of 32 hexadecimal digits: unique in the account, and the same in every run.
    pub(crate) fn unique(&mut self) -> String {
        self.ids += 1;
        hex(&Sha256::digest(self.ids.to_be_bytes()))
            .chars()
            .take(32)
            .collect()
    }
}

/// The access key id of a function's (or person's) credentials: `AKIA`, then the name in capitals
/// without punctuation, cut or filled up with `X` to the usual 20 characters.
pub fn access_key_id(name: &str) -> String {
    let letters = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase());
    "AKIA"
        .chars()
        .chain(letters)
        .chain(std::iter::repeat('X'))
        .take(20)
        .collect()
}

/// A timestamp as JSON 1.1 has it: epoch seconds with a fraction (AWS-FACTS 0).
pub(crate) fn epoch(at: Timestamp) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit in 53 bits"
    )]
    let seconds = at.as_millisecond() as f64 / 1000.0;
    serde_json::Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caller_has_an_access_key_id_of_twenty_characters() {
        assert_eq!(access_key_id("DeployOnPush"), "AKIADEPLOYONPUSHXXXX");
        assert_eq!(access_key_id("a-name.that/is_far:too long").len(), 20);
        assert_eq!(access_key_id(""), "AKIAXXXXXXXXXXXXXXXX");
    }

    #[test]
    fn json_timestamps_are_epoch_seconds_with_a_fraction() {
        let at = Timestamp::from_millisecond(1_543_431_490_226).unwrap();
        assert_eq!(epoch(at).to_string(), "1543431490.226");
    }
}
