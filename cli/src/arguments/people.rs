//! What people decide: holding and releasing, saying yes and no.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use greenlight_core::duration;
use greenlight_core::target::{GatePoint, TargetName};
use jiff::Timestamp;

#[derive(Debug, Args)]
pub(crate) struct Hold {
    #[command(flatten)]
    pub(crate) whom: Whom,
    /// Why, for whoever waits.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// When it ends by itself, such as `2026-12-24T18:00:00Z`.
    #[arg(long, value_name = "TIME", conflicts_with = "lasts")]
    pub(crate) until: Option<Timestamp>,
    /// After how long it ends by itself.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) lasts: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) whom: Whom,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// One target, or every one.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whom {
    /// The target.
    pub(crate) target: Option<TargetName>,
    /// Every target, also those that are registered later.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The target.
    pub(crate) target: TargetName,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

#[derive(Debug, Args)]
pub(crate) struct Reject {
    /// The target.
    pub(crate) target: TargetName,
    /// Why, for whoever has to mend it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

/// What is answered, where several gates ask.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// The gate that asks, where several do.
    #[arg(long, value_parser = gate_point())]
    pub(crate) point: Option<GatePoint>,
    /// The deployment whose gate asks: its id, or that of AWS.
    #[arg(long, value_name = "ID")]
    pub(crate) deployment: Option<String>,
}

/// The points are known to the help and to the completions, too.
pub(super) fn gate_point() -> impl TypedValueParser<Value = GatePoint> {
    let names = PossibleValuesParser::new(GatePoint::ALL.map(GatePoint::name));
    names.try_map(|name| GatePoint::of_name(&name).ok_or("there is no such gate"))
}
