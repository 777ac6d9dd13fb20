//! The check `lambda`: what a function of the team's own answers.
//!
//! Its answer is `{"verdict": "passed", "summary": …, "value": …, "evidence": […]}`, of which only the verdict has to
//! be there. An answer that is not of this form is an error, which says what is wrong with it.

use serde_json::Value;

use super::Measurement;
use crate::text::{excerpt, nearest};

const KEYS: [&str; 4] = ["verdict", "summary", "value", "evidence"];
const VERDICTS: [&str; 4] = ["passed", "failed", "inconclusive", "pending"];
/// How much of a strange answer is quoted.
const QUOTED: usize = 200;
/// Of its evidence, so many lines are kept.
const LINES: usize = 10;

/// What came back of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `Handled` or `Unhandled`, where the function failed.
    pub function_error: Option<String>,
    pub payload: Vec<u8>,
    /// The payload was longer than what is here.
    pub is_cut: bool,
}

/// What the answer of the function `function` means.
pub fn measure_answer(function: &str, answer: &Answer) -> Measurement {
    if let Some(kind) = &answer.function_error {
        return Measurement::error(format!(
            "function `{function}` failed ({kind}): {}",
            error_of(&answer.payload)
        ));
    }
    if answer.is_cut {
        return Measurement::error(format!(
            "function `{function}` answered more than {} KiB; a verdict, a sentence and up to {LINES} lines are enough",
            answer.payload.len() / 1024
        ));
    }
    match read(&answer.payload) {
        Ok(read) => read.measurement(function),
        Err(problem) => Measurement::error(format!(
            "the answer of function `{function}` is not understood: {problem}"
        )),
    }
}

/// What a failed function says of itself.
fn error_of(payload: &[u8]) -> String {
    let Ok(document) = serde_json::from_slice::<Value>(payload) else {
        return quoted(payload);
    };
    let part = |key: &str| document[key].as_str();
    match (part("errorType"), part("errorMessage")) {
        (Some(kind), Some(message)) => excerpt(&format!("{kind}: {message}"), QUOTED * 2),
        (None, Some(said)) | (Some(said), None) => excerpt(said, QUOTED * 2),
        (None, None) => quoted(payload),
    }
}

struct Read {
    verdict: String,
    summary: Option<String>,
    value: Option<f64>,
    evidence: Vec<String>,
}

impl Read {
    fn measurement(self, function: &str) -> Measurement {
        let summary = self
            .summary
            .unwrap_or_else(|| format!("function `{function}` answers {}", self.verdict));
        let measured = match self.verdict.as_str() {
            "passed" => Measurement::successful(summary),
            "failed" => Measurement::failed(summary),
            "pending" => Measurement::pending(summary),
            _ => Measurement::inconclusive(summary),
        };
        let measured = measured.with_evidence(self.evidence);
        match self.value {
            Some(value) => measured.with_value(value),
            None => measured,
        }
    }
}

fn read(payload: &[u8]) -> Result<Read, String> {
    let document: Value = serde_json::from_slice(payload)
        .map_err(|error| format!("it is not JSON ({error}): {}", quoted(payload)))?;
    let object = match &document {
        Value::Object(object) => object,
        // What `json.dumps` or `JSON.stringify` makes of an answer.
        Value::String(text) if text.trim_start().starts_with('{') => {
            return Err(
                "it is a JSON text that holds JSON; return the object itself, not as a text"
                    .to_owned(),
            );
        }
        _ => return Err(format!("it is no JSON object: {}", quoted(payload))),
    };
    if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let hint = match nearest(key, &KEYS) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("known are `{}`", KEYS.join("`, `")),
        };
        return Err(format!("`{}` is not a key of it; {hint}", excerpt(key, 40)));
    }
    let given = |key: &str| object.get(key).filter(|value| !value.is_null());
    let expected = |key: &str, what: &str| {
        let found = excerpt(&object[key].to_string(), 60);
        format!("`{key}` has to be {what}, and is {found}")
    };
    let words = format!("one of `{}`", VERDICTS.join("`, `"));
    let verdict = match given("verdict") {
        None => return Err(format!("it has no `verdict`, which has to be {words}")),
        Some(Value::String(verdict)) if VERDICTS.contains(&verdict.as_str()) => verdict.clone(),
        Some(_) => return Err(expected("verdict", &words)),
    };
    let summary = match given("summary") {
        None => None,
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
        Some(_) => return Err(expected("summary", "a text that is not empty")),
    };
    let value = match given("value") {
        None => None,
        Some(Value::Number(number)) => number.as_f64(),
        Some(_) => return Err(expected("value", "a number")),
    };
    let evidence = match given("evidence") {
        None => Vec::new(),
        Some(Value::Array(lines)) if lines.iter().all(Value::is_string) => {
            let lines = lines.iter().filter_map(Value::as_str);
            lines.take(LINES).map(str::to_owned).collect()
        }
        Some(_) => return Err(expected("evidence", "a list of texts")),
    };
    Ok(Read {
        verdict,
        summary,
        value,
        evidence,
    })
}

fn quoted(payload: &[u8]) -> String {
    if payload.is_empty() {
        return "it is empty".to_owned();
    }
    excerpt(&String::from_utf8_lossy(payload), QUOTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Phase;

    fn answered(payload: &str) -> Measurement {
        let answer = Answer {
            function_error: None,
            payload: payload.as_bytes().to_vec(),
            is_cut: false,
        };
        measure_answer("check", &answer)
    }

    #[test]
    fn each_verdict_is_a_phase() {
        for (payload, phase, summary) in [
            (
                r#"{"verdict":"passed"}"#,
                Phase::Successful,
                "function `check` answers passed",
            ),
            (
                r#"{"verdict":"failed","summary":"3 orders lost"}"#,
                Phase::Failed,
                "3 orders lost",
            ),
            (
                r#"{"verdict":"inconclusive","summary":null}"#,
                Phase::Inconclusive,
                "function `check` answers inconclusive",
            ),
            (
                r#"{"verdict":"pending","summary":"half way"}"#,
                Phase::Pending,
                "half way",
            ),
        ] {
            let found = answered(payload);
            assert_eq!((found.phase, found.summary.as_str()), (phase, summary));
            assert!(!found.is_final);
        }
    }

    #[test]
    fn value_and_evidence_are_kept_within_bounds() {
        let lines = (0..20)
            .map(|line| format!("\"line {line}\""))
            .collect::<Vec<_>>();
        let found = answered(&format!(
            r#"{{"verdict":"failed","value":2.5,"evidence":[{}]}}"#,
            lines.join(",")
        ));
        assert_eq!(found.value, Some(2.5));
        assert_eq!(found.evidence.len(), LINES);
        assert_eq!(found.evidence[0], "line 0");
    }

    #[test]
    fn an_answer_of_another_form_is_an_error_that_says_what_is_wrong() {
        for (payload, expected) in [
            ("", "it is not JSON"),
            ("ok", "it is not JSON"),
            ("null", "it is no JSON object: null"),
            (r#"["passed"]"#, "it is no JSON object"),
            (r#""{\"verdict\":\"passed\"}""#, "return the object itself"),
            (
                "{}",
                "it has no `verdict`, which has to be one of `passed`, `failed`",
            ),
            (
                r#"{"verdict":"Passed"}"#,
                "`verdict` has to be one of `passed`",
            ),
            (r#"{"verdict":true}"#, "and is true"),
            (
                r#"{"verdict":"passed","summry":"x"}"#,
                "`summry` is not a key of it; did you mean `summary`?",
            ),
            (
                r#"{"verdict":"passed","statusCode":200}"#,
                "known are `verdict`, `summary`, `value`, `evidence`",
            ),
            (
                r#"{"verdict":"passed","summary":" "}"#,
                "`summary` has to be a text",
            ),
            (
                r#"{"verdict":"passed","value":"2"}"#,
                "`value` has to be a number, and is \"2\"",
            ),
            (
                r#"{"verdict":"passed","evidence":"x"}"#,
                "`evidence` has to be a list of texts",
            ),
            (
                r#"{"verdict":"passed","evidence":[1]}"#,
                "`evidence` has to be a list of texts",
            ),
        ] {
            let found = answered(payload);
            assert_eq!(found.phase, Phase::Error, "{payload}");
            assert!(
                found.summary.contains(expected),
                "{} has not: {expected}",
                found.summary
            );
        }
    }

    #[test]
    fn a_function_that_failed_or_says_too_much_has_measured_nothing() {
        let failed = |payload: &str| {
            let answer = Answer {
                function_error: Some("Unhandled".to_owned()),
                payload: payload.as_bytes().to_vec(),
                is_cut: false,
            };
            measure_answer("check", &answer)
        };
        for (payload, expected) in [
            (
                r#"{"errorType":"KeyError","errorMessage":"'orders'"}"#,
                "function `check` failed (Unhandled): KeyError: 'orders'",
            ),
            (
                r#"{"errorMessage":"timed out"}"#,
                "function `check` failed (Unhandled): timed out",
            ),
            ("boom", "function `check` failed (Unhandled): boom"),
            ("", "function `check` failed (Unhandled): it is empty"),
            // It says that it passed, and has failed.
            (
                r#"{"verdict":"passed"}"#,
                "function `check` failed (Unhandled): {\"verdict\":\"passed\"}",
            ),
        ] {
            let found = failed(payload);
            assert_eq!(
                (found.phase, found.summary.as_str()),
                (Phase::Error, expected)
            );
        }
        let long = Answer {
            function_error: None,
            payload: vec![b' '; 256 * 1024],
            is_cut: true,
        };
        let found = measure_answer("check", &long);
        assert_eq!(found.phase, Phase::Error);
        assert!(
            found.summary.contains("more than 256 KiB"),
            "{}",
            found.summary
        );
    }
}
