//! What CloudFormation is told in words: plain, the worst first, and short.

use greenlight_core::verification::{Finding, Report, State};
use greenlight_deployer::register::RegisterError;
use greenlight_runtime::logging::chain;

/// So many bytes of findings are told; an event of a stack shows not many more.
const LIMIT: usize = 2400;

/// Why a target is not registered.
pub(crate) fn of_refusal(error: &RegisterError) -> String {
    match error {
        RegisterError::Refused { report } => format!(
            "target `{}` is not registered, since a deployment would fail. {}",
            report.target,
            findings(report)
        ),
        RegisterError::Store(error) => chain(error),
    }
}

/// What was found, the worst first; what is well is not mentioned.
pub(crate) fn findings(report: &Report) -> String {
    let mut found: Vec<&Finding> = report.findings().collect();
    found.retain(|finding| finding.state != State::Ok);
    found.sort_by_key(|finding| std::cmp::Reverse(finding.state));
    let mut text = String::new();
    let all = found.len();
    for (told, finding) in found.into_iter().enumerate() {
        let more = sentence(finding);
        if text.len() + more.len() > LIMIT {
            let left = all - told;
            let target = &report.target;
            return format!("{text}({left} more: `greenlight verify {target}` tells all)");
        }
        text.push_str(&more);
    }
    text.trim_end().to_owned()
}

fn sentence(finding: &Finding) -> String {
    let state = match finding.state {
        State::Missing => "Missing",
        State::Warning => "Warning",
        State::CannotCheck => "Cannot be checked",
        State::Ok => "Well",
    };
    let remedy = finding.remedy.iter().map(|remedy| format!(": {remedy}"));
    let statement = finding.statement.iter();
    let statement = statement.map(|it| format!(" (add to {}: {})", it.of, it.statement));
    let more: String = remedy.chain(statement).collect();
    format!("{state}: {}{more}. ", finding.text)
}

#[cfg(test)]
mod tests {
    use greenlight_core::verification::Branch;
    use serde_json::json;

    use super::*;

    fn report(findings: Vec<Finding>) -> Report {
        let name = "service `api`".to_owned();
        Report {
            target: "api-test".parse().unwrap(),
            branches: vec![Branch { name, findings }],
        }
    }

    #[test]
    fn the_worst_comes_first_with_its_remedy_and_its_statement() {
        let report = report(vec![
            Finding::ok("a", "this is well"),
            Finding::warning("b", "the tag moves", "name another"),
            Finding::missing("c", "there is no service `api`", "create it")
                .with_statement("role `x`", json!({"Effect": "Allow"})),
        ]);
        assert_eq!(
            findings(&report),
            "Missing: there is no service `api`: create it (add to role `x`: {\"Effect\":\"Allow\"}). \
             Warning: the tag moves: name another."
        );
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let one = || Finding::missing("c", "x".repeat(1000), "create it");
        let text = findings(&report(vec![one(), one(), one(), one()]));
        assert!(text.len() < LIMIT + 100);
        assert!(
            text.ends_with("(2 more: `greenlight verify api-test` tells all)"),
            "{text}"
        );
    }
}
