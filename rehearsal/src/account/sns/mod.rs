//! Amazon SNS: topics that keep what was published to them, for whoever would have subscribed.

use std::collections::BTreeMap;

use super::Account;

/// Every topic, by its name, with what was published.
#[derive(Debug, Default)]
pub(crate) struct State {
    topics: BTreeMap<String, Vec<String>>,
}

impl Account {
    /// Adds a topic; an existing one stays as it is.
    pub fn add_topic(&self, name: &str) {
        let topics = &mut self.state().sns.topics;
        topics.entry(name.to_owned()).or_default();
    }

    /// What was published to a topic, oldest first; `None` if there is no such topic. It is named by its name
    /// or ARN.
    pub fn published(&self, topic: &str) -> Option<Vec<String>> {
        self.state().sns.topics.get(name_of(topic)).cloned()
    }

    /// Publishes a message, if there is such a topic.
    pub(crate) fn publish(&self, topic: &str, message: &str) -> bool {
        let mut state = self.state();
        let published = state.sns.topics.get_mut(name_of(topic));
        let Some(published) = published else {
            return false;
        };
        published.push(message.to_owned());
        true
    }
}

fn name_of(topic: &str) -> &str {
    topic.rsplit(':').next().unwrap_or_default()
}
