//! `PutEvents`, the one operation of EventBridge's API that is called here.
//!
//! An entry that EventBridge would refuse is refused in its place in the answer, as AWS does it: the call
//! itself succeeds, and a client that does not look at `FailedEntryCount` loses the event.

use serde_json::{Value, json};

use super::EventBus;
use crate::account::functions::uuid;
use crate::account::{Members, ServiceError};

/// Most entries of one call.
const MOST_ENTRIES: usize = 10;

/// Most bytes of all entries of one call (AWS-FACTS 9).
const MOST_BYTES: usize = 1024 * 1024;

impl EventBus {
    /// Answers a call to EventBridge's API.
    pub(crate) fn handle(&self, operation: &str, request: &Value) -> Result<Value, ServiceError> {
        match operation {
            "PutEvents" => self.put_events(request),
            _ => Err(ServiceError::unknown_operation("events", operation)),
        }
    }

    fn put_events(&self, request: &Value) -> Result<Value, ServiceError> {
        let entries = Members::of(request)?.list("Entries")?;
        if !(1..=MOST_ENTRIES).contains(&entries.len()) {
            return Err(ServiceError::validation(format!(
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: \
                 Member must have length between 1 and {MOST_ENTRIES}"
            )));
        }
        if request.to_string().len() > MOST_BYTES {
            return Err(ServiceError::validation(
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let mut failed = 0;
        let mut results = Vec::with_capacity(entries.len());
        for entry in entries {
            results.push(match self.event_of(entry)? {
                Ok(event) => {
                    let id = event["id"].clone();
                    self.put(event);
                    json!({ "EventId": id })
                }
                Err((code, message)) => {
                    failed += 1;
                    json!({"ErrorCode": code, "ErrorMessage": message})
                }
            });
        }
        Ok(json!({"FailedEntryCount": failed, "Entries": results}))
    }

    /// The event that an entry stands for, or why the entry is refused.
    fn event_of(
        &self,
        entry: &Value,
    ) -> Result<Result<Value, (&'static str, String)>, ServiceError> {
        let entry = Members::of(entry)?;
        let required = |name| {
            entry
                .optional_string(name)
                .map(|value| value.filter(|it| !it.is_empty()))
        };
        let missing = |name: &str| {
            let message =
                format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            Ok(Err(("InvalidArgument", message)))
        };
        let Some(source) = required("Source")? else {
            return missing("Source");
        };
        let Some(detail_type) = required("DetailType")? else {
            return missing("DetailType");
        };
        let Some(detail) = required("Detail")? else {
            return missing("Detail");
        };
        if source.starts_with("aws.") {
            let message = format!("Not authorized for the source {source}.");
            return Ok(Err(("NotAuthorizedForSourceException", message)));
        }
        let bus = entry.optional_string("EventBusName")?.unwrap_or("default");
        if bus != "default" && bus != self.account.arn("events", "event-bus/default") {
            return Ok(Err((
                "ResourceNotFoundException",
                format!("Event bus {bus} does not exist."),
            )));
        }
        let Ok(detail @ Value::Object(_)) = serde_json::from_str(detail) else {
            return Ok(Err(("MalformedDetail", "Detail is malformed.".to_owned())));
        };
        let id = uuid(&self.account.unique());
        let resources = json!(entry.strings("Resources")?);
        Ok(Ok(self.envelope(
            &id,
            source,
            detail_type,
            &resources,
            &detail,
        )))
    }

    pub(super) fn envelope(
        &self,
        id: &str,
        source: &str,
        detail_type: &str,
        resources: &Value,
        detail: &Value,
    ) -> Value {
        let settings = self.account.settings();
        // EventBridge's `time` has whole seconds.
        let time = self
            .account
            .clock()
            .now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": settings.account_id,
            "time": time,
            "region": settings.region,
            "resources": resources,
            "detail": detail,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, Settings};

    fn entry(source: &str, detail: &str) -> Value {
        json!({"Source": source, "DetailType": "Deployment Started", "Detail": detail})
    }

    #[tokio::test(start_paused = true)]
    async fn good_entries_are_put_and_bad_ones_refused_in_their_place() {
        let bus = Account::new(Settings::for_tests()).events();
        let mut elsewhere = entry("greenlight", "{}");
        elsewhere["EventBusName"] = json!("other");
        let entries = json!([
            entry("greenlight", r#"{"target":"api-test"}"#),
            entry("greenlight", "not json"),
            entry("greenlight", "[1]"),
            entry("aws.ecr", "{}"),
            {"Source": "greenlight", "Detail": "{}"},
            elsewhere,
        ]);
        let answer = bus
            .handle("PutEvents", &json!({ "Entries": entries }))
            .unwrap();
        let codes: Vec<&Value> = answer["Entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["ErrorCode"])
            .collect();
        assert_eq!(
            json!(codes),
            json!([
                null,
                "MalformedDetail",
                "MalformedDetail",
                "NotAuthorizedForSourceException",
                "InvalidArgument",
                "ResourceNotFoundException"
            ])
        );
        assert_eq!(answer["FailedEntryCount"], 5);
        let event = &bus.history()[0];
        assert_eq!(event["id"], answer["Entries"][0]["EventId"]);
        assert_eq!(event["time"], "2026-01-05T10:00:00Z");
        assert_eq!(event["detail"], json!({"target": "api-test"}));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_with_eleven_entries_or_none_is_refused() {
        let bus = Account::new(Settings::for_tests()).events();
        for count in [0, 11] {
            let entries = vec![entry("greenlight", "{}"); count];
            let error = bus
                .handle("PutEvents", &json!({ "Entries": entries }))
                .unwrap_err();
            assert_eq!(error.code, "ValidationException");
        }
    }
}
