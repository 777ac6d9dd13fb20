//! Why an image is, or is not, at each target: what the policy says of it, what the state would say now,
//! and what became of it before. Only reads.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use greenlight_aws::{
    AwsError, Kind,
    ecr::{self, ImageId},
    table::StoredTarget,
};
use greenlight_core::{
    deployment::Circumstances,
    image::{RepositoryUri, Tag},
    inquiry::{Account, Subject, inquire},
    policy,
    record::DeploymentRecord,
    target::TargetName,
};

use crate::{Deployer, history::HistoryError, plan::Named, targets::TargetsError};

/// So many records of a target are looked at.
const RECORDS: u32 = 200;
/// So many of an image are told.
const PAST_LIMIT: usize = 5;
/// So many questions are asked at a time.
const AT_A_TIME: usize = 20;

/// What one target says of the image.
#[derive(Debug, Clone, PartialEq)]
pub struct AtTarget {
    /// Which target.
    pub target: TargetName,
    /// What it says.
    pub answer: Answer,
    /// What became of the image there, the newest first.
    pub past: Vec<DeploymentRecord>,
}

/// What a target says of an image.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It takes nothing of that repository.
    OtherRepository {
        /// What it takes images of.
        its: Vec<RepositoryUri>,
    },
    /// No repository of it that is meant has the image.
    NoSuchImage {
        /// Which repositories were looked into.
        repositories: Vec<RepositoryUri>,
        /// What the policy would say of the tag.
        policy: Option<policy::Decision>,
    },
    /// The image is there.
    Found {
        /// The image.
        subject: Subject,
        /// What the target says of it.
        account: Account,
    },
    /// Its document is not understood, so it takes nothing.
    NotUnderstood,
}

/// Why it cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The targets could not be read.
    #[error(transparent)]
    Targets(#[from] TargetsError),
    /// What became of the image could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The image could not be looked up.
    #[error("the image could not be looked up in repository `{repository}`")]
    Look {
        /// Where.
        repository: RepositoryUri,
        /// Why not.
        #[source]
        source: AwsError,
    },
}

impl Deployer {
    /// What every target says of an image.
    pub async fn explain(&self, named: &Named) -> Result<Vec<AtTarget>, ExplainError> {
        let targets = self.targets().await?;
        let understood: Vec<&StoredTarget> = targets.iter().flatten().collect();
        let mut repositories: Vec<RepositoryUri> = understood
            .iter()
            .flat_map(|stored| meant(stored, named))
            .collect();
        repositories.sort();
        repositories.dedup();
        let images = self.images_of(&repositories, named).await?;
        let mut told = Vec::with_capacity(targets.len());
        for targets in targets.chunks(AT_A_TIME) {
            let asked = targets.iter().map(|target| self.at(target, named, &images));
            told.extend(try_join_all(asked).await?.into_iter().flatten());
        }
        Ok(told)
    }

    /// The image as each repository has it, where one has it.
    async fn images_of(
        &self,
        repositories: &[RepositoryUri],
        named: &Named,
    ) -> Result<BTreeMap<RepositoryUri, ecr::Image>, ExplainError> {
        let Some(id) = &named.image else {
            return Ok(BTreeMap::new());
        };
        let mut found = BTreeMap::new();
        for repositories in repositories.chunks(AT_A_TIME) {
            let looks = repositories.iter().map(|repository| async move {
                match ecr::image(&self.clients, repository, id).await {
                    Ok(image) => Ok(image.map(|image| (repository.clone(), image))),
                    // A target may be registered before its repository is there.
                    Err(error) if error.kind == Kind::NotFound => Ok(None),
                    Err(source) => Err(ExplainError::Look {
                        repository: repository.clone(),
                        source,
                    }),
                }
            });
            found.extend(try_join_all(looks).await?.into_iter().flatten());
        }
        Ok(found)
    }

    /// What one target says: once, or of each of its repositories that has the image.
    async fn at(
        &self,
        target: &Result<StoredTarget, greenlight_aws::table::BadTarget>,
        named: &Named,
        images: &BTreeMap<RepositoryUri, ecr::Image>,
    ) -> Result<Vec<AtTarget>, ExplainError> {
        let stored = match target {
            Ok(stored) => stored,
            // A name that is none cannot have been registered.
            Err(bad) => {
                let told = bad.name.parse().map(|target| AtTarget {
                    target,
                    answer: Answer::NotUnderstood,
                    past: Vec::new(),
                });
                return Ok(told.into_iter().collect());
            }
        };
        let target = stored.target.name.clone();
        let repositories = meant(stored, named);
        if repositories.is_empty() {
            return Ok(vec![AtTarget {
                target,
                answer: Answer::OtherRepository {
                    its: stored.repositories(),
                },
                past: Vec::new(),
            }]);
        }
        let records = self.history(&target, RECORDS).await?;
        let mut told = Vec::new();
        for repository in &repositories {
            let Some(image) = images.get(repository) else {
                continue;
            };
            let Some((subject, account)) = self.account(stored, repository, image, named) else {
                continue;
            };
            let is_it = |record: &&DeploymentRecord| {
                let its = record.candidate.image_of(repository);
                its.is_some_and(|its| its.digest == image.digest)
            };
            told.push(AtTarget {
                target: target.clone(),
                answer: Answer::Found { subject, account },
                past: records
                    .iter()
                    .filter(is_it)
                    .take(PAST_LIMIT)
                    .cloned()
                    .collect(),
            });
        }
        if told.is_empty() {
            let is_it = |record: &&DeploymentRecord| {
                let mut images = record.candidate.images();
                images.any(|its| match &named.image {
                    Some(ImageId::Tag(tag)) => its.tag.as_ref() == Some(tag),
                    Some(ImageId::Digest(digest)) => its.digest == *digest,
                    None => false,
                })
            };
            told.push(AtTarget {
                target,
                answer: Answer::NoSuchImage {
                    policy: tag_of(named).and_then(|tag| {
                        let mut sources = stored.target.images.iter();
                        let meant = |uri: &RepositoryUri| repositories.contains(uri);
                        let source = sources.find(|it| meant(&stored.repository_of(it)))?;
                        Some(source.decide(tag))
                    }),
                    repositories,
                },
                past: records
                    .iter()
                    .filter(is_it)
                    .take(PAST_LIMIT)
                    .cloned()
                    .collect(),
            });
        }
        Ok(told)
    }

    fn account(
        &self,
        stored: &StoredTarget,
        repository: &RepositoryUri,
        image: &ecr::Image,
        named: &Named,
    ) -> Option<(Subject, Account)> {
        let mut sources = stored.target.images.iter();
        let source = sources.find(|source| stored.repository_of(source) == *repository)?;
        let subject = Subject {
            repository: repository.clone(),
            digest: image.digest.clone(),
            tags: match tag_of(named) {
                Some(tag) => vec![tag.clone()],
                None => image.tags.iter().flat_map(|tag| tag.parse()).collect(),
            },
            pushed_at: image.pushed_at,
            is_archived: image.is_archived,
        };
        let now = self.clock.now();
        let circumstances = Circumstances {
            target: &stored.target.name,
            at: now,
            lease_until: now,
            closure: stored.closure(now),
        };
        let account = inquire(circumstances, &stored.state, source, &subject);
        Some((subject, account))
    }
}

fn tag_of(named: &Named) -> Option<&Tag> {
    match &named.image {
        Some(ImageId::Tag(tag)) => Some(tag),
        Some(ImageId::Digest(_)) | None => None,
    }
}

/// The repositories of a target that may be meant.
fn meant(stored: &StoredTarget, named: &Named) -> Vec<RepositoryUri> {
    let mut its = stored.repositories();
    if let Some(repository) = &named.repository {
        let wanted = repository.resolve(&stored.home).canonical();
        its.retain(|repository| *repository == wanted);
    }
    its
}
