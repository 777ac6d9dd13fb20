//! A native deployment: its stages in order, with a blue and a green revision (AWS-FACTS 7.3).
//!
//! How hooks are asked is in [`super::hooks`], how traffic moves in [`super::traffic`].

use std::time::Duration;

use super::configuration::Native;
use super::record::Weights;
use super::rolling::is_in_service;
use super::runner::{Ended, Run};
use super::stage::Stage;
use super::traffic::Traffic;
use crate::account::ecs::task::Status;
use crate::account::ecs::task_set::Scale;
use crate::account::journal::Tone;

/// How often ECS looks at tasks that start or stop.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// What a stage takes at least, and at most (AWS-FACTS 7.5).
const A_STAGE_TAKES: Duration = Duration::from_secs(1);
const A_STAGE_TAKES_AT_MOST: Duration = Duration::from_hours(24);

impl Run {
    /// Lets the green revision take over from the blue one, stage by stage.
    pub(super) async fn shift(&self, native: &Native) -> Result<(), Ended> {
        if native.routing.is_some() {
            let (test, production) = (0.0, 0.0);
            self.change(|record| record.weights = Some(Weights { test, production }));
        }
        self.reconcile(native).await?;
        self.ask(native, Stage::PreScaleUp, Traffic::NONE).await?;
        self.enter(Stage::ScaleUp).await?;
        self.scale_up(&self.place.task_set).await?;
        self.ask(native, Stage::PostScaleUp, Traffic::NONE).await?;

        self.enter(Stage::TestTrafficShift).await?;
        self.move_test_traffic(native, 100.0)?;
        self.hooks(native, Stage::TestTrafficShift, Traffic::test(100.0))
            .await?;
        self.ask(native, Stage::PostTestTrafficShift, Traffic::NONE)
            .await?;

        let mut before = 0.0;
        for (share, bake_minutes) in native.shift.steps() {
            let traffic = Traffic::production(before);
            self.ask(native, Stage::PreProductionTrafficShift, traffic)
                .await?;
            self.enter(Stage::ProductionTrafficShift).await?;
            self.move_production_traffic(native, share)?;
            let traffic = Traffic::production(share);
            self.hooks(native, Stage::ProductionTrafficShift, traffic)
                .await?;
            self.bake(bake_minutes).await?;
            before = share;
        }
        self.ask(native, Stage::PostProductionTrafficShift, Traffic::NONE)
            .await?;
        self.enter(Stage::BakeTime).await?;
        self.bake(native.bake_minutes).await?;
        self.enter(Stage::CleanUp).await?;
        self.end_others(&self.place.task_set).await
    }

    /// Gives blue the traffic back, tells the hooks, and ends green. On rollback there is no stage of its
    /// own (AWS-FACTS 7.5).
    pub(super) async fn shift_back(&self, native: &Native, blue: &str) -> Result<(), Ended> {
        // Where blue was about to end, it has to come back first.
        if self.deployment.read(|record| record.stage) == Some(Stage::CleanUp) {
            self.scale_up(blue).await?;
        }
        self.move_production_traffic(native, 0.0)?;
        self.move_test_traffic(native, 0.0)?;
        if self.hook_behaviour().test_traffic_on_rollback {
            let stage = Stage::TestTrafficShift;
            self.ask(native, stage, Traffic::test(0.0)).await?;
        }
        let stage = Stage::ProductionTrafficShift;
        self.ask(native, stage, Traffic::production(0.0)).await?;
        self.end_others(blue).await
    }

    /// Only if more than one revision is active at the start: the last complete one gets all the traffic,
    /// and the others end.
    async fn reconcile(&self, native: &Native) -> Result<(), Ended> {
        let (sources, blue) = self
            .deployment
            .read(|record| (record.sources.clone(), record.blue.clone()));
        if sources.len() < 2 {
            return Ok(());
        }
        self.ask(native, Stage::ReconcileService, Traffic::NONE)
            .await?;
        if let Some(blue) = &blue {
            self.scale_up(blue).await?;
        }
        self.move_production_traffic(native, 0.0)?;
        self.move_test_traffic(native, 0.0)?;
        let leftovers: Vec<String> = sources
            .into_iter()
            .filter(|id| Some(id) != blue.as_ref())
            .collect();
        self.end(&leftovers).await?;
        self.change_service(|service| leftovers.iter().for_each(|id| service.retire(id)));
        Ok(())
    }

    /// Enters a stage and asks its hooks.
    async fn ask(&self, native: &Native, stage: Stage, traffic: Traffic) -> Result<(), Ended> {
        self.enter(stage).await?;
        self.hooks(native, stage, traffic).await
    }

    async fn enter(&self, stage: Stage) -> Result<(), Ended> {
        self.change(|record| record.stage = Some(stage));
        self.note(Tone::Neutral, stage.name());
        self.pause(A_STAGE_TAKES).await
    }

    async fn bake(&self, minutes: u32) -> Result<(), Ended> {
        if minutes == 0 {
            return Ok(());
        }
        self.note(Tone::Neutral, format!("bakes for {minutes} minutes"));
        self.pause(Duration::from_mins(u64::from(minutes))).await
    }

    /// Starts a revision's tasks and waits until all are in service.
    async fn scale_up(&self, id: &str) -> Result<(), Ended> {
        self.change_service(|service| {
            if let Some(set) = service.task_set_mut(id) {
                set.scale = Scale::Percent(100.0);
                set.wake.notify_one();
            }
        });
        let deadline = self.account.clock().deadline(A_STAGE_TAKES_AT_MOST);
        let mut known = None;
        loop {
            let (healthy, desired) = self.in_service(id);
            if healthy >= desired {
                return Ok(());
            }
            if known.is_some_and(|known| known != healthy) {
                let text = format!("{healthy} of {desired} tasks of {id} in service");
                self.note(Tone::Neutral, text);
            }
            known = Some(healthy);
            if tokio::time::Instant::now() >= deadline {
                let reason = "The tasks did not become healthy within 24 hours.".to_owned();
                let failed = true;
                return Err(Ended::RolledBack { reason, failed });
            }
            self.pause(LOOKS_EVERY).await?;
        }
    }

    /// How many tasks of a revision are in service, and how many are wanted.
    fn in_service(&self, id: &str) -> (u32, u32) {
        let now = self.account.clock().now();
        let state = self.account.state();
        let service = state.ecs.service(&self.place.cluster, &self.place.service);
        let Some((service, set)) =
            service.and_then(|service| Some((service, service.task_set(id)?)))
        else {
            return (0, 0);
        };
        let healthy = set
            .tasks(&state)
            .filter(|task| is_in_service(set, task, &state, now))
            .count();
        (
            u32::try_from(healthy).unwrap_or(u32::MAX),
            set.desired(service.desired_count),
        )
    }

    /// Ends the tasks of all revisions but one.
    async fn end_others(&self, id: &str) -> Result<(), Ended> {
        let others = self.service(|service| {
            let sets = service.task_sets.iter().filter(|set| set.id != id);
            sets.map(|set| set.id.clone()).collect::<Vec<_>>()
        });
        self.end(&others.unwrap_or_default()).await
    }

    /// Ends the tasks of these revisions and waits until they have stopped.
    async fn end(&self, ids: &[String]) -> Result<(), Ended> {
        self.change_service(|service| {
            let sets = service.task_sets.iter_mut();
            sets.filter(|set| ids.contains(&set.id))
                .for_each(|set| set.rescale(0));
        });
        loop {
            let alive = {
                let state = self.account.state();
                let service = state.ecs.service(&self.place.cluster, &self.place.service);
                let sets = service.into_iter().flat_map(|service| &service.task_sets);
                sets.filter(|set| ids.contains(&set.id))
                    .flat_map(|set| set.tasks(&state))
                    .any(|task| task.status != Status::Stopped)
            };
            if !alive {
                return Ok(());
            }
            self.pause(LOOKS_EVERY).await?;
        }
    }
}
