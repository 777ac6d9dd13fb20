//! The Lambda function `record-deployment`; what it does is in `lib.rs`.

use std::process::ExitCode;

use greenlight_runtime::function;
use record_deployment::{Context, handle};

fn main() -> ExitCode {
    function::run(
        |wiring| Context {
            deployer: wiring.deployer,
        },
        handle,
    )
}
