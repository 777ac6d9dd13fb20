//! The architecture's invariants, as tests: what docs/ARCHITECTURE.md promises is looked up in the sources.
//!
//! It reads the workspace as `cargo metadata` and as text. How the code behaves is tested elsewhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// All libraries that a program of ours is made of.
const LIBRARIES: &[&str] = &[
    "greenlight-runtime",
    "greenlight-deployer",
    "greenlight-aws",
    "greenlight-core",
];

/// Whom each of our crates may depend on.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("greenlight-core", &[]),
    ("greenlight-aws", &["greenlight-core"]),
    (
        "greenlight-deployer",
        &["greenlight-aws", "greenlight-core"],
    ),
    (
        "greenlight-runtime",
        &["greenlight-deployer", "greenlight-aws", "greenlight-core"],
    ),
    ("board", LIBRARIES),
    ("deploy-on-push", LIBRARIES),
    ("pipeline-action", LIBRARIES),
    ("reconcile", LIBRARIES),
    ("record-deployment", LIBRARIES),
    ("register-target", LIBRARIES),
    ("validate-green", LIBRARIES),
    ("greenlight-cli", LIBRARIES),
    ("rehearsal", &["greenlight-core"]),
    ("greenlight-startup", &[]),
];

/// The only crate that may depend on the rehearsal, and so on everything.
const TESTS: &str = "greenlight-tests";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file under a folder of the workspace with this extension, relative to the workspace.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{extension} file in {folder}");
    found
}

/// The lines of a source file that are code, with their numbers.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = read(path);
    let lines = text.lines().enumerate();
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    lines
        .filter(|(_, line)| is_code(line))
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect()
}

/// Where the code of these files names one of these words.
fn naming(paths: &[PathBuf], words: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for path in paths {
        for (number, line) in code(path) {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                places.push(format!("{}:{number} names {word}", path.display()));
            }
        }
    }
    places
}

fn is_test_module(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("/tests/") || text.ends_with("tests.rs") || text.starts_with("tests/")
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

#[test]
fn dependencies_point_one_way() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(name).collect();
    let allowed: BTreeMap<&str, &[&str]> = MAY_DEPEND_ON.iter().copied().collect();
    for package in packages.iter().filter(|package| name(package) != TESTS) {
        let allowed = allowed.get(name(package)).copied();
        let allowed =
            allowed.unwrap_or_else(|| panic!("{} has no place in the architecture", name(package)));
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency = name(dependency);
            let is_allowed = !ours.contains(dependency) || allowed.contains(&dependency);
            assert!(
                is_allowed,
                "{} must not depend on {dependency}",
                name(package)
            );
        }
    }
}

#[test]
fn nothing_in_core_is_async_or_touches_the_outside_world() {
    let words = [
        "async ",
        ".await",
        "tokio",
        "aws_sdk",
        "aws_smithy",
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "println!",
    ];
    assert_eq!(
        naming(&files("shared/core", "rs"), &words),
        Vec::<String>::new()
    );
}

#[test]
fn only_shared_aws_names_the_sdk() {
    let mut sources: Vec<PathBuf> = Vec::new();
    for folder in ["shared", "functions", "cli", "rehearsal"] {
        sources.extend(files(folder, "rs"));
    }
    sources.retain(|path| !path.starts_with("shared/aws") && !is_test_module(path));
    assert_eq!(naming(&sources, &["aws_sdk_"]), Vec::<String>::new());
}

#[test]
fn the_time_comes_from_a_clock() {
    let mut sources = files("functions", "rs");
    sources.extend(files("shared/deployer", "rs"));
    sources.extend(files("rehearsal/src/account", "rs"));
    sources.retain(|path| !path.ends_with("clock.rs") && !is_test_module(path));
    let words = [
        "SystemTime::now",
        "std::time::Instant",
        "Timestamp::now",
        "Zoned::now",
    ];
    assert_eq!(naming(&sources, &words), Vec::<String>::new());
}

#[test]
fn a_function_is_one_package_with_one_binary_of_its_name() {
    // SAM builds all functions into one target directory only then, and `bootstrap` would overwrite another.
    let packages = packages();
    let folder = root().join("functions");
    let functions: Vec<&Value> = packages
        .iter()
        .filter(|package| {
            Path::new(package["manifest_path"].as_str().unwrap()).starts_with(&folder)
        })
        .collect();
    assert_eq!(
        functions.len(),
        fs::read_dir(&folder).unwrap().count(),
        "a folder in functions/ is no package"
    );
    for package in functions {
        let targets = package["targets"].as_array().unwrap().iter();
        let binaries: Vec<&str> = targets
            .filter(|target| target["kind"][0] == "bin")
            .map(name)
            .collect();
        assert_eq!(binaries, [name(package)]);
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        assert_eq!(manifest.parent().unwrap(), folder.join(name(package)));
    }
}

#[test]
fn the_release_profile_is_explicit_and_unwinds() {
    // cargo-lambda would add `panic = "abort"`, and a hook would never be answered after a panic.
    let manifest = read("Cargo.toml");
    let (_, profile) = manifest.split_once("[profile.release]").unwrap();
    let profile = profile.split("\n[").next().unwrap();
    for line in [
        "opt-level = \"z\"",
        "lto = \"fat\"",
        "codegen-units = 1",
        "strip = \"symbols\"",
        "panic = \"unwind\"",
    ] {
        assert!(
            profile.lines().any(|it| it == line),
            "[profile.release] does not say {line}"
        );
    }
}

#[test]
fn jitter_entropy_is_off() {
    let config = read(".cargo/config.toml");
    let (_, env) = config.split_once("[env]").unwrap();
    assert!(
        env.lines()
            .any(|line| line == "AWS_LC_SYS_NO_JITTER_ENTROPY = \"1\"")
    );
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for package in packages() {
        let manifest = package["manifest_path"].as_str().unwrap();
        assert!(
            fs::read_to_string(manifest)
                .unwrap()
                .contains("[lints]\nworkspace = true"),
            "{manifest}"
        );
    }
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
}

#[test]
fn every_sample_event_is_used_by_a_test() {
    let mut sources = String::new();
    for folder in ["functions", "shared", "tests", "rehearsal"] {
        for path in files(folder, "rs")
            .iter()
            .filter(|path| !path.ends_with("architecture.rs"))
        {
            sources.push_str(&read(path));
        }
    }
    let is_unused = |path: &&PathBuf| {
        let name = path.strip_prefix("events").unwrap().with_extension("");
        let name = name.to_str().unwrap();
        !sources.contains(&format!("{name}\"")) && !sources.contains(&format!("{name}.json\""))
    };
    let samples = files("events", "json");
    let unused: Vec<&PathBuf> = samples.iter().filter(is_unused).collect();
    assert_eq!(unused, Vec::<&PathBuf>::new());
}

#[test]
fn every_folder_of_sample_events_says_where_they_come_from() {
    for sample in files("events", "json") {
        let folder = sample.parent().unwrap();
        let readme = read(folder.join("README.md"));
        let file = sample.file_name().unwrap().to_string_lossy();
        assert!(
            readme.contains(&format!("`{file}`")),
            "{}/README.md does not name {file}",
            folder.display()
        );
    }
}

#[test]
fn every_environment_variable_of_ours_is_documented() {
    let documentation = read("docs/environment.md");
    let mut sources: Vec<PathBuf> = Vec::new();
    for folder in ["shared", "functions", "cli"] {
        sources.extend(files(folder, "rs"));
    }
    // What only a file's own tests read is not for people.
    let for_people = |path: &PathBuf| {
        let text = read(path);
        text.split("#[cfg(test)]").next().unwrap().to_owned()
    };
    sources.retain(|path| !is_test_module(path));
    let mut text: String = sources.iter().map(for_people).collect();
    text.push_str(&read("template.yaml"));
    let variables: BTreeSet<&str> = text
        .split(|character: char| !character.is_ascii_uppercase() && character != '_')
        .filter(|word| word.starts_with("GREENLIGHT_") && word.len() > "GREENLIGHT_".len())
        .collect();
    assert!(variables.contains("GREENLIGHT_TABLE"), "{variables:?}");
    for variable in variables {
        assert!(
            documentation.contains(variable),
            "docs/environment.md does not name {variable}"
        );
    }
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let mut sources = Vec::new();
    for folder in ["shared", "functions", "cli", "rehearsal", "tests"] {
        sources.extend(files(folder, "rs"));
    }
    sources.extend(files("tests", "py"));
    for path in sources {
        let lines = read(&path).lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_invariant_that_is_written_down_names_a_test_that_exists() {
    let document = read("docs/ARCHITECTURE.md");
    let tests: String = ["tests", "shared", "functions", "rehearsal"]
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .map(read)
        .collect();
    let invariants: Vec<&str> = document.split("Architecture invariant:").skip(1).collect();
    assert!(
        invariants.len() >= 5,
        "docs/ARCHITECTURE.md has lost its invariants"
    );
    for invariant in invariants {
        let paragraph = invariant.split("\n\n").next().unwrap();
        let test = paragraph
            .rsplit_once("(test: `")
            .and_then(|(_, rest)| rest.split('`').next());
        let test = test.unwrap_or_else(|| panic!("an invariant without a test:{paragraph}"));
        assert!(
            tests.contains(&format!("fn {test}()")),
            "there is no test {test}"
        );
    }
}
