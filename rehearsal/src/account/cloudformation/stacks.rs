//! What happens to a stack as a whole: its resources one after the other, and the way back when one fails.

use serde_json::Value;

use super::request::{Ask, Custom, Refused, ask, in_texts};
use super::{Made, Resource, Stack, Stacks, is_custom, resources};
use crate::account::functions::uuid;
use crate::account::journal::Tone;
use crate::account::template::{Choices, StackFile, TemplateError};

/// Why a stack is not as its file says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackFailure {
    /// The file cannot be read, or holds what is not rehearsed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A resource failed; the stack was rolled back.
    #[error("{resource}: {reason}")]
    Resource {
        /// Its logical id.
        resource: String,
        /// The status reason.
        reason: String,
        /// What went wrong on the way back.
        rollback: Vec<String>,
    },
    /// There is no such stack, or one already.
    #[error("stack {0}")]
    Stack(String),
}

/// What was done to a resource, for the way back.
enum Done {
    Created(Resource),
    /// It had these properties, and was called so.
    Updated {
        now: Resource,
        was: Resource,
    },
}

impl Stacks {
    /// Creates a stack from its file's text. If a resource fails, the custom ones are deleted again.
    pub async fn create(
        &self,
        name: &str,
        text: &str,
        choices: &Choices,
    ) -> Result<(), StackFailure> {
        if self.stack(name).is_some() {
            return Err(StackFailure::Stack(format!("{name} exists already")));
        }
        let unique = uuid(&self.account.unique());
        let arn = self
            .account
            .arn("cloudformation", &format!("stack/{name}/{unique}"));
        let empty = Stack {
            arn,
            resources: Vec::new(),
        };
        self.move_to(name, empty, text, choices).await
    }

    /// Gives a stack another file. If a resource fails, the custom ones are as before.
    pub async fn update(
        &self,
        name: &str,
        text: &str,
        choices: &Choices,
    ) -> Result<(), StackFailure> {
        let stack = self.stack(name);
        let stack = stack.ok_or_else(|| StackFailure::Stack(format!("{name} does not exist")))?;
        self.move_to(name, stack, text, choices).await
    }

    /// Deletes a stack of custom resources.
    pub async fn delete(&self, name: &str) -> Result<(), StackFailure> {
        let Some(mut stack) = self.stack(name) else {
            return Err(StackFailure::Stack(format!("{name} does not exist")));
        };
        if let Some(other) = stack.resources.iter().find(|it| !it.is_custom()) {
            let what = format!(
                "{name} holds {}, whose deletion is not rehearsed",
                other.kind
            );
            return Err(StackFailure::Stack(what));
        }
        while let Some(resource) = stack.resources.last() {
            let deleted = self.delete_resource(&stack.arn, resource).await;
            if let Err(reason) = deleted {
                let resource = resource.id.clone();
                self.store(name, stack);
                return Err(StackFailure::Resource {
                    resource,
                    reason,
                    rollback: Vec::new(),
                });
            }
            stack.resources.pop();
        }
        self.account.state().cloudformation.stacks.remove(name);
        self.note(Tone::Good, format!("stack {name} is deleted"));
        Ok(())
    }

    async fn move_to(
        &self,
        name: &str,
        was: Stack,
        text: &str,
        choices: &Choices,
    ) -> Result<(), StackFailure> {
        let exports = self.account.state().cloudformation.exports.clone();
        let mut file = StackFile::parse(text, choices, exports)?;
        let mut done = Vec::new();
        let mut now = Vec::new();
        for (id, kind) in file.order()? {
            let properties = file.properties(&id)?;
            let known = was.resources.iter().find(|it| it.id == id);
            match self
                .resource(&was.arn, &id, &kind, properties, known, choices)
                .await
            {
                Ok((resource, change)) => {
                    file.add(&id, &resource.made);
                    now.push(resource);
                    done.extend(change);
                }
                Err((reason, change)) => {
                    self.note(Tone::Bad, format!("{id} of stack {name} failed: {reason}"));
                    done.extend(change);
                    let rollback = self.roll_back(&was.arn, done).await;
                    if !was.resources.is_empty() {
                        self.store(name, was);
                    }
                    return Err(StackFailure::Resource {
                        resource: id,
                        reason,
                        rollback,
                    });
                }
            }
        }
        let exported = file.exports()?;
        self.account.state().cloudformation.exports.extend(exported);
        let stack = Stack {
            arn: was.arn.clone(),
            resources: now,
        };
        self.store(name, stack.clone());
        self.note(Tone::Good, format!("stack {name} is complete"));
        self.clean_up(&was, &stack, &done).await;
        Ok(())
    }

    /// One resource as its file says. With what was done, also where it failed.
    async fn resource(
        &self,
        stack: &str,
        id: &str,
        kind: &str,
        properties: Value,
        known: Option<&Resource>,
        choices: &Choices,
    ) -> Result<(Resource, Option<Done>), (String, Option<Done>)> {
        let custom = is_custom(kind);
        let properties = if custom {
            in_texts(&properties)
        } else {
            properties
        };
        if let Some(known) = known.filter(|it| it.properties == properties) {
            return Ok((known.clone(), None));
        }
        let with = |made: Made| Resource {
            id: id.to_owned(),
            kind: kind.to_owned(),
            properties: properties.clone(),
            made,
        };
        if !custom {
            if known.is_some() {
                return Err((format!("a change of {kind} is not rehearsed"), None));
            }
            let made = resources::make(&self.account, id, kind, &properties, choices);
            return made.map(|made| (with(made), None)).map_err(|it| (it, None));
        }
        let asked = Custom {
            stack,
            id,
            kind,
            properties: &properties,
        };
        let Some(known) = known else {
            return match ask(&self.account, asked, Ask::Create).await {
                Ok(made) => Ok((with(made.clone()), Some(Done::Created(with(made))))),
                Err(Refused {
                    reason,
                    physical_id,
                }) => {
                    let made = Made {
                        reference: physical_id,
                        ..Made::default()
                    };
                    Err((reason, Some(Done::Created(with(made)))))
                }
            };
        };
        let update = Ask::Update {
            physical_id: &known.made.reference,
            old: &known.properties,
        };
        let updated = |made: Made| Done::Updated {
            now: with(made),
            was: known.clone(),
        };
        match ask(&self.account, asked, update).await {
            Ok(made) => Ok((with(made.clone()), Some(updated(made)))),
            Err(Refused { reason, .. }) => Err((reason, Some(updated(known.made.clone())))),
        }
    }

    /// What was created is deleted, and what was updated is updated to what it was; the newest first. Gives what failed.
    async fn roll_back(&self, stack: &str, done: Vec<Done>) -> Vec<String> {
        let mut failed = Vec::new();
        for done in done.into_iter().rev() {
            match done {
                Done::Created(resource) => {
                    failed.extend(self.delete_resource(stack, &resource).await.err());
                }
                Done::Updated { now, was } => {
                    let asked = Custom {
                        stack,
                        id: &was.id,
                        kind: &was.kind,
                        properties: &was.properties,
                    };
                    let update = Ask::Update {
                        physical_id: &now.made.reference,
                        old: &now.properties,
                    };
                    match ask(&self.account, asked, update).await {
                        Err(Refused { reason, .. }) => failed.push(reason),
                        // It is called otherwise again: what it was called meanwhile goes.
                        Ok(made) if made.reference != now.made.reference => {
                            failed.extend(self.delete_resource(stack, &now).await.err());
                        }
                        Ok(_) => {}
                    }
                }
            }
        }
        failed
    }

    /// What the new file does not have any more is deleted, and what was replaced. That fails no update.
    async fn clean_up(&self, was: &Stack, now: &Stack, done: &[Done]) {
        let replaced = done.iter().filter_map(|done| match done {
            Done::Updated { now, was } if now.made.reference != was.made.reference => Some(was),
            Done::Updated { .. } | Done::Created(_) => None,
        });
        let gone = was.resources.iter().rev();
        let gone = gone.filter(|it| now.resources.iter().all(|other| other.id != it.id));
        for resource in replaced.chain(gone.filter(|it| it.is_custom())) {
            if let Err(reason) = self.delete_resource(&was.arn, resource).await {
                self.note(Tone::Bad, format!("{} stays behind: {reason}", resource.id));
            }
        }
    }

    async fn delete_resource(&self, stack: &str, resource: &Resource) -> Result<(), String> {
        let asked = Custom {
            stack,
            id: &resource.id,
            kind: &resource.kind,
            properties: &resource.properties,
        };
        let delete = Ask::Delete {
            physical_id: &resource.made.reference,
        };
        let deleted = ask(&self.account, asked, delete).await;
        deleted.map(drop).map_err(|refused| refused.reason)
    }

    fn stack(&self, name: &str) -> Option<Stack> {
        self.account
            .state()
            .cloudformation
            .stacks
            .get(name)
            .cloned()
    }

    fn store(&self, name: &str, stack: Stack) {
        let mut state = self.account.state();
        state.cloudformation.stacks.insert(name.to_owned(), stack);
    }

    fn note(&self, tone: Tone, text: String) {
        self.account.journal().note("cloudformation", tone, text);
    }
}
