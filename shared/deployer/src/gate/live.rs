//! A gate tried on what runs now. Nothing is deployed, nothing is recorded, and nobody is asked.
//!
//! All checks run, whatever the others found. What compares with the tasks that ran before has nothing to compare with.

use std::slice;

use greenlight_aws::{
    AwsError,
    codedeploy::Group,
    ecs::{self, ServiceRevision},
    table::StoredTarget,
};
use greenlight_core::{
    gate::{CheckReport, GateReport},
    target::{Check, GatePoint, Service, Strategy, TargetName, check::CheckKind},
};
use jiff::Timestamp;

use super::{
    expectation::{self, Wanted},
    green::{Green, Side},
    measure::{About, Instruments},
    run::{Ran, Time, run},
};
use crate::Deployer;

/// What a gate found that was tried on what runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What its checks found.
    pub report: GateReport,
    /// The checks that were left out.
    pub skipped: Vec<String>,
}

/// Why a gate could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The target has no such gate.
    #[error("target `{target}` has no checks at {point}; it has some at {}", listed(.known))]
    NoChecks {
        /// Which target.
        target: TargetName,
        /// Where not.
        point: GatePoint,
        /// Where it has.
        known: Vec<GatePoint>,
    },
    /// There is nothing to be checked.
    #[error("target `{target}` has no service whose tasks could be checked")]
    NoService {
        /// Which target.
        target: TargetName,
    },
    /// The service has never run anything.
    #[error("service `{service}` of target `{target}` runs nothing")]
    NothingRuns {
        /// Which target.
        target: TargetName,
        /// Which service.
        service: Service,
    },
    /// AWS could not be asked.
    #[error("what target `{target}` runs could not be looked at")]
    Look {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

fn listed(points: &[GatePoint]) -> String {
    let names: Vec<&str> = points.iter().map(|point| point.name()).collect();
    if names.is_empty() {
        "no point".to_owned()
    } else {
        names.join(", ")
    }
}

/// What runs, and what is known of how it came to run.
struct Live {
    green: Green,
    aws_id: String,
    began_at: Timestamp,
}

impl Deployer {
    /// Runs the checks of a gate on what runs now, until `until`. People are not asked.
    pub async fn verify_gate(
        &self,
        stored: &StoredTarget,
        point: GatePoint,
        until: Timestamp,
    ) -> Result<Verified, VerifyError> {
        let target = &stored.target.name;
        let checks = stored.target.gates.get(point).unwrap_or_default();
        if checks.is_empty() {
            let with_checks = stored.target.gates.iter();
            let with_checks = with_checks.filter(|(_, checks)| !checks.is_empty());
            return Err(VerifyError::NoChecks {
                target: target.clone(),
                point,
                known: with_checks.map(|(point, _)| point).collect(),
            });
        }
        let started_at = self.clock.now();
        let live = self.live(stored, started_at).await?;
        let about = About {
            point,
            aws_id: &live.aws_id,
            began_at: live.began_at,
            gate_began_at: started_at,
            stored: Some(stored),
            deployment: stored.state.current.as_ref().map(|it| it.deployment),
        };
        let time = Time {
            call: until,
            end: until,
            gate: until,
            whose: "the function's time is over",
            goes_on: None,
        };
        let mut instruments = Instruments::new(self, &live.green, about);
        let (asked, measured): (Vec<&Check>, Vec<&Check>) =
            checks.iter().partition(|check| asks_people(check));
        let mut reports: Vec<CheckReport> = Vec::new();
        for check in measured {
            let ran = run(
                &self.clock,
                slice::from_ref(check),
                time,
                None,
                &mut instruments,
            );
            reports.extend(match Box::pin(ran).await {
                Ran::Over(reports) => reports,
                Ran::BrokenOff { unfinished, .. } => unfinished.reports,
            });
        }
        Ok(Verified {
            report: GateReport::conclude(point, reports, started_at, self.clock.now()),
            skipped: asked.into_iter().map(Check::title).collect(),
        })
    }

    /// The tasks that carry the production traffic.
    async fn live(&self, stored: &StoredTarget, now: Timestamp) -> Result<Live, VerifyError> {
        let target = &stored.target.name;
        let look = |source| VerifyError::Look {
            target: target.clone(),
            source,
        };
        let Some(at) = &stored.target.service else {
            return Err(VerifyError::NoService {
                target: target.clone(),
            });
        };
        let clients = self.clients_of(&stored.target);
        let service = ecs::service(&clients, &at.cluster, &at.name).await;
        let service = service.map_err(look)?;
        let since = stored.state.current.as_ref().map(|current| current.since);
        let (task_definition, side, aws_id, began_at);
        let mut resolved = Vec::new();
        if service.controller == "ECS" {
            let primary = service
                .primary_deployment()
                .ok_or_else(|| nothing_runs(target, at))?;
            let revisions = ecs::service_revisions(&clients, &service.current_revisions).await;
            let revision = revision_of(&revisions.map_err(look)?, primary);
            resolved.clone_from(&revision.images);
            task_definition = primary.task_definition.clone();
            aws_id = service
                .current_deployment
                .clone()
                .unwrap_or_else(|| primary.id.clone());
            began_at = primary.created_at.or(since);
            side = Side::Revision {
                deployment: aws_id.clone(),
                revision,
                others: Vec::new(),
                is_rolling: true,
            };
        } else {
            let primary = service.primary().ok_or_else(|| nothing_runs(target, at))?;
            task_definition = primary.task_definition.clone();
            aws_id = primary
                .external_id
                .clone()
                .unwrap_or_else(|| primary.id.clone());
            began_at = since;
            side = Side::Primary {
                group: group_of(&stored.target.deploy),
            };
        }
        let current = stored.state.current.as_ref();
        let wanted = Wanted {
            task_definition: &task_definition,
            resolved: &resolved,
            stored: Some(stored),
            // What the record says is live is what has to run.
            candidate: current.map(|current| &current.candidate),
        };
        let expected = expectation::expected(&self.clients, &clients, wanted).await;
        Ok(Live {
            green: Green {
                clients,
                service: at.clone(),
                side,
                expected: expected.map_err(look)?,
            },
            aws_id,
            began_at: began_at.unwrap_or(now),
        })
    }
}

/// Whether people would have to answer.
pub(crate) fn asks_people(check: &Check) -> bool {
    matches!(check.kind, CheckKind::Approval(_))
}

fn nothing_runs(target: &TargetName, service: &Service) -> VerifyError {
    VerifyError::NothingRuns {
        target: target.clone(),
        service: service.clone(),
    }
}

fn group_of(deploy: &Strategy) -> Option<Group> {
    match deploy {
        Strategy::CodeDeploy(group) => Some(Group {
            application: group.application.clone(),
            name: group.group.clone(),
        }),
        Strategy::Rolling | Strategy::Native | Strategy::Task(_) | Strategy::Pipeline(_) => None,
    }
}

/// The revision of the primary deployment; where ECS does not tell of one, what the deployment says itself.
fn revision_of(revisions: &[ServiceRevision], primary: &ecs::RollingDeployment) -> ServiceRevision {
    let by_id = revisions
        .iter()
        .find(|revision| revision.tasks_started_by() == primary.id);
    let by_definition = || {
        let mut revisions = revisions.iter();
        revisions.find(|revision| revision.task_definition == primary.task_definition)
    };
    let found = by_id.or_else(by_definition).cloned();
    found.unwrap_or_else(|| ServiceRevision {
        task_definition: primary.task_definition.clone(),
        ..ServiceRevision::default()
    })
}
