//! Waiting for Greenlight, not only for AWS: where events are lost it finds out later.

use std::time::Duration;

use serde_json::Value;

use super::sample::TARGET;
use super::stage::{Stage, StageError};

/// How often the status is looked at, in the account's time.
const OFTEN: Duration = Duration::from_secs(30);

impl Stage {
    /// Waits until the sample target's status is as `is` wants it. Gives it.
    pub(super) async fn until_status(
        &self,
        is: impl Fn(&Value) -> bool,
    ) -> Result<Value, StageError> {
        loop {
            let status = self.greenlight_json(&["status", TARGET]).await?;
            if is(&status) {
                return Ok(status);
            }
            self.pass(OFTEN).await;
        }
    }

    /// Waits until Greenlight knows of nothing that is under way or waits, and AWS of nothing that runs.
    pub(super) async fn until_settled(&self) -> Result<(), StageError> {
        let rests = |status: &Value| status["active"].is_null() && status["queued"].is_null();
        self.until_status(rests).await?;
        self.until_quiet().await
    }
}
