//! Which permissions are used, written down for the check that none is allowed for nothing.
//!
//! Each process writes a file of its own into the folder that [`FOLDER`] names, one line of JSON for each permission
//! that it uses for the first time.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use super::Statement;

/// The environment variable that names the folder. Without it nothing is written.
pub const FOLDER: &str = "GREENLIGHT_PERMISSIONS_USED";

/// A permission that a function used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// The function's logical id.
    pub function: String,
    /// The `Sid` of the statement that allows it.
    pub statement: String,
    /// The action as the statement has it.
    pub action: String,
}

impl Use {
    pub(super) fn new(function: &str, statement: &Statement, action: &str) -> Self {
        Self {
            function: function.to_owned(),
            statement: statement.sid.clone(),
            action: action.to_owned(),
        }
    }
}

/// The file of this process.
struct Notes {
    file: File,
    noted: HashSet<Use>,
}

/// Writes down what this process has not yet used, if that is asked for.
pub(super) fn note(uses: Vec<Use>) {
    static NOTES: OnceLock<Option<Mutex<Notes>>> = OnceLock::new();
    let notes = NOTES.get_or_init(|| {
        let folder = std::env::var_os(FOLDER)?;
        let opened = Notes::open(Path::new(&folder));
        match opened {
            Ok(notes) => Some(Mutex::new(notes)),
            Err(error) => {
                eprintln!("{FOLDER}: {}: {error}", folder.display());
                None
            }
        }
    });
    let Some(notes) = notes else { return };
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = notes.add(uses) {
        eprintln!("{FOLDER}: {error}");
    }
}

impl Notes {
    /// Tests and rehearsals do not all run in the same folder, so it should be an absolute path.
    fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.jsonl", std::process::id()));
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file,
            noted: HashSet::new(),
        })
    }

    fn add(&mut self, uses: Vec<Use>) -> std::io::Result<()> {
        for it in uses {
            if self.noted.contains(&it) {
                continue;
            }
            let line = serde_json::to_string(&it)? + "\n";
            self.file.write_all(line.as_bytes())?;
            self.noted.insert(it);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_is_a_line_and_no_use_is_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut notes = Notes::open(&folder.path().join("used")).unwrap();
        let use_of = |action: &str| Use {
            function: "Board".to_owned(),
            statement: "Read".to_owned(),
            action: action.to_owned(),
        };
        notes
            .add(vec![use_of("a:A"), use_of("a:B"), use_of("a:A")])
            .unwrap();
        notes.add(vec![use_of("a:B")]).unwrap();
        let file = format!("used/{}.jsonl", std::process::id());
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        let read: Vec<Use> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(read, [use_of("a:A"), use_of("a:B")]);
    }
}
