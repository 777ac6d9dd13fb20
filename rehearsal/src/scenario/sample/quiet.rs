//! When the sample account is quiet, and what keeps it from being so.

use std::time::Duration;

use super::{Sample, SampleError};
use crate::account::{codepipeline, ecs};

impl Sample {
    /// Nothing runs, waits or is on its way: no deployment, invocation, message or delayed event.
    pub fn is_quiet(&self) -> bool {
        self.account.functions().pending() == 0
            && self.account.messages_waiting() == 0
            && self.account.events().pending() == 0
            && self.in_progress().is_empty()
            && ecs::one_shots_running(&self.account) == 0
            && codepipeline::running(&self.account) == 0
    }

    /// What keeps the account from being quiet, as a sentence.
    pub fn busy_with(&self) -> String {
        format!(
            "deployments {:?}, {} invocations, {} messages, {} delayed events, {} one-shot tasks, {} pipeline executions",
            self.in_progress(),
            self.account.functions().pending(),
            self.account.messages_waiting(),
            self.account.events().pending(),
            ecs::one_shots_running(&self.account),
            codepipeline::running(&self.account),
        )
    }

    /// Waits until the account has been quiet for a simulated second, or until `bound` of simulated time
    /// has passed; then the error says with what it is busy.
    pub async fn until_quiet(&self, bound: Duration) -> Result<(), SampleError> {
        let step = Duration::from_millis(500);
        let mut waited = Duration::ZERO;
        let mut quiet = 0;
        while waited < bound {
            quiet = if self.is_quiet() { quiet + 1 } else { 0 };
            if quiet > 2 {
                return Ok(());
            }
            self.account.clock().sleep(step).await;
            waited += step;
        }
        Err(SampleError(format!(
            "still busy after {} s: {}",
            bound.as_secs(),
            self.busy_with()
        )))
    }
}
