//! AWS Systems Manager's Parameter Store: telling others by a parameter what is deployed, and whether the parameters
//! are there of which containers get their values.

use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter, ParameterType};

use crate::{AwsError, Clients, Kind, Look, error::failed};

/// A filter takes so many names.
const NAMES_PER_CALL: usize = 50;
/// `DescribeParameters` gives so many at once.
const PARAMETERS_PER_PAGE: i32 = 50;
/// Of one filter, so many pages are read at the most: names are exact, so that one would do, but AWS may give less
/// than it has.
const PAGES_LIMIT: usize = 10;

/// A parameter, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// `/mco/api/url`
    pub name: String,
    /// `String | StringList | SecureString`
    pub kind: String,
    /// The KMS key of a `SecureString`.
    pub kms_key: Option<String>,
}

impl Parameter {
    /// Whether a document that says `name_or_arn` means this parameter.
    pub fn is(&self, name_or_arn: &str) -> bool {
        names_of(name_or_arn).contains(&self.name)
    }
}

/// Those of these parameters that are there; each may be given by its name or its ARN.
///
/// It is `DescribeParameters` that tells so without telling what is in them: `GetParameters` gives the values of all
/// that are not secured. It knows no resources, so that a policy allows it on `*`.
pub async fn look(
    clients: &Clients,
    names_or_arns: &[&str],
) -> Result<Look<Vec<Parameter>>, AwsError> {
    const ACTION: &str = "ssm:DescribeParameters";
    let mut names: Vec<_> = names_or_arns.iter().copied().flat_map(names_of).collect();
    names.sort();
    names.dedup();
    let mut found = Vec::new();
    for names in names.chunks(NAMES_PER_CALL) {
        let resource = || format!("parameters `{}`", names.join("`, `"));
        let filter = ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .set_values(Some(names.to_vec()))
            .build()
            .map_err(|error| AwsError::not_understood(ACTION, resource(), error.to_string()))?;
        let mut next_token = None;
        for page_number in 1..=PAGES_LIMIT {
            let page = clients
                .ssm
                .describe_parameters()
                .parameter_filters(filter.clone())
                .max_results(PARAMETERS_PER_PAGE)
                .set_next_token(next_token)
                .send()
                .await
                .map_err(failed(ACTION, resource()));
            let page = match Look::of(page)? {
                Look::Found(page) => page,
                Look::Missing => return Ok(Look::Missing),
                Look::Forbidden(why) => return Ok(Look::Forbidden(why)),
            };
            found.extend(page.parameters().iter().map(describe));
            next_token = page.next_token;
            if next_token.is_none() {
                break;
            }
            if page_number == PAGES_LIMIT {
                // What is left out would look as if it were not there.
                let message = format!("the answer has more than {PAGES_LIMIT} pages");
                let kind = Kind::Invalid;
                return Err(AwsError::unusable(ACTION, resource(), kind, None, message));
            }
        }
    }
    Ok(Look::Found(found))
}

/// What a parameter may be called that a document names so. The ARN of `/a` and of `a` is the same:
/// `arn:…:parameter/a`.
fn names_of(name_or_arn: &str) -> Vec<String> {
    match name_or_arn.split_once(":parameter/") {
        Some((arn, path)) if arn.starts_with("arn:") && path.contains('/') => {
            vec![format!("/{path}")]
        }
        Some((arn, path)) if arn.starts_with("arn:") => vec![path.to_owned(), format!("/{path}")],
        _ => vec![name_or_arn.to_owned()],
    }
}

fn describe(parameter: &ParameterMetadata) -> Parameter {
    Parameter {
        name: parameter.name().unwrap_or_default().to_owned(),
        kind: parameter
            .r#type()
            .map_or("unknown", ParameterType::as_str)
            .to_owned(),
        kms_key: parameter.key_id().map(str::to_owned),
    }
}

/// Sets a parameter of type `String`, whatever it says now. Doing so again is harmless: it only makes
/// another version.
pub async fn put_parameter(clients: &Clients, name: &str, value: &str) -> Result<(), AwsError> {
    clients
        .ssm
        .put_parameter()
        .name(name)
        .value(value)
        .r#type(ParameterType::String)
        .data_type("text")
        .overwrite(true)
        .send()
        .await
        .map_err(failed("ssm:PutParameter", format!("parameter `{name}`")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Kind,
        scripted::{Scripted, run},
    };

    const ARN: &str = "arn:aws:ssm:eu-west-1:123456789012:parameter";

    #[test]
    fn parameters_are_looked_for_by_name_and_no_value_is_asked_for() {
        let aws = Scripted::default();
        aws.answer_json(&json!({
            "Parameters": [{"Name": "/mco/url", "Type": "String", "Version": 1}],
            "NextToken": "more",
        }));
        aws.answer_json(&json!({"Parameters": [
            {"Name": "key", "Type": "SecureString", "KeyId": "alias/aws/ssm", "Version": 3},
        ]}));
        let (url, key) = (format!("{ARN}/mco/url"), format!("{ARN}/key"));
        let found = run(look(&aws.clients(), &[&url, &key, "gone", "gone"])).unwrap();
        let found = found.found().unwrap();
        assert_eq!(
            found,
            [
                Parameter {
                    name: "/mco/url".to_owned(),
                    kind: "String".to_owned(),
                    kms_key: None,
                },
                Parameter {
                    name: "key".to_owned(),
                    kind: "SecureString".to_owned(),
                    kms_key: Some("alias/aws/ssm".to_owned()),
                },
            ]
        );
        assert!(found[0].is(&url) && found[0].is("/mco/url") && !found[0].is("mco/url"));
        assert!(found[1].is(&key) && found[1].is("key") && !found[1].is(&url));
        let sent = aws.sent();
        assert_eq!(sent[0].operation, "DescribeParameters");
        assert_eq!(
            sent[0].json(),
            json!({
                "ParameterFilters": [{
                    "Key": "Name", "Option": "Equals", "Values": ["/key", "/mco/url", "gone", "key"],
                }],
                "MaxResults": 50,
            })
        );
        assert_eq!(sent[1].json()["NextToken"], "more");
    }

    #[test]
    fn many_parameters_are_looked_for_in_several_calls_and_none_in_none() {
        let aws = Scripted::default();
        let none = run(look(&aws.clients(), &[])).unwrap();
        assert_eq!(none, Look::Found(Vec::new()));
        let names: Vec<_> = (0..120).map(|number| format!("/p/{number}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        for _ in 0..3 {
            aws.answer_json(&json!({ "Parameters": [] }));
        }
        run(look(&aws.clients(), &names)).unwrap();
        let sent = aws.sent();
        let asked = sent.iter().map(|sent| {
            let body = sent.json();
            body["ParameterFilters"][0]["Values"]
                .as_array()
                .unwrap()
                .len()
        });
        assert_eq!(asked.collect::<Vec<_>>(), [50, 50, 20]);
    }

    #[test]
    fn parameters_that_we_must_not_see_are_a_finding_and_pages_without_end_an_error() {
        let aws = Scripted::default();
        aws.refuse("AccessDeniedException", "no");
        let found = run(look(&aws.clients(), &["/a"])).unwrap();
        assert!(matches!(found, Look::Forbidden(why) if why.contains("`ssm:DescribeParameters`")));
        for _ in 0..PAGES_LIMIT {
            aws.answer_json(&json!({ "Parameters": [], "NextToken": "more" }));
        }
        let error = run(look(&aws.clients(), &["/a"])).unwrap_err();
        assert_eq!(error.message(), "the answer has more than 10 pages");
    }

    #[test]
    fn a_parameter_is_overwritten_as_plain_text() {
        let aws = Scripted::default();
        aws.answer_json(&json!({"Version": 2, "Tier": "Standard"}));
        run(put_parameter(&aws.clients(), "/a/b", "mco/api@sha256:0")).unwrap();
        assert_eq!(
            aws.sent()[0].json(),
            json!({
                "Name": "/a/b", "Value": "mco/api@sha256:0", "Type": "String", "DataType": "text",
                "Overwrite": true,
            })
        );
    }

    #[test]
    fn a_parameter_that_is_being_changed_is_tried_again_and_one_of_another_type_is_not() {
        let aws = Scripted::default();
        let put = || run(put_parameter(&aws.clients(), "/a/b", "x")).unwrap_err();
        aws.refuse("TooManyUpdates", "wait");
        assert!(put().is_retryable());
        aws.refuse("HierarchyTypeMismatchException", "it is a SecureString");
        let error = put();
        assert_eq!((error.kind, error.is_retryable()), (Kind::Invalid, false));
        assert_eq!(error.resource, "parameter `/a/b`");
    }
}
