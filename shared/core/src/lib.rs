//! Greenlight's decisions as pure functions over plain data.
//!
//! Nothing here waits, looks at a clock or speaks to anything: what the outside world says comes in
//! as values, and what should happen comes out as values. The calls are in `shared/aws`,
//! the order of the calls in `shared/deployer`.

pub mod appspec;
pub mod console;
pub mod dead_letter;
pub mod deployment;
pub mod drift;
pub mod duration;
pub mod figures;
pub mod gate;
pub mod image;
pub mod image_definitions;
pub mod inquiry;
pub mod job;
pub mod platform;
pub mod policy;
pub mod problems;
pub mod promotion;
pub mod record;
pub mod suggestion;
pub mod target;
pub mod task_definition;
pub mod template;
mod text;
pub mod turn;
pub mod verification;
pub mod window;

pub use text::{excerpt, nearest};
