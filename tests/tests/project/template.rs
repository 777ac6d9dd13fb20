//! template.yaml against the code and against the sample events: what is packaged fits what was written.
//!
//! How the template is read and wired up is tested in the rehearsal (`rehearsal/src/account/template`);
//! whether AWS would take it is cfn-lint's business, in .ci/run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use greenlight_core::job::request::JobRequest;
use greenlight_runtime::config::Config;
use greenlight_runtime::environment::{self, Without};
use rehearsal::account::Settings;
use rehearsal::account::events::Pattern;
use rehearsal::account::template::{Choices, Function, Template};
use serde_json::Value;
use serde_norway::Value as Yaml;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn text() -> String {
    std::fs::read_to_string(root().join("template.yaml")).unwrap()
}

/// The template with its intrinsic functions resolved, as the rehearsal sees it.
fn template() -> Template {
    Template::parse(&text(), &Choices::of(&Settings::for_tests())).unwrap()
}

/// The template's resources of a type, as they are written.
fn resources(kind: &str) -> BTreeMap<String, Yaml> {
    let document: Yaml = serde_norway::from_str(&text()).unwrap();
    let all: BTreeMap<String, Yaml> =
        serde_norway::from_value(document["Resources"].clone()).unwrap();
    let found: BTreeMap<_, _> = all
        .into_iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .collect();
    assert!(!found.is_empty(), "there is no {kind}");
    found
}

/// What a `!Ref` or `!GetAtt` names.
fn named(value: &Yaml) -> String {
    let Yaml::Tagged(tagged) = value else {
        panic!("{value:?} names nothing")
    };
    let path = tagged.value.as_str().unwrap();
    path.split('.').next().unwrap().to_owned()
}

fn event(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join("events").join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The rules that would deliver this event.
fn rules_for(event: &Value) -> Vec<String> {
    let rules = template().rules.into_iter();
    rules
        .filter(|rule| Pattern::parse(&rule.pattern).unwrap().matches(event))
        .map(|rule| rule.name)
        .collect()
}

#[test]
fn pushes_of_a_tag_are_delivered_and_nothing_else_of_ecr_is() {
    let table = [
        ("ecr/push-tagged.json", Some("PushRule")),
        ("ecr/push-tagged-as-documented.json", Some("PushRule")),
        ("ecr/push-retag.json", Some("PushRule")),
        ("ecr/push-index.json", Some("PushRule")),
        // That a signature is no release is for the target's tag policy to say.
        ("ecr/push-signature.json", Some("PushRule")),
        ("ecr/replicate.json", Some("ReplicationRule")),
        ("ecr/push-untagged.json", None),
        ("ecr/push-untagged-no-key.json", None),
        ("ecr/push-index-child.json", None),
        ("ecr/push-failure.json", None),
        ("ecr/delete.json", None),
        ("ecr/update-storage-class.json", None),
        ("ecr/scan.json", None),
    ];
    for (path, rule) in table {
        let expected: Vec<&str> = rule.into_iter().collect();
        assert_eq!(rules_for(&event(path)), expected, "{path}");
    }
}

#[test]
fn ends_of_deployments_are_delivered_whoever_started_them() {
    let table = [
        ("codedeploy/success.json", Some("CodeDeployRule")),
        ("codedeploy/failure.json", Some("CodeDeployRule")),
        ("codedeploy/stop.json", Some("CodeDeployRule")),
        ("codedeploy/rollback-success.json", Some("CodeDeployRule")),
        ("codedeploy/other-application.json", Some("CodeDeployRule")),
        ("codedeploy/start.json", None),
        ("codedeploy/ready.json", None),
        ("codedeploy/rollback-start.json", None),
        // A roll-back begins as a deployment that is in progress.
        ("ecs/deployment-in-progress.json", Some("EcsRule")),
        ("ecs/deployment-completed.json", Some("EcsRule")),
        ("ecs/deployment-failed.json", Some("EcsRule")),
        ("ecs/deployment-rolling-back.json", Some("EcsRule")),
        ("ecs/deployment-of-an-old-arn.json", Some("EcsRule")),
        ("ecs/steady-state.json", None),
        ("ecs/task-stopped.json", Some("TaskRule")),
        ("ecs/task-running.json", None),
        ("ecs/task-of-a-service.json", None),
        ("codepipeline/succeeded.json", Some("PipelineRule")),
        ("codepipeline/failed.json", Some("PipelineRule")),
        ("codepipeline/superseded.json", Some("PipelineRule")),
        ("codepipeline/started.json", None),
    ];
    for (path, rule) in table {
        let expected: Vec<&str> = rule.into_iter().collect();
        assert_eq!(rules_for(&event(path)), expected, "{path}");
    }
}

#[test]
fn an_action_of_the_custom_type_that_begins_is_delivered_and_no_other_is() {
    let table = [
        ("codepipeline/action-started.json", Some("JobRule")),
        (
            "codepipeline/action-started-with-a-number.json",
            Some("JobRule"),
        ),
        ("codepipeline/action-succeeded.json", None),
        ("codepipeline/action-of-codedeploy.json", None),
        ("bad/action-no-type.json", None),
    ];
    for (path, rule) in table {
        let expected: Vec<&str> = rule.into_iter().collect();
        assert_eq!(rules_for(&event(path)), expected, "{path}");
    }
}

#[test]
fn each_minute_jobs_gates_and_targets_are_looked_after() {
    let template = template();
    let mut scheduled = Vec::new();
    for schedule in &template.schedules {
        assert_eq!(schedule.every, std::time::Duration::from_mins(1));
        for (arn, _) in &schedule.targets {
            // `arn:aws:lambda:<region>:<account>:function:<name>`, and the alias of some.
            scheduled.push(arn.split(':').nth(6).unwrap().to_owned());
        }
    }
    let name = |function: &str| template.function(function).unwrap().name.clone();
    scheduled.sort();
    let mut expected = ["ValidateGreen", "PipelineAction", "Reconcile"].map(name);
    expected.sort();
    assert_eq!(scheduled, expected);
}

#[test]
fn the_custom_action_has_the_properties_that_the_code_reads() {
    let template = template();
    let [action] = template.action_types.as_slice() else {
        panic!("{:?}", template.action_types)
    };
    assert_eq!(
        (action.provider.as_str(), action.version.as_str()),
        ("Greenlight", "1")
    );
    let names = action.properties.iter().map(|it| it.name.clone());
    // Each is known, and a value of every one of them is understood.
    for promote in [false, true] {
        let value = |name: &str| match name {
            "Target" => "api-test",
            "Action" if promote => "promote",
            "Action" => "deploy",
            "Tag" => "v1",
            "To" if promote => "staging",
            "TaskDefinitionPath" => "Infra::taskdef.json",
            "AppSpecPath" => "Infra::appspec.yaml",
            _ => "",
        };
        let configuration = names
            .clone()
            .map(|name| (name.clone(), value(&name).to_owned()));
        let request = JobRequest::of_configuration(&configuration.collect());
        assert!(request.is_ok() || promote, "{request:?}");
        if let Err(error) = request {
            // Files are for deployments only, if that is what is refused.
            assert!(!error.to_string().contains("unknown"), "{error}");
        }
    }
    let unknown = [
        ("Target".to_owned(), "api-test".to_owned()),
        ("Colour".to_owned(), "red".to_owned()),
    ];
    assert!(JobRequest::of_configuration(&unknown.into()).is_err());
}

#[test]
fn foreign_events_are_not_delivered() {
    for path in [
        "bad/scheduled-event.json",
        "bad/empty-object.json",
        "bad/codedeploy-unknown-state.json",
    ] {
        assert_eq!(rules_for(&event(path)), Vec::<String>::new(), "{path}");
    }
}

/// What Lambda itself sets for every function.
fn set_by_lambda() -> BTreeMap<String, String> {
    let pairs = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("AWS_SESSION_TOKEN", "session"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[test]
fn every_function_can_start_with_the_environment_that_it_is_given() {
    for function in template().functions {
        let mut variables = set_by_lambda();
        variables.extend(function.environment.clone());
        let config = Config::parse(&variables)
            .unwrap_or_else(|error| panic!("{}: {error}", function.logical_id));
        assert_eq!(config.table, "greenlight");
    }
}

#[test]
fn every_variable_that_is_set_is_known_and_every_required_one_is_set() {
    let known: BTreeSet<&str> = environment::ALL
        .iter()
        .map(|variable| variable.name)
        .collect();
    let lambda = set_by_lambda();
    for function in template().functions {
        for name in function.environment.keys() {
            assert!(
                known.contains(name.as_str()),
                "{} sets {name}, which nothing reads",
                function.logical_id
            );
            assert!(
                !lambda.contains_key(name),
                "{} sets {name}, which Lambda reserves",
                function.logical_id
            );
        }
        for variable in environment::ALL
            .iter()
            .filter(|variable| variable.without == Without::Refused)
        {
            let is_set = lambda.contains_key(variable.name)
                || function.environment.contains_key(variable.name);
            assert!(
                is_set,
                "{} does not set {}",
                function.logical_id, variable.name
            );
        }
    }
}

#[test]
fn the_hook_may_be_called_by_every_service_role_of_codedeploy() {
    let template = template();
    let hook = template.function("ValidateGreen").unwrap();
    assert!(hook.name.starts_with("CodeDeployHook_"), "{}", hook.name);
    assert!(hook.name.len() <= 64, "{}", hook.name);
}

#[test]
fn those_who_start_deployments_name_the_hook() {
    let template = template();
    let hook = &template.function("ValidateGreen").unwrap().name;
    for starter in [
        "DeployOnPush",
        "RecordDeployment",
        "PipelineAction",
        "Reconcile",
        "Board",
        "RegisterTarget",
    ] {
        let named = &template.function(starter).unwrap().environment["GREENLIGHT_HOOK"];
        assert!(
            named.ends_with(&format!(":function:{hook}")),
            "{starter}: {named}"
        );
    }
}

#[test]
fn every_function_is_a_package_of_the_workspace() {
    let packages: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let functions: BTreeSet<String> = template()
        .functions
        .iter()
        .map(|function| function.code.clone())
        .collect();
    assert_eq!(functions, packages);
    for (id, function) in resources("AWS::Serverless::Function") {
        assert_eq!(
            function["Metadata"]["BuildMethod"], "rust-cargolambda",
            "{id}"
        );
    }
}

#[test]
fn every_function_has_a_log_group_of_its_own_with_retention() {
    let groups = resources("AWS::Logs::LogGroup");
    let mut used = BTreeSet::new();
    for (id, function) in resources("AWS::Serverless::Function") {
        let group = named(&function["Properties"]["LoggingConfig"]["LogGroup"]);
        assert!(
            !groups[&group]["Properties"]["RetentionInDays"].is_null(),
            "{id}"
        );
        assert!(used.insert(group), "{id} shares its log group");
    }
    assert_eq!(used, groups.keys().cloned().collect());
}

#[test]
fn the_table_is_the_one_that_the_code_reads_and_writes() {
    let template = template();
    let [table] = template.tables.as_slice() else {
        panic!("{:?}", template.tables)
    };
    let key = |hash: &str, range: &str| {
        serde_json::json!([
            {"AttributeName": hash, "KeyType": "HASH"},
            {"AttributeName": range, "KeyType": "RANGE"},
        ])
    };
    assert_eq!(table.properties["KeySchema"], key("pk", "sk"));
    let index = &table.properties["GlobalSecondaryIndexes"][0];
    assert_eq!(index["IndexName"], greenlight_aws::table::BY_REPOSITORY);
    assert_eq!(index["KeySchema"], key("repository", "pk"));
    assert_eq!(index["Projection"]["ProjectionType"], "ALL");
    assert_eq!(table.properties["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        table.properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
    assert_eq!(table.properties["SSESpecification"]["SSEEnabled"], true);
}

#[test]
fn a_message_stays_hidden_for_six_times_as_long_as_the_function_may_run() {
    let template = template();
    let queue = template
        .queues
        .iter()
        .find(|queue| queue.name == "PushQueue")
        .unwrap();
    assert_eq!(
        queue.visibility_timeout,
        template.function("DeployOnPush").unwrap().timeout * 6
    );
    assert!(queue.redrive.is_some());
}

/// Lambda would put the event of a job, with its live credentials, where a failure goes; and a person waits for the answer of
/// the board; and with the URL in it, anybody could answer CloudFormation.
const WITHOUT_DESTINATION: [&str; 3] = ["PipelineAction", "Board", "RegisterTarget"];

#[test]
fn what_is_given_up_on_is_kept_and_raises_an_alarm_as_each_function_does() {
    let queues = resources("AWS::SQS::Queue");
    let mut watched: BTreeSet<String> = resources("AWS::CloudWatch::Alarm")
        .values()
        .map(|alarm| named(&alarm["Properties"]["Dimensions"][0]["Value"]))
        .collect();
    for function in resources("AWS::Serverless::Function").keys() {
        assert!(watched.remove(function), "{function} has no alarm");
    }
    let dead_letters = queues.keys().filter(|id| id.ends_with("DeadLetterQueue"));
    assert_eq!(watched, dead_letters.cloned().collect());
    let template = template();
    for rule in &template.rules {
        assert!(
            rule.targets
                .iter()
                .all(|(_, dead_letters)| dead_letters.is_some()),
            "{}",
            rule.name
        );
    }
    let takes_from_queue = |function: &Function| {
        template
            .mappings
            .iter()
            .any(|it| it.function == function.name)
    };
    for function in &template.functions {
        let goes_somewhere = takes_from_queue(function) || function.on_failure.is_some();
        let is_to_go = !WITHOUT_DESTINATION.contains(&function.logical_id.as_str());
        assert_eq!(goes_somewhere, is_to_go, "{}", function.logical_id);
    }
}

#[test]
fn policies_name_each_action_and_nothing_is_bound_to_one_partition() {
    for function in template().functions {
        let statements = function.policy.statements();
        assert!(!statements.is_empty(), "{}", function.logical_id);
        for action in statements.iter().flat_map(|it| &it.actions) {
            assert!(!action.contains('*'), "{}: {action}", function.logical_id);
        }
    }
    let text = text();
    assert!(!text.contains("arn:aws:"));
    assert!(!text.contains("amazonaws.com.cn"));
}

#[test]
fn the_dashboard_shows_the_board() {
    let dashboards = resources("AWS::CloudWatch::Dashboard");
    let Yaml::Tagged(body) = &dashboards["Dashboard"]["Properties"]["DashboardBody"] else {
        panic!("{dashboards:?}");
    };
    assert_eq!(body.tag, "Sub");
    let text = body.value.as_str().unwrap();
    let body: Value = serde_json::from_str(text).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert_eq!(widgets[0]["type"], "custom");
    assert_eq!(widgets[0]["properties"]["endpoint"], "${Board.Arn}");
    for widget in widgets {
        let right = widget["x"].as_u64().unwrap() + widget["width"].as_u64().unwrap();
        assert!(right <= 24, "a dashboard is 24 wide: {widget}");
    }
}
