//! Builds what a rehearsal runs: the functions and the command line tool, by cargo, in this workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why there are no binaries.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo could not be started.
    #[error("cannot run `{cargo}`")]
    Cargo {
        /// What was run.
        cargo: String,
        /// Why it could not be.
        #[source]
        source: std::io::Error,
    },
    /// cargo has said why.
    #[error("the functions do not build")]
    Failed,
    /// The rehearsal's own binary is somewhere without a folder.
    #[error("cannot find the folder of the built binaries")]
    NoFolder(#[source] std::io::Error),
}

/// The workspace that this crate was built in.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Builds the binaries. Returns the folder that they are in.
///
/// All binaries of the workspace are built, as `cargo rehearse` and `cargo test` build them: cargo then unifies the features
/// of all dependencies in the same way each time, and builds nothing twice.
pub fn build() -> Result<PathBuf, BuildError> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(&cargo);
    command
        .current_dir(workspace())
        .args(["build", "--quiet", "--workspace", "--bins"]);
    // The timeline or the JSON document is on standard output.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|source| BuildError::Cargo { cargo, source })?;
    if !status.success() {
        return Err(BuildError::Failed);
    }
    let own = std::env::current_exe().map_err(BuildError::NoFolder)?;
    own.parent()
        .map(Path::to_owned)
        .ok_or_else(|| BuildError::NoFolder(std::io::ErrorKind::NotFound.into()))
}
