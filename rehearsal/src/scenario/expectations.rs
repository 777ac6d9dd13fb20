//! Named expectations of how a scenario ends, and those that hold for every scenario.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::journal::Tone;

/// One expectation, and whether it was met.
#[derive(Debug, Clone, Serialize)]
pub struct Expectation {
    /// What should be.
    pub name: String,
    /// Whether it is.
    pub met: bool,
    /// What is.
    pub found: String,
}

/// The expectations of a scenario.
#[derive(Debug, Default)]
pub struct Expectations(Vec<Expectation>);

/// Which image is live, as it is seen and as it is recorded.
pub(super) struct Seen {
    pub(super) live: Option<String>,
    pub(super) current: Option<String>,
}

impl Seen {
    async fn of_sample(stage: &Stage) -> Result<Self, StageError> {
        Ok(Self {
            live: stage.sample.live_digest(),
            current: stage.current().await?,
        })
    }
}

impl Expectations {
    /// Notes an expectation, whether it is met, and what was found.
    pub fn expect(&mut self, name: &str, met: bool, found: impl Display) {
        self.0.push(Expectation {
            name: name.to_owned(),
            met,
            found: found.to_string(),
        });
    }

    /// Notes that two things should be the same.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, name: &str, found: &T, expected: &T) {
        let text = if found == expected {
            format!("{found:?}")
        } else {
            format!("{found:?}, not {expected:?}")
        };
        self.expect(name, found == expected, text);
    }

    /// Notes that an image, with a name for people, is what runs, and what the record says.
    pub(super) async fn live(
        &mut self,
        stage: &Stage,
        name: &str,
        digest: &str,
    ) -> Result<(), StageError> {
        let seen = Seen::of_sample(stage).await?;
        self.runs(&seen, name, digest, "");
        Ok(())
    }

    /// The same after something that should not have changed it.
    pub(super) async fn still_live(
        &mut self,
        stage: &Stage,
        name: &str,
        digest: &str,
    ) -> Result<(), StageError> {
        let seen = Seen::of_sample(stage).await?;
        self.runs(&seen, name, digest, "still ");
        Ok(())
    }

    /// Notes that both are this image, and `still ` are.
    pub(super) fn runs(&mut self, seen: &Seen, name: &str, digest: &str, still: &str) {
        let digest = Some(digest.to_owned());
        self.equal(&format!("{name} is {still}live"), &seen.live, &digest);
        let says = format!("the record {still}says that {name} is live");
        self.equal(&says, &seen.current, &digest);
    }

    /// Notes that the watched tag names an image.
    pub(super) fn tagged(&mut self, stage: &Stage, name: &str, digest: &str) {
        let tagged = stage.sample.tagged();
        let expected = Some(digest.to_owned());
        self.equal(&format!("the tag names {name}"), &tagged, &expected);
    }

    /// Notes that the history has one deployment of an image, which ended so. Gives its record.
    pub(super) async fn recorded(
        &mut self,
        stage: &Stage,
        name: &str,
        digest: &str,
        status: &str,
    ) -> Result<Value, StageError> {
        let mut history = stage.history_of(digest).await?;
        let found: Vec<String> = history.iter().map(|it| text(&it["status"])).collect();
        let says = format!("the history has {name} once, as {status}");
        self.equal(&says, &found, &vec![status.to_owned()]);
        Ok(history.pop().unwrap_or_default())
    }

    /// Notes that the record of a deployment has this verdict of a gate.
    pub(super) fn gate(&mut self, record: &Value, point: &str, verdict: &str) {
        let found = text(&record["gates"][point]["verdict"]);
        let says = format!("its record has the gate {point} as {verdict}");
        self.equal(&says, &found, &verdict.to_owned());
    }

    /// Notes that what the record of a deployment gives as reason and evidence has these words.
    pub(super) fn explained(&mut self, record: &Value, what: &str, words: &[&str]) {
        let found = format!("{} {}", text(&record["reason"]), record["evidence"]);
        let has_all = words.iter().all(|word| found.contains(word));
        self.expect(&format!("the record shows {what}"), has_all, found);
    }

    /// All of them.
    pub fn into_list(self) -> Vec<Expectation> {
        self.0
    }

    /// What no scenario may break.
    pub(super) fn of_every_scenario(&mut self, stage: &Stage) {
        let requests = stage.requests();
        let found = format!(
            "{} of {} lost {}",
            requests.lost,
            requests.sent,
            requests.losses.join("; ")
        );
        self.expect(
            "no request to production is lost",
            requests.lost == 0 && requests.sent > 0,
            found.trim_end(),
        );

        let happenings = stage.sample.account.journal().happenings().into_iter();
        let failures: Vec<String> = happenings
            .filter(|it| it.service == "lambda" && it.tone == Tone::Bad)
            .map(|it| it.text)
            .collect();
        self.expect("no function fails", failures.is_empty(), if_any(&failures));

        let given_up: Vec<String> = stage
            .sample
            .template
            .queues
            .iter()
            .filter(|queue| queue.redrive.is_none())
            .filter_map(|queue| stage.sample.account.queue(&queue.name))
            .filter(|queue| !queue.bodies().is_empty())
            .map(|queue| format!("{} has {}", queue.name(), queue.bodies().len()))
            .collect();
        self.expect(
            "nothing is in a dead-letter queue",
            given_up.is_empty(),
            if_any(&given_up),
        );

        let mut misunderstood = BTreeSet::new();
        for call in stage.sample.account.journal().calls() {
            let code = call.response["__type"].as_str().unwrap_or_default();
            let code = code.rsplit('#').next().unwrap_or_default();
            if matches!(
                code,
                "UnknownOperationException" | "SerializationException" | "ValidationException"
            ) {
                let message = call.response["message"].as_str().unwrap_or_default();
                misunderstood.insert(format!(
                    "{}:{}: {code}: {message}",
                    call.service, call.operation
                ));
            }
        }
        let unpermitted = stage.sample.account.refused_by_policies();
        let misunderstood: Vec<String> = misunderstood.into_iter().collect();
        self.expect(
            "every call is permitted by the template",
            unpermitted.is_empty(),
            if_any(&unpermitted),
        );
        self.expect(
            "every call is understood by AWS",
            misunderstood.is_empty(),
            if_any(&misunderstood),
        );
    }
}

fn if_any(found: &[String]) -> String {
    if found.is_empty() {
        "none does otherwise".to_owned()
    } else {
        found.join("; ")
    }
}
