//! Registering, listing and removing targets.

use greenlight_aws::{
    AwsError,
    table::{BadTarget, Registration, StoredTarget},
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
    /// Others kept changing it.
    #[error("target `{target}` was changed by others {ATTEMPTS} times in a row; try again")]
    Contended {
        /// Which target.
        target: TargetName,
    },
}

impl Deployer {
    /// Registers a target, or gives a registered one a new document. What runs, what is being
    /// deployed and what waits is never touched.
    pub async fn apply(&self, target: &Target) -> Result<Applied, TargetsError> {
        let home = self.table.home().await.map_err(TargetsError::Home)?;
        let failed = |source| TargetsError::Table {
            target: target.name.clone(),
            source,
        };
        for _ in 0..ATTEMPTS {
            let was = self.table.target(&target.name).await.map_err(failed)?;
            let (registration, applied) = match was {
                None => {
                    let new = StoredTarget {
                        target: target.clone(),
                        home: home.clone(),
                        version: 1,
                        line: None,
                        state: TargetState::default(),
                    };
                    (self.table.register(&new).await, Applied::Created)
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

    /// All targets with their states, by name.
    pub async fn targets(&self) -> Result<Vec<Result<StoredTarget, BadTarget>>, TargetsError> {
        let mut targets = self.table.targets().await.map_err(TargetsError::List)?;
        targets.sort_by(|a, b| name_of(a).cmp(name_of(b)));
        Ok(targets)
    }

    /// Removes a target; its records stay. Gives whether it was there.
    pub async fn remove(&self, name: &TargetName) -> Result<bool, TargetsError> {
        let failed = |source| TargetsError::Table {
            target: name.clone(),
            source,
        };
        for _ in 0..ATTEMPTS {
            let removal = match self.table.target(name).await.map_err(failed)? {
                None => return Ok(false),
                Some(Ok(stored)) => self.table.remove(&stored).await,
                Some(Err(bad)) => self.table.remove_bad(&bad).await,
            };
            if removal.map_err(failed)? == Registration::Done {
                return Ok(true);
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
