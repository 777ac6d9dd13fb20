//! The programs that are measured: the functions and the do-nothing function as they are released, and Python's.

use crate::subject::{FUNCTIONS, PUSH, Subject};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The name of the do-nothing function.
pub(crate) const DO_NOTHING: &str = "do-nothing";
/// The name of the Python function.
pub(crate) const BOTO3: &str = "boto3";
/// What a zip file holds besides the data of its one entry `bootstrap`.
const ZIP_FRAME: u64 = 30 + 46 + 22 + 2 * "bootstrap".len() as u64;

/// Builds the functions and the do-nothing function in the release profile, and says where they are.
pub(crate) fn build() -> Result<Vec<Subject>, Box<dyn Error>> {
    let functions = FUNCTIONS.map(|(name, _)| name);
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args([
        "build",
        "--release",
        "--message-format",
        "json-render-diagnostics",
    ]);
    cargo.args(["--package", env!("CARGO_PKG_NAME"), "--bin", DO_NOTHING]);
    for name in functions {
        cargo.args(["--package", name, "--bin", name]);
    }
    let output = cargo.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("failed to build the functions".into());
    }
    let built = executables(&String::from_utf8(output.stdout)?);
    let events = BTreeMap::from(FUNCTIONS);
    [DO_NOTHING]
        .into_iter()
        .chain(functions)
        .map(|name| {
            let program = built
                .get(name)
                .cloned()
                .ok_or_else(|| format!("cargo built no `{name}`"))?;
            Ok(Subject {
                name,
                program,
                arguments: Vec::new(),
                event: events.get(name).copied().unwrap_or(PUSH),
            })
        })
        .collect()
}

/// The executables in cargo's messages, by the name of their target.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter_map(|message| {
            let executable = PathBuf::from(message["executable"].as_str()?);
            Some((message["target"]["name"].as_str()?.to_owned(), executable))
        })
        .collect()
}

/// The same job in Python, or why it cannot be measured.
pub(crate) fn boto3() -> Result<Subject, String> {
    let python = std::env::var("GREENLIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    // Python itself is started, and not a wrapper that looks for it.
    let script = "import boto3, sys; print(sys.executable)";
    let output = Command::new(&python)
        .args(["-c", script])
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(Subject {
            name: BOTO3,
            program: String::from_utf8_lossy(&output.stdout).trim().into(),
            arguments: vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("boto3/function.py")],
            event: PUSH,
        }),
        Ok(_) => Err(format!("`{python}` has no boto3")),
        Err(error) => Err(format!("`{python}` does not start: {error}")),
    }
}

/// How large a function's zip file is.
pub(crate) fn zip_size(program: &Path) -> Result<u64, Box<dyn Error>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&std::fs::read(program)?)?;
    Ok(encoder.finish()?.len() as u64 + ZIP_FRAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_in_cargos_messages_by_name() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"do-nothing"},"executable":"release/do-nothing"}"#,
            "\nnot JSON\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let expected =
            BTreeMap::from([(DO_NOTHING.to_owned(), PathBuf::from("release/do-nothing"))]);
        assert_eq!(executables(messages), expected);
    }
}
