//! The query protocol of Elastic Load Balancing, IAM and STS: a form in, XML out.
//!
//! Both are translated to and from the JSON that the rest of the account speaks; the lists of the form
//! are `Name.member.1`, and so are those of the XML (`<member>`).

use std::fmt::Write as _;

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::ServiceError;

/// How many steps a parameter's name may have; the deepest in the model has far fewer.
const DEEPEST: usize = 24;

/// Members of the simulated operations that are numbers; a form has only text.
const INTEGERS: [&str; 4] = ["DurationSeconds", "MaxItems", "PageSize", "Port"];

/// Reads a form body: the version of the API, which tells whose it is, the operation and its input.
pub(super) fn parse(body: &[u8]) -> Result<(Option<String>, String, Value), ServiceError> {
    let mut version = None;
    let mut operation = None;
    let mut input = Value::Object(Map::new());
    for (name, value) in form_urlencoded::parse(body) {
        match name.as_ref() {
            "Action" => operation = Some(value.into_owned()),
            "Version" => version = Some(value.into_owned()),
            path => insert(&mut input, path, &value)?,
        }
    }
    let operation =
        operation.ok_or_else(|| ServiceError::new("MissingAction", "The request has no Action"))?;
    Ok((version, operation, input))
}

fn insert(input: &mut Value, path: &str, text: &str) -> Result<(), ServiceError> {
    let malformed = || {
        ServiceError::new(
            "MalformedQueryString",
            format!("Cannot read the parameter {path}"),
        )
    };
    let mut place = input;
    if path.split('.').count() > DEEPEST {
        return Err(malformed());
    }
    let mut steps = path.split('.').peekable();
    let mut name = "";
    while let Some(step) = steps.next() {
        name = step;
        place = place
            .as_object_mut()
            .ok_or_else(malformed)?
            .entry(step)
            .or_insert(Value::Null);
        if steps.next_if_eq(&"member").is_some() {
            let position: usize = steps
                .next()
                .and_then(|step| step.parse().ok())
                .ok_or_else(malformed)?;
            if place.is_null() {
                *place = Value::Array(Vec::new());
            }
            let list = place.as_array_mut().ok_or_else(malformed)?;
            // A form lists its members in order, without gaps.
            if position == list.len() + 1 {
                list.push(Value::Null);
            }
            place = position
                .checked_sub(1)
                .and_then(|index| list.get_mut(index))
                .ok_or_else(malformed)?;
            name = "";
        }
        if steps.peek().is_some() && place.is_null() {
            *place = Value::Object(Map::new());
        }
    }
    *place = match text.parse::<i64>() {
        Ok(number) if INTEGERS.contains(&name) => number.into(),
        _ => text.into(),
    };
    Ok(())
}

/// The body of a successful answer, in the service's XML namespace.
pub(super) fn answer(namespace: &str, operation: &str, output: &Value, request_id: &str) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
    write_value(&mut xml, output);
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        xml,
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    xml
}

/// The body of an error.
pub(super) fn error(namespace: &str, error: &ServiceError, request_id: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        escape(&error.code),
        escape(&error.message),
    )
}

fn write_value(xml: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                element(xml, name, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| element(xml, "member", item)),
        Value::String(text) => xml.push_str(&escape(text)),
        Value::Bool(_) | Value::Number(_) => {
            let _ = write!(xml, "{value}");
        }
    }
}

fn element(xml: &mut String, name: &str, value: &Value) {
    let _ = write!(xml, "<{name}>");
    write_value(xml, value);
    let _ = write!(xml, "</{name}>");
}

pub(super) fn escape(text: &str) -> String {
    text.chars().fold(
        String::with_capacity(text.len()),
        |mut escaped, character| {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                other => escaped.push(other),
            }
            escaped
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_becomes_the_json_that_the_other_services_speak() {
        let body = b"Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=arn%3Aa&PageSize=5&Targets.member.1.Id=10.0.0.1&Targets.member.1.Port=8080&Targets.member.2.Id=10.0.0.2&Names.member.1=7";
        let (version, operation, input) = parse(body).unwrap();
        assert_eq!(version.as_deref(), Some("2015-12-01"));
        assert_eq!(operation, "DescribeTargetHealth");
        assert_eq!(
            input,
            json!({"TargetGroupArn": "arn:a", "PageSize": 5, "Targets": [{"Id": "10.0.0.1", "Port": 8080}, {"Id": "10.0.0.2"}], "Names": ["7"]})
        );
    }

    #[test]
    fn a_form_that_contradicts_itself_is_refused() {
        let deep = format!("Action=A&{}=1", "a.".repeat(100_000));
        for body in [
            deep.as_str(),
            "Action=A&Names=x&Names.member.1=y",
            "Action=A&Names.member.9=y",
            "Action=A&N.member.x=1",
            "Names=x",
            "Action=A&N.member.0=1",
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_answer_is_xml_with_member_lists() {
        let output = json!({"Names": ["a<b", "c"], "Port": 80, "Gone": null, "Set": {"On": true}});
        assert_eq!(
            answer("https://x/", "Describe", &output, "id"),
            "<DescribeResponse xmlns=\"https://x/\"><DescribeResult>\
             <Names><member>a&lt;b</member><member>c</member></Names><Port>80</Port><Set><On>true</On></Set>\
             </DescribeResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DescribeResponse>"
        );
    }
}
