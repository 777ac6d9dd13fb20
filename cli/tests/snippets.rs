//! Every command `greenlight` that a page of the manual shows is understood by the tool itself; the documents of
//! targets on that page are what it is given. That such commands do what the page says is shown at an account by
//! `cargo rehearse getting-started`.

#![expect(clippy::unwrap_used, reason = "what cannot be run is a failed test")]

#[path = "../../tests/tests/project/snippets/blocks.rs"]
mod blocks;

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use blocks::{Block, commands, of_page, pages, root};

/// Runs the tool in a folder, with nothing that leads to AWS.
fn greenlight(arguments: &[String], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    command.args(arguments).current_dir(folder).env_clear();
    command.output().unwrap()
}

/// What is wrong with the commands of a page.
fn problems(page: &str, text: &str) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let blocks = of_page(page, text);
    let mut documents = blocks.iter().filter(|block| block.info == "yaml");
    let examples = std::fs::read_to_string(root().join("examples/targets.yaml")).unwrap();
    let document = documents.next().map_or(&examples, |block| &block.text);
    std::fs::write(folder.path().join("targets.yaml"), document).unwrap();
    std::fs::create_dir(folder.path().join("examples")).unwrap();
    std::fs::write(folder.path().join("examples/targets.yaml"), &examples).unwrap();
    let shell = blocks.iter().filter(|block| block.info == "sh");
    let typed =
        shell.flat_map(|block| commands(&block.text).into_iter().map(move |it| (block, it)));
    typed
        .filter(|(_, command)| command[0] == "greenlight")
        .filter_map(|(block, command)| problem(block, &command[1..], folder.path()))
        .collect()
}

fn problem(block: &Block, arguments: &[String], folder: &Path) -> Option<String> {
    let output = greenlight(arguments, folder);
    let complaint = String::from_utf8(output.stderr).unwrap();
    // Whatever else asks AWS something fails because nothing says where that is: it has been understood.
    let understood = match arguments {
        [first, second, ..] if first == "targets" && second == "check" => output.status.success(),
        _ if output.status.success() => true,
        _ => {
            let asks_where = complaint.contains("AWS_") || complaint.contains("GREENLIGHT_");
            output.status.code() == Some(1) && asks_where
        }
    };
    (!understood).then(|| {
        let Block { page, line, .. } = block;
        format!(
            "{page}:{line}: greenlight {}: {complaint}",
            arguments.join(" ")
        )
    })
}

#[test]
fn every_command_in_the_manual_is_understood() {
    let all = pages().into_iter();
    let problems: Vec<String> = all
        .flat_map(|(page, text)| problems(&page, &text))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_command_that_is_not_understood_is_found() {
    let page = "```yaml\nname: api\n```\n```sh\ngreenlight status\ngreenlight statis api\n\
                greenlight hold api --fro 2h && greenlight targets check targets.yaml # it lacks much\n```\n";
    let problems = problems("a.md", page);
    let found: Vec<&str> = problems.iter().filter_map(|it| it.lines().next()).collect();
    let [unknown, option, document] = &found[..] else {
        panic!("{problems:?}");
    };
    assert!(
        unknown.contains("a.md:4: greenlight statis api: error: unrecognized"),
        "{unknown}"
    );
    assert!(option.contains("--fro"), "{option}");
    assert!(document.contains("targets check"), "{document}");
}
