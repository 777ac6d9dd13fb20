//! Registering, listing and removing targets.

use greenlight_aws::{
    AwsError,
    table::{BadTarget, OwnedTarget, Owner, Registration, StoredTarget},
};
use greenlight_core::{
    deployment::TargetState,
    target::{Target, TargetName},
};

use crate::Deployer;

/// So often a registration is tried again because somebody else has changed the target meanwhile.
const ATTEMPTS: u32 = 10;

/// What a registration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The target is new.
    Created,
    /// The target has a new document; its state is as it was.
    Changed,
    /// The target was already as it is now.
    Unchanged,
}

/// Why targets could not be registered, listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum TargetsError {
    /// The account and region of the table could not be found out.
    #[error("the account and region in which Greenlight runs could not be found out")]
    Home(#[source] AwsError),
    /// The table could not be read or written.
    #[error("target `{target}` could not be read or stored")]
    Table {
        /// Which target.
        target: TargetName,
        /// Why not.
        #[source]
        source: AwsError,
    },
    /// The targets could not be listed.
    #[error("the targets could not be listed")]
    List(#[source] AwsError),
    /// It is there, and not that resource's.
    #[error(
        "target `{target}` is registered already, {}, and is not taken over: choose another name, or remove it there \
         first (`greenlight targets remove {target}` keeps its records)",
        registered_by(owner.as_ref())
    )]
    Taken {
        /// Which target.
        target: TargetName,
        /// The resource that has registered it; nobody where a person has.
        owner: Option<Owner>,
    },
    /// Others kept changing it.
    #[error("target `{target}` was changed by others {ATTEMPTS} times in a row; try again")]
    Contended {
        /// Which target.
        target: TargetName,
    },
}

/// What became of a target that a resource wanted removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It was the resource's, and is gone; its records stay.
    Removed,
    /// There is no such target.
    Gone,
    /// It is somebody else's, and stays.
    Kept,
}

fn registered_by(owner: Option<&Owner>) -> String {
    owner.map_or_else(|| "by hand".to_owned(), |owner| format!("by {owner}"))
}

impl Deployer {
    /// Registers a target, or gives a registered one a new document. What runs, what is being
    /// deployed and what waits is never touched.
    pub async fn apply(&self, target: &Target) -> Result<Applied, TargetsError> {
        self.apply_as(target, None).await
    }

    /// The same for a resource of a stack, which changes only what it has itself registered.
    pub async fn apply_as(
        &self,
        target: &Target,
        owner: Option<&Owner>,
    ) -> Result<Applied, TargetsError> {
        let home = self.table.home().await.map_err(TargetsError::Home)?;
        let failed = |source| TargetsError::Table {
            target: target.name.clone(),
            source,
        };
        for _ in 0..ATTEMPTS {
            let was = self.owned_target(&target.name).await?;
            if let (Some(owner), Some(was)) = (owner, &was)
                && was.owner.as_ref() != Some(owner)
            {
                return Err(TargetsError::Taken {
                    target: target.name.clone(),
                    owner: was.owner.clone(),
                });
            }
            let (registration, applied) = match was.map(|was| was.target) {
                None => {
                    let new = StoredTarget {
                        target: target.clone(),
                        home: home.clone(),
                        version: 1,
                        line: None,
                        state: TargetState::default(),
                    };
                    (self.table.register(&new, owner).await, Applied::Created)
                }
                Some(Ok(was)) if was.target == *target && was.home == home => {
                    return Ok(Applied::Unchanged);
                }
                Some(Ok(was)) => {
                    let now = StoredTarget {
                        target: target.clone(),
                        home: home.clone(),
                        ..was.clone()
                    };
                    (self.table.reregister(&was, &now).await, Applied::Changed)
                }
                Some(Err(bad)) => {
                    let now = StoredTarget {
                        target: target.clone(),
                        home: home.clone(),
                        version: bad.version,
                        line: None,
                        state: TargetState::default(),
                    };
                    (self.table.reregister(&now, &now).await, Applied::Changed)
                }
            };
            if registration.map_err(failed)? == Registration::Done {
                return Ok(applied);
            }
        }
        Err(TargetsError::Contended {
            target: target.name.clone(),
        })
    }

    /// One target with its state; `None` if it is not registered.
    pub async fn target(
        &self,
        name: &TargetName,
    ) -> Result<Option<Result<StoredTarget, BadTarget>>, TargetsError> {
        self.table
            .target(name)
            .await
            .map_err(|source| TargetsError::Table {
                target: name.clone(),
                source,
            })
    }

    /// One target with its state and its owner; `None` if it is not registered.
    pub async fn owned_target(
        &self,
        name: &TargetName,
    ) -> Result<Option<OwnedTarget>, TargetsError> {
        let target = Box::pin(self.table.owned_target(name)).await;
        target.map_err(|source| TargetsError::Table {
            target: name.clone(),
            source,
        })
    }

    /// All targets with their states, by name.
    pub async fn targets(&self) -> Result<Vec<Result<StoredTarget, BadTarget>>, TargetsError> {
        let mut targets = self.table.targets().await.map_err(TargetsError::List)?;
        targets.sort_by(|a, b| name_of(a).cmp(name_of(b)));
        Ok(targets)
    }

    /// Removes a target; its records stay. Gives whether it was there.
    pub async fn remove(&self, name: &TargetName) -> Result<bool, TargetsError> {
        Ok(self.remove_as(name, None).await? == Removed::Removed)
    }

    /// The same for a resource of a stack, which removes only what it has itself registered.
    pub async fn remove_as(
        &self,
        name: &TargetName,
        owner: Option<&Owner>,
    ) -> Result<Removed, TargetsError> {
        let failed = |source| TargetsError::Table {
            target: name.clone(),
            source,
        };
        for _ in 0..ATTEMPTS {
            let Some(OwnedTarget { owner: of, target }) = self.owned_target(name).await? else {
                return Ok(Removed::Gone);
            };
            if owner.is_some() && of.as_ref() != owner {
                return Ok(Removed::Kept);
            }
            let removal = match target {
                Ok(stored) => self.table.remove(&stored).await,
                Err(bad) => self.table.remove_bad(&bad).await,
            };
            if removal.map_err(failed)? == Registration::Done {
                return Ok(Removed::Removed);
            }
        }
        Err(TargetsError::Contended {
            target: name.clone(),
        })
    }
}

fn name_of(target: &Result<StoredTarget, BadTarget>) -> &str {
    match target {
        Ok(stored) => stored.target.name.as_str(),
        Err(bad) => &bad.name,
    }
}
