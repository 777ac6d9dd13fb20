//! Gates: what the checks at one point of a deployment found, and the verdict that follows.
//!
//! Measuring is done elsewhere (`shared/deployer`); here are the rules by which observations become
//! measurements, measurements a check's verdict, and checks a gate's verdict.

mod digest;
mod progress;
mod report;
mod targets;
mod tasks;

pub use digest::{RunningContainer, measure_digests};
pub use progress::{Measurement, Progress};
pub use report::{CheckReport, GateReport, Verdict};
pub use targets::{TargetHealth, measure_targets};
pub use tasks::{StoppedTask, Task, TaskSet, measure_tasks};
