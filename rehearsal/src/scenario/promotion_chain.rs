//! One repository, three services: an index goes from `test` to `staging` by itself and on to `production` by
//! `greenlight promote`; an image that fails goes nowhere.

use super::expectations::Expectations;
use super::sample::{CHAIN_FILE, PRODUCTION, REPOSITORY, STAGING, TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::{ecr, ssm};

pub(super) async fn play(stage: &Stage, expectations: &mut Expectations) -> Result<(), StageError> {
    stage.sample.create_chain().await?;
    stage.register(CHAIN_FILE).await?;
    let account = &stage.sample.account;
    let live = |service| stage.sample.live_digest_of(service);
    let tagged = |tag| ecr::tagged(account, REPOSITORY, tag);

    let v2 = stage.push(&ImageSpec::healthy("v2").multi_platform())?;
    let manifest = ecr::manifest_of(account, REPOSITORY, &v2);
    stage.until_quiet().await?;
    expectations.live(stage, "v2", &v2).await?;
    let there = Some(v2.clone());
    expectations.equal("v2 got the tag of staging", &tagged("staging"), &there);
    expectations.equal("staging runs v2", &live(STAGING), &there);
    expectations.equal(
        "production still runs v1",
        &live(PRODUCTION),
        &Some(stage.sample.v1.clone()),
    );

    stage
        .typed(&["promote", STAGING, "--to", "production"])
        .await?;
    stage.until_quiet().await?;
    expectations.equal("production runs v2", &live(PRODUCTION), &there);
    expectations.equal(
        "the index is the same to the byte",
        &ecr::manifest_of(account, REPOSITORY, &v2),
        &manifest,
    );
    for name in ["api-test", PRODUCTION] {
        let says = ssm::parameter(account, &format!("/greenlight/deployed/{name}"));
        let says = says.map(|(value, _)| value).unwrap_or_default();
        let expected = format!("@{v2}");
        expectations.expect(
            &format!("the parameter of {name} says v2"),
            says.ends_with(&expected),
            says,
        );
    }
    let events = account.events().history();
    let promoted = events
        .iter()
        .filter(|it| it["detail-type"] == "Image Promoted");
    let told: Vec<String> = promoted
        .map(|event| {
            let promotion = &event["detail"]["promotion"];
            format!("{} to {}", text(&promotion["from"]), text(&promotion["to"]))
        })
        .collect();
    expectations.equal(
        "the events say from where and to which tag",
        &told,
        &vec![
            format!("{TARGET} to staging"),
            format!("{STAGING} to production"),
        ],
    );
    let texts = account.published("NotificationTopic").unwrap_or_default();
    let by_hand = texts
        .iter()
        .find(|it| it.starts_with("\"Image Promoted: api-staging."));
    expectations.expect(
        "people are told who promoted it",
        by_hand.is_some_and(|it| it.contains("promoted by arn:aws:")),
        by_hand.cloned().unwrap_or_default(),
    );

    let v3 = stage.push(&ImageSpec::crashes("v3", 1))?;
    stage.until_quiet().await?;
    expectations.recorded(stage, "v3", &v3, "failed").await?;
    expectations.still_live(stage, "v2", &v2).await?;
    expectations.equal("v3 goes nowhere", &tagged("staging"), &there);
    for (service, image) in [(STAGING, "staging"), (PRODUCTION, "production")] {
        expectations.equal(&format!("{image} still runs v2"), &live(service), &there);
        let history = stage.history_at(service).await?;
        let begun = history.iter().filter(|it| !it["aws_id"].is_null()).count();
        expectations.equal(&format!("{image} had one deployment"), &begun, &1);
    }
    Ok(())
}
