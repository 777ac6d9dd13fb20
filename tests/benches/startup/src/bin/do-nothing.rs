//! The smallest function there can be: what a start costs before a function does anything.

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let nothing = service_fn(|_: LambdaEvent<Value>| async { Ok::<_, Error>(Value::Null) });
    Runtime::new(nothing).run().await
}
