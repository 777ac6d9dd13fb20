//! Jobs of pipelines that wait for a deployment's end.
//!
//! A job waits for the deployment that brings its image, whoever has asked for that: a new one, the one
//! that is under way, or the one that waits. It moves with the candidate until that has ended.

use super::{
    Candidate, Decision, DeploymentId, Effect, Ending, Rule, Transition, state::JOBS_LIMIT,
    step::Step,
};
use crate::job::JobId;

impl Step<'_> {
    /// The jobs of the candidate that this step is about wait for `deployment`.
    pub(super) fn wait_for(&mut self, deployment: DeploymentId, waiting: &mut Vec<JobId>) {
        for job in std::mem::take(&mut self.jobs) {
            if waiting.contains(&job.id) {
                continue;
            }
            if waiting.len() >= JOBS_LIMIT {
                self.answer(vec![job.id], deployment, Ending::Crowded);
                continue;
            }
            waiting.push(job.id.clone());
            self.effects.push(Effect::Await {
                job: job.id,
                deployment,
                is_new: job.is_new,
            });
        }
    }

    /// The jobs that this step is about wait for the deployment that is under way.
    pub(super) fn wait_for_active(&mut self) {
        if let Some(mut active) = self.state.active.take() {
            self.wait_for(active.deployment, &mut active.jobs);
            self.state.active = Some(active);
        }
    }

    /// The jobs that this step is about wait for the deployment that waits for its turn.
    pub(super) fn wait_for_queued(&mut self) {
        if let Some(mut queued) = self.state.queued.take() {
            self.wait_for(queued.deployment, &mut queued.jobs);
            self.state.queued = Some(queued);
        }
    }

    /// Tells jobs what became of a deployment.
    pub(super) fn answer(&mut self, jobs: Vec<JobId>, deployment: DeploymentId, ending: Ending) {
        if !jobs.is_empty() {
            self.effects.push(Effect::Answer {
                jobs,
                deployment,
                ending: Box::new(ending),
            });
        }
    }

    /// Tells the jobs that this step is about that their deployment came to nothing.
    pub(super) fn answer_superseded(&mut self, deployment: DeploymentId, reason: &str) {
        let jobs = std::mem::take(&mut self.jobs);
        let jobs = jobs.into_iter().map(|job| job.id).collect();
        let reason = reason.to_owned();
        self.answer(jobs, deployment, Ending::Superseded { reason });
    }

    /// What waited gives way to `candidate`: its jobs wait for that, if it brings their image.
    pub(super) fn hand_over(
        &mut self,
        jobs: Vec<JobId>,
        deployment: DeploymentId,
        of: &Candidate,
        candidate: &Candidate,
        reason: &str,
    ) {
        if of.is_within(candidate) {
            self.jobs.extend(jobs.into_iter().map(Waiting::known));
        } else {
            let reason = reason.to_owned();
            self.answer(jobs, deployment, Ending::Superseded { reason });
        }
    }

    pub(super) fn waits(
        mut self,
        id: DeploymentId,
        job: JobId,
        instead_of: Option<&JobId>,
    ) -> Transition {
        let text = format!("job {job} waits for the end of deployment {id}");
        self.jobs.push(Waiting::new(job));
        let is_old = |job: &JobId| Some(job) == instead_of;
        if let Some(active) = self.state.active.as_mut()
            && active.deployment == id
        {
            active.jobs.retain(|job| !is_old(job));
            self.wait_for_active();
        } else if let Some(queued) = self.state.queued.as_mut()
            && queued.deployment == id
        {
            queued.jobs.retain(|job| !is_old(job));
            self.wait_for_queued();
        } else if let Some(mut wanted) = self.state.rollback.take_if(|it| it.deployment == id) {
            wanted.jobs.retain(|job| !is_old(job));
            self.wait_for(id, &mut wanted.jobs);
            self.state.rollback = Some(wanted);
        } else {
            return self.not_active(id);
        }
        self.end(Decision::Record, Rule::Awaited, text)
    }
}

/// A job that waits for what a step is about.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: JobId,
    /// It has waited for nothing before.
    pub(super) is_new: bool,
}

impl Waiting {
    pub(super) fn new(id: JobId) -> Self {
        Self { id, is_new: true }
    }

    fn known(id: JobId) -> Self {
        Self { id, is_new: false }
    }
}
