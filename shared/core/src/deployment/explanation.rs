//! Why something was decided, for people and for machines.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was decided about an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A deployment is started now.
    Start,
    /// A start that was broken off is taken up again.
    Resume,
    /// The candidate waits for its turn.
    Queue,
    /// Nothing is to be done.
    Skip,
    /// The candidate waits because automatic deployments may not start now.
    Block,
    /// The candidate gave way to a newer one.
    Supersede,
    /// A running deployment was bound, or a deployment reached its end: the record was brought up
    /// to date.
    Record,
}

/// The rule that decided. Stable names: people filter logs and events by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Nothing is running and the image is new: it is deployed.
    NewImage,
    /// The image is already live.
    AlreadyLive,
    /// The image is already being deployed.
    AlreadyDeploying,
    /// The image is already waiting for its turn.
    AlreadyQueued,
    /// One deployment at a time: another one of this target is running.
    OneAtATime,
    /// Another deployment, not started by Greenlight, is running at this service.
    BusyElsewhere,
    /// A person holds automatic deployments to this target.
    Held,
    /// A person holds automatic deployments to every target.
    LineStopped,
    /// None of the target's windows for automatic deployments is open.
    WindowClosed,
    /// A newer image was accepted before.
    NewerAccepted,
    /// The tag names another image by now.
    TagMoved,
    /// The image failed at this target, or was rolled away from.
    Rejected,
    /// A start that was broken off, by a crash or a time-out, is overdue.
    BrokenOffStart,
    /// The deployment could not be started.
    StartFailed,
    /// A person or a pipeline asked for it.
    Asked,
    /// A pipeline's job waits for its end.
    Awaited,
    /// A task that has to succeed before the service is touched was started.
    BeforeStarted,
    /// It succeeded, and the deployment goes on.
    BeforeSucceeded,
    /// The AWS deployment was started and is bound to ours.
    Bound,
    /// The deployment succeeded.
    Succeeded,
    /// The deployment failed.
    Failed,
    /// A deployment that Greenlight did not start came to an end.
    EndedElsewhere,
    /// What the service runs was taken over as the current image.
    Adopted,
    /// A person holds automatic deployments from now on, or releases them.
    HandedOver,
    /// A person goes back to an image that was proved.
    RolledBack,
    /// What runs is not what the record said.
    Drifted,
    /// What runs is what the record had said, again.
    DriftEnded,
    /// A mark outside was set, or an image was promoted.
    Marked,
    /// What was reported is already known.
    AlreadyKnown,
    /// The queue may move on.
    TurnCame,
}

/// A decision, the rule behind it, and the sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What was decided.
    pub decision: Decision,
    /// The rule that decided.
    pub rule: Rule,
    /// One sentence for people.
    pub text: String,
}

impl Explanation {
    pub(crate) fn new(decision: Decision, rule: Rule, text: impl Into<String>) -> Self {
        Self {
            decision,
            rule,
            text: text.into(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
