//! What a target says of an image: whether its policy takes it, and what would come of it now.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    deployment::{
        Candidate, Circumstances, Decision, DeploymentId, Input, PushedImage, Rule, TargetState,
        step,
    },
    image::{Digest, RepositoryUri, Tag},
    policy::{self, Verdict},
    record::Origin,
    target::ImageSource,
};

/// An image as the repository has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which repository.
    pub repository: RepositoryUri,
    /// What it is.
    pub digest: Digest,
    /// The tags to judge it by: the one that was asked for, or all that it has.
    pub tags: Vec<Tag>,
    /// When it was pushed.
    pub pushed_at: Option<Timestamp>,
    /// Whether it is archived, so that it cannot be pulled.
    pub is_archived: bool,
}

/// Whether an image may come to a target by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// One of its tags is taken.
    Taken,
    /// It has no tag, and only tags are taken.
    Untagged,
    /// What it has is ignored.
    Ignored,
    /// What it has is not taken.
    NotTaken,
    /// It cannot be pulled.
    Archived,
}

/// Where an image is at a target, however it has come there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is what runs.
    Live,
    /// It is being deployed.
    UnderWay,
    /// It waits for its turn.
    Waiting,
}

/// What a target says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whether it may come by itself at all.
    pub standing: Standing,
    /// Where it is there now, if it is.
    pub presence: Option<Presence>,
    /// What the policy says of each tag.
    pub tags: Vec<(Tag, policy::Decision)>,
    /// What would be decided now, and by which rule, if it may.
    pub decision: Option<(Decision, Rule)>,
    /// One sentence for people.
    pub text: String,
}

/// What the target says of an image now, if the event of its push came. Nothing is changed.
pub fn inquire(
    circumstances: Circumstances<'_>,
    state: &TargetState,
    source: &ImageSource,
    subject: &Subject,
) -> Account {
    let decided = |tag: &Tag| (tag.clone(), source.decide(tag));
    let tags: Vec<_> = subject.tags.iter().map(decided).collect();
    let rules = || {
        let rules: Vec<&str> = tags.iter().map(|(_, it)| it.rule.as_str()).collect();
        rules.join("; ")
    };
    let account = |standing, text: String| Account {
        standing,
        presence: presence(state, subject),
        tags: tags.clone(),
        decision: None,
        text,
    };
    let Some((tag, rank)) = source.best(&subject.tags) else {
        if tags.is_empty() {
            let text = "it has no tag, and only pushes of tags are deployed".to_owned();
            return account(Standing::Untagged, text);
        }
        let is_ignored = tags.iter().all(|(_, it)| it.verdict == Verdict::Ignored);
        let standing = if is_ignored {
            Standing::Ignored
        } else {
            Standing::NotTaken
        };
        return account(standing, rules());
    };
    if subject.is_archived {
        let text = "it is archived in ECR and cannot be pulled; restore it first".to_owned();
        return account(Standing::Archived, text);
    }
    let at = circumstances.at;
    let target = circumstances.target;
    let pushed = Input::Requested {
        deployment: DeploymentId::of_cause(at, &["explained", target.as_str()]),
        candidate: Candidate::of(PushedImage {
            repository: subject.repository.clone(),
            digest: subject.digest.clone(),
            tag: Some(tag),
            ordered_at: subject.pushed_at.unwrap_or(at),
            rank,
        }),
        origin: Origin::Push,
        job: None,
    };
    let told = step(circumstances, state, pushed).explanation;
    let text = if told.decision == Decision::Start && told.rule == Rule::NewImage {
        // The sentence of the step names a deployment that there is not.
        "nothing speaks against it: it would be deployed if it were pushed now".to_owned()
    } else {
        told.text
    };
    Account {
        decision: Some((told.decision, told.rule)),
        ..account(Standing::Taken, text)
    }
}

fn presence(state: &TargetState, subject: &Subject) -> Option<Presence> {
    let has = |candidate: &Candidate| {
        let image = candidate.image_of(&subject.repository);
        image.is_some_and(|image| image.digest == subject.digest)
    };
    let current = state.current.iter().filter(|it| !it.is_foreign());
    let mut current = current.map(|it| &it.candidate);
    let mut active = state.active.iter().map(|it| &it.candidate);
    let waiting = state.queued.iter().chain(&state.rollback);
    let mut waiting = waiting.map(|it| &it.candidate);
    if current.any(has) {
        Some(Presence::Live)
    } else if active.any(has) {
        Some(Presence::UnderWay)
    } else {
        waiting.any(has).then_some(Presence::Waiting)
    }
}

#[cfg(test)]
mod tests;
