//! ECS deploys blue/green by itself: at three of its stages it asks the gate, then production shifts, and
//! both revisions run until the bake time is over.

use super::expectations::Expectations;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

/// Where the service has the gate as its hook, with the gate that is asked there.
const HOOKS: [(&str, &str); 3] = [
    ("POST_SCALE_UP", "after_install"),
    ("POST_TEST_TRAFFIC_SHIFT", "test_traffic"),
    ("PRE_PRODUCTION_TRAFFIC_SHIFT", "before_traffic"),
];

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v2 = stage.push(&ImageSpec::healthy("v2").multi_platform())?;
    stage.until_quiet().await?;
    expectations.equal(
        "ECS ran one deployment, and it succeeded",
        &stage.statuses(),
        &vec!["SUCCESSFUL".to_owned()],
    );
    expectations.live(stage, "v2", &v2).await?;
    expectations.tagged(stage, "v2", &v2);
    let happened = stage.happened("ecs");
    let answers = answers(&happened);
    let expected = HOOKS.map(|(stage, _)| format!("{stage}: SUCCEEDED"));
    expectations.equal(
        "each hook is asked and answers SUCCEEDED, in order",
        &answers,
        &expected.to_vec(),
    );
    let shifted = position(&happened, "production traffic: 100 %");
    let baked = position(&happened, "bakes for");
    expectations.expect(
        "both revisions bake after production has shifted",
        shifted.is_some() && shifted < baked,
        format!("shift {shifted:?}, bake {baked:?}"),
    );
    let record = expectations.recorded(stage, "v2", &v2, "succeeded").await?;
    for (_, gate) in HOOKS {
        expectations.gate(&record, gate, "passed");
    }
    Ok(())
}

/// What the gate answered at which stage, oldest first.
pub(super) fn answers(happened: &[String]) -> Vec<String> {
    let answer = |text: &String| {
        let (before, answer) = text.split_once(" answers ")?;
        let mut words = before.rsplit(' ');
        let stage = words.nth(1)?;
        let answer = answer.split(',').next().unwrap_or(answer);
        Some(format!("{stage} {answer}"))
    };
    happened.iter().filter_map(answer).collect()
}

/// Where the first of these happenings is that has these words.
pub(super) fn position(happened: &[String], words: &str) -> Option<usize> {
    happened.iter().position(|text| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hooks_answer_is_read_with_its_stage() {
        let happened = [
            "service api: POST_SCALE_UP asks Hook",
            "service api: POST_SCALE_UP: Hook answers IN_PROGRESS, asked again in 30 s",
            "service api: POST_SCALE_UP: Hook answers SUCCEEDED",
        ];
        assert_eq!(
            answers(&happened.map(str::to_owned)),
            ["POST_SCALE_UP: IN_PROGRESS", "POST_SCALE_UP: SUCCEEDED"]
        );
    }
}
