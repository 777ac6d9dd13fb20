//! docs/ as a book: every page is in its summary, every link leads somewhere, and what the pages say of the stack is
//! what template.yaml has. mdBook itself builds it in `.ci/book`.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_norway::Value as Yaml;

use crate::snippets::blocks::{pages, root};

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// A page without its code: blocks are left out, and so is what stands in backticks.
fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let pieces = line.split('`').enumerate();
            let outside = pieces.filter(|(number, _)| number % 2 == 0);
            prose.extend(outside.map(|(_, piece)| piece));
            prose.push('\n');
        }
    }
    prose
}

/// Where the links and the pictures of a page lead.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let behind = prose.split("](").skip(1);
    behind
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut in_block = false;
    for line in text.lines() {
        in_block ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#').strip_prefix(' ');
        let (false, true, Some(title)) = (in_block, line.starts_with('#'), title) else {
            continue;
        };
        let kept = title.trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        let anchor: String = kept.map(|it| if it == ' ' { '-' } else { it }).collect();
        let more = (1..).map(|number| format!("{anchor}-{number}"));
        let mut names = std::iter::once(anchor.clone()).chain(more);
        anchors.extend(names.find(|name| !anchors.contains(name)));
    }
    anchors
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// What is wrong with the links of these pages.
fn broken(pages: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, text) in pages {
        for link in links(text) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            if path.contains("://") {
                continue;
            }
            let folder = Path::new(name).parent().unwrap();
            let target = if path.is_empty() {
                PathBuf::from(name)
            } else {
                plain(&folder.join(path))
            };
            let mut others = pages.iter();
            let known = others.find(|(other, _)| Path::new(other) == target);
            let leads = match known {
                Some((_, text)) => anchor.is_empty() || anchors(text).contains(anchor),
                None => anchor.is_empty() && root().join(&target).exists(),
            };
            if !leads {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    broken
}

#[test]
fn every_page_is_in_the_summary_once() {
    let mut listed = links(&page("docs/SUMMARY.md"));
    listed.sort();
    let pages = pages()
        .into_iter()
        .filter_map(|(name, _)| Some(name.strip_prefix("docs/")?.to_owned()));
    let mut pages: Vec<String> = pages.filter(|name| name != "SUMMARY.md").collect();
    pages.sort();
    assert_eq!(listed, pages);
}

#[test]
fn every_link_leads_to_a_page_a_heading_or_a_file() {
    let broken = broken(&pages());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let text = "# A page: `x`\n[a](b.md#two-words) [b](#a-page-x) [c](../template.yaml) [d](https://a.example/#x)\n\
                `[no](link.md)`\n```\n[no](link.md)\n# No heading\n```\n\
                [1](b.md#no-heading) [2](c.md) ![3](images/none.png) [4](#no-heading) [5](../template.yaml#x)\n";
    let other =
        "## Two words\n## Two words\n[a](a.md#a-page-x) [b](#two-words-1) [6](#two-words-2)\n";
    let broken = broken(&[page("docs/a.md", text), page("docs/b.md", other)]);
    let expected = [
        "a.md: b.md#no-heading",
        "a.md: c.md",
        "a.md: images/none.png",
        "a.md: #no-heading",
    ];
    let more = ["a.md: ../template.yaml#x", "b.md: #two-words-2"];
    let expected = expected
        .into_iter()
        .chain(more)
        .map(|link| format!("docs/{link}"));
    assert_eq!(broken, expected.collect::<Vec<_>>());
}

fn template() -> Yaml {
    serde_norway::from_str(&page("template.yaml")).unwrap()
}

fn text(value: &Yaml) -> String {
    match value {
        Yaml::String(text) => text.clone(),
        other => serde_norway::to_string(other).unwrap().trim().to_owned(),
    }
}

/// The parameters of the stack in their order, and their defaults.
fn parameters() -> Vec<(String, String)> {
    let template = template();
    let parameters = template["Parameters"].as_mapping().unwrap().iter();
    parameters
        .map(|(name, it)| (text(name), text(&it["Default"])))
        .collect()
}

/// The cells of the rows of a page's tables.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What stands in backticks.
fn names(cell: &str) -> BTreeSet<String> {
    let pieces = cell.split('`').enumerate();
    pieces
        .filter(|(number, _)| number % 2 == 1)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[test]
fn every_question_of_the_installation_is_answered_in_its_order() {
    let page = page("docs/getting-started.md");
    let rows = rows(&page).into_iter();
    let asked: Vec<&str> = rows
        .filter_map(|row| row[0].strip_prefix("Parameter "))
        .collect();
    let parameters = parameters();
    let parameters: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(asked, parameters);
}

#[test]
fn every_parameter_is_described_with_its_default() {
    let page = page("docs/install.md");
    let (_, section) = page.split_once("\n### Parameters\n").unwrap();
    let (section, _) = section.split_once("\n### ").unwrap();
    let described = rows(section)
        .into_iter()
        .skip(2)
        .map(|row| (row[0].to_owned(), row[1].to_owned()));
    let expected = parameters().into_iter().map(|(name, default)| {
        let default = if default.is_empty() {
            "none".to_owned()
        } else {
            format!("`{default}`")
        };
        (format!("`{name}`"), default)
    });
    assert_eq!(described.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// The functions of the stack, by their logical ids.
fn functions() -> BTreeMap<String, Yaml> {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let functions = resources.filter(|(_, it)| it["Type"] == "AWS::Serverless::Function");
    functions
        .map(|(name, it)| (text(name), it.clone()))
        .collect()
}

/// `DeployOnPush` as the page is called: `deploy-on-push`.
fn dashed(logical_id: &str) -> String {
    let mut name = String::new();
    for character in logical_id.chars() {
        if character.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(character.to_lowercase());
    }
    name
}

#[test]
fn every_function_has_a_page_with_its_configuration() {
    let template = template();
    let globals = &template["Globals"]["Function"];
    let of_all = globals["Environment"]["Variables"].as_mapping().unwrap();
    let parameters = parameters();
    for (logical_id, function) in functions() {
        let name = dashed(&logical_id);
        let page = page(&format!("docs/functions/{name}.md"));
        let row = |title: &str| {
            let mut rows = rows(&page).into_iter();
            let row = rows.find(|row| row[0] == title);
            row.unwrap_or_else(|| panic!("{name} has no row `{title}`"))[1].to_owned()
        };
        let properties = &function["Properties"];
        let own = |key: &str| {
            properties
                .get(key)
                .unwrap_or(&globals[key])
                .as_u64()
                .unwrap()
        };
        assert_eq!(row("Timeout"), format!("{} s", own("Timeout")), "{name}");
        assert_eq!(row("Memory"), format!("{} MB", own("MemorySize")), "{name}");

        let variables = properties["Environment"]["Variables"].as_mapping();
        let variables = variables.into_iter().flatten().chain(of_all);
        let variables: BTreeSet<String> = variables.map(|(name, _)| text(name)).collect();
        assert_eq!(names(&row("Environment")), variables, "{name}");

        let written = serde_norway::to_string(&function).unwrap();
        let used = |parameter: &str| {
            let mut words = written.split(|it: char| !it.is_alphanumeric());
            words.any(|word| word == parameter)
        };
        let used = parameters.iter().filter(|(parameter, _)| used(parameter));
        let used: BTreeSet<String> = used.map(|(parameter, _)| parameter.clone()).collect();
        assert_eq!(names(&row("Parameters of the stack")), used, "{name}");
        for heading in ["## Permissions\n", "## What can go wrong, and what to do\n"] {
            assert!(page.contains(heading), "{name} has no {heading}");
        }
    }
}

#[test]
fn the_table_of_powers_is_that_of_the_template() {
    let security = page("docs/security.md");
    let functions = functions();
    let mut rows = rows(&security).into_iter();
    let actions = rows.find(|row| row[0] == "function").unwrap();
    let mut seen = BTreeSet::new();
    for row in rows.skip(1).take(functions.len()) {
        let logical_id = row[0].trim_matches('`');
        let written =
            serde_norway::to_string(&functions[logical_id]["Properties"]["Policies"]).unwrap();
        let mut words = written.split_whitespace().collect::<BTreeSet<_>>();
        for (action, power) in actions.iter().zip(&row).skip(1) {
            let may = words.take(action.trim_matches('`')).is_some();
            assert_eq!(
                *power,
                if may { "yes" } else { "no" },
                "{logical_id}: {action}"
            );
        }
        seen.insert(logical_id.to_owned());
    }
    assert_eq!(seen, functions.into_keys().collect());
}
