//! What can be typed after `greenlight replay`.

use clap::{Args, ValueEnum};
use greenlight_core::dead_letter;

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Only this dead-letter queue.
    #[arg(long)]
    pub(crate) queue: Option<DeadLetterQueue>,
    /// Its URL: the output `PushDeadLetterQueueUrl` or `FunctionDeadLetterQueueUrl` of the stack [env:
    /// `GREENLIGHT_PUSH_DEAD_LETTERS`, `GREENLIGHT_FUNCTION_DEAD_LETTERS`].
    #[arg(long, requires = "queue")]
    pub(crate) url: Option<String>,
    /// How many messages of a queue at the most, up to 1000.
    #[arg(long, default_value = "100", value_parser = replay_limit)]
    pub(crate) limit: usize,
    /// Show what would be sent, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// One of the two dead-letter queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeadLetterQueue {
    /// Pushes.
    Push,
    /// What the other functions could not do.
    Functions,
}

impl From<DeadLetterQueue> for dead_letter::Queue {
    fn from(queue: DeadLetterQueue) -> Self {
        match queue {
            DeadLetterQueue::Push => Self::Push,
            DeadLetterQueue::Functions => Self::Functions,
        }
    }
}

fn replay_limit(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    let number = number.filter(|it| (1..=greenlight_deployer::replay::LIMIT).contains(it));
    number.ok_or_else(|| {
        format!(
            "it is no number from 1 to {}",
            greenlight_deployer::replay::LIMIT
        )
    })
}
