//! A second opinion: moto, which knows nothing of us, in the place of the simulated account.
//!
//! `deploy-on-push`'s start path, and the code that speaks with ECR and `DynamoDB`. moto runs no
//! deployments, so nothing is said here about what follows `CreateDeployment`. Skipped, with a message,
//! where there is no moto, and in CI.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::collections::BTreeMap;
use std::io::Write as _;

use deploy_on_push::Context;
use greenlight_aws::Clients;
use greenlight_aws::ecr;
use greenlight_aws::table::Table;
use greenlight_core::image::{Digest, RepositoryUri, Tag};
use greenlight_core::target::Target;
use greenlight_deployer::Deployer;
use greenlight_deployer::clock::Clock;
use greenlight_deployer::targets::Applied;
use greenlight_runtime::aws::sdk_config;
use greenlight_runtime::config::AwsConfig;
use greenlight_runtime::function::Invocation;
use greenlight_runtime::http::shared_client;
use rehearsal::account::Settings;
use rehearsal::account::template::{Choices, Template};
use serde_json::{Value, json};
use server::Server;
use std::time::Duration;
use tokio::time::Instant;

const ECR: &str = "AmazonEC2ContainerRegistry_V20150921";
const ECS: &str = "AmazonEC2ContainerServiceV20141113";
const CODEDEPLOY: &str = "CodeDeploy_20141006";
const DYNAMODB: &str = "DynamoDB_20120810";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::test]
async fn moto_agrees_with_the_start_path_and_the_ecr_and_dynamodb_code() {
    let server = match Server::start() {
        Ok(server) => server,
        Err(reason) => {
            // Not `eprintln!`: the test harness would keep that to itself.
            writeln!(std::io::stderr(), "skipped: {reason}").unwrap();
            return;
        }
    };
    let account = Account { server };
    account.set_up();
    let deployer = account.deployer();
    let target = target();
    assert_eq!(deployer.apply(&target).await.unwrap(), Applied::Created);
    assert_eq!(deployer.apply(&target).await.unwrap(), Applied::Unchanged);

    let first = account.push("v1");
    let context = Context { deployer };
    let started = push(&context, &first, "13cde686-328b-6117-af20-0e5566167482").await;
    assert_eq!(started["outcomes"][0]["decision"], "start", "{started:#}");
    account.assert_registered_with_the_digest(&first);
    let deployment = account.only_deployment();
    let stored = context
        .deployer
        .target(&target.name)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let state = serde_json::to_value(&stored.state).unwrap();
    assert!(
        state["active"].to_string().contains(&deployment),
        "{state:#}"
    );

    // The same event again: known, so nothing is created.
    push(&context, &first, "13cde686-328b-6117-af20-0e5566167482").await;
    assert_eq!(account.only_deployment(), deployment);

    // Another image while the first deploys: it waits.
    let second = account.push("v2");
    let queued = push(&context, &second, "2f4c1c0e-77a5-4bd0-9f0a-4f5a7d5f3d01").await;
    assert_eq!(queued["outcomes"][0]["decision"], "queue", "{queued:#}");
    assert_eq!(account.only_deployment(), deployment);
    let history = context.deployer.history(&target.name, 10).await.unwrap();
    assert_eq!(history.len(), 2, "{history:#?}");

    images_are_resolved_read_and_retagged(&context.deployer.clients, &first, &second).await;
    assert!(context.deployer.remove(&target.name).await.unwrap());
    assert!(context.deployer.targets().await.unwrap().is_empty());
}

async fn images_are_resolved_read_and_retagged(clients: &Clients, first: &str, second: &str) {
    let repository: RepositoryUri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
        .parse()
        .unwrap();
    let tag: Tag = "test".parse().unwrap();
    let digest: Digest = first.parse().unwrap();
    let named = ecr::image_of_tag(clients, &repository, &tag)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(named.digest.as_str(), second);
    assert!(named.pushed_at.is_some());
    let absent: Tag = "never-pushed".parse().unwrap();
    assert_eq!(
        ecr::image_of_tag(clients, &repository, &absent)
            .await
            .unwrap(),
        None
    );
    let manifest = ecr::manifest(clients, &repository, &digest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(manifest.text, manifest_text("v1"));
    // Twice: that the tag is there already is a success.
    for _ in 0..2 {
        ecr::put_tag(clients, &repository, &digest, manifest.clone(), &tag)
            .await
            .unwrap();
        let named = ecr::image_of_tag(clients, &repository, &tag)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(named.digest, digest);
    }
    let elsewhere: RepositoryUri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/web"
        .parse()
        .unwrap();
    let error = ecr::image_of_tag(clients, &elsewhere, &tag)
        .await
        .unwrap_err();
    assert!(error.is("RepositoryNotFoundException"), "{error:?}");
}

async fn push(context: &Context, digest: &str, id: &str) -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../events/ecr/push-tagged.json"
    );
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    event["id"] = id.into();
    event["time"] = jiff::Timestamp::now()
        .round(jiff::Unit::Second)
        .unwrap()
        .to_string()
        .into();
    event["detail"]["image-digest"] = digest.into();
    let invocation = Invocation {
        payload: event,
        request_id: id.to_owned(),
        function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:tested".to_owned(),
        deadline: Instant::now() + Duration::from_mins(1),
    };
    deploy_on_push::handle(context, invocation).await.unwrap()
}

fn target() -> Target {
    let document = json!({"targets": [{
        "name": "api-test",
        "images": [{"container": "api", "repository": "mco/api", "tags": ["test"]}],
        "service": {"cluster": "mco", "name": "api"},
        "deploy": {"codedeploy": {"application": "API", "group": "API"}},
        "gates": {"before_traffic": [{"tasks": {}}]},
    }]});
    greenlight_core::target::parse(&document).unwrap().remove(0)
}

/// A manifest for each version. moto makes an image's digest from its layers'.
fn manifest_text(version: &str) -> String {
    let blob = |kind: &str| {
        let seed = format!("{kind} of {version}").into_bytes();
        let seed = seed
            .into_iter()
            .fold(0_u128, |sum, byte| sum * 31 + u128::from(byte));
        format!("sha256:{seed:064x}")
    };
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": blob("config"),
            "size": 2,
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": blob("layer"),
            "size": 2,
        }],
    })
    .to_string()
}

/// The sample set-up, in moto.
struct Account {
    server: Server,
}

impl Account {
    fn call(&self, service: &str, prefix: &str, operation: &str, input: &Value) -> Value {
        self.server
            .call(service, &format!("{prefix}.{operation}"), input)
    }

    fn set_up(&self) {
        self.call(
            "ecr",
            ECR,
            "CreateRepository",
            &json!({"repositoryName": "mco/api"}),
        );
        self.call("dynamodb", DYNAMODB, "CreateTable", &table());
        self.call("ecs", ECS, "CreateCluster", &json!({"clusterName": "mco"}));
        self.call("ecs", ECS, "RegisterTaskDefinition", &json!({
            "family": "mco-api",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [
                {"name": "api", "image": "mco/api:old", "essential": true, "portMappings": [{"containerPort": 8080}]},
                {"name": "log-router", "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"},
            ],
        }));
        self.call(
            "ecs",
            ECS,
            "CreateService",
            &json!({
                "cluster": "mco", "serviceName": "api", "desiredCount": 0,
                "deploymentController": {"type": "CODE_DEPLOY"},
                "taskDefinition": "mco-api:1",
            }),
        );
        let load_balancers = json!([{
            "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mco-api-blue/0123456789abcdef",
            "containerName": "api",
            "containerPort": 8080,
        }]);
        let made = self.call("ecs", ECS, "CreateTaskSet", &json!({
            "cluster": "mco", "service": "api", "taskDefinition": "mco-api:1", "launchType": "FARGATE",
            "loadBalancers": load_balancers,
        }));
        self.call(
            "ecs",
            ECS,
            "UpdateServicePrimaryTaskSet",
            &json!({
                "cluster": "mco", "service": "api", "primaryTaskSet": made["taskSet"]["taskSetArn"],
            }),
        );
        self.call(
            "codedeploy",
            CODEDEPLOY,
            "CreateApplication",
            &json!({
                "applicationName": "API", "computePlatform": "ECS",
            }),
        );
        self.call(
            "codedeploy",
            CODEDEPLOY,
            "CreateDeploymentGroup",
            &json!({
                "applicationName": "API", "deploymentGroupName": "API",
                "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
                "ecsServices": [{"clusterName": "mco", "serviceName": "api"}],
            }),
        );
    }

    /// Pushes an image under its version and under the watched tag; gives its digest.
    fn push(&self, version: &str) -> String {
        let mut pushed = Value::Null;
        // moto deletes an image that loses its only tag.
        for tag in [version, "test"] {
            pushed = self.call(
                "ecr",
                ECR,
                "PutImage",
                &json!({
                    "repositoryName": "mco/api",
                    "imageManifest": manifest_text(version),
                    "imageManifestMediaType": OCI_MANIFEST,
                    "imageTag": tag,
                }),
            );
        }
        pushed["image"]["imageId"]["imageDigest"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn deployer(&self) -> Deployer {
        let pairs = [
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            (
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            ),
            ("AWS_ENDPOINT_URL", self.server.url()),
        ];
        let variables: BTreeMap<String, String> =
            pairs.map(|(name, value)| (name.to_owned(), value)).into();
        let config = AwsConfig::parse(&variables).unwrap();
        let sdk = sdk_config(&config, shared_client(&config).unwrap());
        let clients = Clients::new(&sdk);
        Deployer {
            table: Table::new(clients.clone(), "greenlight"),
            clients,
            bus: "default".to_owned(),
            hook_function: Some("CodeDeployHook_greenlight-validate-green".to_owned()),
            probe: greenlight_deployer::probe::Probe::new(),
            clock: Clock::System,
        }
    }

    fn assert_registered_with_the_digest(&self, digest: &str) {
        let answer = self.call(
            "ecs",
            ECS,
            "DescribeTaskDefinition",
            &json!({"taskDefinition": "mco-api:2"}),
        );
        let containers = &answer["taskDefinition"]["containerDefinitions"];
        let image = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api@{digest}");
        assert_eq!(containers[0]["image"], image);
        assert_eq!(
            containers[1]["image"],
            "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
        );
    }

    /// The id of the one deployment that there is.
    fn only_deployment(&self) -> String {
        let group = json!({"applicationName": "API", "deploymentGroupName": "API"});
        let answer = self.call("codedeploy", CODEDEPLOY, "ListDeployments", &group);
        let ids = answer["deployments"].as_array().unwrap();
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids[0].as_str().unwrap().to_owned()
    }
}

/// The table of template.yaml, as `CreateTable` takes it.
fn table() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let template = Template::parse(&text, &Choices::of(&Settings::for_tests())).unwrap();
    let mut table = template.tables[0].properties.clone();
    let members = table.as_object_mut().unwrap();
    // These are calls of their own outside CloudFormation.
    for member in [
        "TimeToLiveSpecification",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
    ] {
        members.remove(member);
    }
    members.insert(
        "TableName".to_owned(),
        template.tables[0].name.clone().into(),
    );
    table
}
