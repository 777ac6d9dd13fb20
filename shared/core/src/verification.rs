//! What was found of all that a target needs in AWS: a tree of findings, each with its remedy.
//!
//! Everything is looked at and told at once, so that a person mends a target in one go. What is looked at is
//! decided here, from plain data; `shared/deployer` reads it.

pub mod check;
pub mod codedeploy;
mod finding;
pub mod gates;
pub mod images;
pub mod load_balancing;
mod look;
pub mod pipeline;
mod report;
pub mod roles;
#[cfg(test)]
mod sample;
pub mod secrets;
pub mod service;
pub mod tags;
pub mod task_definition;
pub mod templates;
pub mod uses;

pub use finding::{Finding, State, Statement};
pub use look::{Lack, Look, Unseen};
pub use report::{Branch, Report};
