//! What template.yaml promises to whoever has to answer for it: boundary, keys, retention, new versions, and where a policy
//! says `*`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_norway::Value as Yaml;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn document() -> Yaml {
    serde_norway::from_str(&read("template.yaml")).unwrap()
}

fn resources(kind: &str) -> BTreeMap<String, Yaml> {
    let all: BTreeMap<String, Yaml> =
        serde_norway::from_value(document()["Resources"].clone()).unwrap();
    let found: BTreeMap<_, _> = all
        .into_iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .collect();
    assert!(!found.is_empty(), "there is no {kind}");
    found
}

/// A value as it is written, tags and all.
fn written(value: &Yaml) -> String {
    serde_norway::to_string(value).unwrap()
}

/// A value that is `!If [condition, !Ref parameter, …]`.
fn is_chosen(value: &Yaml, condition: &str, parameter: &str) -> bool {
    let Yaml::Tagged(tagged) = value else {
        return false;
    };
    let (Some(first), Some(Yaml::Tagged(chosen))) = (tagged.value.get(0), tagged.value.get(1))
    else {
        return false;
    };
    tagged.tag == "If" && first == condition && chosen.tag == "Ref" && chosen.value == parameter
}

/// The statements of a function's policies, those that stand under a condition too.
fn statements(function: &Yaml) -> Vec<Yaml> {
    let listed = function["Properties"]["Policies"][0]["Statement"]
        .as_sequence()
        .unwrap();
    let statements = listed.iter().map(|statement| match statement {
        Yaml::Tagged(tagged) => tagged.value[1].clone(),
        plain => plain.clone(),
    });
    statements.collect()
}

fn strings(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::String(one) => vec![one.clone()],
        Yaml::Sequence(many) => many.iter().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The actions that the template allows on `*`.
fn on_everything() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for function in resources("AWS::Serverless::Function").values() {
        for statement in statements(function) {
            if strings(&statement["Resource"]).contains(&"*".to_owned()) {
                found.extend(strings(&statement["Action"]));
            }
        }
    }
    found
}

/// The actions in the table of docs/permissions.md under this heading.
fn listed_under(page: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = page.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let actions = rows.flat_map(|row| {
        let cell = row.split(" | ").next().unwrap();
        cell.split('`')
            .filter(|it| it.contains(':'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    actions.collect()
}

#[test]
fn what_is_allowed_on_everything_is_listed_with_its_reason() {
    let listed = listed_under(
        &read("docs/permissions.md"),
        "\n## Why some resources are `*`",
    );
    assert_eq!(on_everything(), listed);
}

#[test]
fn every_role_has_the_boundary() {
    let globals = &document()["Globals"]["Function"];
    let chosen = |value: &Yaml| is_chosen(value, "HasBoundary", "PermissionsBoundaryArn");
    assert!(chosen(&globals["PermissionsBoundary"]));
    for (id, function) in resources("AWS::Serverless::Function") {
        assert!(
            function["Properties"]["PermissionsBoundary"].is_null(),
            "{id} overrides it"
        );
    }
    for (id, role) in resources("AWS::IAM::Role") {
        assert!(chosen(&role["Properties"]["PermissionsBoundary"]), "{id}");
    }
}

#[test]
fn all_that_is_stored_takes_a_key_of_ones_own() {
    let chosen = |value: &Yaml| is_chosen(value, "HasKey", "KmsKeyArn");
    let globals = &document()["Globals"]["Function"];
    assert!(chosen(&globals["KmsKeyArn"]), "the functions' environment");
    for (kind, property) in [
        ("AWS::Logs::LogGroup", "KmsKeyId"),
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SNS::Topic", "KmsMasterKeyId"),
    ] {
        for (id, resource) in resources(kind) {
            assert!(chosen(&resource["Properties"][property]), "{id}");
        }
    }
    let table = &resources("AWS::DynamoDB::Table")["Table"]["Properties"]["SSESpecification"];
    assert!(chosen(&table["KMSMasterKeyId"]) && table["SSEEnabled"] == true);
    // Without a key of one's own, queues are encrypted by SQS.
    for (id, queue) in resources("AWS::SQS::Queue") {
        let managed = written(&queue["Properties"]["SqsManagedSseEnabled"]);
        assert!(
            managed.contains("HasKey") && managed.contains("true"),
            "{id}: {managed}"
        );
    }
    // And every function may use it.
    for (id, function) in resources("AWS::Serverless::Function") {
        let statements = statements(&function);
        assert!(statements.iter().any(|it| it["Sid"] == "UseTheKey"), "{id}");
    }
}

#[test]
fn what_holds_data_says_what_becomes_of_it() {
    for (kind, policies) in [
        ("AWS::DynamoDB::Table", ["RetainExceptOnCreate", "Retain"]),
        ("AWS::Logs::LogGroup", ["RetainExceptOnCreate", "Retain"]),
        ("AWS::SQS::Queue", ["Delete", "Delete"]),
        ("AWS::KMS::Key", ["Delete", "Delete"]),
    ] {
        for (id, resource) in resources(kind) {
            let said = [
                &resource["DeletionPolicy"],
                &resource["UpdateReplacePolicy"],
            ];
            assert_eq!(
                said.map(|it| it.as_str().unwrap_or_default()),
                policies,
                "{id}"
            );
        }
    }
}

#[test]
fn queues_are_spoken_to_by_tls_only() {
    let mut denied = String::new();
    for policy in resources("AWS::SQS::QueuePolicy").values() {
        let statements = policy["Properties"]["PolicyDocument"]["Statement"]
            .as_sequence()
            .unwrap();
        let tls = statements.iter().find(|it| it["Effect"] == "Deny").unwrap();
        assert_eq!(tls["Condition"]["Bool"]["aws:SecureTransport"], "false");
        denied += &written(&tls["Resource"]);
    }
    for id in resources("AWS::SQS::Queue").keys() {
        assert!(denied.contains(&format!("{id}.Arn")), "{id}");
    }
}

/// The gate is called by the name that an `AppSpec` and a service have, the others by their ARN in dashboards and stacks.
const WITHOUT_ALIAS: [&str; 3] = ["ValidateGreen", "Board", "RegisterTarget"];

#[test]
fn new_versions_take_over_step_by_step_and_go_back_on_an_alarm() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let mut aliased = BTreeSet::new();
    for (id, function) in resources("AWS::Serverless::Function") {
        let properties = &function["Properties"];
        let has_alias = properties["AutoPublishAlias"] == "live";
        assert_eq!(has_alias, !WITHOUT_ALIAS.contains(&id.as_str()), "{id}");
        let preference = &properties["DeploymentPreference"];
        assert_eq!(has_alias, !preference.is_null(), "{id}");
        if has_alias {
            assert!(
                written(&preference["Type"]).contains("FunctionDeployment"),
                "{id}"
            );
            assert!(
                written(&preference["Alarms"]).contains(&format!("{id}Alarm")),
                "{id}"
            );
            assert!(alarms.contains_key(&format!("{id}Alarm")), "{id}");
            aliased.insert(id);
        }
    }
    // Whoever calls such a function calls the alias; otherwise a new version would take over at once.
    for kind in ["AWS::Events::Rule", "AWS::Lambda::Permission"] {
        for (id, resource) in resources(kind) {
            let text = written(&resource["Properties"]);
            for function in &aliased {
                let by_name = [
                    format!("!GetAtt {function}.Arn"),
                    format!("FunctionName: !Ref {function}\n"),
                ];
                assert!(!by_name.iter().any(|it| text.contains(it)), "{id}: {text}");
            }
        }
    }
    let hook = written(&document()["Outputs"]["HookFunctionArn"]["Value"]);
    assert!(hook.contains("!GetAtt ValidateGreen.Arn"), "{hook}");
}

#[test]
fn the_application_repository_is_told_what_cargo_is_told() {
    let application = &document()["Metadata"]["AWS::ServerlessRepo::Application"];
    assert_eq!(application["SemanticVersion"], env!("CARGO_PKG_VERSION"));
    let workspace = read("Cargo.toml");
    let license = application["SpdxLicenseId"].as_str().unwrap();
    assert!(
        workspace.contains(&format!("license = \"{license}\"")),
        "{license}"
    );
    for file in ["LicenseUrl", "ReadmeUrl"] {
        let path = application[file].as_str().unwrap();
        assert!(root().join(path).is_file(), "{path}");
    }
}

#[test]
fn every_parameter_is_described_and_stands_in_a_group() {
    let document = document();
    let parameters: BTreeMap<String, Yaml> =
        serde_norway::from_value(document["Parameters"].clone()).unwrap();
    let groups = &document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let mut grouped = BTreeSet::new();
    for group in groups.as_sequence().unwrap() {
        for name in strings(&group["Parameters"]) {
            assert!(grouped.insert(name.clone()), "{name} stands in two groups");
        }
    }
    assert_eq!(grouped, parameters.keys().cloned().collect());
    for (name, parameter) in &parameters {
        assert!(parameter["Description"].is_string(), "{name}");
        assert!(!parameter["Default"].is_null(), "{name} has no default");
    }
}
