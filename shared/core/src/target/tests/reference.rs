//! The reference, `docs/targets.md` and `docs/gates.md`, says what the parser does.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{check_of, one, parse, sample};
use crate::target::check::Rules;
use crate::target::description::{Mapping, within};
use crate::target::parse::{CHECK, DOCUMENT, RULES};
use crate::target::{Check, GatePoint};

const TARGETS: &str = include_str!("../../../../../docs/targets.md");
const GATES: &str = include_str!("../../../../../docs/gates.md");

/// The blocks of YAML.
fn samples(document: &str) -> Vec<&str> {
    document
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// What stands in backticks at the beginning of a table's rows.
fn rows(section: &str) -> BTreeSet<&str> {
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect()
}

/// From a heading to the next one of its level or above.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) = document
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("there is no `{heading}`"));
    let level = heading.split(' ').next().unwrap();
    let ends = (1..=level.len()).map(|level| format!("\n{} ", "#".repeat(level)));
    let end = ends.filter_map(|end| rest.find(&end)).min();
    &rest[..end.unwrap_or(rest.len())]
}

#[test]
fn every_sample_is_a_document() {
    let mut strategies = BTreeSet::new();
    let mut checks = BTreeSet::new();
    for (document, count) in [(TARGETS, 11), (GATES, 9)] {
        let samples = samples(document);
        assert_eq!(samples.len(), count);
        for sample in samples {
            let document: Value = serde_norway::from_str(sample).unwrap();
            let targets =
                parse(&document).unwrap_or_else(|problems| panic!("{problems}\n{sample}"));
            for target in &targets {
                strategies.insert(target.deploy.name());
                let gates = target.gates.iter();
                checks.extend(gates.flat_map(|(_, checks)| checks.iter().map(Check::name)));
            }
        }
    }
    assert_eq!(
        strategies,
        ["codedeploy", "native", "pipeline", "rolling", "task"].into()
    );
    assert_eq!(checks, CHECKS.into());
}

const CHECKS: [&str; 10] = [
    "alarms", "approval", "digest", "http", "lambda", "metric", "scan", "targets", "task", "tasks",
];

#[test]
fn every_key_is_in_the_reference_and_every_row_of_the_reference_is_a_key() {
    let known: BTreeSet<&str> = within(DOCUMENT)
        .into_iter()
        .flat_map(Mapping::names)
        .collect();
    let targets = rows(TARGETS);
    for row in &targets {
        assert!(
            known.contains(row),
            "`{row}` is in the reference and not known"
        );
    }
    let gates = rows(section(GATES, "## Checks"));
    let rules = rows(section(GATES, "## Rules"));
    for key in known {
        let is_heading = [TARGETS, GATES]
            .iter()
            .any(|document| document.contains(&format!("### `{key}`\n")));
        let has_row = [&targets, &gates, &rules]
            .iter()
            .any(|rows| rows.contains(key));
        assert!(
            has_row || is_heading || key == "targets",
            "`{key}` is not in the reference"
        );
    }
}

/// The keys of each check stand in its own section, and no others.
#[test]
fn the_section_of_a_check_has_the_keys_of_the_check() {
    let of_all: BTreeSet<&str> = RULES.iter().map(|key| key.name).collect();
    for check in CHECKS {
        let kind = CHECK.keys.iter().find(|key| key.name == check).unwrap();
        // How a task is launched is said where targets are.
        let own: BTreeSet<&str> = kind
            .form
            .mappings()
            .into_iter()
            .flat_map(within)
            .filter(|mapping| check != "task" || mapping.name == "check_task")
            .flat_map(Mapping::names)
            .filter(|key| !of_all.contains(key))
            .collect();
        let written = rows(section(GATES, &format!("### `{check}`")));
        assert_eq!(written, own, "{check}");
    }
    let rules = section(GATES, "## Rules");
    let (keys, _) = rules.split_once("By kind:").unwrap();
    assert_eq!(rows(keys), of_all);
}

#[test]
fn the_defaults_of_each_kind_are_as_they_are_written() {
    let rules = section(GATES, "## Rules");
    let (_, table) = rules.split_once("By kind:").unwrap();
    let mut seen = BTreeSet::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, title, interval, timeout, failures, in_a_row, _] = cells.as_slice() else {
            panic!("{line}");
        };
        let kind = title.split('`').nth(1).unwrap();
        seen.insert(kind);
        let mut parameters = match kind {
            "http" => json!({"path": "/"}),
            "alarms" => json!({"names": ["a"]}),
            "metric" => json!({"namespace": "N", "metric": "M", "statistic": "Sum", "max": 1}),
            "lambda" => json!({"function": "f"}),
            _ => json!({}),
        };
        if title.contains("`load`") {
            parameters["load"] = json!({"requests": 1});
        }
        let mut document = sample()["targets"][0].clone();
        document["gates"] = json!({"before_traffic": [{kind: parameters}]});
        let rules = check_of(&one(&document)).rules.clone();
        let duration = |cell: &str| crate::duration::parse(cell.trim_matches('`')).unwrap();
        let number = |cell: &str| cell.trim_matches('`').parse::<u32>().ok();
        assert_eq!(rules.interval, duration(interval), "{line}");
        assert_eq!(rules.timeout, duration(timeout), "{line}");
        assert_eq!(rules.failure_limit, number(failures), "{line}");
        assert_eq!(Some(rules.wanted_in_a_row()), number(in_a_row), "{line}");
        // What the table does not say is the same for all.
        assert_eq!(rules.error_limit, None, "{line}");
        assert_eq!(rules.count, None, "{line}");
        assert_eq!(rules.initial_delay, Duration::ZERO, "{line}");
        assert!(!rules.dry_run, "{line}");
    }
    assert_eq!(seen, CHECKS.into());
}

#[test]
fn every_point_stands_beside_its_event_and_its_stages() {
    let points = section(GATES, "## Points");
    for point in GatePoint::ALL {
        let stages = point.ecs_stages().join("`, `");
        let row = format!(
            "| `{point}` | `{}` | `{stages}` |",
            point.codedeploy_event()
        );
        assert!(points.contains(&row), "{row}");
        assert!(rows(section(TARGETS, "## Gates")).contains(point.name()));
    }
}

#[test]
fn bounds_are_as_they_are_written() {
    let rules = section(GATES, "## Rules");
    let write = crate::duration::write;
    for bound in [
        format!(
            "| `interval` | duration, `{}` to `{}` |",
            write(Rules::MIN_INTERVAL),
            write(Rules::MAX_INTERVAL)
        ),
        format!(
            "| `timeout` | duration, `1s` to `{}` |",
            write(Rules::MAX_TIMEOUT)
        ),
        format!("| `count` | 1 to {} |", Rules::MAX_COUNT),
        format!("| `failure_limit` | 0 to {} |", Rules::MAX_LIMIT),
    ] {
        assert!(rules.contains(&bound), "{bound}");
    }
}
