//! Both gates ask people before traffic shifts. One is approved and goes on, the other is rejected and fails, and the
//! records name who has answered.

use std::time::Duration;

use super::both::{Found, Side};
use super::expectations::Expectations;
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;

const REASON: &str = "the prices are wrong";

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    let v1 = stage.first();
    let v2 = stage.push_to_both(&ImageSpec::healthy("v2"))?;
    for side in Side::BOTH {
        until_asked(stage, side).await;
        waits(stage, expectations, side).await?;
    }
    let (api, web) = (Side::CodeDeploy.target(), Side::Ecs.target());
    stage.typed(&["approve", api]).await?;
    stage.typed(&["reject", web, "--reason", REASON]).await?;
    stage.until_quiet().await?;

    let record = expectations.took_over(stage, Side::CodeDeploy, &v2).await?;
    let yes = Found {
        point: "before_traffic",
        check: "approval",
        verdict: "passed",
        words: &["approved by arn:aws:", "operator", "\"successful\":1"],
    };
    expectations.found(Side::CodeDeploy, &record, yes);
    let record = expectations.turned_away(stage, Side::Ecs, &v2, &v1).await?;
    let no = Found {
        verdict: "failed",
        words: &["rejected by arn:aws:", "operator", REASON],
        ..yes
    };
    expectations.found(Side::Ecs, &record, no);
    Ok(())
}

/// Waits until Greenlight has told everybody that an answer is wanted.
async fn until_asked(stage: &Stage, side: Side) {
    let is_asked = || {
        let mut events = stage.sample.account.events().history().into_iter();
        events.any(|event| {
            event["detail-type"] == "Approval Requested"
                && event["detail"]["target"] == side.target()
        })
    };
    while !is_asked() {
        stage.pass(Duration::from_secs(1)).await;
    }
}

/// Shows the status, which has to say what is asked and how to answer.
async fn waits(
    stage: &Stage,
    expectations: &mut Expectations,
    side: Side,
) -> Result<(), StageError> {
    let target = side.target();
    let status = stage.typed(&["status", target]).await?;
    let answers = [
        format!("greenlight approve {target}"),
        format!("greenlight reject {target}"),
        "May customers see the new prices?".to_owned(),
    ];
    expectations.expect(
        &format!(
            "{}: `greenlight status` shows what is asked, and how to answer",
            side.who()
        ),
        answers.iter().all(|it| status.contains(it)),
        &status,
    );
    let document = stage.greenlight_json(&["status", target]).await?;
    let progress = &document["active"]["progress"];
    expectations.expect(
        &format!("{}: `greenlight status --json` has it", side.who()),
        !text(&progress["awaiting"]["remedy"]).is_empty(),
        progress,
    );
    Ok(())
}
