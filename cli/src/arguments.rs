//! What can be typed after `greenlight`.
//!
//! One definition is the parser and the help. What the commands do is in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use greenlight_core::target::TargetName;

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
    /// Show what is live, what is being deployed and what waits.
    Status {
        /// Only this target, with more detail.
        target: Option<TargetName>,
    },
    /// Show the deployments of a target, newest first.
    History {
        /// The target.
        target: TargetName,
        /// How many at the most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show the targets at which an image is live.
    Where {
        /// A repository, `repository:tag`, `repository@digest`, a tag, or a digest or its
        /// beginning.
        image: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Targets {
    /// Check a file of targets, without asking AWS anything.
    Check {
        /// A YAML or JSON file, or `-` for standard input.
        file: PathBuf,
    },
    /// Register the targets of a file; what they run and deploy stays as it is.
    Apply {
        /// A YAML or JSON file, or `-` for standard input.
        file: PathBuf,
    },
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
