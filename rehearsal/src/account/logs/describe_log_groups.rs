//! The call `DescribeLogGroups`: by the beginning of a name, or by a part of it, page by page.

use serde_json::{Value, json};

use super::{Account, Group, Members, ServiceError};

/// Of one page.
const MOST: usize = 50;
const LONGEST: usize = 512;

pub(super) fn describe_log_groups(
    account: &Account,
    input: Members<'_>,
) -> Result<Value, ServiceError> {
    input.only(&[
        "logGroupNamePrefix",
        "logGroupNamePattern",
        "nextToken",
        "limit",
    ])?;
    let prefix = input.optional_string("logGroupNamePrefix")?;
    let pattern = input.optional_string("logGroupNamePattern")?;
    if prefix.is_some() && pattern.is_some() {
        return Err(ServiceError::validation(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    let texts = [prefix, pattern];
    let has_bad = |text: &&str| text.len() > LONGEST || !text.chars().all(fits);
    if prefix == Some("") || texts.iter().flatten().any(has_bad) {
        return Err(ServiceError::validation(
            "A log group's name has 1 to 512 letters, digits and characters of . - _ / #",
        ));
    }
    let limit = match input.optional_integer("limit")? {
        None => MOST,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| ServiceError::validation("limit must be between 1 and 50"))?,
    };
    let after = input.optional_string("nextToken")?;
    let state = account.state();
    let groups = state.logs.groups.iter();
    // By name, as the service sorts them.
    let mut found = groups
        .filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix)))
        .filter(|(name, _)| pattern.is_none_or(|pattern| name.contains(pattern)))
        .filter(|(name, _)| after.is_none_or(|after| name.as_str() > after))
        .peekable();
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let described = page
        .iter()
        .map(|(name, group)| describe(account, name, group));
    let mut output = json!({ "logGroups": described.collect::<Vec<_>>() });
    if let (Some(_), Some((last, _))) = (found.peek(), page.last()) {
        output["nextToken"] = last.as_str().into();
    }
    Ok(output)
}

fn describe(account: &Account, name: &str, group: &Group) -> Value {
    let arn = account.arn("logs", &format!("log-group:{name}"));
    let mut described = json!({
        "logGroupName": name,
        "creationTime": group.created_at.as_millisecond(),
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "storedBytes": group.bytes(),
        "logGroupClass": "STANDARD",
        "logGroupArn": arn,
    });
    if let Some(days) = group.retention_in_days {
        described["retentionInDays"] = days.into();
    }
    described
}
