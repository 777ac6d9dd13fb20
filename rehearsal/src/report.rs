//! `--json`: how a scenario went, as one document; and the same as the end of the timeline.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::account::journal::Tone;
use crate::load::Requests;
use crate::scenario::Stage;
use crate::scenario::expectations::Expectation;
use crate::timeline::Timeline;

/// How a scenario went.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// Whether it ended as it should.
    pub ok: bool,
    /// How fast the account's clock ran.
    pub speed: f64,
    /// How long it took, in real time.
    pub seconds: f64,
    /// What was expected, and found.
    pub expectations: Vec<Expectation>,
    /// Greenlight's records by target, newest first, as `greenlight history --json` prints them.
    pub deployments: Vec<Value>,
    /// What the lifecycle hooks answered, in the words of CodeDeploy or ECS: `{"deployment", "status"}`.
    pub verdicts: Vec<Value>,
    /// Target → digest that is live, as `greenlight status --json` prints it.
    pub current: BTreeMap<String, Option<String>>,
    /// The digest that is live, as ECS and the load balancer have it.
    pub live: Option<String>,
    /// The load generator's requests.
    pub requests: Requests,
    /// Caller → AWS call → how often. A function's caller is its logical id.
    pub calls: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Report {
    /// A report of nothing yet.
    pub fn new(scenario: &str, speed: f64) -> Self {
        Self {
            scenario: scenario.to_owned(),
            ok: false,
            speed,
            seconds: 0.0,
            expectations: Vec::new(),
            deployments: Vec::new(),
            verdicts: Vec::new(),
            current: BTreeMap::new(),
            live: None,
            requests: Requests::default(),
            calls: BTreeMap::new(),
        }
    }

    /// Takes down what is to be seen on the stage.
    pub(crate) async fn fill(&mut self, stage: &Stage) {
        self.requests = stage.requests();
        self.live = stage.sample.live_digest();
        for call in stage.sample.account.journal().calls() {
            if call.operation == "PutLifecycleEventHookExecutionStatus" && call.status == 200 {
                let (deployment, status) = (&call.request["deploymentId"], &call.request["status"]);
                self.verdicts
                    .push(json!({"deployment": deployment, "status": status}));
            }
            let calls = self.calls.entry(call.caller).or_default();
            *calls
                .entry(format!("{}:{}", call.service, call.operation))
                .or_default() += 1;
        }
        // Hooks of ECS's own deployments answer by what they return, which is no call.
        let sample = &stage.sample;
        for id in sample.deployments().iter().rev() {
            let deployment = sample.deployment(id);
            let hooks = deployment["lifecycleHookDetails"].as_array();
            let verdict = |hook: &Value| json!({"deployment": id, "status": hook["status"]});
            self.verdicts
                .extend(hooks.into_iter().flatten().map(verdict));
        }
        // What cannot be asked is missing, and an expectation says why.
        for (target, repository) in stage.sample.stand.target_names() {
            let history = stage.history_at(target).await;
            self.deployments.extend(history.unwrap_or_default());
            if let Ok(current) = stage.current_at(target, repository).await {
                self.current.insert((*target).to_owned(), current);
            }
        }
    }

    /// Decides whether all went well.
    pub fn conclude(&mut self) {
        self.ok = !self.expectations.is_empty()
            && self.expectations.iter().all(|expectation| expectation.met);
    }

    /// Prints the end of the timeline: what is live, the history, requests lost, expectations, a sentence.
    pub async fn print(&self, timeline: Timeline, stage: Option<&Stage>) {
        if let Some(stage) = stage {
            let targets = stage.sample.stand.target_names();
            let histories = targets.iter().map(|(target, _)| vec!["history", *target]);
            for arguments in std::iter::once(vec!["status"]).chain(histories) {
                timeline.heading(&format!("\ngreenlight {}", arguments.join(" ")));
                match stage.greenlight(&arguments).await {
                    Ok(text) => timeline.sentence(Tone::Neutral, text.trim_end()),
                    Err(error) => timeline.sentence(Tone::Bad, &error.to_string()),
                }
            }
        }
        timeline.heading("\nexpected");
        for expectation in &self.expectations {
            if expectation.met {
                timeline.sentence(Tone::Good, &format!("✔ {}", expectation.name));
            } else {
                timeline.sentence(
                    Tone::Bad,
                    &format!("✘ {}: {}", expectation.name, expectation.found),
                );
            }
        }
        let Requests { sent, lost, .. } = self.requests;
        let (tone, outcome) = if self.ok {
            (Tone::Good, "ended as it should")
        } else {
            (Tone::Bad, "did NOT end as it should")
        };
        let lost = if lost == 0 {
            "none lost".to_owned()
        } else {
            format!("{lost} LOST")
        };
        let sentence = format!(
            "\n{} {outcome}, in {:.0} s at {} times the speed: {sent} requests to production, {lost}.",
            self.scenario, self.seconds, self.speed
        );
        timeline.sentence(tone, &sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_good_only_if_something_was_expected_and_all_of_it_met() {
        let expectation = |met| Expectation {
            name: "it works".to_owned(),
            met,
            found: String::new(),
        };
        for (expectations, ok) in [
            (vec![], false),
            (vec![expectation(true)], true),
            (vec![expectation(true), expectation(false)], false),
        ] {
            let mut report = Report {
                expectations,
                ..Report::new("ship", 1.0)
            };
            report.conclude();
            assert_eq!(report.ok, ok);
        }
    }
}
