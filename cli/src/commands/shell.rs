//! `greenlight completions` and `greenlight man`: the tool itself, for shells and for `man`.
//!
//! Both are made from the definition of the arguments, so that they say what the parser does.

use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::json;

use super::Output;
use crate::arguments::Arguments;

/// The script that completes the arguments in a shell.
pub(super) fn completions(shell: Shell) -> Output {
    let mut script = Vec::new();
    let mut command = Arguments::definition();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Output {
        json: json!({"shell": shell.to_string(), "script": script}),
        text: script,
    }
}

/// The manual page of `greenlight`.
pub(super) fn page() -> io::Result<Output> {
    let mut page = Vec::new();
    Man::new(Arguments::definition()).render(&mut page)?;
    let page = String::from_utf8_lossy(&page).into_owned();
    Ok(Output {
        json: json!({"page": page}),
        text: page,
    })
}

/// Writes a manual page for each command.
pub(super) fn pages(directory: &Path) -> io::Result<Output> {
    let written = write(directory)?;
    let mut text = String::new();
    for file in &written {
        text += &file.display().to_string();
        text.push('\n');
    }
    Ok(Output {
        text,
        json: json!({"files": written}),
    })
}

fn write(directory: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(directory)?;
    let mut command = Arguments::definition();
    command.build();
    let mut written = Vec::new();
    write_below(directory, command, &mut written)?;
    Ok(written)
}

/// The page of a command, and those of what is below it.
fn write_below(
    directory: &Path,
    command: clap::Command,
    written: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for below in command.get_subcommands() {
        // The help of the help needs no page.
        if below.get_name() != "help" {
            write_below(directory, below.clone(), written)?;
        }
    }
    written.push(Man::new(command).generate_to(directory)?);
    Ok(())
}

#[cfg(test)]
mod tests;
