//! The commands: each gathers what it shows through the deployer and says it as text and as JSON.
//!
//! Both forms are made at one place from the same values, so that they cannot say different
//! things. The JSON forms are described in `docs/cli.md`, because people script against them.

mod approve;
mod control;
mod deploy;
mod explain;
mod gates;
mod history;
mod hold;
mod image;
mod init;
mod origin;
mod plan;
#[cfg(test)]
mod promises;
mod promote;
mod replay;
mod rollback;
#[cfg(test)]
mod sample;
mod shell;
mod status;
mod targets;
mod verification;
mod verify;
mod whereabouts;

use greenlight_aws::table::StoredTarget;
use greenlight_core::target::{Target, TargetName};
use greenlight_deployer::Deployer;
use greenlight_deployer::approve::Answer;
use serde_json::Value;

pub(crate) use gates::Which;

use crate::arguments::{Approve, Arguments, Command, Reject, Targets};
use crate::failure::Failure;
use crate::{connection, document};

/// What a command has to say.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// What came of a command. There can be both: what was done before it failed.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) output: Option<Output>,
    pub(crate) failure: Option<Failure>,
    /// The exit status says no, though nothing went wrong.
    pub(crate) says_no: bool,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            output: Some(output),
            failure: None,
            says_no: false,
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self {
            output: None,
            failure: Some(failure),
            says_no: false,
        }
    }
}

/// Runs a command.
pub(crate) async fn run(arguments: Arguments) -> Outcome {
    try_to(arguments).await.unwrap_or_else(Outcome::from)
}

async fn try_to(arguments: Arguments) -> Result<Outcome, Failure> {
    let Arguments {
        command,
        place,
        json,
        color: _,
    } = arguments;
    if let Some(outcome) = without_installation(&command)? {
        return Ok(outcome);
    }
    // What is wrong with a file is said before what is missing in the environment.
    let document = match &command {
        Command::Targets(Targets::Check { file, .. } | Targets::Apply { file, .. }) => {
            document::read(file)?
        }
        _ => Vec::new(),
    };
    let deployer = connection::open(&place)?;
    let output = match command {
        // Those that need no installation have been answered.
        Command::Targets(Targets::Check { .. } | Targets::Schema)
        | Command::Completions { .. }
        | Command::Man { .. } => {
            return Ok(verification::check(&deployer, &document).await);
        }
        Command::Targets(Targets::Apply { no_verify, .. }) => {
            return Ok(targets::apply(&deployer, &document, !no_verify).await);
        }
        Command::Diff {
            target,
            image,
            images,
            exit_code,
        } => {
            let wish = document::wish(image, images.as_deref())?;
            return plan::diff(&deployer, &target, &wish, exit_code).await;
        }
        Command::Deploy(what) => return deploy::deploy(deployer, what, json).await,
        Command::Targets(Targets::Show { name }) => targets::show(&deployer, &name).await,
        Command::Targets(Targets::Remove { name }) => targets::remove(&deployer, &name).await,
        Command::Targets(Targets::List) => targets::list(&deployer).await,
        Command::Init {
            cluster,
            service,
            name,
        } => init::init(&deployer, &cluster, &service, name.as_ref()).await,
        Command::Status { target: None } => status::all(&deployer).await,
        Command::Status { target: Some(name) } => status::one(&deployer, &name).await,
        Command::Rollback(what) => return rollback::rollback(deployer, what, json).await,
        Command::History {
            target,
            limit,
            since,
        } => history::history(&deployer, &target, limit, since).await,
        Command::Where { image } => whereabouts::whereabouts(&deployer, &image).await,
        Command::Explain { image } => explain::explain(&deployer, &image.text, &image.named).await,
        Command::Continue { target } => control::continue_(&deployer, &target).await,
        Command::Approve(Approve {
            target,
            reason,
            asked,
        }) => {
            let answer = Answer {
                approved: true,
                reason,
                point: asked.point,
                deployment: asked.deployment,
            };
            approve::answer(&deployer, &target, &answer).await
        }
        Command::Reject(Reject {
            target,
            reason,
            asked,
        }) => {
            let answer = Answer {
                approved: false,
                reason: Some(reason),
                point: asked.point,
                deployment: asked.deployment,
            };
            approve::answer(&deployer, &target, &answer).await
        }
        Command::Promote { target, to, image } => {
            promote::promote(&deployer, &target, &to, image.as_ref()).await
        }
        Command::Gates { which, target } => gates::gates(&deployer, &which, target.as_ref()).await,
        Command::Verify { target, gate } => return verify::verify(&deployer, &target, gate).await,
        Command::Replay(what) => {
            return replay::replay(&deployer, &what, &connection::dead_letters()).await;
        }
        Command::Hold(what) => hold::hold(&deployer, &what).await,
        Command::Release(what) => return hold::release(&deployer, &what).await,
        Command::Abort { target, reason } => control::abort(&deployer, &target, &reason).await,
    };
    Ok(output?.into())
}

/// What a command has to say that asks neither the table nor AWS; none for the others.
#[expect(
    clippy::result_large_err,
    reason = "it is told once, and then the process ends"
)]
fn without_installation(command: &Command) -> Result<Option<Outcome>, Failure> {
    let output = match command {
        Command::Targets(Targets::Check {
            file,
            verify: false,
        }) => return Ok(Some(targets::check(file))),
        Command::Targets(Targets::Schema) => targets::schema(),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { dir: None } => {
            shell::page().map_err(|source| Failure::ManPage { source })?
        }
        Command::Man { dir: Some(dir) } => {
            shell::pages(dir).map_err(|source| Failure::ManPages {
                directory: dir.clone(),
                source,
            })?
        }
        _ => return Ok(None),
    };
    Ok(Some(output.into()))
}

/// The registered target of this name.
async fn registered(deployer: &Deployer, name: &TargetName) -> Result<StoredTarget, Failure> {
    match deployer.target(name).await? {
        Some(Ok(stored)) => Ok(stored),
        Some(Err(bad)) => Err(Failure::BadTarget {
            name: name.clone(),
            problems: bad.problems,
        }),
        None => Err(no_such_target(deployer, name).await?),
    }
}

/// That a target is not registered, with those that are.
async fn no_such_target(deployer: &Deployer, name: &TargetName) -> Result<Failure, Failure> {
    let targets = deployer.targets().await?;
    let registered = targets.into_iter().map(|target| match target {
        Ok(stored) => stored.target.name.to_string(),
        Err(bad) => bad.name,
    });
    Ok(Failure::NoSuchTarget {
        name: name.clone(),
        registered: registered.collect(),
    })
}

/// The service of a target, for a column.
fn service(target: &Target) -> String {
    let service = target.service.as_ref();
    service.map_or_else(|| "-".to_owned(), ToString::to_string)
}

/// A point in time as people read it; JSON has it in full.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
