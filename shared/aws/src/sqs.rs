//! Amazon SQS: the dead-letter queues, read and emptied by hand. The queues of the functions are read by Lambda.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;

use crate::{AwsError, Clients, error::failed};

/// SQS gives no more at once.
pub const RECEIVE_LIMIT: usize = 10;
/// A receive waits so long for a message, in seconds: with none, SQS asks only some of its servers.
const WAIT_SECONDS: i32 = 1;

/// A message that was received, and is hidden from others for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// SQS's id of the message.
    pub id: String,
    /// By which it is deleted or given back.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Its attributes that are text.
    pub attributes: BTreeMap<String, String>,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
}

/// A queue, by its URL.
#[derive(Debug, Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// The queue of this URL. Nothing is asked.
    pub fn new(clients: &Clients, url: impl Into<String>) -> Self {
        Self {
            client: clients.sqs(),
            url: url.into(),
        }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The ARN of a queue.
    pub async fn arn(&self) -> Result<String, AwsError> {
        const ACTION: &str = "sqs:GetQueueAttributes";
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .map_err(failed(ACTION, self.resource()))?;
        let arn = answer
            .attributes
            .and_then(|mut all| all.remove(&QueueAttributeName::QueueArn));
        arn.ok_or_else(|| {
            AwsError::not_understood(ACTION, self.resource(), "the answer has no `QueueArn`")
        })
    }

    /// The URLs of the queues whose dead-letter queue this is, the first page of them.
    pub async fn sources(&self) -> Result<Vec<String>, AwsError> {
        let answer = self
            .client
            .list_dead_letter_source_queues()
            .queue_url(&self.url)
            .send()
            .await
            .map_err(failed("sqs:ListDeadLetterSourceQueues", self.resource()))?;
        Ok(answer.queue_urls)
    }

    /// Receives up to `most` messages, ten at most, and hides them for so many seconds.
    pub async fn receive(
        &self,
        most: usize,
        hidden_seconds: i32,
    ) -> Result<Vec<Received>, AwsError> {
        let most = i32::try_from(most.clamp(1, RECEIVE_LIMIT)).unwrap_or(1);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(most)
            .visibility_timeout(hidden_seconds)
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(failed("sqs:ReceiveMessage", self.resource()))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.into_iter().filter_map(received).collect())
    }

    /// Sends a message.
    pub async fn send(&self, body: &str) -> Result<(), AwsError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await
            .map_err(failed("sqs:SendMessage", self.resource()))?;
        Ok(())
    }

    /// Deletes a message that was received.
    pub async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .send()
            .await
            .map_err(failed("sqs:DeleteMessage", self.resource()))?;
        Ok(())
    }

    /// Gives back a message that was received: others see it at once.
    pub async fn give_back(&self, receipt: &str) -> Result<(), AwsError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(0)
            .send()
            .await
            .map_err(failed("sqs:ChangeMessageVisibility", self.resource()))?;
        Ok(())
    }

    fn resource(&self) -> String {
        format!("queue `{}`", self.url)
    }
}

/// A message that has all that it takes to handle it.
fn received(message: aws_sdk_sqs::types::Message) -> Option<Received> {
    let sent_at = message
        .attributes
        .as_ref()
        .and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp));
    let attributes = message.message_attributes.unwrap_or_default();
    Some(Received {
        id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
        sent_at: sent_at
            .and_then(|text| text.parse().ok())
            .and_then(|at| Timestamp::from_millisecond(at).ok()),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.string_value?)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    const URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/Dead";

    #[test]
    fn a_message_is_received_with_its_attributes_and_hidden() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"Messages": [
            {
                "MessageId": "m", "ReceiptHandle": "r", "Body": "{}",
                "Attributes": {"SentTimestamp": "1763805600000"},
                "MessageAttributes": {"TARGET_ARN": {"DataType": "String", "StringValue": "arn"}},
            },
            {"MessageId": "no receipt"},
        ]}));
        let received = run(Queue::new(&aws.clients(), URL).receive(50, 120)).unwrap();
        assert_eq!(
            received,
            [Received {
                id: "m".to_owned(),
                receipt: "r".to_owned(),
                body: "{}".to_owned(),
                attributes: BTreeMap::from([("TARGET_ARN".to_owned(), "arn".to_owned())]),
                sent_at: "2025-11-22T10:00:00Z".parse().ok(),
            }]
        );
        let sent = &aws.sent()[0];
        assert_eq!(sent.operation, "ReceiveMessage");
        assert_eq!(
            sent.json(),
            json!({
                "QueueUrl": URL, "MaxNumberOfMessages": 10, "VisibilityTimeout": 120, "WaitTimeSeconds": 1,
                "MessageSystemAttributeNames": ["SentTimestamp"], "MessageAttributeNames": ["All"],
            })
        );
    }

    #[test]
    fn a_queue_that_is_not_there_is_named() {
        let aws = Scripted::default();
        aws.refuse("QueueDoesNotExist", "The specified queue does not exist.");
        let error = run(Queue::new(&aws.clients(), URL).arn()).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
        assert_eq!(error.resource, format!("queue `{URL}`"));
    }
}
