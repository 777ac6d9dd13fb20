//! The mark that an AWS deployment of ours carries in its description.
//!
//! CodeDeploy knows no client token (AWS-FACTS 5.2). The mark takes its place: by it a deployment is
//! found again after a crash, and known as ours when its events arrive, whether or not its id was
//! ever written down.

use super::{Candidate, DeploymentId};
use crate::target::TargetName;

/// CodeDeploy's limit of a description (AWS-FACTS 5.2).
const DESCRIPTION_LIMIT: usize = 256;

/// Which of our deployments an AWS deployment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The target.
    pub target: TargetName,
    /// Our id.
    pub deployment: DeploymentId,
}

impl Marker {
    /// The description for an AWS deployment: the mark, and the image for people.
    pub fn describe(&self, candidate: &Candidate) -> String {
        let text = format!(
            "greenlight {} {} deploys {}",
            self.target,
            self.deployment,
            candidate.describe()
        );
        text.chars().take(DESCRIPTION_LIMIT).collect()
    }

    /// The `startedBy` of a task that is run for the deployment (at most 128 of letters, digits, `-`,
    /// `/` and `_`; AWS-FACTS 6.6). `before` counts the tasks that have to succeed before the service
    /// is touched; without it the task is the deployment itself.
    pub fn started_by(&self, before: Option<u32>) -> String {
        let text = format!("greenlight/{}/{}", self.target, self.deployment);
        match before {
            Some(step) => format!("{text}/{step}"),
            None => text,
        }
    }

    /// Finds the mark in a task's `startedBy`, and which of the tasks before it is.
    pub fn of_started_by(started_by: &str) -> Option<(Self, Option<u32>)> {
        let mut parts = started_by.split('/');
        if parts.next() != Some("greenlight") {
            return None;
        }
        let target = parts.next()?.parse().ok()?;
        let deployment = parts.next()?.parse().ok()?;
        let before = match parts.next() {
            Some(step) => Some(step.parse().ok()?),
            None => None,
        };
        let marker = Self { target, deployment };
        parts.next().is_none().then_some((marker, before))
    }

    /// Finds the mark in a description; none where the deployment is not ours.
    pub fn find(description: &str) -> Option<Self> {
        let mut words = description.split(' ');
        if words.next() != Some("greenlight") {
            return None;
        }
        let target = words.next()?.parse().ok()?;
        let deployment = words.next()?.parse().ok()?;
        Some(Self { target, deployment })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_mark_is_found_again_however_long_the_image_name_is() {
        let repository = format!(
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/{}",
            "a".repeat(255)
        );
        let candidate = Candidate {
            repository: repository.parse().unwrap(),
            digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
            tag: Some("t".repeat(128).parse().unwrap()),
            ordered_at: Timestamp::UNIX_EPOCH,
            rank: None,
            with: Vec::new(),
            files: None,
        };
        let marker = Marker {
            target: "api-test".parse().unwrap(),
            deployment: DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &["event"]),
        };
        let description = marker.describe(&candidate);
        assert!(description.chars().count() <= 256);
        assert_eq!(Marker::find(&description), Some(marker));
    }

    #[test]
    fn a_task_says_whose_it_is_within_what_ecs_allows() {
        let marker = Marker {
            target: "a".repeat(64).parse().unwrap(),
            deployment: DeploymentId::of_cause(Timestamp::UNIX_EPOCH, &["event"]),
        };
        for before in [None, Some(0), Some(u32::MAX)] {
            let text = marker.started_by(before);
            assert!(text.len() <= 128, "{text}");
            assert_eq!(Marker::of_started_by(&text), Some((marker.clone(), before)));
        }
        for other in [
            "",
            "ecs-svc/123",
            "greenlight/a",
            "greenlight/a/b/c",
            "greenlight/a/0/1/2",
        ] {
            assert_eq!(Marker::of_started_by(other), None, "{other}");
        }
    }

    #[test]
    fn what_others_write_is_no_mark() {
        for description in [
            "",
            "greenlight",
            "greenlight api-test",
            "greenlight api-test soon",
            "Deployment by a person",
        ] {
            assert_eq!(Marker::find(description), None, "{description}");
        }
    }
}
