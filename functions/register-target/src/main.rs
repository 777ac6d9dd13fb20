//! The Lambda function `register-target`; what it does is in `lib.rs`.

use std::process::ExitCode;

use greenlight_runtime::function;
use register_target::{Context, handle};

fn main() -> ExitCode {
    function::run(
        |wiring| Context {
            deployer: wiring.deployer,
        },
        handle,
    )
}
