//! What a target may take: an image, and the images of other repositories that go with it.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DeploymentId;
use crate::image::{Digest, RepositoryUri, Tag};
use crate::policy::Rank;

/// An image, the tag by which it came, and its place in the order of pushes; with it, where a target
/// takes images of several repositories, what was pushed of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The repository that holds the image.
    pub repository: RepositoryUri,
    /// What the image is.
    pub digest: Digest,
    /// The tag that was pushed, if the image came by a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// When the tag came to name this image, as exactly as AWS tells: of two candidates of one rank the
    /// later one is the newer. Events carry whole seconds, `imagePushedAt` milliseconds.
    pub ordered_at: Timestamp,
    /// What comes before the time in the order, where the target's policy orders by what tags say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Images of other repositories that are deployed together with it, by repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<PushedImage>,
    /// The deployment that was asked for with files of its own, a task definition or an `AppSpec`,
    /// which take the place of the target's. They are stored under its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<DeploymentId>,
}

/// One image of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedImage {
    /// See [`Candidate::repository`].
    pub repository: RepositoryUri,
    /// See [`Candidate::digest`].
    pub digest: Digest,
    /// See [`Candidate::tag`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// See [`Candidate::ordered_at`].
    pub ordered_at: Timestamp,
    /// See [`Candidate::rank`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
}

impl PushedImage {
    /// The reference to be written into a task definition: `repository@sha256:…`.
    pub fn pinned(&self) -> String {
        self.repository.with_digest(&self.digest)
    }

    /// Which of two images of one repository comes first.
    pub fn compare(&self, other: &Self) -> Ordering {
        order(
            (self.rank.as_ref(), self.ordered_at),
            (other.rank.as_ref(), other.ordered_at),
        )
    }

    /// Whether it comes before another image of its repository.
    fn is_older_than(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Less
    }

    fn describe(&self) -> String {
        let name = &self.repository.name;
        let digest = self.digest.short();
        match &self.tag {
            Some(tag) => format!("{name}:{tag} ({digest})"),
            None => format!("{name}@{digest}"),
        }
    }
}

impl Candidate {
    /// The candidate of one image.
    pub fn of(image: PushedImage) -> Self {
        Self {
            repository: image.repository,
            digest: image.digest,
            tag: image.tag,
            ordered_at: image.ordered_at,
            rank: image.rank,
            with: Vec::new(),
            files: None,
        }
    }

    /// The reference of its own image: `repository@sha256:…`.
    pub fn pinned(&self) -> String {
        self.repository.with_digest(&self.digest)
    }

    /// For people: `mco/api:test (0123456789ab) with mco/sidecar:test (ba9876543210)`.
    pub fn describe(&self) -> String {
        let mut images = self.images().map(|image| image.describe());
        let own = images.next().unwrap_or_default();
        let others: Vec<String> = images.collect();
        if others.is_empty() {
            own
        } else {
            format!("{own} with {}", others.join(", "))
        }
    }

    /// Its own image, and then those that go with it.
    pub fn images(&self) -> impl Iterator<Item = PushedImage> + '_ {
        let own = PushedImage {
            repository: self.repository.clone(),
            digest: self.digest.clone(),
            tag: self.tag.clone(),
            ordered_at: self.ordered_at,
            rank: self.rank.clone(),
        };
        std::iter::once(own).chain(self.with.iter().cloned())
    }

    /// The image of a repository.
    pub fn image_of(&self, repository: &RepositoryUri) -> Option<PushedImage> {
        self.images().find(|image| image.repository == *repository)
    }

    /// Whether `other` has every image of this candidate, and its files, if it has any.
    pub fn is_within(&self, other: &Self) -> bool {
        let has_files = self.files.is_none() || self.files == other.files;
        has_files
            && self.images().all(|image| {
                other
                    .image_of(&image.repository)
                    .is_some_and(|it| it.digest == image.digest)
            })
    }

    /// Whether it shares no repository with `other`.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.images()
            .all(|image| other.image_of(&image.repository).is_none())
    }

    /// This candidate together with an `earlier` one: of each repository the image that was ordered
    /// last, and of equals this one's. The files are this one's, if it has any.
    #[must_use]
    pub fn joined_with(&self, earlier: &Self) -> Self {
        self.joined_unless(earlier, PushedImage::is_older_than)
    }

    /// The same where somebody asks for this candidate: who has spoken last counts, whatever the tags say.
    pub(super) fn asked_beside(&self, earlier: &Self) -> Self {
        self.joined_unless(earlier, |own, theirs| own.ordered_at < theirs.ordered_at)
    }

    fn joined_unless(
        &self,
        earlier: &Self,
        gives_way: impl Fn(&PushedImage, &PushedImage) -> bool,
    ) -> Self {
        let mut images: Vec<PushedImage> = self
            .images()
            .map(|own| match earlier.image_of(&own.repository) {
                Some(theirs) if gives_way(&own, &theirs) => theirs,
                _ => own,
            })
            .collect();
        let own: Vec<RepositoryUri> = images.iter().map(|it| it.repository.clone()).collect();
        images.extend(
            earlier
                .images()
                .filter(|image| !own.contains(&image.repository)),
        );
        Self {
            files: self.files.or(earlier.files),
            ..Self::of_images(images).unwrap_or_else(|| self.clone())
        }
    }

    /// This candidate, completed by what `live` has of repositories that it says nothing of.
    #[must_use]
    pub fn completed_by(&self, live: &Self) -> Self {
        let missing = live
            .images()
            .filter(|image| self.image_of(&image.repository).is_none());
        let images = self.images().chain(missing).collect();
        Self {
            files: self.files,
            ..Self::of_images(images).unwrap_or_else(|| self.clone())
        }
    }

    /// The first image, with the others in the order of their repositories; none without an image.
    pub fn of_images(images: Vec<PushedImage>) -> Option<Self> {
        let mut images = images.into_iter();
        let mut candidate = Self::of(images.next()?);
        candidate.with = images.collect();
        candidate
            .with
            .sort_by(|a, b| a.repository.cmp(&b.repository));
        Some(candidate)
    }
}

impl Candidate {
    /// That an image of it also came by a tag that comes later in the order.
    pub(super) fn raise(&mut self, image: &PushedImage) {
        let raised = |digest: &Digest, rank: &mut Option<Rank>| {
            if *digest == image.digest && comes_later(image.rank.as_ref(), rank.as_ref()) {
                rank.clone_from(&image.rank);
            }
        };
        if self.repository == image.repository {
            raised(&self.digest, &mut self.rank);
        }
        for other in &mut self.with {
            if other.repository == image.repository {
                raised(&other.digest, &mut other.rank);
            }
        }
    }
}

/// Whether a rank comes after another one, or after none.
pub(super) fn comes_later(one: Option<&Rank>, other: Option<&Rank>) -> bool {
    match (one, other) {
        (Some(_), None) => true,
        (Some(one), Some(other)) => one.compare(other) == Ordering::Greater,
        (None, _) => false,
    }
}

/// The order of two images of one repository: by rank, where both have one of a kind, and then by time.
pub(super) fn order(
    one: (Option<&Rank>, Timestamp),
    other: (Option<&Rank>, Timestamp),
) -> Ordering {
    let by_rank = match (one.0, other.0) {
        (Some(one), Some(other)) => one.compare(other),
        _ => Ordering::Equal,
    };
    by_rank.then_with(|| one.1.cmp(&other.1))
}
