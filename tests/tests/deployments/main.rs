//! Deployments from their event to their record: in-process, on the simulated wire.

mod accounts;
mod at_once;
mod bad_input;
mod crashes;
mod crashes_tasks;
mod documents;
mod holds;
mod images;
mod migration;
mod native;
mod others;
mod pipeline;
mod plan;
mod refusals;
mod rollback;
mod rollback_crashes;
mod rolling;
mod rolling_others;
mod round_trips;
mod round_trips_others;
mod scenarios;
mod sidecars;
mod task;
mod templates;
