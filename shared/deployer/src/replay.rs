//! Sending again what was given up on: the messages of a dead-letter queue go back to where they were going.
//!
//! A message is sent first and deleted afterwards, so that a crash in between sends it twice, and never loses it:
//! whoever gets it acts on it once. One that cannot be sent stays. SQS has no way to look into a queue; a look is a
//! receive after which everything is given back.

use std::collections::BTreeSet;

use greenlight_aws::{
    AwsError, lambda,
    sqs::{self, Queue, RECEIVE_LIMIT},
};
use greenlight_core::dead_letter::{self, DeadLetter, Destination, Message, Unusable};

use crate::Deployer;

/// What is received is hidden from others for so long, which is longer than ten messages take. One that comes back
/// earlier is sent twice, which does no harm.
const HIDDEN_SECONDS: i32 = 300;
/// What may be asked for at once.
pub const LIMIT: usize = 1000;

/// What is to be sent again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which dead-letter queue it is.
    pub queue: dead_letter::Queue,
    /// Its URL.
    pub url: String,
    /// So many messages at the most.
    pub limit: usize,
    /// Nothing is sent: it is only looked.
    pub dry_run: bool,
}

/// A message of the queue, and what came of it.
#[derive(Debug)]
pub struct Replayed {
    /// SQS's id of the message.
    pub id: String,
    /// What it was, if that is understood.
    pub letter: Option<DeadLetter>,
    /// What came of it.
    pub fate: Fate,
}

/// What came of a message.
#[derive(Debug)]
pub enum Fate {
    /// It would be sent.
    Seen,
    /// It was sent, and is no longer in the queue.
    Sent,
    /// It was sent, but is still in the queue, and will be sent again the next time.
    SentAndKept(AwsError),
    /// It could not be sent, and stays.
    Kept(AwsError),
    /// Nobody knows where it should go, and it stays.
    Unusable(Unusable),
}

impl Fate {
    /// Whether a person has to look after the message.
    pub fn is_kept(&self) -> bool {
        matches!(
            self,
            Self::SentAndKept(_) | Self::Kept(_) | Self::Unusable(_)
        )
    }
}

/// Why nothing was sent again, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The queue is not what it should be.
    #[error("the dead-letter queue cannot be looked into")]
    Queue(#[source] AwsError),
    /// It is the dead-letter queue of no queue, or of several.
    #[error(
        "the queue `{url}` is the dead-letter queue of {count} queues, so that it is not known where pushes go"
    )]
    Source {
        /// The queue.
        url: String,
        /// How many there are.
        count: usize,
    },
    /// It could not be read to its end.
    #[error("the dead-letter queue could not be read to its end")]
    Receive(#[source] AwsError),
}

impl Deployer {
    /// Sends again what lies in a dead-letter queue, or tells what would be sent. `told` is told of each message in
    /// turn, so that what was done is known even where the rest fails.
    pub async fn replay(
        &self,
        replay: &Replay,
        mut told: impl FnMut(Replayed),
    ) -> Result<(), ReplayError> {
        let dead = Queue::new(&self.clients, &replay.url);
        let arn = dead.arn().await.map_err(ReplayError::Queue)?;
        let source = match replay.queue {
            dead_letter::Queue::Push => self.source(&dead).await?,
            // Nothing goes back to a queue: each message goes to its function.
            dead_letter::Queue::Functions => dead.clone(),
        };
        let mut seen = BTreeSet::new();
        let mut held = Vec::new();
        let limit = replay.limit.min(LIMIT);
        let outcome = loop {
            let most = limit.saturating_sub(seen.len()).min(RECEIVE_LIMIT);
            if most == 0 {
                break Ok(());
            }
            let received = match dead.receive(most, HIDDEN_SECONDS).await {
                Ok(received) => received,
                Err(error) => break Err(ReplayError::Receive(error)),
            };
            let before = seen.len();
            for message in received {
                let is_new = seen.insert(message.id.clone());
                let receipt = message.receipt.clone();
                if !is_new {
                    held.push(receipt);
                    continue;
                }
                let replayed = self.one(replay, &arn, &source, &dead, message).await;
                if !matches!(replayed.fate, Fate::Sent) {
                    held.push(receipt);
                }
                told(replayed);
            }
            // Nothing came, or only what came before.
            if seen.len() == before {
                break Ok(());
            }
        };
        for receipt in held {
            // Where this fails, the message comes back by itself a little later.
            if let Err(error) = dead.give_back(&receipt).await {
                tracing::debug!(error = %greenlight_aws::chain(&error), "message not given back");
            }
        }
        outcome
    }

    /// The one queue whose messages go to this dead-letter queue.
    async fn source(&self, dead: &Queue) -> Result<Queue, ReplayError> {
        let urls = dead.sources().await.map_err(ReplayError::Queue)?;
        match urls.as_slice() {
            [url] => Ok(Queue::new(&self.clients, url)),
            urls => Err(ReplayError::Source {
                url: dead.url().to_owned(),
                count: urls.len(),
            }),
        }
    }

    async fn one(
        &self,
        replay: &Replay,
        arn: &str,
        source: &Queue,
        dead: &Queue,
        received: sqs::Received,
    ) -> Replayed {
        let sqs::Received {
            id,
            receipt,
            body,
            attributes,
            sent_at,
        } = received;
        let message = Message {
            body,
            attributes,
            sent_at,
        };
        let letter = match dead_letter::read(replay.queue, arn, &message) {
            Ok(letter) => letter,
            Err(why) => {
                return Replayed {
                    id,
                    letter: None,
                    fate: Fate::Unusable(why),
                };
            }
        };
        let fate = if replay.dry_run {
            Fate::Seen
        } else {
            let sent = match &letter.to {
                Destination::Source => source.send(&message.body).await,
                Destination::Function { arn, payload } => {
                    lambda::invoke_later(&self.clients, arn, payload.clone().into_bytes()).await
                }
            };
            match sent {
                Err(error) => Fate::Kept(error),
                Ok(()) => match dead.delete(&receipt).await {
                    Ok(()) => Fate::Sent,
                    Err(error) => Fate::SentAndKept(error),
                },
            }
        };
        Replayed {
            id,
            letter: Some(letter),
            fate,
        }
    }
}
