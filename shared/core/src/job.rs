//! A job of CodePipeline, an action that waits for its result: what it asks for, the files that it
//! brings, and the forms of its answer.
//!
//! The same for both kinds of action, the Lambda invoke action and the custom one. AWS-FACTS 2, 3.

pub mod answer;
pub mod artifact;
pub mod files;
mod id;
pub mod request;
mod token;

pub use id::{InvalidJobId, JobId};
pub use token::{InvalidJobToken, JobToken};
