//! Amazon EventBridge: emitting Greenlight's own events.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use greenlight_core::record::{Announcement, ApprovalRequested, DetailType, HandedOver};
use serde::Serialize;

use crate::{AwsError, Clients, Kind, error::failed};

/// The `source` of every event that Greenlight emits.
pub const SOURCE: &str = "greenlight";

/// Emits the event about a deployment to `bus`.
pub async fn announce(
    clients: &Clients,
    bus: &str,
    announcement: &Announcement,
) -> Result<(), AwsError> {
    emit(clients, bus, announcement.detail_type, announcement).await
}

/// Emits the event by which people are asked to `bus`.
pub async fn request_approval(
    clients: &Clients,
    bus: &str,
    requested: &ApprovalRequested,
) -> Result<(), AwsError> {
    emit(clients, bus, DetailType::ApprovalRequested, requested).await
}

/// Emits the event by which everybody hears of a hold or a release to `bus`.
pub async fn hand_over(
    clients: &Clients,
    bus: &str,
    detail_type: DetailType,
    handed_over: &HandedOver,
) -> Result<(), AwsError> {
    emit(clients, bus, detail_type, handed_over).await
}

async fn emit(
    clients: &Clients,
    bus: &str,
    detail_type: DetailType,
    detail: &impl Serialize,
) -> Result<(), AwsError> {
    const ACTION: &str = "events:PutEvents";
    let resource = || format!("event bus `{bus}`");
    let detail = serde_json::to_string(detail).map_err(|error| {
        let message = format!("the event cannot be written as JSON: {error}");
        AwsError::unusable(ACTION, resource(), Kind::Invalid, None, message)
    })?;
    let entry = PutEventsRequestEntry::builder()
        .source(SOURCE)
        .detail_type(detail_type.as_str())
        .detail(detail)
        .event_bus_name(bus)
        .build();
    let answer = clients
        .eventbridge
        .put_events()
        .entries(entry)
        .send()
        .await
        .map_err(failed(ACTION, resource()))?;
    // PutEvents answers with success even where it takes nothing.
    match answer
        .entries()
        .iter()
        .find(|entry| entry.error_code().is_some())
    {
        None => Ok(()),
        Some(refused) => {
            let code = refused.error_code().unwrap_or_default().to_owned();
            let message = format!("{code}: {}", refused.error_message().unwrap_or_default());
            Err(AwsError::unusable(
                ACTION,
                resource(),
                Kind::Unavailable,
                Some(code),
                message,
            ))
        }
    }
}
