//! Smithy RPC v2 CBOR, which CloudWatch's SDK speaks, and that of other languages with CodeDeploy and
//! CodePipeline (AWS-FACTS 0): the path names the operation, and the body is the JSON document in another
//! encoding.
//!
//! Both are translated to and from the JSON that the rest of the account speaks. JSON has no type for a time:
//! on the way out it is known by the name of its member.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use super::ServiceError;

/// The header that says it, and its value.
pub(super) const PROTOCOL: (&str, &str) = ("smithy-protocol", "rpc-v2-cbor");
pub(super) const CONTENT_TYPE: &str = "application/cbor";

/// A number of seconds since the epoch.
const EPOCH_TIME: u64 = 1;

/// Every member of a time's type, or of a list of times, in the models of the services that speak CBOR. None
/// of the names has another type elsewhere in its service.
const TIMES: [&str; 33] = [
    // CloudWatch
    "AlarmConfigurationUpdatedTimestamp",
    "CreationDate",
    "EndDate",
    "EndTime",
    "ExpireDate",
    "LastModified",
    "LastUpdateDate",
    "LastUpdatedTimestamp",
    "StartDate",
    "StartTime",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "Timestamp",
    "Timestamps",
    // CodeDeploy
    "completeTime",
    "createTime",
    "deregisterTime",
    "end",
    "endTime",
    "firstUsedTime",
    "lastUpdatedAt",
    "lastUsedTime",
    "registerTime",
    "start",
    "startTime",
    // CodePipeline, beside those
    "approvedAt",
    "created",
    "lastChangedAt",
    "lastStatusChange",
    "lastTriggered",
    "lastUpdateTime",
    "pollingDisabledAt",
    "updated",
];

/// The service's shape and the operation in `/service/<shape>/operation/<operation>`.
pub(super) fn operation(path: &str) -> Option<(&str, &str)> {
    let (_, rest) = path.split_once("/service/")?;
    let (service, operation) = rest.split_once("/operation/")?;
    (!operation.is_empty() && !operation.contains('/')).then_some((service, operation))
}

/// A body as JSON; an empty one is an empty structure.
pub(super) fn decode(body: &[u8]) -> Result<Value, ServiceError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut rest = body;
    let value: Cbor = ciborium::from_reader(&mut rest)
        .map_err(|error| malformed(format!("The body is not CBOR: {error}")))?;
    if !rest.is_empty() {
        return Err(malformed("The body does not end where it should".into()));
    }
    to_json(value)
}

fn to_json(value: Cbor) -> Result<Value, ServiceError> {
    match value {
        Cbor::Null => Ok(Value::Null),
        Cbor::Bool(truth) => Ok(truth.into()),
        Cbor::Text(text) => Ok(text.into()),
        Cbor::Integer(number) => {
            let signed = i64::try_from(number).map(Value::from);
            let value = signed.or_else(|_| u64::try_from(number).map(Value::from));
            value.map_err(|_| malformed("An integer has more than 64 bits".into()))
        }
        Cbor::Float(number) => float(number),
        Cbor::Tag(EPOCH_TIME, seconds) => match *seconds {
            Cbor::Float(seconds) => float(seconds),
            Cbor::Integer(seconds) => to_json(Cbor::Integer(seconds)),
            _ => Err(malformed("A time is not a number of seconds".into())),
        },
        Cbor::Array(items) => items.into_iter().map(to_json).collect(),
        Cbor::Map(entries) => {
            let entries = entries.into_iter().map(|(name, value)| match name {
                Cbor::Text(name) => Ok((name, to_json(value)?)),
                _ => Err(malformed("A member's name is not text".into())),
            });
            let members: Map<String, Value> = entries.collect::<Result<_, _>>()?;
            Ok(Value::Object(members))
        }
        // No service that speaks CBOR has blobs or big numbers.
        _ => Err(malformed(
            "The body has a type that no member of these services has".into(),
        )),
    }
}

fn float(number: f64) -> Result<Value, ServiceError> {
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| malformed("A number is not finite".into()))
}

fn malformed(message: String) -> ServiceError {
    ServiceError::new("SerializationException", message)
}

/// An answer as CBOR.
pub(super) fn encode(answer: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    // Writing to a vector cannot fail, and what is written has come from JSON.
    let _ = ciborium::into_writer(&to_cbor("", answer), &mut body);
    body
}

/// `member` is the name of the structure's member that the value is, or is in a list of.
fn to_cbor(member: &str, value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) if TIMES.contains(&member) => {
            let seconds = Cbor::Float(number.as_f64().unwrap_or_default());
            Cbor::Tag(EPOCH_TIME, Box::new(seconds))
        }
        Value::Number(number) => {
            let signed = number.as_i64().map(Cbor::from);
            signed
                .or_else(|| number.as_u64().map(Cbor::from))
                .unwrap_or_else(|| Cbor::Float(number.as_f64().unwrap_or_default()))
        }
        Value::Array(items) => {
            Cbor::Array(items.iter().map(|item| to_cbor(member, item)).collect())
        }
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (Cbor::Text(name.clone()), to_cbor(name, value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_path_names_service_and_operation() {
        let path = "/service/GraniteServiceVersion20100801/operation/GetMetricData";
        let expected = ("GraniteServiceVersion20100801", "GetMetricData");
        assert_eq!(operation(path), Some(expected));
        for other in [
            "/",
            "/service/A",
            "/service/A/operation/",
            "/service/A/operation/B/C",
        ] {
            assert_eq!(operation(other), None, "{other}");
        }
    }

    #[test]
    fn a_document_comes_out_as_it_went_in_and_times_are_tagged() {
        let document = json!({
            "StartTime": 1_767_607_200.5, "Timestamps": [1_767_607_200.0], "Values": [1.0, -2.5],
            "MaxRecords": 7, "Label": "é", "ReturnData": true, "NextToken": null,
        });
        let body = encode(&document);
        let read: Cbor = ciborium::from_reader(body.as_slice()).unwrap();
        let member = |name: &str| {
            let mut entries = read.as_map().unwrap().iter();
            let (_, value) = entries.find(|(key, _)| key.as_text() == Some(name))?;
            Some(value.clone())
        };
        let time = |seconds: f64| Cbor::Tag(EPOCH_TIME, Box::new(Cbor::Float(seconds)));
        assert_eq!(member("StartTime"), Some(time(1_767_607_200.5)));
        let times = Cbor::Array(vec![time(1_767_607_200.0)]);
        assert_eq!(member("Timestamps"), Some(times));
        assert_eq!(member("NextToken"), None);
        let mut expected = document;
        expected.as_object_mut().unwrap().remove("NextToken");
        assert_eq!(decode(&body).unwrap(), expected);
        assert_eq!(decode(b"").unwrap(), json!({}));
    }

    #[test]
    fn what_is_not_a_document_is_refused() {
        let mut deep = vec![0x81; 100_000];
        deep.push(0x00);
        let two: &[u8] = &[0xa0, 0xa0];
        let cut: &[u8] = &[0xa1, 0x61];
        let not_a_number: &[u8] = &[0xf9, 0x7e, 0x00];
        let bytes: &[u8] = &[0x41, 0x00];
        let named_by_number: &[u8] = &[0xa1, 0x01, 0x01];
        let time_of_text: &[u8] = &[0xc1, 0x61, 0x61];
        for body in [
            &deep,
            two,
            cut,
            not_a_number,
            bytes,
            named_by_number,
            time_of_text,
        ] {
            assert_eq!(decode(body).unwrap_err().code, "SerializationException");
        }
    }
}
