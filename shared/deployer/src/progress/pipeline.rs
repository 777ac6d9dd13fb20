//! A pipeline execution under way (AWS-FACTS 4.5).

use greenlight_aws::codepipeline::{Execution, FailedAction};

use super::Told;

pub(super) fn told(pipeline: &str, execution: &Execution, failed: &[FailedAction]) -> Told {
    let headline = format!(
        "execution {} of pipeline `{pipeline}` is {}",
        execution.id, execution.status
    );
    let mut facts: Vec<String> = execution.status_summary.iter().cloned().collect();
    facts.extend(
        execution
            .revisions
            .iter()
            .map(|revision| format!("artifact `{}` is {}", revision.artifact, revision.id)),
    );
    facts.extend(failed.iter().map(|action| {
        let said = [&action.error_code, &action.error_message, &action.summary];
        let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
        let said = if said.is_empty() {
            "no reason given".to_owned()
        } else {
            said.join(", ")
        };
        format!(
            "action `{}` of stage `{}` failed: {said}",
            action.action, action.stage
        )
    }));
    (headline, facts, None)
}
