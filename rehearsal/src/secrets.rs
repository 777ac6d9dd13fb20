//! Credentials that nobody may ever be shown, and what they are recognised by.
//!
//! The secret keys and session tokens of the simulated account have texts in them that are nowhere else. Whoever
//! puts something out (functions, the command line tool, the journal, reports) is searched for them.

/// In the secret key of a job of CodePipeline.
pub(crate) const JOB_SECRET: &str = "JOBSECRET";
/// In its session token.
pub(crate) const JOB_TOKEN: &str = "JOBTOKEN";
/// In the secret key of a function.
pub(crate) const FUNCTION_SECRET: &str = "FUNCTIONSECRET";
/// In its session token.
pub(crate) const FUNCTION_TOKEN: &str = "FUNCTIONTOKEN";

/// The service of the journal's happenings that tell of a credential.
pub(crate) const SERVICE: &str = "credentials";

/// What the first credential in a text is recognised by, if there is one.
pub fn in_text(text: &str) -> Option<&'static str> {
    [JOB_SECRET, JOB_TOKEN, FUNCTION_SECRET, FUNCTION_TOKEN]
        .into_iter()
        .find(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_recognised_in_the_middle_of_a_text() {
        let line = format!(r#"{{"token":"{JOB_TOKEN}0123"}}"#);
        assert_eq!(in_text(&line), Some(JOB_TOKEN));
        assert_eq!(in_text("token, secret and jobs"), None);
    }
}
