//! Deploying an image, and going back to one.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use greenlight_core::deployment::BackTo;
use greenlight_core::duration;
use greenlight_core::target::TargetName;
use greenlight_deployer::plan::Wish;

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// The target.
    pub(crate) target: TargetName,
    /// A tag, a digest, `repository:tag` or `repository@digest`.
    #[arg(required_unless_present = "images")]
    pub(crate) image: Option<Wish>,
    /// An `imagedefinitions.json` or `imageDetail.json` of CodePipeline that names the images.
    #[arg(long, value_name = "FILE", conflicts_with = "image")]
    pub(crate) images: Option<PathBuf>,
    /// Only start it.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Show what would be done, and do nothing.
    #[arg(long, conflicts_with_all = ["no_wait", "timeout"])]
    pub(crate) dry_run: bool,
    /// Deploy though the target is held, the line is stopped, or no window is open. It is recorded.
    #[arg(long = "override")]
    pub(crate) overrides: bool,
    /// Who asks, for the record [env: `USER`, `LOGNAME`].
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// The function that runs the gates: the output `HookFunctionArn` of the stack [env:
    /// `GREENLIGHT_HOOK`].
    #[arg(long, value_name = "ARN")]
    pub(crate) hook: Option<String>,
    /// How long to wait.
    #[arg(long, default_value = "1h", value_parser = duration::parse, conflicts_with = "no_wait")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The target.
    pub(crate) target: TargetName,
    /// The image to go back to: its digest or the first 7 digits, the deployment that brought it (its id, or
    /// that of AWS), or a tag [default: the last image that was proved].
    #[arg(long, value_name = "IMAGE|DEPLOYMENT")]
    pub(crate) to: Option<BackTo>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Only start it.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// The function that runs the gates: the output `HookFunctionArn` of the stack [env:
    /// `GREENLIGHT_HOOK`].
    #[arg(long, value_name = "ARN")]
    pub(crate) hook: Option<String>,
    /// How long to wait.
    #[arg(long, default_value = "1h", value_parser = duration::parse, conflicts_with = "no_wait")]
    pub(crate) timeout: Duration,
}
