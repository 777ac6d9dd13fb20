use clap::ValueEnum as _;
use tempfile::TempDir;

use super::*;

/// Every command, from the outside in: `["targets", "check"]`.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        for command in command.get_subcommands() {
            let mut path = path.to_vec();
            path.push(command.get_name().to_owned());
            below(command, &path, found);
            found.push(path);
        }
    }
    let mut found = Vec::new();
    below(&Arguments::definition(), &[], &mut found);
    assert!(found.len() > 20, "{found:?}");
    found
}

#[test]
fn every_shell_has_completions_that_know_every_command_and_option() {
    for shell in Shell::value_variants() {
        let script = completions(*shell).text;
        for path in commands() {
            let name = path.last().unwrap();
            assert!(script.contains(name.as_str()), "{shell}: {path:?}");
        }
        // Fish writes `-l dry-run`.
        assert!(script.contains("dry-run"), "{shell}");
    }
}

#[test]
fn bash_understands_its_completions() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("greenlight.bash");
    std::fs::write(&file, completions(Shell::Bash).text).unwrap();
    let Ok(checked) = std::process::Command::new("bash")
        .arg("-n")
        .arg(&file)
        .output()
    else {
        eprintln!("there is no bash here");
        return;
    };
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
    // And offers what begins like what was typed.
    let ask = format!(
        "source {}; COMP_WORDS=(greenlight targets ap); COMP_CWORD=2; _greenlight greenlight ap targets; \
         echo ${{COMPREPLY[@]}}",
        file.display()
    );
    let asked = std::process::Command::new("bash")
        .arg("-c")
        .arg(ask)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&asked.stdout), "apply\n");
}

#[test]
fn the_manual_page_names_every_command_and_has_the_examples() {
    let page = page().unwrap().text;
    // roff writes a hyphen with a backslash.
    let page = page.replace('\\', "");
    for path in commands().into_iter().filter(|path| path.len() == 1) {
        assert!(
            page.contains(&format!("greenlight-{}(1)", path[0])),
            "{path:?}"
        );
    }
    assert!(page.contains("greenlight deploy api-test v1.4.2"), "{page}");
    assert!(page.contains("Exit status: 0 done"), "{page}");
}

#[test]
fn every_command_has_a_manual_page_of_its_own() {
    let directory = TempDir::new().unwrap();
    let man = directory.path().join("share/man1");
    let output = pages(&man).unwrap();
    assert!(output.text.contains("greenlight.1\n"), "{}", output.text);
    for path in commands() {
        let file = man.join(format!("greenlight-{}.1", path.join("-")));
        let page = std::fs::read_to_string(&file);
        let page = page.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let page = page.replace('\\', "");
        assert!(
            page.contains(&format!("greenlight-{}", path.join("-"))),
            "{page}"
        );
        assert!(
            page.contains("EXTRA\n") && page.contains("Examples:"),
            "{page}"
        );
        assert!(!page.contains('\u{1b}'), "{page}");
    }
}
