//! Named expectations of how a scenario ends, and those that hold for every scenario.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Serialize;

use super::stage::Stage;
use crate::account::journal::Tone;
use crate::account::template::{actions_of, allows};

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

    /// All of them.
    pub fn into_list(self) -> Vec<Expectation> {
        self.0
    }

    /// What no scenario may break.
    pub(super) fn of_every_scenario(&mut self, stage: &Stage) {
        let requests = stage.load.requests();
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

        let mut unpermitted = BTreeSet::new();
        let mut misunderstood = BTreeSet::new();
        for call in stage.sample.account.journal().calls() {
            let needed = actions_of(call.service, &call.operation, &call.request);
            let function = stage.sample.template.function(&call.caller);
            let missing = needed
                .iter()
                .filter(|it| function.is_some_and(|function| !allows(&function.actions, it)));
            unpermitted.extend(missing.map(|action| format!("{} may not {action}", call.caller)));
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
        let unpermitted: Vec<String> = unpermitted.into_iter().collect();
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
