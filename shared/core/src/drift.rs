//! Whether a service runs what its record says, and who is behind it if it does not.
//!
//! What is seen comes in as plain values. Where what is seen allows no verdict, there is none: a service
//! that is just being deployed to runs two images, and that is no drift.

use std::collections::BTreeMap;

use crate::{
    deployment::Current,
    image::{Digest, ImageRef, RepositoryUri},
};

/// What was seen of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// So many tasks are to run.
    pub desired: u32,
    /// It runs a task on every instance, and has no count of its own.
    pub is_daemon: bool,
    /// So many of its revisions have tasks: deployments, or task sets.
    pub revisions: usize,
    /// A deployment goes on.
    pub is_in_progress: bool,
    /// The containers of the tasks that take images of the target's.
    pub containers: Vec<Seen>,
}

/// What was seen of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The repository of which the target has it take images.
    pub repository: RepositoryUri,
    /// Its image, as the task definition has it; none if there is no such container.
    pub image: Option<String>,
    /// What its running tasks tell.
    pub digests: Vec<Option<Digest>>,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing can be said.
    None {
        /// Why not.
        reason: &'static str,
    },
    /// It runs what the record says.
    AsRecorded,
    /// It runs what the record said before something foreign ran.
    BackAsRecorded,
    /// It runs something else.
    Differs {
        /// The images, if they are of the target's repositories, each of which has one.
        images: BTreeMap<RepositoryUri, Digest>,
        /// What runs, for people.
        runs: String,
        /// It is no image of the target's repositories.
        is_foreign: bool,
    },
}

/// What one container runs.
enum Runs {
    Image(Digest),
    Foreign,
    Unclear,
}

/// Compares what was seen with what is recorded. `counts_as` names, for images that are recorded, the
/// digests that tasks may tell in their place: those of an index's children.
pub fn judge(
    recorded: &Current,
    sight: &Sight,
    counts_as: &BTreeMap<RepositoryUri, Vec<Digest>>,
) -> Verdict {
    if sight.is_in_progress {
        return none("a deployment goes on");
    }
    if sight.desired == 0 && !sight.is_daemon {
        return none("it has a desired count of 0");
    }
    if sight.revisions != 1 {
        return none("not one revision alone has tasks");
    }
    if sight.containers.is_empty() {
        return none("no container takes the target's images");
    }
    let mut images: BTreeMap<RepositoryUri, Digest> = BTreeMap::new();
    let mut is_foreign = false;
    for seen in &sight.containers {
        match runs(seen) {
            Runs::Unclear => return none("its tasks do not all tell one image"),
            Runs::Foreign => is_foreign = true,
            Runs::Image(digest) => {
                let known = images.insert(seen.repository.clone(), digest.clone());
                // Two images of one repository are nothing that a target deploys.
                is_foreign |= known.is_some_and(|known| known != digest);
            }
        }
    }
    if is_foreign {
        let images = sight.containers.iter().map(|seen| {
            let named = seen.image.as_deref();
            named.unwrap_or("no such container").to_owned()
        });
        return Verdict::Differs {
            runs: images.collect::<Vec<_>>().join(" + "),
            images: BTreeMap::new(),
            is_foreign: true,
        };
    }
    // Of a repository of which nothing is recorded, nothing can differ.
    let differs = images.iter().any(|(repository, digest)| {
        let of = recorded.candidate.image_of(repository);
        let counts = |found: &Vec<Digest>| found.contains(digest);
        of.is_some_and(|of| of.digest != *digest) && !counts_as.get(repository).is_some_and(counts)
    });
    match (differs, recorded.is_foreign()) {
        (false, false) => Verdict::AsRecorded,
        (false, true) => Verdict::BackAsRecorded,
        (true, _) => {
            let names = images
                .iter()
                .map(|(repository, digest)| format!("{}@{}", repository.name, digest.short()));
            Verdict::Differs {
                runs: names.collect::<Vec<_>>().join(" + "),
                images,
                is_foreign: false,
            }
        }
    }
}

fn none(reason: &'static str) -> Verdict {
    Verdict::None { reason }
}

/// The digest that the task definition pins, or the one that all tasks tell.
fn runs(seen: &Seen) -> Runs {
    let Some(image) = &seen.image else {
        return Runs::Foreign;
    };
    let Ok(image) = image.parse::<ImageRef>() else {
        return Runs::Foreign;
    };
    if image.repository.canonical() != seen.repository.canonical() {
        return Runs::Foreign;
    }
    if let Some(digest) = image.digest {
        return Runs::Image(digest);
    }
    match seen.digests.as_slice() {
        [Some(first), rest @ ..] if rest.iter().all(|digest| digest.as_ref() == Some(first)) => {
            Runs::Image(first.clone())
        }
        _ => Runs::Unclear,
    }
}

/// Who is behind a drift: what brought the task definition, as far as AWS tells, and who has registered
/// it.
pub fn cause(deployed_by: Option<&str>, registered_by: Option<&str>) -> Option<String> {
    let registered = registered_by.map(|arn| format!("registered by {}", principal(arn)));
    let deployed = deployed_by.map(|by| format!("deployed by {by}"));
    let said: Vec<String> = [deployed, registered].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// `role Terraform (run-7)` of `arn:aws:sts::123456789012:assumed-role/Terraform/run-7`. What is not
/// understood is given as it is.
pub fn principal(arn: &str) -> String {
    let Some(resource) = arn.splitn(6, ':').nth(5) else {
        return arn.to_owned();
    };
    let parts: Vec<&str> = resource.split('/').collect();
    match parts.as_slice() {
        ["assumed-role", role, session] if role == session => format!("role {role}"),
        ["assumed-role", role, session] => format!("role {role} ({session})"),
        // A path may come before the name.
        ["role", .., name] => format!("role {name}"),
        ["user", .., name] => format!("user {name}"),
        ["root"] => "the account's root user".to_owned(),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests;
