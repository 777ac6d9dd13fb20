//! Jobs of pipelines, and requests of CloudFormation, from their event to their answer.

mod crashes;
mod every_action;
mod fuzzed;
mod held;
mod in_trouble;
mod installed;
mod register_target;
mod releases;
mod replay;
mod requests;
mod round_trips;
mod stored;
