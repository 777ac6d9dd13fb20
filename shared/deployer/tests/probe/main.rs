//! The probe against real servers on loopback: what it sends, where it goes, and that nothing a server answers can
//! make it read, follow or wait without bound. How much memory that takes is measured in `probe_memory.rs`.

#![expect(
    clippy::unwrap_used,
    reason = "a test server that fails is a failed test"
)]

mod addresses;
mod assertions;
mod document;
mod hostile;
mod hostile_server;
mod load;
mod redirects;
mod requests;
mod server;
mod tls;
