//! The task definitions from which new ones are made: their containers, and which of them count.

use greenlight_aws::ecs;
use greenlight_core::{
    target::{OneShotTask, Strategy, TaskDefinitionSource, check::CheckKind},
    task_definition::TaskDefinition,
    verification::{Branch, Finding, task_definition as judge},
};

use super::{
    Verifier,
    service::{Definition, Ecs},
    templates::Templates,
};

impl Verifier<'_> {
    /// Every task definition that is made: the target's own comes first.
    pub(super) fn definitions<'d>(
        &self,
        ecs: &'d Ecs,
        templates: &'d Templates,
    ) -> Vec<&'d TaskDefinition> {
        let mut found: Vec<&TaskDefinition> = self.main(ecs, templates).into_iter().collect();
        for index in 0..self.target.before.len() {
            let own = self.of_task_before(index, ecs, templates);
            found.extend(own.filter(|own| !found.iter().any(|it| it == own)));
        }
        found
    }

    /// What the target's own task definition is made from.
    fn main<'d>(&self, ecs: &'d Ecs, templates: &'d Templates) -> Option<&'d TaskDefinition> {
        if matches!(self.target.deploy, Strategy::Pipeline(_)) {
            return None;
        }
        match &self.target.task_definition {
            TaskDefinitionSource::S3(_) => templates.task_definition.as_ref(),
            TaskDefinitionSource::Family(family) => ecs.families.get(family)?.look.found(),
            TaskDefinitionSource::Service => ecs.live.as_ref()?.look.found(),
        }
    }

    fn of_task_before<'d>(
        &self,
        index: usize,
        ecs: &'d Ecs,
        templates: &'d Templates,
    ) -> Option<&'d TaskDefinition> {
        match self.target.before.get(index)?.task_definition.as_ref()? {
            TaskDefinitionSource::S3(_) => templates.before.get(&index),
            TaskDefinitionSource::Family(family) => ecs.families.get(family)?.look.found(),
            TaskDefinitionSource::Service => ecs.live.as_ref()?.look.found(),
        }
    }

    /// What is found of the task definitions. `behind` is the service that a load balancer asks.
    pub(super) fn definition_branch(
        &self,
        ecs: &Ecs,
        templates: &Templates,
        behind: Option<&ecs::Service>,
    ) -> Option<Branch> {
        let mut findings: Vec<Finding> = Vec::new();
        let looked = ecs.families.values().chain(&ecs.live);
        findings.extend(looked.map(|Definition { name, look }| judge::exists(name, look)));
        let main = self.main(ecs, templates);
        if let Some(definition) = main {
            findings.extend(judge::containers(self.target, &self.place.home, definition));
            findings.extend(ports(definition, templates, behind));
        }
        if let Strategy::Task(task) = &self.target.deploy {
            findings.extend(main.and_then(|it| named(it, task, "deploy.task.container")));
        }
        for (index, task) in self.target.before.iter().enumerate() {
            let own = self.of_task_before(index, ecs, templates);
            let key = format!("before[{index}].container");
            findings.extend(own.or(main).and_then(|it| named(it, task, &key)));
        }
        for (point, checks) in self.target.gates.iter() {
            for check in checks {
                if let CheckKind::Task(task) = &check.kind {
                    let key = format!("gates.{point}.task.container");
                    findings.extend(main.and_then(|it| named(it, task, &key)));
                }
            }
        }
        (!findings.is_empty()).then(|| Branch {
            name: "task definition".to_owned(),
            findings,
        })
    }
}

/// The container that a task names, if it names one.
fn named(definition: &TaskDefinition, task: &OneShotTask, key: &str) -> Option<Finding> {
    let container = task.container.as_deref()?;
    Some(judge::container(definition, container, key))
}

/// The containers and ports behind load balancers.
fn ports(
    definition: &TaskDefinition,
    templates: &Templates,
    behind: Option<&ecs::Service>,
) -> Vec<Finding> {
    if let Some(app_spec) = &templates.app_spec {
        return vec![judge::port(
            definition,
            app_spec.container(),
            app_spec.port(),
        )];
    }
    let Some(service) = behind else {
        return Vec::new();
    };
    let live = service.primary().map(|set| set.load_balancers.as_slice());
    let live = live.unwrap_or_default().iter();
    let mut named: Vec<(&str, u16)> = live.map(|it| (it.container.as_str(), it.port)).collect();
    let own = service.load_balancers.iter();
    named.extend(own.filter_map(|it| Some((it.container.as_deref()?, it.port?))));
    named.sort_unstable();
    named.dedup();
    named
        .into_iter()
        .map(|(container, port)| judge::port(definition, container, port))
        .collect()
}
