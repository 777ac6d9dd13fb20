//! Gates: what the checks at one point of a deployment found, and the verdict that follows.
//!
//! Measuring is done elsewhere (`shared/deployer`); here are the rules by which observations become
//! measurements, measurements a check's verdict, and checks a gate's verdict; and what ECS asks of a
//! gate at its own deployments ([`EcsHook`]).

mod alarms;
mod approval;
mod custom;
mod digest;
mod ecs_hook;
mod http;
mod measurement;
mod metric;
mod progress;
mod report;
mod scan;
mod statistics;
mod targets;
mod tasks;
mod unfinished;

pub use alarms::{Alarm, measure_alarms};
pub use approval::{Approval, ApprovalId, Decision, NotOpen, Standing};
pub use custom::{Answer, measure_answer};
pub use digest::{RunningContainer, measure_digests};
pub use ecs_hook::{AtStage, EcsHook, UnreadableHook, Weights, is_ecs_hook};
pub use http::{LoadTally, Sent, answer_line};
pub use measurement::{Measurement, Phase};
pub use metric::{Names, Series, Side, measure_metric, queries, with_names};
pub use progress::Progress;
pub use report::{CheckReport, Counts, GateReport, Measured, Verdict};
pub use scan::{Finding, Scan, ScanFindings, Scanned, measure_scan};
pub use targets::{TargetHealth, measure_targets};
pub use tasks::{StoppedTask, Task, TaskSet, measure_tasks, task_token};
pub use unfinished::Unfinished;
