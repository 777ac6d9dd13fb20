//! A target whose steps are taken one after the other, with what they wrote.

use super::*;

/// A target and everything that its steps wrote.
#[derive(Debug, Default, Clone)]
pub(super) struct Target {
    pub(super) state: TargetState,
    pub(super) statuses: BTreeMap<DeploymentId, Status>,
    pub(super) starts: Vec<(DeploymentId, bool)>,
    /// Of these, those that were only looked for.
    pub(super) looked_for: Vec<DeploymentId>,
    /// Of these, those that are not started if their image is seen to be live.
    pub(super) unless_live: Vec<DeploymentId>,
    pub(super) announced: Vec<(DetailType, DeploymentId)>,
    /// Which deployment each job was said to wait for last.
    pub(super) waited_for: BTreeMap<JobId, DeploymentId>,
    pub(super) answered: Vec<(JobId, DeploymentId, Ending)>,
    /// Jobs in whose place another one waits.
    pub(super) replaced: BTreeSet<JobId>,
    pub(super) second: i64,
    /// What keeps automatic deployments from starting.
    pub(super) closure: Option<Closure>,
    /// The deployments that AWS was told to stop.
    pub(super) stopped: Vec<DeploymentId>,
    /// What people did.
    pub(super) noted: Vec<Intervention>,
    /// The sentence of the last explanation.
    pub(super) said: String,
}

impl Target {
    pub(super) fn take(&mut self, input: Input) -> (Decision, Rule) {
        self.second += 1;
        self.take_at(input, self.second)
    }

    pub(super) fn take_at(&mut self, input: Input, second: i64) -> (Decision, Rule) {
        let name: TargetName = "api-test".parse().unwrap();
        let now = at(1000 + second);
        let replaced = match &input {
            Input::Awaited { instead_of, .. } => instead_of.clone(),
            _ => None,
        };
        let waited = self.waiting();
        let circumstances = Circumstances {
            target: &name,
            at: now,
            lease_until: now + LEASE,
            closure: self.closure.clone(),
        };
        let transition = step(circumstances, &self.state, input);
        let mut touched = BTreeSet::new();
        for effect in transition.effects {
            match effect {
                Effect::Create(record) => {
                    assert!(
                        touched.insert(record.id),
                        "one transaction touches an item once"
                    );
                    assert!(
                        self.statuses.insert(record.id, record.status).is_none(),
                        "{} was created twice",
                        record.id
                    );
                }
                Effect::Update { deployment, change } => {
                    assert!(
                        touched.insert(deployment),
                        "one transaction touches an item once"
                    );
                    let status = self
                        .statuses
                        .get_mut(&deployment)
                        .expect("the record exists");
                    if let Some(next) = change.status {
                        assert!(
                            !status.is_final(),
                            "{deployment} had ended as {status:?}, now {next:?}"
                        );
                        *status = next;
                    }
                }
                Effect::Start {
                    deployment,
                    resume,
                    only_look,
                    unless_live,
                    ..
                } => {
                    self.starts.push((deployment, resume));
                    self.looked_for.extend(only_look.then_some(deployment));
                    self.unless_live.extend(unless_live.then_some(deployment));
                }
                Effect::Note(intervention) => self.noted.push(*intervention),
                Effect::Stop { deployment, .. } => self.stopped.push(deployment),
                Effect::Announce(announcement) => {
                    self.announced
                        .push((announcement.detail_type, announcement.deployment));
                }
                Effect::Await {
                    job, deployment, ..
                } => {
                    self.waited_for.insert(job, deployment);
                }
                Effect::Answer {
                    jobs,
                    deployment,
                    ending,
                } => {
                    let answers = jobs.into_iter();
                    self.answered
                        .extend(answers.map(|job| (job, deployment, (*ending).clone())));
                }
            }
        }
        self.state = transition.state;
        let waiting = self.waiting();
        self.replaced
            .extend(replaced.filter(|job| waited.contains(job) && !waiting.contains(job)));
        self.said = transition.explanation.text;
        (transition.explanation.decision, transition.explanation.rule)
    }

    pub(super) fn take_all(&mut self, inputs: impl IntoIterator<Item = Input>) -> &mut Self {
        for input in inputs {
            self.take(input);
        }
        self
    }

    /// The jobs that wait.
    pub(super) fn waiting(&self) -> Vec<JobId> {
        let active = self.state.active.iter().flat_map(|it| &it.jobs);
        let queued = self.state.queued.iter().flat_map(|it| &it.jobs);
        let wanted = self.state.rollback.iter().flat_map(|it| &it.jobs);
        active.chain(queued).chain(wanted).cloned().collect()
    }

    pub(super) fn live(&self) -> Option<&Digest> {
        self.state
            .current
            .as_ref()
            .map(|current| &current.candidate.digest)
    }

    pub(super) fn status(&self, number: u8) -> Option<Status> {
        self.statuses.get(&id(number)).copied()
    }
}
