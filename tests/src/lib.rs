//! What the tests of the whole share: the simulated account with Greenlight's handlers in it, in
//! virtual time and without a socket, and a wire on which faults can be injected.

pub mod by_hand;
pub mod wire;
pub mod world;
