//! What can be typed after `greenlight`.
//!
//! One definition is the parser and the help, and so are the completions and the man pages. The order of the
//! commands in the help is in [`groups`], their examples are in [`examples`]. What the commands do is in
//! [`crate::commands`].

mod deployments;
mod examples;
mod groups;
mod people;
mod replay;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;
use greenlight_core::image::{RepositoryRef, Tag};
use greenlight_core::target::{GatePoint, TargetName};
use greenlight_deployer::plan::{InvalidWish, Named, Wish};

pub(crate) use deployments::{Deploy, Rollback};
pub(crate) use people::{Approve, Hold, Reject, Release};
#[cfg(test)]
pub(crate) use replay::DeadLetterQueue;
pub(crate) use replay::Replay;

use people::gate_point;

use crate::commands::Which;
use crate::paint::Colours;
use crate::since::{self, Since};

/// Deploys pushed images to Amazon ECS, and knows which image runs where.
///
/// Credentials and region come from the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
/// `AWS_SESSION_TOKEN`, `AWS_REGION`. `AWS_ENDPOINT_URL` leads to another endpoint, such as a
/// rehearsal's.
#[derive(Debug, Parser)]
#[command(name = "greenlight", version, propagate_version = true)]
#[command(after_help = "Exit status: 0 done, 1 failed, 2 not understood.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Whether text is coloured; `NO_COLOR` and `CLICOLOR_FORCE` count where it is `auto`.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: Colours,
}

impl Arguments {
    /// The parser, with the examples and the groups of the help.
    pub(crate) fn definition() -> clap::Command {
        groups::grouped(examples::added(Self::command()))
    }

    /// Reads the arguments of this process, and ends it with status 2 where they cannot be understood.
    pub(crate) fn of_process() -> Self {
        let matches = Self::definition().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// Which installation of Greenlight is meant.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Greenlight's table [env: `GREENLIGHT_TABLE`] [default: greenlight].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// The region that Greenlight runs in [env: `AWS_REGION`].
    #[arg(long, global = true)]
    pub(crate) region: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check, register and look at targets.
    #[command(subcommand)]
    Targets(Targets),
    /// Print a target's document made from a service that runs.
    ///
    /// It only looks. What was found, and what has to be decided by somebody, is said in comments.
    Init {
        /// The cluster's name.
        #[arg(long, value_name = "NAME")]
        cluster: String,
        /// The service's name.
        #[arg(long, value_name = "NAME")]
        service: String,
        /// What the target is called [default: the service's name].
        #[arg(long)]
        name: Option<TargetName>,
    },
    /// Show what is live, what is being deployed and what waits.
    Status {
        /// Only this target, with more detail.
        target: Option<TargetName>,
    },
    /// Show the deployments of a target and what people did there, newest first.
    History {
        /// The target.
        target: TargetName,
        /// How many deployments at the most [default: 20; with `--since`, 1000].
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: Option<u32>,
        /// Only since then: `7d`, `12h`, `2026-11-22`, or a time as in the output.
        #[arg(long, value_name = "WHEN", value_parser = since::parse)]
        since: Option<Since>,
    },
    /// Show the targets at which an image is live, and where it was before.
    Where {
        /// A repository, `repository:tag`, `repository@digest`, a tag, or a digest or its
        /// beginning.
        image: String,
    },
    /// Show for every target whether it takes an image, what would come of it now, and what became of it.
    ///
    /// It only looks.
    Explain {
        /// `repository:tag`, `repository@digest`, a tag or a digest.
        image: Explained,
    },
    /// Show what deploying an image would change in the task definition. It only looks.
    Diff {
        /// The target.
        target: TargetName,
        /// A tag, a digest, `repository:tag` or `repository@digest`; the first tag that the target
        /// takes if it is left out.
        image: Option<Wish>,
        /// An `imagedefinitions.json` or `imageDetail.json` of CodePipeline that names the images.
        #[arg(long, value_name = "FILE", conflicts_with = "image")]
        images: Option<PathBuf>,
        /// End with status 1 if anything would change.
        #[arg(long)]
        exit_code: bool,
    },
    /// Deploy an image to a target, and wait until it is live.
    Deploy(Deploy),
    /// Go back to the last image that was proved, and wait until it is live.
    ///
    /// What is under way is stopped first. Holds and windows do not apply. What is gone back from is not
    /// deployed again by itself.
    Rollback(Rollback),
    /// Let a deployment go on that waits for an answer.
    Continue {
        /// The target.
        target: TargetName,
    },
    /// Stop the deployment that is under way, and take it back as far as AWS can.
    Abort {
        /// The target.
        target: TargetName,
        /// Why, for whoever looks at the stopped task or pipeline.
        #[arg(long, default_value = "aborted by `greenlight abort`")]
        reason: String,
    },
    /// Hold automatic deployments to a target, or to every one, until somebody releases them.
    ///
    /// What is pushed meanwhile waits, and of that the newest is deployed when they are released.
    Hold(Hold),
    /// Release what `hold` holds.
    Release(Release),
    /// Say yes to what waits for a person.
    ///
    /// The check `approval` of a gate, a pause hook of ECS, or a CodeDeploy deployment that is ready to
    /// shift the traffic.
    Approve(Approve),
    /// Say no to what waits for a person.
    ///
    /// The gate fails, or AWS takes the deployment back.
    Reject(Reject),
    /// Give the image that is live and proved at a target the tag that another target watches.
    Promote {
        /// The target that has proved it.
        target: TargetName,
        /// The tag.
        #[arg(long, value_name = "TAG")]
        to: Tag,
        /// The repository of the image that is meant, where those of several are live.
        #[arg(long, value_name = "REPOSITORY")]
        image: Option<RepositoryRef>,
    },
    /// Show all that the gates of a deployment have found.
    Gates {
        /// The id of a deployment, or a target, whose newest deployment is meant.
        which: Which,
        /// The target of the deployment, if it is not registered any more.
        #[arg(long, value_name = "NAME")]
        target: Option<TargetName>,
    },
    /// Look at all that a target needs in AWS, and try its gates on what runs now. Nothing is deployed or recorded.
    Verify {
        /// The target.
        target: TargetName,
        /// Only try this gate.
        #[arg(long, value_name = "POINT", value_parser = gate_point())]
        gate: Option<GatePoint>,
    },
    /// Send again what was given up on: pushes, and events of the other functions.
    ///
    /// A message is deleted from its dead-letter queue when it was sent; one that cannot be sent stays.
    Replay(Replay),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write one for each command.
    Man {
        /// Where the pages are written; only that of `greenlight` itself is printed otherwise.
        #[arg(long, value_name = "DIRECTORY")]
        dir: Option<PathBuf>,
    },
}

/// An image as it was typed, and what that means.
#[derive(Debug, Clone)]
pub(crate) struct Explained {
    pub(crate) text: String,
    pub(crate) named: Named,
}

impl std::str::FromStr for Explained {
    type Err = InvalidWish;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self {
            text: text.to_owned(),
            named: text.parse()?,
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Targets {
    /// Check a file of targets, without asking AWS anything unless told to.
    Check {
        /// A YAML or JSON file, or `-` for standard input.
        file: PathBuf,
        /// Look in AWS whether all is there that the targets need.
        #[arg(long)]
        verify: bool,
    },
    /// Register the targets of a file; what they run and deploy stays as it is. A target is refused to which a
    /// deployment would fail.
    Apply {
        /// A YAML or JSON file, or `-` for standard input.
        file: PathBuf,
        /// Do not look in AWS whether all is there that the targets need.
        #[arg(long)]
        no_verify: bool,
    },
    /// Print the JSON Schema of a file of targets, for editors.
    Schema,
    /// List the registered targets.
    List,
    /// Show a target's document as it is registered.
    Show {
        /// The target.
        name: TargetName,
    },
    /// Remove a target; the records of its deployments stay.
    Remove {
        /// The target.
        name: TargetName,
    },
}

#[cfg(test)]
mod tests;
