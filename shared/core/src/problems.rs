//! What is wrong with a document: every problem at once, each with its place and a hint.
//!
//! Only the vocabulary; the target document's parser fills it, and the command line prints it.

use std::fmt;

/// One thing that is wrong at one place of a document.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where, such as `targets[0].gates.before_traffic[2].http.latncy`. Empty for the document.
    pub path: String,
    /// What is wrong and what was expected, as one sentence.
    pub message: String,
    /// What to write instead, if that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// All problems of a document: a mapping's unknown keys first, then its values one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// A document with thousands of mistakes is not a target document: listing stops here.
    const MAX: usize = 100;

    pub(crate) fn add(&mut self, path: &str, message: impl Into<String>) {
        self.push(Problem {
            path: path.to_owned(),
            message: message.into(),
            hint: None,
        });
    }

    pub(crate) fn add_with_hint(
        &mut self,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(Problem {
            path: path.to_owned(),
            message: message.into(),
            hint: Some(hint.into()),
        });
    }

    fn push(&mut self, problem: Problem) {
        if self.0.len() < Self::MAX {
            self.0.push(problem);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_listed_with_its_place_and_hint() {
        let mut problems = Problems::default();
        problems.add("", "the document is empty");
        problems.add_with_hint("targets[0].nmae", "unknown key", "did you mean `name`?");
        assert_eq!(
            problems.to_string(),
            "the document is empty\ntargets[0].nmae: unknown key\n  hint: did you mean `name`?"
        );
    }

    #[test]
    fn the_list_of_problems_is_bounded() {
        let mut problems = Problems::default();
        for _ in 0..10_000 {
            problems.add("x", "wrong");
        }
        assert_eq!(problems.len(), Problems::MAX);
    }
}
