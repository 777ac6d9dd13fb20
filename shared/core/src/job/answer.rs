//! What a job is answered with: that it succeeded, or why it failed, in the bounds that CodePipeline
//! sets. AWS-FACTS 2.3.

use std::collections::BTreeMap;

/// `PutJobFailureResult` takes a message of so many characters, …
const MESSAGE_LIMIT: usize = 5000;
/// … of which what failed may take so many, …
const WHAT_LIMIT: usize = 2000;
/// … and the remedy so many.
const REMEDY_LIMIT: usize = 1500;
/// `executionDetails.summary`
const SUMMARY_LIMIT: usize = 2048;
/// `externalExecutionId`
const EXTERNAL_ID_LIMIT: usize = 1500;
/// Names and values of all output variables together, in bytes.
const VARIABLES_LIMIT: usize = 122_880;

/// What a failure means to CodePipeline, which shows it beside the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureType {
    JobFailed,
    ConfigurationError,
    PermissionError,
    RevisionOutOfSync,
    RevisionUnavailable,
    SystemUnavailable,
}

impl FailureType {
    /// The name that the API has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobFailed => "JobFailed",
            Self::ConfigurationError => "ConfigurationError",
            Self::PermissionError => "PermissionError",
            Self::RevisionOutOfSync => "RevisionOutOfSync",
            Self::RevisionUnavailable => "RevisionUnavailable",
            Self::SystemUnavailable => "SystemUnavailable",
        }
    }
}

/// Why a job failed. The message is never empty, and fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFailure {
    kind: FailureType,
    message: String,
}

impl JobFailure {
    /// A failure with what failed, what shows it, and what to do. Where that is too long, evidence is
    /// left out.
    pub fn new<S: AsRef<str>>(
        kind: FailureType,
        what: &str,
        evidence: &[S],
        remedy: Option<&str>,
    ) -> Self {
        let mut message = shortened(&cleaned(what), WHAT_LIMIT);
        if message.is_empty() {
            "The job failed, and nothing says why.".clone_into(&mut message);
        }
        let remedy = remedy
            .map(|remedy| shortened(&cleaned(remedy), REMEDY_LIMIT))
            .filter(|remedy| !remedy.is_empty())
            .map(|remedy| format!("\nhint: {remedy}"))
            .unwrap_or_default();
        let room = MESSAGE_LIMIT
            .saturating_sub(length(&message))
            .saturating_sub(length(&remedy));
        message.push_str(&fitting(evidence, room));
        message.push_str(&remedy);
        Self { kind, message }
    }

    pub fn kind(&self) -> FailureType {
        self.kind
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

/// As many lines of evidence as there is room for, and how many there are more.
fn fitting<S: AsRef<str>>(evidence: &[S], room: usize) -> String {
    /// Room for that line itself.
    const MORE: usize = 40;
    let lines: Vec<String> = evidence
        .iter()
        .map(|line| cleaned(line.as_ref()))
        .filter(|line| !line.is_empty())
        .map(|line| format!("\n- {line}"))
        .collect();
    if lines.iter().map(|line| length(line)).sum::<usize>() <= room {
        return lines.concat();
    }
    let mut left = room.saturating_sub(MORE);
    let fit = lines.iter().take_while(|line| {
        let needed = length(line);
        let fits = needed <= left;
        left = left.saturating_sub(needed);
        fits
    });
    let mut shown: Vec<String> = fit.cloned().collect();
    if let ([], Some(first)) = (shown.as_slice(), lines.first()) {
        // Of a single long line, its beginning says more than nothing.
        shown.push(shortened(first, room.saturating_sub(MORE)));
    }
    match lines.len() - shown.len() {
        0 => {}
        more => shown.push(format!("\n- … and {more} more")),
    }
    shown.concat()
}

/// What a job that succeeded leaves behind, within the bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSuccess {
    summary: String,
    external_execution_id: Option<String>,
    variables: BTreeMap<String, String>,
}

impl JobSuccess {
    /// A result with a summary for people, the id that the execution URL leads to, and the action's
    /// output variables. A variable whose name CodePipeline does not take, or for which there is no
    /// room, is left out.
    pub fn new<N: Into<String>, V: Into<String>>(
        summary: &str,
        external_execution_id: Option<&str>,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut room = VARIABLES_LIMIT;
        let mut kept = BTreeMap::new();
        for (name, value) in variables {
            let (name, value) = (name.into(), value.into());
            let needed = name.len() + value.len();
            if needed <= room && is_variable_name(&name) && !kept.contains_key(&name) {
                room -= needed;
                kept.insert(name, value);
            }
        }
        Self {
            summary: summary_of(summary),
            external_execution_id: external_execution_id
                .map(external_id)
                .filter(|id| !id.is_empty()),
            variables: kept,
        }
    }

    pub fn summary(&self) -> &str {
        &self.summary
    }

    pub fn external_execution_id(&self) -> Option<&str> {
        self.external_execution_id.as_deref()
    }

    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }
}

/// A summary that `executionDetails` takes.
pub fn summary_of(text: &str) -> String {
    let summary = shortened(&cleaned(text), SUMMARY_LIMIT);
    if summary.is_empty() {
        "done".to_owned()
    } else {
        summary
    }
}

/// An id that `externalExecutionId` takes, unless it is empty.
pub fn external_id(text: &str) -> String {
    shortened(&cleaned(text), EXTERNAL_ID_LIMIT)
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'-' | b'_'))
}

/// The text without control characters other than line breaks, and without blank space around it.
fn cleaned(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| *c != '\r')
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    text.trim().to_owned()
}

/// How many characters a text has for AWS: whether that means code points or UTF-16 is not told, and
/// these are never fewer.
fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn shortened(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let needed = c.len_utf16();
        let fits = needed <= left;
        left = left.saturating_sub(needed);
        fits
    });
    let mut out: String = fits.collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests;
