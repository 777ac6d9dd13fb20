//! Both services of [`Stand::Gated`](super::sample::Stand::Gated): the gates' stories release an image at each at the
//! same time, and expect the same of both, whoever deploys it.

use serde_json::Value;

use super::expectations::{Expectations, Seen};
use super::sample::{REPOSITORY, TAG, TARGET, WEB_REPOSITORY, WEB_TARGET};
use super::ship::text;
use super::stage::{Stage, StageError};
use crate::account::containers::ImageSpec;
use crate::account::ecr;

/// One of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The sample service.
    CodeDeploy,
    /// The second one, natively blue/green.
    Ecs,
}

/// An image of the same version at each service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    version: String,
    api: String,
    web: String,
}

/// How a check of a gate should have ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    /// `test_traffic`, …
    pub(super) point: &'a str,
    /// As reports call it: `http (load)`.
    pub(super) check: &'a str,
    /// `passed`, `failed`, …
    pub(super) verdict: &'a str,
    /// What its report has, somewhere.
    pub(super) words: &'a [&'a str],
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::CodeDeploy, Self::Ecs];

    pub(super) const fn target(self) -> &'static str {
        match self {
            Self::CodeDeploy => TARGET,
            Self::Ecs => WEB_TARGET,
        }
    }

    pub(super) const fn repository(self) -> &'static str {
        match self {
            Self::CodeDeploy => REPOSITORY,
            Self::Ecs => WEB_REPOSITORY,
        }
    }

    /// Who deploys.
    pub(super) const fn who(self) -> &'static str {
        match self {
            Self::CodeDeploy => "CodeDeploy",
            Self::Ecs => "ECS",
        }
    }

    /// What it calls a deployment that did what it should, and one that failed.
    const fn statuses(self) -> (&'static str, &'static str) {
        match self {
            Self::CodeDeploy => ("Succeeded", "Failed"),
            Self::Ecs => ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL"),
        }
    }

    /// The image as this service has it: the second one's versions are `web-v1`, `web-v2`, ….
    fn image(self, image: &ImageSpec) -> ImageSpec {
        let mut image = image.clone();
        if self == Self::Ecs {
            image.version.insert_str(0, "web-");
        }
        image
    }
}

impl Pair {
    pub(super) fn of(&self, side: Side) -> &str {
        match side {
            Side::CodeDeploy => &self.api,
            Side::Ecs => &self.web,
        }
    }
}

impl Stage {
    /// What both services ran when the story began.
    pub(super) fn first(&self) -> Pair {
        let web = self.sample.web.as_ref();
        Pair {
            version: "v1".to_owned(),
            api: self.sample.v1.clone(),
            web: web.map(|web| web.v1.clone()).unwrap_or_default(),
        }
    }

    /// Pushes an image to both repositories, tagged as the targets watch.
    pub(super) fn push_to_both(&self, image: &ImageSpec) -> Result<Pair, StageError> {
        let push = |side: Side| {
            let image = side.image(image);
            self.sample.push_to(side.repository(), TAG, &image)
        };
        Ok(Pair {
            version: image.version.clone(),
            api: push(Side::CodeDeploy)?,
            web: push(Side::Ecs)?,
        })
    }

    /// The same, and waits until all that follows is over.
    pub(super) async fn release_at_both(&self, image: &ImageSpec) -> Result<Pair, StageError> {
        let pair = self.push_to_both(image)?;
        self.until_quiet().await?;
        Ok(pair)
    }

    fn live_at(&self, side: Side) -> Option<String> {
        match side {
            Side::CodeDeploy => self.sample.live_digest(),
            Side::Ecs => self.sample.live_web_digest(),
        }
    }

    /// Records of the deployments of an image, newest first.
    async fn history_of_pair(&self, side: Side, pair: &Pair) -> Result<Vec<Value>, StageError> {
        let mut records = self.history_at(side.target()).await?;
        records.retain(|record| record["candidate"]["digest"] == pair.of(side));
        Ok(records)
    }
}

impl Expectations {
    /// Notes that an image took over at both services. Gives the records, in the order of [`Side::BOTH`].
    pub(super) async fn both_took_over(
        &mut self,
        stage: &Stage,
        pair: &Pair,
    ) -> Result<[Value; 2], StageError> {
        Ok([
            self.took_over(stage, Side::CodeDeploy, pair).await?,
            self.took_over(stage, Side::Ecs, pair).await?,
        ])
    }

    /// Notes that an image was turned away at both services, which still run `live`. Gives the records.
    pub(super) async fn both_turned_away(
        &mut self,
        stage: &Stage,
        pair: &Pair,
        live: &Pair,
    ) -> Result<[Value; 2], StageError> {
        Ok([
            self.turned_away(stage, Side::CodeDeploy, pair, live)
                .await?,
            self.turned_away(stage, Side::Ecs, pair, live).await?,
        ])
    }

    /// Notes that an image took over at one of them. Gives the record.
    pub(super) async fn took_over(
        &mut self,
        stage: &Stage,
        side: Side,
        pair: &Pair,
    ) -> Result<Value, StageError> {
        let (succeeded, _) = side.statuses();
        self.ended(stage, side, pair, (pair, ""), ("succeeded", succeeded))
            .await
    }

    /// Notes that an image was turned away at one of them, which still runs `live` and has its tag there. Gives the
    /// record.
    pub(super) async fn turned_away(
        &mut self,
        stage: &Stage,
        side: Side,
        pair: &Pair,
        live: &Pair,
    ) -> Result<Value, StageError> {
        let (_, failed) = side.statuses();
        self.ended(stage, side, pair, (live, "still "), ("failed", failed))
            .await
    }

    async fn ended(
        &mut self,
        stage: &Stage,
        side: Side,
        pair: &Pair,
        (live, still): (&Pair, &str),
        (ours, theirs): (&str, &str),
    ) -> Result<Value, StageError> {
        let (who, target) = (side.who(), side.target());
        let seen = Seen {
            live: stage.live_at(side),
            current: stage.current_at(target, side.repository()).await?,
        };
        let name = format!("{who}: {}", live.version);
        self.runs(&seen, &name, live.of(side), still);
        self.equal(
            &format!("{who}: the tag names {}", live.version),
            &ecr::tagged(&stage.sample.account, side.repository(), TAG),
            &Some(live.of(side).to_owned()),
        );
        let mut records = stage.history_of_pair(side, pair).await?;
        let found: Vec<String> = records.iter().map(|it| text(&it["status"])).collect();
        self.equal(
            &format!("{who}: the history has {} once, as {ours}", pair.version),
            &found,
            &vec![ours.to_owned()],
        );
        let record = records.pop().unwrap_or_default();
        let deployment = stage.sample.deployment(&text(&record["aws_id"]));
        self.equal(
            &format!("{who}: the deployment of {} is {theirs}", pair.version),
            &text(&deployment["status"]),
            &theirs.to_owned(),
        );
        Ok(record)
    }

    /// Notes how a check of a gate ended at each of them, in the records that the deployments have left.
    pub(super) fn both_found(&mut self, records: &[Value; 2], found: Found<'_>) {
        for (side, record) in Side::BOTH.into_iter().zip(records) {
            self.found(side, record, found);
        }
    }

    /// The same of one.
    pub(super) fn found(&mut self, side: Side, record: &Value, expected: Found<'_>) {
        let Found {
            point,
            check,
            verdict,
            words,
        } = expected;
        let report = check_in(record, point, check);
        let says = format!("{}: at {point}, `{check}` has {verdict}", side.who());
        self.equal(&says, &text(&report["verdict"]), &verdict.to_owned());
        if words.is_empty() {
            return;
        }
        let report = report.to_string();
        let has_all = words.iter().all(|word| report.contains(word));
        let says = format!("{}: its report has {}", side.who(), words.join(", "));
        self.expect(&says, has_all, report);
    }
}

/// The report of a check in a deployment's record; null if it was never made.
pub(super) fn check_in(record: &Value, point: &str, check: &str) -> Value {
    let checks = record["gates"][point]["checks"].as_array();
    let mut checks = checks.into_iter().flatten();
    let found = checks.find(|report| report["check"] == check);
    found.cloned().unwrap_or_default()
}
