//! The Lambda function `validate-green`; what it does is in `lib.rs`.

use std::process::ExitCode;

use greenlight_runtime::function;
use validate_green::{Context, handle};

fn main() -> ExitCode {
    function::run(
        |wiring| Context {
            deployer: wiring.deployer,
        },
        handle,
    )
}
