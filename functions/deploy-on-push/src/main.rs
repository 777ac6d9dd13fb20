//! The Lambda function `deploy-on-push`; what it does is in `lib.rs`.

use std::process::ExitCode;

use deploy_on_push::{Context, handle};
use greenlight_runtime::function;

fn main() -> ExitCode {
    function::run(
        |wiring| Context {
            deployer: wiring.deployer,
        },
        handle,
    )
}
