//! Jobs of pipelines, from their event to their answer.

mod crashes;
mod every_action;
mod fuzzed;
mod held;
mod in_trouble;
mod releases;
mod replay;
mod round_trips;
mod stored;
