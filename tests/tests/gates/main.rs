//! Gates under every contract that asks for a verdict.

mod approvals;
mod checks;
mod contracts;
mod endings;
mod long;
mod reports;
mod safety;
mod story;
mod table;
mod table_aws;
mod table_rest;
