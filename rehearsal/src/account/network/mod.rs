//! To be filled in.
#[derive(Debug, Default)]
pub(crate) struct State {}
