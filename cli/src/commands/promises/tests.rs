use std::path::Path;

use clap::CommandFactory as _;
use serde_json::json;

use super::schema;
use crate::arguments::Arguments;

/// Every command that there is, commands of commands by both names.
fn commands() -> Vec<String> {
    let arguments = Arguments::command();
    let mut found = Vec::new();
    for command in arguments.get_subcommands() {
        let name = command.get_name();
        if command.has_subcommands() {
            let inner = command.get_subcommands();
            found.extend(inner.map(|inner| format!("{name}-{}", inner.get_name())));
        } else {
            found.push(name.to_owned());
        }
    }
    found
}

#[test]
fn every_command_has_a_schema_and_it_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/cli");
    let writes = std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some();
    let commands = commands();
    for command in &commands {
        let schema = schema(command);
        let schema = schema.unwrap_or_else(|| panic!("nothing is promised of `{command}`"));
        jsonschema::meta::validate(&schema).unwrap();
        let expected = format!("{schema:#}\n");
        let file = folder.join(format!("{command}.schema.json"));
        if writes {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(file, expected).unwrap();
        } else {
            let found = std::fs::read_to_string(file).unwrap_or_default();
            assert!(
                found == expected,
                "schemas/cli/{command}.schema.json is stale. hint: run this test once with \
                 GREENLIGHT_WRITE_DOCS=1"
            );
        }
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), commands.len());
}

#[test]
fn a_member_more_or_less_breaks_the_promise() {
    let schema = schema("continue").unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let good = json!({"target": "t", "deployment": null, "result": "r"});
    assert!(validator.is_valid(&good));
    let mut more = good.clone();
    more["colour"] = json!("green");
    assert!(!validator.is_valid(&more));
    assert!(!validator.is_valid(&json!({"target": "t", "result": "r"})));
}
