//! What keeps a deployment from being started, told all at once: the same findings, with the same remedies, as when the
//! target was verified. Nothing more is read for it than what a start reads anyway.

use greenlight_core::{
    target::TaskDefinitionSource,
    verification::{Finding, State, check, images, service, task_definition},
};

use super::{Next, Start, Stop};
use crate::{Deployer, gather::Gathered, verify::facts};

/// Why a deployment cannot be started.
#[derive(Debug, Default)]
pub(crate) struct Unfit {
    /// What is wrong with its images.
    pub(crate) images: Vec<String>,
    /// What is wrong with the target's service.
    pub(crate) service: Vec<String>,
    /// What is wrong with the task definition that it would be made from.
    pub(crate) definition: Vec<String>,
}

impl Unfit {
    /// All of it, in sentences.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &String> {
        self.images
            .iter()
            .chain(&self.service)
            .chain(&self.definition)
    }

    /// Refuses the start, if anything is wrong.
    fn refuse(&self) -> Result<(), Stop> {
        let reasons: Vec<&str> = self.reasons().map(String::as_str).collect();
        if reasons.is_empty() {
            return Ok(());
        }
        let reason = reasons.join(". And: ");
        if self.service.is_empty() && self.definition.is_empty() {
            return Err(Stop::Image(reason));
        }
        Err(Stop::Reason(reason))
    }
}

impl Deployer {
    /// Refuses what cannot be started.
    pub(super) fn refuse_unfit(&self, start: &Start<'_>) -> Result<(), Stop> {
        self.unfit(start).refuse()
    }

    /// What keeps it from being started, as far as what was read for it tells.
    pub(crate) fn unfit(&self, start: &Start<'_>) -> Unfit {
        let gathered = start.gathered;
        let mut unfit = Unfit::default();
        let faults = gathered.images.iter();
        unfit
            .images
            .extend(faults.filter_map(|image| image.fault.clone()));
        unfit.service = self.unfit_service(start);
        judge_definition(start, gathered, &mut unfit);
        unfit
    }

    /// What is wrong with the service.
    pub(super) fn unfit_service(&self, start: &Start<'_>) -> Vec<String> {
        let Some(found) = &start.gathered.service else {
            return Vec::new();
        };
        let hook = self.hook_function.as_deref();
        let target = &start.stored.target;
        let mut findings = service::judge(target, &facts(found), hook);
        // That nothing is live counts only for what is made from it, which is seen when it is made.
        if found.controller == "ECS" {
            findings.retain(|finding| finding.check != check::SERVICE_LIVE);
        }
        reasons(findings)
    }
}

/// The containers and the platform. A template is judged when its placeholders are replaced.
fn judge_definition(start: &Start<'_>, gathered: &Gathered, unfit: &mut Unfit) {
    let (stored, order) = (start.stored, start.order);
    let next = Next::of(stored, &order.prepared);
    let is_template = gathered.template.is_some()
        || matches!(stored.target.task_definition, TaskDefinitionSource::S3(_));
    let is_made = order.prepared.task_definition.is_some();
    let Some(base) = gathered.base.as_ref().filter(|_| !is_template && !is_made) else {
        return;
    };
    if next.own_source().is_some() {
        return;
    }
    let wanted = base.document.wanted_platform();
    let platforms = gathered.images.iter().filter_map(|inspected| {
        let offered = inspected.platforms.as_ref()?;
        Some(images::platform(
            &inspected.image.pinned(),
            &wanted,
            Some(offered),
        ))
    });
    unfit.images.extend(reasons(platforms.collect()));
    let taken = stored
        .target
        .images
        .iter()
        .enumerate()
        .filter(|(_, source)| {
            let repository = stored.repository_of(source);
            order.candidate.image_of(&repository).is_some()
        });
    let containers = taken.map(|(index, source)| {
        let key = format!("images[{index}].container");
        task_definition::container(&base.document, &source.container, &key)
    });
    unfit.definition.extend(reasons(containers.collect()));
}

/// What is missing, each with its remedy.
fn reasons(findings: Vec<Finding>) -> Vec<String> {
    let missing = findings.into_iter().filter(|it| it.state == State::Missing);
    missing
        .map(|finding| match finding.remedy {
            Some(remedy) => format!("{}; {remedy}", finding.text),
            None => finding.text,
        })
        .collect()
}
