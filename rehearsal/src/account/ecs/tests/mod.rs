//! Task definitions, services and tasks, as a client sees them.

mod documents;
mod services;
mod tasks;
