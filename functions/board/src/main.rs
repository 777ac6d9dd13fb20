//! The Lambda function `board`; what it does is in `lib.rs`.

use std::process::ExitCode;

use board::{Context, handle};
use greenlight_runtime::function;

fn main() -> ExitCode {
    function::run(
        |wiring| Context {
            deployer: wiring.deployer,
        },
        handle,
    )
}
