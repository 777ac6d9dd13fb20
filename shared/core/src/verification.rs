//! What was found of all that a target needs in AWS: a tree of findings, each with its remedy.
//!
//! Everything is looked at and told at once, so that a person mends a target in one go. What is looked at is
//! decided here, from plain data; `shared/deployer` reads it.

mod finding;
mod report;

pub use finding::{Finding, State, Statement};
pub use report::{Branch, Report};
