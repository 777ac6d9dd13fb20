//! The call `DescribeParameters`: which parameters there are, without their values.

use serde_json::{Value, json};

use super::{Account, Members, Parameter, ServiceError};
use crate::account::epoch;

/// Of one page.
const MOST: usize = 50;

/// What a filter compares.
#[derive(Clone, Copy)]
enum Key {
    Name,
    Type,
}

/// A filter: one of its values has to fit.
struct Filter<'a> {
    key: Key,
    option: &'a str,
    values: Vec<&'a str>,
}

pub(super) fn describe_parameters(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    input.only(&["ParameterFilters", "MaxResults", "NextToken"])?;
    let filters = input.optional_list("ParameterFilters")?.unwrap_or_default();
    let filters = filters
        .iter()
        .map(Filter::read)
        .collect::<Result<Vec<_>, _>>()?;
    let most = match input.optional_integer("MaxResults")? {
        None => MOST,
        Some(most) => usize::try_from(most)
            .ok()
            .filter(|most| (1..=MOST).contains(most))
            .ok_or_else(|| ServiceError::validation("MaxResults must be between 1 and 50"))?,
    };
    let start = match input.optional_string("NextToken")? {
        None => 0,
        Some(token) => token.parse().map_err(|_| {
            ServiceError::new("InvalidNextToken", "The specified token is not valid.")
        })?,
    };
    let state = account.state();
    let parameters = state.ssm.parameters.iter();
    let found: Vec<_> = parameters
        .filter(|(name, parameter)| filters.iter().all(|filter| filter.fits(name, parameter)))
        .collect();
    let page = found.iter().skip(start).take(most);
    let page: Vec<_> = page
        .map(|(name, parameter)| describe(account, name, parameter))
        .collect();
    let end = start.saturating_add(page.len());
    let mut output = json!({ "Parameters": page });
    if end < found.len() {
        output["NextToken"] = end.to_string().into();
    }
    Ok(output)
}

impl<'a> Filter<'a> {
    fn read(filter: &'a Value) -> Result<Self, ServiceError> {
        let filter = Members::of(filter)?;
        filter.only(&["Key", "Option", "Values"])?;
        let key = match filter.string("Key")? {
            "Name" => Key::Name,
            "Type" => Key::Type,
            other => {
                let message = format!("The simulated account does not know the filter key {other}");
                return Err(ServiceError::new("InvalidFilterKey", message));
            }
        };
        let option = filter.optional_string("Option")?.unwrap_or("Equals");
        match (key, option) {
            (_, "Equals") | (Key::Name, "BeginsWith" | "Contains") => {}
            (_, other) => {
                let message = format!("The filter option {other} is not valid for this key.");
                return Err(ServiceError::new("InvalidFilterOption", message));
            }
        }
        let values = filter.strings("Values")?;
        if values.is_empty() || values.len() > 50 || values.iter().any(|value| value.is_empty()) {
            let message = "A filter takes 1 to 50 values, none of them empty.";
            return Err(ServiceError::new("InvalidFilterValue", message));
        }
        Ok(Self {
            key,
            option,
            values,
        })
    }

    fn fits(&self, name: &str, parameter: &Parameter) -> bool {
        let actual = match self.key {
            Key::Name => name,
            Key::Type => &parameter.kind,
        };
        self.values.iter().any(|&value| match self.option {
            "BeginsWith" => actual.starts_with(value),
            "Contains" => actual.contains(value),
            _ => actual == value,
        })
    }
}

fn describe(account: &Account, name: &str, parameter: &Parameter) -> Value {
    let path = name.trim_start_matches('/');
    let mut described = json!({
        "Name": name,
        "ARN": account.arn("ssm", &format!("parameter/{path}")),
        "Type": parameter.kind,
        "LastModifiedDate": epoch(parameter.modified_at),
        "LastModifiedUser": format!("arn:aws:iam::{}:root", account.settings().account_id),
        "Version": parameter.version,
        "Tier": "Standard",
        "Policies": [],
        "DataType": parameter.data_type,
    });
    if parameter.kind == "SecureString" {
        described["KeyId"] = "alias/aws/ssm".into();
    }
    described
}
