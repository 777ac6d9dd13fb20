//! The inputs, the effects, and the one function that leads from one to the other.
//!
//! Rules that hold in every step:
//! - one deployment at a time; of the candidates that arrive meanwhile the newest waits, and the
//!   others are recorded as superseded;
//! - what is live, under way, or rejected is never deployed again automatically;
//! - the order of candidates never goes backwards, so late events change nothing;
//! - the same input a second time changes nothing.

use jiff::Timestamp;

use super::{
    Candidate, Closure, DeploymentId, Ending, Explanation, Hold, Obstacle, Preparation,
    TargetState, step::Step,
};
use crate::{
    job::JobId,
    record::{Announcement, DeploymentRecord, Intervention, Origin, RecordChange},
    target::TargetName,
};

/// Something that happened, as far as a target's state is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// An image that the target's policy accepts has been pushed, or a person or a pipeline asks for
    /// one.
    Requested {
        /// The id to use if a deployment comes of it.
        deployment: DeploymentId,
        /// The image.
        candidate: Candidate,
        /// A push, or somebody: what somebody asks for may be older, or have failed before.
        origin: Origin,
        /// The job that asks, and waits for the end.
        job: Option<JobId>,
    },
    /// A job waits for the end of a deployment that is there already.
    Awaited {
        /// Our id.
        deployment: DeploymentId,
        /// The job.
        job: JobId,
        /// The job that waited in its place until now.
        instead_of: Option<JobId>,
    },
    /// A push whose tag names another image by now: only to be recorded.
    Outdated {
        /// The id of its record.
        deployment: DeploymentId,
        /// The image that the tag named.
        candidate: Candidate,
    },
    /// A task that has to succeed before the service is touched was started.
    BeforeStarted {
        /// Our id.
        deployment: DeploymentId,
        /// Which of the target's, counted from nought.
        step: u32,
        /// The task's ARN.
        aws_id: String,
        /// The task definition that was registered for the deployment, if it was needed already.
        task_definition: Option<String>,
    },
    /// It succeeded.
    BeforeSucceeded {
        /// Our id.
        deployment: DeploymentId,
        /// Which of the target's, counted from nought.
        step: u32,
        /// The task definition that it ran.
        task_definition: Option<String>,
    },
    /// The AWS deployment of an active deployment was created.
    Started {
        /// Our id.
        deployment: DeploymentId,
        /// AWS's id.
        aws_id: String,
        /// The task definition that it deploys, where it is known.
        task_definition: Option<String>,
    },
    /// The active deployment could not be started, and trying again would not help.
    StartFailed {
        /// Our id.
        deployment: DeploymentId,
        /// What kept it.
        obstacle: Obstacle,
        /// What happened to which resource, and what to do.
        reason: String,
    },
    /// The active deployment has to wait: the service is busy with somebody else's deployment.
    StartDeferred {
        /// Our id.
        deployment: DeploymentId,
        /// What it waits for.
        reason: String,
    },
    /// A deployment of ours came to its end.
    Concluded {
        /// Our id.
        deployment: DeploymentId,
        /// AWS's id: it may not be bound yet.
        aws_id: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// A deployment that Greenlight did not start came to its end.
    ConcludedElsewhere(Foreign),
    /// A target was registered whose service already runs an image of its repository.
    Adopted {
        /// The id of its record.
        deployment: DeploymentId,
        /// What runs.
        candidate: Candidate,
        /// The task definition that runs it, where there is one.
        task_definition: Option<String>,
    },
    /// A person holds automatic deployments.
    Held {
        /// The id under which that is noted.
        id: DeploymentId,
        /// Who, why, until when.
        hold: Hold,
    },
    /// A person releases them.
    Released {
        /// The id under which that is noted.
        id: DeploymentId,
        /// Who.
        by: String,
        /// Why.
        reason: Option<String>,
    },
    /// A person goes back to an image that was proved.
    RolledBack {
        /// The id of the deployment that brings it back.
        deployment: DeploymentId,
        /// What is brought back.
        to: Candidate,
        /// Who.
        by: String,
        /// Why.
        reason: Option<String>,
    },
    /// What runs is not what the record says, and nothing is under way.
    Drifted {
        /// The id of its record.
        deployment: DeploymentId,
        /// What runs, if it is an image of the target's repositories.
        running: Option<Candidate>,
        /// What runs, for people.
        runs: String,
        /// The task definition that runs it.
        task_definition: Option<String>,
        /// Who did it, or how, as far as AWS tells.
        cause: Option<String>,
    },
    /// The marks outside say what this deployment has brought.
    Marked {
        /// Our id.
        deployment: DeploymentId,
    },
    /// The image that this deployment has brought was given the tag that other targets watch.
    Promoted {
        /// Our id.
        deployment: DeploymentId,
    },
    /// Something arrived that has been dealt with before. What should have followed from it may have
    /// been broken off, so that is made sure of.
    Revisited,
}

/// How a deployment ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The image is live: the running tasks prove it.
    Succeeded {
        /// The task definition that runs it, where there is one.
        task_definition: Option<String>,
    },
    /// It is not live, or must not stay so.
    Failed {
        /// Why, in one sentence.
        reason: String,
        /// The facts, one a line.
        evidence: Vec<String>,
        /// What has to follow.
        aftermath: Aftermath,
    },
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// The image is rejected; the service is as it was.
    Over,
    /// The image is rejected, and AWS is rolling it back, so the service is still busy.
    RollingBack,
    /// The image is rejected, but it is what the service runs: the previous one is deployed again.
    Restore,
    /// Nothing is known against the image: it could not be proved.
    Unproved,
}

/// A deployment that Greenlight did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The id of its record.
    pub deployment: DeploymentId,
    /// AWS's id.
    pub aws_id: String,
    /// A roll-back, or somebody else's.
    pub origin: Origin,
    /// What runs now, if that could be seen and is an image of the target's repository.
    pub running: Option<Candidate>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Something to be done because of a transition.
#[expect(
    clippy::large_enum_variant,
    reason = "a transition has a handful of them"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Write a new record, in the same transaction as the state.
    Create(Box<DeploymentRecord>),
    /// Complete a record, in the same transaction as the state.
    Update {
        /// Whose record.
        deployment: DeploymentId,
        /// What changes.
        change: Box<RecordChange>,
    },
    /// Start the AWS deployment, once the state is stored.
    Start {
        /// Our id.
        deployment: DeploymentId,
        /// What to deploy.
        candidate: Candidate,
        /// An earlier start was broken off: look for its AWS deployment first.
        resume: bool,
        /// A person wants it stopped: look for its AWS deployment, and start none.
        only_look: bool,
        /// A person wants back what the record says is live: look whether it is, and start it if it is not.
        unless_live: bool,
        /// What has been done for it before.
        prepared: Preparation,
    },
    /// Emit an event.
    Announce(Box<Announcement>),
    /// Note what a person did, in the same transaction as the state.
    Note(Box<Intervention>),
    /// Stop the AWS deployment, once the state is stored.
    Stop {
        /// Our id.
        deployment: DeploymentId,
        /// Why, for AWS's own record.
        reason: String,
    },
    /// Note which deployment a job waits for, in the same transaction as the state.
    Await {
        /// The job.
        job: JobId,
        /// Which deployment.
        deployment: DeploymentId,
        /// It has waited for none before: one that has is not to ask a second time.
        is_new: bool,
    },
    /// Answer the jobs that waited, once the state is stored.
    Answer {
        /// Which.
        jobs: Vec<JobId>,
        /// For which deployment.
        deployment: DeploymentId,
        /// What became of it.
        ending: Box<Ending>,
    },
}

/// What follows from one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The next state.
    pub state: TargetState,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Why.
    pub explanation: Explanation,
}

/// What a step is taken in.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    /// Whose step.
    pub target: &'a TargetName,
    /// The time of the step.
    pub at: Timestamp,
    /// When whoever takes the step cannot be running any more, which is how long a start that it claims is
    /// left to it.
    pub lease_until: Timestamp,
    /// What keeps automatic deployments from starting now, beside the target's own hold.
    pub closure: Option<Closure>,
}

/// The next state of a target after `input`.
pub fn step(circumstances: Circumstances<'_>, state: &TargetState, input: Input) -> Transition {
    let Circumstances {
        target,
        at,
        lease_until,
        closure,
    } = circumstances;
    let step = Step {
        target,
        state: state.clone(),
        effects: Vec::new(),
        jobs: Vec::new(),
        at,
        lease_until,
        closure,
    };
    match input {
        Input::Requested {
            deployment,
            candidate,
            origin,
            job,
        } => step.requested(deployment, candidate, origin, job),
        Input::Awaited {
            deployment,
            job,
            instead_of,
        } => step.waits(deployment, job, instead_of.as_ref()),
        Input::Outdated {
            deployment,
            candidate,
        } => step.outdated(deployment, &candidate),
        Input::BeforeStarted {
            deployment,
            step: number,
            aws_id,
            task_definition,
        } => step.before_started(deployment, number, aws_id, task_definition),
        Input::BeforeSucceeded {
            deployment,
            step: number,
            task_definition,
        } => step.before_succeeded(deployment, number, task_definition),
        Input::Started {
            deployment,
            aws_id,
            task_definition,
        } => step.started(deployment, aws_id, task_definition),
        Input::StartFailed {
            deployment,
            obstacle,
            reason,
        } => step.start_failed(deployment, obstacle, reason),
        Input::StartDeferred { deployment, reason } => step.start_deferred(deployment, reason),
        Input::Concluded {
            deployment,
            aws_id,
            outcome,
        } => step.concluded(deployment, &aws_id, outcome),
        Input::ConcludedElsewhere(foreign) => step.concluded_elsewhere(foreign),
        Input::Adopted {
            deployment,
            candidate,
            task_definition,
        } => step.adopted(deployment, candidate, task_definition),
        Input::Held { id, hold } => step.held(id, hold),
        Input::Released { id, by, reason } => step.released(id, &by, reason.as_deref()),
        Input::RolledBack {
            deployment,
            to,
            by,
            reason,
        } => step.rolled_back(deployment, to, by, reason),
        Input::Drifted {
            deployment,
            running,
            runs,
            task_definition,
            cause,
        } => step.drifted(deployment, running.as_ref(), runs, task_definition, cause),
        Input::Marked { deployment } => step.marked(deployment),
        Input::Promoted { deployment } => step.promoted(deployment),
        Input::Revisited => step.revisited(),
    }
}
