//! The id of a job.

use std::fmt;
use std::str::FromStr;

use crate::text::excerpt;

/// CodePipeline's id of a job: a UUID in lower case, which is what its operations take. One action
/// execution may have several jobs, one after the other, so that nothing is found by it. AWS-FACTS
/// 2.3, 3.3.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(String);

crate::text::serialised_as_text!(JobId);

/// A text that is not a job's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the id of a job (a UUID in lower case)")]
pub struct InvalidJobId {
    text: String,
}

/// How many hexadecimal digits there are between the dashes.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

impl JobId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let fits = text.bytes().all(|b| is_hex(b) || b == b'-')
            && text.split('-').map(str::len).eq(GROUPS);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidJobId {
                text: excerpt(text, 80),
            })
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_in_lower_case_also_in_json() {
        let text = "11111111-abcd-1111-abcd-111111abcdef";
        let id: JobId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<JobId>(&json).unwrap(), id);
    }

    #[test]
    fn nothing_else_is_an_id() {
        for text in [
            "",
            "11111111-ABCD-1111-abcd-111111abcdef",
            "11111111-abcd-1111-abcd-111111abcde",
            "11111111-abcd-1111-abcd-111111abcdef-",
            "11111111abcd1111abcd111111abcdef",
            "1111111-1abcd-1111-abcd-111111abcdef",
            "gggggggg-abcd-1111-abcd-111111abcdef",
            "job#11111111-abcd-1111-abcd-111111abcdef",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text}");
        }
    }
}
