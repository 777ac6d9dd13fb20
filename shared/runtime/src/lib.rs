//! What every function's `main` shares: configuration, logs, the HTTP client and set-up of AWS, the loop over events,
//! and the promise that a waiting caller is answered.
//!
//! Nothing here decides anything about deployments. A function begins at [`function::run`]; a function whose caller
//! waits for a verdict also uses [`must_answer::must_answer`].

pub mod aws;
pub mod config;
pub mod environment;
pub mod function;
pub mod http;
pub mod logging;
pub mod must_answer;
