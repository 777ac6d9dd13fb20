//! Verifying a target: everything that it needs in AWS is looked at, and all that was found is told at once.
//!
//! What the document names is read first, all of it together; then what those things name in turn. Each thing is read
//! once, and so many calls at a time. What is found means is decided in `greenlight_core::verification`.

mod codedeploy;
mod definitions;
mod gates;
mod images;
mod load_balancing;
mod look;
mod native;
mod needs;
mod pipeline;
mod place;
mod roles;
mod service;
mod templates;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures_util::{
    future::{OptionFuture, join_all},
    join,
};
use greenlight_aws::{Clients, chain, sts};
use greenlight_core::{
    target::{Strategy, Target},
    verification::{Branch, Finding, Look, Report, State, check, roles::Role},
};
use tokio::sync::{OnceCell, Semaphore};

use crate::Deployer;
use place::Place;

pub(crate) use service::facts;

/// So many calls are under way at a time: IAM answers few.
const AT_ONCE: usize = 16;

/// What a target is looked at with.
pub(super) struct Verifier<'a> {
    deployer: &'a Deployer,
    target: &'a Target,
    /// Of the target's role.
    clients: Clients,
    place: Place,
    at_once: Semaphore,
    roles: Mutex<BTreeMap<String, Arc<OnceCell<Look<Role>>>>>,
}

impl Deployer {
    /// Looks at everything that a target needs. What AWS does not let us see is a finding, not an error.
    pub async fn verify_target(&self, target: &Target) -> Report {
        let (home, us) = join!(self.table.home(), sts::caller(&self.clients));
        let branches = match home {
            Ok(home) => {
                // Only statements name it.
                let us = us.unwrap_or_else(|_| "whoever verifies".to_owned());
                let verifier = Verifier {
                    deployer: self,
                    target,
                    clients: self.clients_of(target),
                    place: Place::new(home, &us, target),
                    at_once: Semaphore::new(AT_ONCE),
                    roles: Mutex::default(),
                };
                Box::pin(verifier.branches()).await
            }
            Err(error) => vec![Branch {
                name: "Greenlight".to_owned(),
                findings: vec![Finding::cannot_check(
                    check::HOME,
                    format!(
                        "where Greenlight runs could not be found out: {}",
                        chain(&error)
                    ),
                    error.hint().unwrap_or_else(|| "verify it again".to_owned()),
                )],
            }],
        };
        Report {
            target: target.name.clone(),
            branches,
        }
    }
}

impl Verifier<'_> {
    async fn branches(&self) -> Vec<Branch> {
        let assumed = self.assumed().await;
        let refused = assumed.as_ref().is_some_and(|it| it.state != State::Ok);
        let mut branches: Vec<Branch> = Vec::new();
        branches.extend(assumed.map(|finding| Branch {
            name: "role of the target".to_owned(),
            findings: vec![finding],
        }));
        // Every other call would say the same.
        if refused {
            return branches;
        }
        let (codedeploy, deploying) = match &self.target.deploy {
            Strategy::CodeDeploy(strategy) => (Some(strategy), None),
            Strategy::Pipeline(pipeline) => (None, Some(pipeline)),
            Strategy::Rolling | Strategy::Native | Strategy::Task(_) => (None, None),
        };
        let (ecs, group, pipeline, images, gates, texts) = join!(
            self.ecs(),
            OptionFuture::from(codedeploy.map(|strategy| self.group(strategy))),
            OptionFuture::from(deploying.map(|pipeline| self.pipeline(pipeline))),
            self.images(),
            self.gates(),
            self.texts(),
        );
        let templates = self.templates(&texts);
        let definitions = self.definitions(&ecs, &templates);
        let service = ecs.service.as_ref().and_then(Look::found);
        let behind = service.filter(|_| {
            !matches!(
                self.target.deploy,
                Strategy::Task(_) | Strategy::Pipeline(_)
            )
        });
        let found_group = group.as_ref().and_then(Look::found);
        let native = service.filter(|_| self.target.deploy == Strategy::Native);
        let group_branch = codedeploy.zip(group.as_ref());
        let (groups, natives, balancing, roles, needs, gate) = join!(
            OptionFuture::from(
                group_branch.map(|(strategy, look)| self.group_branch(strategy, look))
            ),
            OptionFuture::from(native.map(|service| self.native(service))),
            OptionFuture::from(behind.map(|service| self.load_balancing(service, found_group))),
            join_all(
                definitions
                    .iter()
                    .map(|it| self.task_roles(it, gates.role()))
            ),
            join_all(definitions.iter().map(|it| self.needs(it))),
            self.gate_branch(&gates),
        );
        if let Some(look) = &ecs.service {
            branches.push(Branch {
                name: format!("service `{}`", self.service_name()),
                findings: self.service_findings(look),
            });
        }
        if !ecs.clusters.is_empty() {
            branches.push(Branch {
                name: "clusters of tasks".to_owned(),
                findings: ecs.clusters.clone(),
            });
        }
        branches.extend(natives.flatten());
        branches.extend(groups);
        branches.extend(pipeline);
        branches.extend(templates.branch.clone());
        branches.extend(self.definition_branch(&ecs, &templates, behind));
        let wanted = definitions.first().map(|it| it.wanted_platform());
        branches.push(Branch {
            name: "images".to_owned(),
            findings: self.image_findings(&images, wanted.as_ref()),
        });
        branches.extend(roles.into_iter().flatten());
        branches.extend(needs.into_iter().flatten());
        branches.extend(balancing.flatten());
        branches.extend(gate);
        branches
    }

    fn service_name(&self) -> String {
        let service = self.target.service.as_ref();
        service.map(ToString::to_string).unwrap_or_default()
    }

    /// A call, when fewer than [`AT_ONCE`] are under way.
    async fn bounded<T>(&self, call: impl Future<Output = T>) -> T {
        // It is never closed.
        let _permit = self.at_once.acquire().await;
        call.await
    }
}
