//! The real template.yaml, and what is wrong with broken ones.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use serde_json::json;

use super::*;
use crate::account::functions::{Handler, Invocation};
use crate::account::{Account, Settings};

/// A small template of the same shape as ours; `{…}` marks are replaced by the tests.
const SAMPLE: &str = r#"
Parameters:
  Suffix: {Type: String, Default: green}
Globals:
  Function:
    Timeout: 20
    Environment: {Variables: {GREENLIGHT_TABLE: !Ref Table}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Pushes:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 120
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: "2"}
  Dead: {Type: AWS::SQS::Queue}
  PushRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.ecr]}
      Targets: [{Id: q, Arn: !GetAtt Pushes.Arn}]
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Pushes]
      PolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: sqs:SendMessage, Resource: !GetAtt Pushes.Arn}
  Consumer:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "Hook_${Suffix}"
      CodeUri: functions/consumer/
      Environment: {Variables: {MORE: "1"}}
      Policies:
        - Statement: [{Effect: Allow, Action: [ecs:Describe*, dynamodb:Query], Resource: "*"}]
      Events:
        Pushed:
          Type: SQS
          Properties: {Queue: !GetAtt Pushes.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
        Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
        Never: {Type: Schedule, Properties: {Schedule: rate(1 hour), Enabled: false}}
  Ticker: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/ticker/}}
  Ticks:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 minute)
      Targets: [{Id: q, Arn: !GetAtt Ticker.Arn}]
  TicksMay:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref Ticker, Principal: events.amazonaws.com}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !ImportValue whatever}}
"#;

fn choices() -> Choices {
    Choices::of(&Settings::for_tests())
}

fn template_yaml() -> Template {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    Template::read(&path, &choices()).unwrap()
}

/// Logical ids of functions, and what they were invoked with.
type Payloads = Arc<Mutex<Vec<(String, Value)>>>;

/// A handler that keeps the payloads.
fn keeping() -> (impl Fn(&Function) -> Handler, Payloads) {
    let seen = Payloads::default();
    let keep = seen.clone();
    let handler = move |function: &Function| -> Handler {
        let (keep, id) = (keep.clone(), function.logical_id.clone());
        Arc::new(move |it: Invocation| {
            keep.lock().unwrap().push((id.clone(), it.payload));
            async { Ok(json!({})) }.boxed()
        })
    };
    (handler, seen)
}

#[test]
fn a_function_has_its_name_timeout_environment_and_actions() {
    let template = Template::parse(SAMPLE, &choices()).unwrap();
    let function = template.function("Consumer").unwrap();
    assert_eq!(
        (function.name.as_str(), function.code.as_str()),
        ("Hook_green", "consumer")
    );
    assert_eq!(
        (
            function.timeout.as_secs(),
            function.memory,
            function.retries
        ),
        (20, 128, 2)
    );
    let environment = [("GREENLIGHT_TABLE", "greenlight"), ("MORE", "1")];
    assert_eq!(
        function.environment,
        environment
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into()
    );
    let statements = function.policy.statements().iter();
    let actions: Vec<&String> = statements.flat_map(|it| &it.actions).collect();
    assert_eq!(actions, ["ecs:Describe*", "dynamodb:Query"]);
}

#[test]
fn a_parameter_can_be_given() {
    let mut choices = choices();
    choices
        .parameters
        .insert("Suffix".to_owned(), "mine".to_owned());
    assert_eq!(
        Template::parse(SAMPLE, &choices).unwrap().functions[0].name,
        "Hook_mine"
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_takes_the_way_that_the_template_describes() {
    let account = Account::new(Settings::for_tests());
    let (handler, seen) = keeping();
    account
        .deploy(&Template::parse(SAMPLE, &choices()).unwrap(), handler)
        .await
        .unwrap();
    account
        .events()
        .put_detail("aws.ecr", "ECR Image Action", &json!([]), &json!({}));
    account.clock().sleep(Duration::from_secs(1)).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].0, "Consumer");
    assert_eq!(
        seen[0].1["Records"][0]["eventSourceARN"],
        "arn:aws:sqs:eu-west-1:123456789012:Pushes"
    );
}

#[tokio::test(start_paused = true)]
async fn what_has_a_schedule_is_invoked_by_the_clock_from_the_deployment_on() {
    let account = Account::new(Settings::for_tests());
    let (handler, seen) = keeping();
    let template = Template::parse(SAMPLE, &choices()).unwrap();
    account.deploy(&template, handler).await.unwrap();
    account
        .clock()
        .sleep(Duration::from_secs(61 * 60 + 1))
        .await;
    let mut rules: Vec<Value> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(_, event)| event["resources"][0].clone())
        .collect();
    rules.sort_by_key(ToString::to_string);
    let hourly = rules.iter().filter(|it| it.to_string().contains("Hourly"));
    assert_eq!((hourly.count(), rules.len()), (1, 62));
    assert_eq!(rules[1], "arn:aws:events:eu-west-1:123456789012:rule/Ticks");
}

#[test]
fn a_rule_can_have_a_pattern_and_a_schedule_and_a_disabled_one_has_neither() {
    let both = SAMPLE.replacen(
        "ScheduleExpression: rate(1 minute)",
        "ScheduleExpression: rate(1 minute)\n      EventPattern: {source: [aws.ecs]}",
        1,
    );
    let named = |text: &str| {
        let template = Template::parse(text, &choices()).unwrap();
        let rules = template.rules.iter().filter(|it| it.name == "Ticks");
        let schedules = template.schedules.iter().filter(|it| it.name == "Ticks");
        (rules.count(), schedules.count())
    };
    assert_eq!(named(&both), (1, 1));
    assert_eq!(named(SAMPLE), (0, 1));
    let disabled = "State: DISABLED\n      ScheduleExpression: rate(1 minute)";
    let disabled = both.replacen("ScheduleExpression: rate(1 minute)", disabled, 1);
    assert_eq!(named(&disabled), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_mistake_in_the_wiring_is_an_error_with_its_place_and_remedy() {
    let table = [
        (
            "      Queues: [!Ref Pushes]",
            "      Queues: [!Ref Nobody]",
            "no parameter or resource `Nobody`",
        ),
        (
            "Action: sqs:SendMessage",
            "Action: sqs:Receive",
            "PushRule: EventBridge has no sqs:SendMessage on",
        ),
        (
            "VisibilityTimeout: 120",
            "VisibilityTimeout: 10",
            "is less than Function timeout: 20 seconds",
        ),
        (
            "source: [aws.ecr]",
            "source: aws.ecr",
            "`source`: a value must be an object or an array",
        ),
        (
            "Type: SQS",
            "Type: Kinesis",
            "events of type `Kinesis` are not rehearsed",
        ),
        (
            "Default: green",
            "Description: none",
            "Parameters.Suffix: has no default",
        ),
        (
            "maxReceiveCount: \"2\"",
            "max: 2",
            "needs deadLetterTargetArn and maxReceiveCount",
        ),
        ("KeyType: HASH", "KeyType: RANGE", "greenlight: "),
        ("Id: q", "Input: {}, Id: q", "`Input` is not rehearsed"),
        (
            "rate(1 minute)",
            "rate(1 minutes)",
            "Ticks.ScheduleExpression: `rate(1 minutes)` has a unit",
        ),
        (
            "ScheduleExpression: rate(1 minute)",
            "Description: nothing",
            "Ticks.EventPattern: is missing",
        ),
        (
            "FunctionName: !Ref Ticker, Principal: events",
            "FunctionName: !Ref Ticker, Principal: sns",
            "Ticks: EventBridge has no lambda:InvokeFunction on",
        ),
        (
            "Timeout: 20",
            "Timeout: soon",
            "Consumer.Timeout: is not a number",
        ),
    ];
    for (right, wrong, part) in table {
        let broken = SAMPLE.replacen(right, wrong, 1);
        assert_ne!(broken, SAMPLE, "{right}");
        let account = Account::new(Settings::for_tests());
        let outcome = match Template::parse(&broken, &choices()) {
            Ok(template) => account.deploy(&template, keeping().0).await,
            Err(error) => Err(error),
        };
        let message = outcome.map_or_else(|error| error.to_string(), |()| "no error".to_owned());
        assert!(message.contains(part), "{wrong}: {message}");
    }
}

#[test]
fn the_real_template_has_the_functions_the_table_and_the_queues() {
    let template = template_yaml();
    let named: Vec<(&str, &str)> = template
        .functions
        .iter()
        .map(|it| (it.logical_id.as_str(), it.name.as_str()))
        .collect();
    for expected in [
        ("DeployOnPush", "DeployOnPush"),
        ("ValidateGreen", "CodeDeployHook_greenlight-validate-green"),
        ("RecordDeployment", "RecordDeployment"),
    ] {
        assert!(
            named.contains(&expected),
            "{expected:?} is not in {named:?}"
        );
    }
    assert!(
        template
            .functions
            .iter()
            .all(|it| it.environment["GREENLIGHT_TABLE"] == "greenlight")
    );
    assert_eq!(template.tables[0].name, "greenlight");
    assert!(
        template
            .queues
            .iter()
            .any(|it| it.name == "PushQueue" && it.redrive.is_some())
    );
}

#[tokio::test(start_paused = true)]
async fn in_the_real_template_a_push_reaches_deploy_on_push_and_an_end_record_deployment() {
    let account = Account::new(Settings::for_tests());
    let (handler, seen) = keeping();
    account.deploy(&template_yaml(), handler).await.unwrap();
    let push = |action: &str, tag: &str| {
        json!({"result": "SUCCESS", "repository-name": "mco/api", "image-digest": "sha256:7f",
               "action-type": action, "image-tag": tag})
    };
    let bus = account.events();
    for (action, tag) in [("PUSH", "test"), ("PUSH", ""), ("DELETE", "test")] {
        bus.put_detail(
            "aws.ecr",
            "ECR Image Action",
            &json!([]),
            &push(action, tag),
        );
    }
    for state in ["START", "SUCCESS"] {
        let detail = json!({"application": "API", "deploymentId": "d-1", "state": state});
        bus.put_detail(
            "aws.codedeploy",
            "CodeDeploy Deployment State-change Notification",
            &json!([]),
            &detail,
        );
    }
    account.clock().sleep(Duration::from_secs(30)).await;
    let mut seen: Vec<String> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(id, _)| id.clone())
        .collect();
    seen.sort();
    assert_eq!(seen, ["DeployOnPush", "RecordDeployment"]);
}

const ALIASED: &str = "
Resources:
  Called:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: functions/called/, AutoPublishAlias: live }
  Calls:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [test] }
      Targets:
        - { Id: called, Arn: !Ref Called.Alias }
  May:
    Type: AWS::Lambda::Permission
    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref Called.Alias, Principal: events.amazonaws.com }
";

#[tokio::test(start_paused = true)]
async fn a_rule_may_call_the_alias_of_a_function_that_has_one() {
    let account = Account::new(Settings::for_tests());
    let (handler, seen) = keeping();
    let template = Template::parse(ALIASED, &choices()).unwrap();
    account.deploy(&template, handler).await.unwrap();
    account
        .events()
        .put_detail("test", "Test", &json!([]), &json!({}));
    account.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(seen.lock().unwrap().len(), 1);

    let other = ALIASED.replace(
        "FunctionName: !Ref Called.Alias",
        "FunctionName: !Ref Called",
    );
    let account = Account::new(Settings::for_tests());
    let (handler, _) = keeping();
    let template = Template::parse(&other, &choices()).unwrap();
    let error = account.deploy(&template, handler).await.unwrap_err();
    assert!(
        error.to_string().contains("add an AWS::Lambda::Permission"),
        "{error}"
    );

    let without = ALIASED.replace(", AutoPublishAlias: live", "");
    let error = Template::parse(&without, &choices()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no parameter or resource `Called.Alias`"),
        "{error}"
    );
}

const TELLS: &str = "
Resources:
  Told: { Type: AWS::SNS::Topic }
  ToldPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Told]
      PolicyDocument:
        Statement:
          - { Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sns:Publish, Resource: !Ref Told }
  Tells:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [test] }
      Targets:
        - Id: told
          Arn: !Ref Told
          InputTransformer:
            InputPathsMap: { what: $.detail.what }
            InputTemplate: '\"it is <what>\"'
";

#[tokio::test(start_paused = true)]
async fn a_rule_publishes_its_text_to_a_topic_that_lets_it() {
    let account = Account::new(Settings::for_tests());
    let (handler, _) = keeping();
    let template = Template::parse(TELLS, &choices()).unwrap();
    account.deploy(&template, handler).await.unwrap();
    let detail = json!({"what": "done"});
    account
        .events()
        .put_detail("test", "Test", &json!([]), &detail);
    let topic = "arn:aws:sns:eu-west-1:123456789012:Told";
    assert_eq!(
        account.published(topic),
        Some(vec!["\"it is done\"".to_owned()])
    );
    for (from, to, why) in [
        (
            "sns:Publish",
            "sns:Subscribe",
            "add an AWS::SNS::TopicPolicy",
        ),
        (
            "<what>",
            "<who>",
            "`InputTransformer` its template names `<who>`",
        ),
        ("Arn: !Ref Told", "Arn: arn:aws:sqs:x", "for topics only"),
    ] {
        let account = Account::new(Settings::for_tests());
        let (handler, _) = keeping();
        let error = match Template::parse(&TELLS.replace(from, to), &choices()) {
            Ok(template) => account.deploy(&template, handler).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.to_string().contains(why), "{error}");
    }
}
