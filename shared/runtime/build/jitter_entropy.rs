//! Whether AWS-LC is built without CPU jitter entropy.
//!
//! With it, the first TLS connection of every cold start costs about 63 ms of CPU, most of a second on a small
//! function. The build script uses this, and `tests/jitter_entropy.rs` tests it.

/// The variable that the build script of `aws-lc-sys` reads.
pub(crate) const VARIABLE: &str = "AWS_LC_SYS_NO_JITTER_ENTROPY";

/// Checks the variable's value, by the rules of the build script of `aws-lc-sys`.
///
/// # Errors
/// Says what is wrong and where the setting belongs.
pub(crate) fn check(value: Option<&str>) -> Result<(), String> {
    let found = match value.map(str::to_lowercase) {
        None => "is not set".to_owned(),
        Some(value) if is_true(&value) => return Ok(()),
        Some(value) => format!("is `{value}`"),
    };
    Err(format!(
        "the environment variable `{VARIABLE}` {found}, so every cold start would gather CPU jitter as entropy \
         (63 ms of CPU)\n\
         hint: it belongs in `.cargo/config.toml` at the root of the workspace, under `[env]`: {VARIABLE} = \"1\". \
         Cargo finds that file from the directory it is started in, and does not override a variable that is set."
    ))
}

fn is_true(value: &str) -> bool {
    let is_zero = value.starts_with('0');
    let is_number = value.starts_with(|first: char| first.is_ascii_digit());
    (is_number && !is_zero) || ["y", "t", "on"].iter().any(|word| value.starts_with(word))
}
