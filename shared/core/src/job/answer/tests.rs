use proptest::prelude::*;

use super::*;

fn failure(what: &str, evidence: &[&str], remedy: Option<&str>) -> String {
    JobFailure::new(FailureType::JobFailed, what, evidence, remedy)
        .message()
        .to_owned()
}

#[test]
fn a_failure_says_what_failed_what_shows_it_and_what_to_do() {
    assert_eq!(
        failure(
            "The gate said no.",
            &["GET /health: 503", " ", "2 of 2 tasks stopped"],
            Some("look at the logs")
        ),
        "The gate said no.\n- GET /health: 503\n- 2 of 2 tasks stopped\nhint: look at the logs"
    );
}

#[test]
fn a_failure_without_a_word_says_so() {
    let message = failure(" \u{7}\n", &[], Some(""));
    assert_eq!(message, "The job failed, and nothing says why.");
}

#[test]
fn control_characters_are_taken_out_and_lines_kept() {
    assert_eq!(failure("a\u{1b}[31mb\r\nc\0", &[], None), "a [31mb\nc");
}

#[test]
fn of_much_evidence_the_first_lines_stay_and_the_remedy_is_whole() {
    let lines: Vec<String> = (0..200)
        .map(|n| format!("{n}: {}", "x".repeat(90)))
        .collect();
    let failure = JobFailure::new(FailureType::JobFailed, "no", &lines, Some("mend it"));
    let message = failure.message();
    assert!(message.starts_with("no\n- 0: xxx"), "{message}");
    assert!(message.ends_with("more\nhint: mend it"), "{message}");
    let length = message.chars().count();
    assert!((4800..=5000).contains(&length), "{length}");
    let shown = message.matches("\n- ").count() - 1;
    assert!(message.contains(&format!("… and {} more", 200 - shown)));
}

#[test]
fn a_single_long_line_of_evidence_is_cut() {
    let message = failure("no", &[&"y".repeat(9000)], Some("mend it"));
    assert!(message.ends_with("y…\nhint: mend it"), "{message}");
    assert!(message.chars().count() <= 5000);
}

#[test]
fn a_success_is_kept_within_bounds() {
    let success = JobSuccess::new(
        &"s".repeat(5000),
        Some(&"i".repeat(5000)),
        [
            ("Digest", "sha256:1".to_owned()),
            ("not a name", "x".to_owned()),
            ("", "x".to_owned()),
            ("Big", "x".repeat(122_880)),
            ("Tag", "v1".to_owned()),
        ],
    );
    assert_eq!(success.summary().chars().count(), 2048);
    assert_eq!(
        success.external_execution_id().unwrap().chars().count(),
        1500
    );
    let names: Vec<&String> = success.variables().keys().collect();
    assert_eq!(names, ["Digest", "Tag"]);
    let nothing = JobSuccess::new("", Some(" "), [("", "")]);
    assert_eq!(nothing.summary(), "done");
    assert_eq!(nothing.external_execution_id(), None);
}

/// Texts of up to `times` times 20 characters, some of which are two for UTF-16.
fn text(times: usize) -> impl Strategy<Value = String> {
    ("\\PC{0,20}|[\u{1f600}a\n\t]{0,20}", 0..times).prop_map(|(text, times)| text.repeat(times))
}

proptest! {
    #[test]
    fn whatever_failed_the_message_fits_and_is_not_empty(
        what in text(150),
        evidence in proptest::collection::vec(text(100), 0..8),
        remedy in proptest::option::of(text(100)),
    ) {
        let failure = JobFailure::new(
            FailureType::SystemUnavailable, &what, &evidence, remedy.as_deref(),
        );
        let length = failure.message().encode_utf16().count();
        prop_assert!((1..=5000).contains(&length), "{length}");
        prop_assert!(!failure.message().contains('\t'));
    }
}
