//! What a step adds, and the rules of the embedded metric format.

use serde_json::Value;

use super::*;
use crate::deployment::{Candidate, Circumstances, DeploymentId, step};

const PUSHED: &str = "2026-11-22T10:00:00Z";

fn at(second: i64) -> Timestamp {
    let pushed: Timestamp = PUSHED.parse().unwrap();
    pushed + jiff::SignedDuration::from_secs(second)
}

fn candidate(which: char) -> Candidate {
    Candidate {
        repository: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap(),
        digest: format!("sha256:{}", which.to_string().repeat(64))
            .parse()
            .unwrap(),
        tag: None,
        ordered_at: at(i64::from(u32::from(which) - u32::from('a'))),
        rank: None,
        with: Vec::new(),
        files: None,
    }
}

fn id(which: char) -> DeploymentId {
    DeploymentId::of_cause(at(0), &[&which.to_string()])
}

fn name() -> TargetName {
    "api-test".parse().unwrap()
}

/// A target, and the lines of its steps.
#[derive(Default)]
struct Told {
    state: TargetState,
    lines: Vec<Value>,
}

impl Told {
    fn take(&mut self, second: i64, input: &Input, gates: &BTreeMap<GatePoint, GateReport>) {
        let name = name();
        let circumstances = Circumstances {
            target: &name,
            at: at(second),
            lease_until: at(second + 60),
            closure: None,
        };
        let transition = step(circumstances, &self.state, input.clone());
        let figures = Figures::of(&Stored {
            before: &self.state,
            input,
            transition: &transition,
            gates,
            at: at(second),
        });
        if !figures.is_empty() {
            self.lines.push(figures.to_line(&name, at(second)));
        }
        self.state = transition.state;
    }

    fn plain(&mut self, second: i64, input: &Input) {
        self.take(second, input, &BTreeMap::new());
    }

    fn last(&self) -> Vec<(&str, f64)> {
        let line = self.lines.last().unwrap().as_object().unwrap();
        let values = line
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?)));
        values.collect()
    }
}

fn requested(which: char) -> Input {
    Input::Requested {
        deployment: id(which),
        candidate: candidate(which),
        origin: Origin::Push,
        job: None,
    }
}

fn started(which: char) -> Input {
    Input::Started {
        deployment: id(which),
        aws_id: format!("d-{which}"),
        task_definition: None,
    }
}

fn succeeded(which: char) -> Input {
    Input::Concluded {
        deployment: id(which),
        aws_id: format!("d-{which}"),
        outcome: Outcome::Succeeded {
            task_definition: None,
        },
    }
}

fn failed(which: char, aftermath: Aftermath) -> Input {
    Input::Concluded {
        deployment: id(which),
        aws_id: format!("d-{which}"),
        outcome: Outcome::Failed {
            reason: "it failed".to_owned(),
            evidence: Vec::new(),
            aftermath,
        },
    }
}

/// What CloudWatch asks of a line, as its specification says (embedded metric format, AWS's documentation).
fn assert_valid(line: &Value) {
    let root = line.as_object().unwrap();
    assert!(!line.to_string().contains('\n'));
    let metadata = root["_aws"].as_object().unwrap();
    assert_eq!(metadata.len(), 2);
    let timestamp = metadata["Timestamp"].as_i64().unwrap();
    assert!(timestamp > 1_700_000_000_000, "milliseconds: {timestamp}");
    let directives = metadata["CloudWatchMetrics"].as_array().unwrap();
    assert!(!directives.is_empty());
    for directive in directives {
        assert_eq!(directive.as_object().unwrap().len(), 3);
        let namespace = directive["Namespace"].as_str().unwrap();
        assert!((1..=255).contains(&namespace.len()));
        let sets = directive["Dimensions"].as_array().unwrap();
        assert!(!sets.is_empty());
        for set in sets {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 9);
            for dimension in set {
                let value = root[dimension.as_str().unwrap()].as_str().unwrap();
                assert!((1..=1024).contains(&value.len()));
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        let mut names = Vec::new();
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!((1..=255).contains(&name.len()) && !names.contains(&name));
            names.push(name);
            assert!(root[name].as_f64().is_some_and(f64::is_finite), "{name}");
            assert!(["Count", "Seconds"].contains(&metric["Unit"].as_str().unwrap()));
        }
    }
}

#[test]
fn a_line_is_as_cloudwatch_wants_it() {
    let mut told = Told::default();
    told.plain(0, &requested('a'));
    told.plain(2, &started('a'));
    told.plain(60, &succeeded('a'));
    for line in &told.lines {
        assert_valid(line);
    }
    insta::assert_json_snapshot!(told.lines[1], @r#"
    {
      "_aws": {
        "Timestamp": 1795341660000,
        "CloudWatchMetrics": [
          {
            "Namespace": "Greenlight",
            "Dimensions": [
              [
                "Target"
              ],
              []
            ],
            "Metrics": [
              {
                "Name": "Succeeded",
                "Unit": "Count"
              },
              {
                "Name": "LeadTime",
                "Unit": "Seconds"
              }
            ]
          }
        ]
      },
      "Target": "api-test",
      "Succeeded": 1.0,
      "LeadTime": 60.0
    }
    "#);
}

#[test]
fn a_deployment_counts_when_it_is_started_and_when_it_ends() {
    let mut told = Told::default();
    told.plain(0, &requested('a'));
    assert_eq!(told.lines, Vec::<Value>::new());
    told.plain(2, &started('a'));
    assert_eq!(told.last(), [("Started", 1.0)]);
    // The same again is nothing new.
    told.plain(3, &started('a'));
    assert_eq!(told.lines.len(), 1);
    let report = GateReport::conclude(GatePoint::BeforeTraffic, Vec::new(), at(10), at(32));
    let gates = BTreeMap::from([(GatePoint::BeforeTraffic, report)]);
    told.take(90, &succeeded('a'), &gates);
    assert_eq!(
        told.last(),
        [
            ("Succeeded", 1.0),
            ("GateDurationBeforeTraffic", 22.0),
            ("LeadTime", 90.0)
        ]
    );
    told.take(91, &succeeded('a'), &gates);
    assert_eq!(told.lines.len(), 2);
}

#[test]
fn from_a_failure_to_the_next_success_is_the_time_to_restore() {
    let mut told = Told::default();
    for (second, input) in [
        (0, requested('a')),
        (1, started('a')),
        (2, succeeded('a')),
        (10, requested('b')),
        (11, started('b')),
    ] {
        told.plain(second, &input);
    }
    told.plain(20, &failed('b', Aftermath::RollingBack));
    assert_eq!(told.last(), [("Failed", 1.0), ("RolledBack", 1.0)]);
    told.plain(30, &requested('c'));
    told.plain(31, &started('c'));
    told.plain(50, &succeeded('c'));
    assert_eq!(
        told.last(),
        [
            ("Succeeded", 1.0),
            ("LeadTime", 48.0),
            ("TimeToRestore", 30.0)
        ]
    );
}

#[test]
fn a_person_who_goes_back_counts_once_when_the_image_is_back() {
    let mut told = Told::default();
    for (second, input) in [
        (0, requested('a')),
        (1, started('a')),
        (2, succeeded('a')),
        (10, requested('b')),
        (11, started('b')),
    ] {
        told.plain(second, &input);
    }
    let back = Input::RolledBack {
        deployment: id('r'),
        to: candidate('a'),
        by: "ada".to_owned(),
        reason: None,
    };
    told.plain(15, &back);
    told.plain(20, &failed('b', Aftermath::RollingBack));
    assert_eq!(told.last(), [("Failed", 1.0)]);
    told.plain(25, &Input::Revisited);
    told.plain(40, &succeeded('r'));
    assert_eq!(
        told.last(),
        [
            ("Succeeded", 1.0),
            ("RolledBack", 1.0),
            ("TimeToRestore", 25.0)
        ]
    );
}

#[test]
fn what_gives_way_and_what_is_blocked_is_counted() {
    let mut told = Told::default();
    told.plain(0, &requested('a'));
    told.plain(1, &requested('b'));
    told.plain(2, &requested('c'));
    assert_eq!(told.last(), [("Superseded", 1.0)]);
    let mut told = Told::default();
    let hold = crate::deployment::Hold {
        by: "ada".to_owned(),
        reason: None,
        since: at(0),
        until: None,
    };
    told.plain(0, &Input::Held { id: id('h'), hold });
    told.plain(1, &requested('a'));
    assert_eq!(told.last(), [("Blocked", 1.0)]);
}
