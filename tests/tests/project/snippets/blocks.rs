//! The pages of the manual, the blocks of code in them, and the commands in those. `cli/tests/snippets.rs` has this
//! file as well: there the commands are given to the command line tool.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::path::{Path, PathBuf};

/// A block of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// The page, from the root of the workspace.
    pub(crate) page: String,
    /// The line of the fence.
    pub(crate) line: usize,
    /// What stands behind the fence.
    pub(crate) info: String,
    /// What is in it, without the indentation of the fence.
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().to_owned()
}

/// The pages, by their paths from the root of the workspace: the two READMEs and all of docs/.
pub(crate) fn pages() -> Vec<(String, String)> {
    let mut files = vec![root().join("README.md"), root().join("examples/README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap();
        let name = name.to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    files.into_iter().map(named).collect()
}

/// The blocks of a page.
pub(crate) fn of_page(page: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let indentation = line.len() - line.trim_start().len();
        let mut block = Block {
            page: page.to_owned(),
            line: number + 1,
            info: info.trim().to_owned(),
            text: String::new(),
        };
        for (_, line) in lines.by_ref() {
            if line.trim() == "```" {
                break;
            }
            block.text += line.get(indentation..).unwrap_or_default();
            block.text.push('\n');
        }
        blocks.push(block);
    }
    blocks
}

/// The commands of a shell's block, as words. What is put into a variable is a command as well.
pub(crate) fn commands(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in text.lines() {
        let mut command = Vec::new();
        for word in words(line) {
            if word == "&&" {
                commands.push(std::mem::take(&mut command));
            } else {
                command.push(word);
            }
        }
        let taken = line
            .split_once("=$(")
            .and_then(|(_, rest)| rest.strip_suffix(')'));
        match taken {
            Some(taken) => commands.push(words(taken)),
            None => commands.push(command),
        }
    }
    for command in &mut commands {
        // Where its output goes is the shell's business.
        if let Some(redirected) = command.iter().position(|word| word == ">") {
            command.truncate(redirected);
        }
    }
    commands.retain(|command| !command.is_empty());
    commands
}

/// A line as a shell takes it apart, without its comment. Nothing here needs more of a shell than quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
