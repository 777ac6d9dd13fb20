//! Task definitions, services and tasks, as a client sees them.

mod documents;
mod one_shot;
mod services;
mod tasks;
