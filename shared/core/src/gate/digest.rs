//! Whether the running tasks run the very image that was to be deployed.

use super::Measurement;
use crate::image::Digest;

/// One container of one running task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningContainer {
    /// The last part of the task's ARN.
    pub task: String,
    /// The container's name.
    pub container: String,
    /// `imageDigest`: absent while the container is pending (AWS-FACTS 5.12).
    pub digest: Option<Digest>,
}

/// The check `digest`: each of the containers runs one of the `accepted` digests, which are that of
/// the image and, where it is an index, those of its children (AWS-FACTS 5.12, 11.7).
pub fn measure_digests(running: &[RunningContainer], accepted: &[Digest]) -> Measurement {
    let Some(expected) = accepted.first() else {
        return Measurement::inconclusive("no digest is known to compare with").for_good();
    };
    if running.is_empty() {
        return Measurement::pending("no task runs the container yet".to_owned());
    }
    for found in running {
        match &found.digest {
            None => {
                return Measurement::pending(format!(
                    "task {} does not tell the digest of container `{}` yet",
                    found.task, found.container
                ));
            }
            Some(digest) if !accepted.contains(digest) => {
                return Measurement::failed(format!(
                    "container `{}` of task {} runs {digest}, not {expected}",
                    found.container, found.task
                ));
            }
            Some(_) => {}
        }
    }
    let count = running.len();
    Measurement::successful(format!(
        "{count} of {count} containers run {}",
        expected.short()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64))
            .parse()
            .unwrap()
    }

    fn container(found: Option<Digest>) -> RunningContainer {
        RunningContainer {
            task: "1".to_owned(),
            container: "api".to_owned(),
            digest: found,
        }
    }

    #[test]
    fn the_index_and_its_children_are_the_same_image() {
        let accepted = [digest('a'), digest('b')];
        for (running, expected) in [
            (vec![container(Some(digest('a')))], "successful"),
            (
                vec![container(Some(digest('a'))), container(Some(digest('b')))],
                "successful",
            ),
            (
                vec![container(Some(digest('a'))), container(Some(digest('c')))],
                "failed",
            ),
            (
                vec![container(Some(digest('a'))), container(None)],
                "pending",
            ),
            (vec![], "pending"),
        ] {
            let found = measure_digests(&running, &accepted);
            let found = format!("{} {}", found.phase.as_str(), found.summary);
            assert!(found.starts_with(expected), "{found}, not {expected}");
        }
    }

    #[test]
    fn without_an_expected_digest_nothing_is_proved() {
        let found = measure_digests(&[container(Some(digest('a')))], &[]);
        assert_eq!(found.phase, super::super::Phase::Inconclusive, "{found:?}");
        assert!(found.is_final, "waiting will not help");
    }
}
