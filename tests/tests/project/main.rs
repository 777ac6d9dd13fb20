//! What must hold for the workspace, its template, its policies and its samples.

mod architecture;
mod book;
mod cost;
mod errors;
mod examples;
mod generated;
mod hardened;
mod histories;
mod permissions;
mod samples;
mod snippets;
mod template;
