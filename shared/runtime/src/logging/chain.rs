//! An error with everything that caused it, in one line.

use std::error::Error;

/// The error, its source, that one's source and so on, each once, parted by colons.
///
/// A source that its error has repeated at its own end, as some libraries' errors do, is not said twice.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut last_said = line.clone();
    for source in std::iter::successors(error.source(), |&source| source.source()) {
        let said = source.to_string();
        if !last_said.ends_with(&said) {
            line.push_str(": ");
            line.push_str(&said);
        }
        last_said = said;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Step {
        said: &'static str,
        source: Option<Box<Step>>,
    }

    fn steps(said: &[&'static str]) -> Step {
        let (said, rest) = said.split_first().unwrap();
        Step {
            said,
            source: (!rest.is_empty()).then(|| Box::new(steps(rest))),
        }
    }

    #[test]
    fn an_error_is_printed_with_its_whole_chain() {
        let error = steps(&["failed to start", "failed to call ECS", "connection refused"]);
        assert_eq!(chain(&error), "failed to start: failed to call ECS: connection refused");
    }

    #[test]
    fn a_source_that_its_error_repeats_is_printed_once() {
        let error = steps(&["failed to start", "dispatch failure: timeout", "timeout", "after 3 s"]);
        assert_eq!(chain(&error), "failed to start: dispatch failure: timeout: after 3 s");
    }

    #[test]
    fn an_error_without_a_source_is_itself() {
        assert_eq!(chain(&steps(&["nothing to deploy"])), "nothing to deploy");
    }
}
