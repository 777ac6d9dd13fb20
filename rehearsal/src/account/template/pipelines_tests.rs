//! The examples' pipelines, and what is wrong with broken ones.

use std::collections::BTreeMap;

use super::*;
use crate::account::template::Template;
use crate::account::{Account, Settings, codepipeline};
use crate::build::workspace;

/// A pipeline of everything that is understood; parts are replaced by the tests.
const SAMPLE: &str = r##"
Parameters:
  Target: {Type: String}
  Mode: {Type: String, Default: QUEUED}
Conditions:
  Never: !Equals [!Ref Mode, NEVER]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Role: {Type: AWS::IAM::Role}
  Gone: {Type: AWS::CodePipeline::Pipeline, Condition: Never}
  Kind:
    Type: AWS::CodePipeline::CustomActionType
    Properties:
      Category: Deploy
      Provider: Greenlight
      Version: "1"
      ConfigurationProperties:
        - {Name: Target, Key: true, Required: true, Secret: false, Queryable: "true", Type: String, Description: Which}
        - {Name: Tag, Key: false, Required: false, Secret: false}
      InputArtifactDetails: {MinimumCount: 0, MaximumCount: 5}
      OutputArtifactDetails: {MinimumCount: 0, MaximumCount: 0}
      Settings: {EntityUrlTemplate: "https://example.org/{Config:Target}", ExecutionUrlTemplate: "https://example.org/{ExternalExecutionId}"}
  Release:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !GetAtt Role.Arn
      PipelineType: V2
      ExecutionMode: !Ref Mode
      ArtifactStore: {Type: S3, Location: !Ref Bucket}
      Variables: [{Name: tag, Description: Which}, {Name: stage, DefaultValue: live}]
      Stages:
        - Name: Source
          Actions:
            - Name: Image
              ActionTypeId: {Category: Source, Owner: AWS, Provider: ECR, Version: "1"}
              Namespace: Image
              Configuration: {RepositoryName: mco/api}
              OutputArtifacts: [{Name: Image}]
            - Name: Files
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeStarSourceConnection, Version: "1"}
              Configuration: {ConnectionArn: arn, FullRepositoryId: mco/infra, BranchName: main, DetectChanges: false}
              OutputArtifacts: [{Name: Files}]
        - Name: Deploy
          Actions:
            - Name: Lambda
              RunOrder: 2
              ActionTypeId: {Category: Invoke, Owner: AWS, Provider: Lambda, Version: "1"}
              Configuration:
                FunctionName: PipelineAction
                UserParameters: !Sub '{"target":"${Target}","tag":"#{variables.tag}"}'
              InputArtifacts: [{Name: Files}, {Name: Image}]
            - Name: Custom
              ActionTypeId: {Category: Deploy, Owner: Custom, Provider: Greenlight, Version: "1"}
              Configuration: {Target: !Ref Target, Tag: "#{variables.tag}"}
"##;

fn choices(parameters: &[(&str, &str)]) -> Choices {
    let parameters = parameters.iter();
    let parameters = parameters.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Choices {
        parameters: parameters.collect(),
        names: BTreeMap::new(),
        ..Choices::of(&Settings::for_tests())
    }
}

fn parsed(text: &str) -> Result<Vec<Pipeline>, TemplateError> {
    parse_pipelines(text, &choices(&[("Target", "api")]))
}

#[test]
fn a_pipeline_is_read_as_it_is_written() {
    let [pipeline] = &parsed(SAMPLE).unwrap()[..] else {
        panic!("one, since the other is not there under its condition");
    };
    assert_eq!(
        (pipeline.name.as_str(), pipeline.mode),
        ("Release", Mode::Queued)
    );
    assert_eq!(pipeline.artifact_bucket, "bucket");
    let variables = [("tag", None), ("stage", Some("live"))];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
    assert_eq!(pipeline.variables, variables);
    let [source, deploy] = &pipeline.stages[..] else {
        panic!("{:?}", pipeline.stages);
    };
    assert_eq!(
        (source.name.as_str(), deploy.name.as_str()),
        ("Source", "Deploy")
    );
    let [image, files] = &source.actions[..] else {
        panic!("{:?}", source.actions);
    };
    assert!(
        matches!(&image.does, Does::Source { repository, tag } if repository == "mco/api" && tag == "latest"),
        "{image:?}"
    );
    assert_eq!(
        (image.namespace.as_deref(), image.run_order),
        (Some("Image"), 1)
    );
    assert_eq!(
        (&image.outputs[..], &image.inputs[..]),
        (&["Image".to_owned()][..], &[][..])
    );
    assert!(
        matches!(&files.does, Does::Files { repository, branch } if repository == "mco/infra" && branch == "main"),
        "{files:?}"
    );
    let [lambda, custom] = &deploy.actions[..] else {
        panic!("{:?}", deploy.actions);
    };
    let Does::Invoke {
        function,
        user_parameters,
    } = &lambda.does
    else {
        panic!("{lambda:?}");
    };
    assert_eq!(function, "PipelineAction");
    let parameters = r##"{"target":"api","tag":"#{variables.tag}"}"##;
    assert_eq!(user_parameters.as_deref(), Some(parameters));
    assert_eq!(
        (lambda.run_order, &lambda.inputs[..]),
        (2, &["Files".to_owned(), "Image".to_owned()][..])
    );
    let Does::Custom {
        provider,
        version,
        configuration,
    } = &custom.does
    else {
        panic!("{custom:?}");
    };
    assert_eq!((provider.as_str(), version.as_str()), ("Greenlight", "1"));
    let expected = [("Target", "api"), ("Tag", "#{variables.tag}")];
    assert_eq!(
        configuration[..],
        expected.map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
}

#[test]
fn an_action_type_is_read_as_it_is_written_and_its_pipeline_created() {
    let choices = choices(&[("Target", "api")]);
    let template = Template::parse(SAMPLE, &choices).unwrap();
    let [kind] = &template.action_types[..] else {
        panic!("{:?}", template.action_types);
    };
    let names = [&kind.category, &kind.provider, &kind.version].map(String::as_str);
    assert_eq!(names, ["Deploy", "Greenlight", "1"]);
    assert_eq!((kind.inputs, kind.outputs), ((0, 5), (0, 0)));
    assert_eq!(
        kind.entity_url.as_deref(),
        Some("https://example.org/{Config:Target}")
    );
    let flags = kind.properties.iter();
    let flags = flags.map(|it| {
        (
            it.name.as_str(),
            it.required,
            it.secret,
            it.queryable,
            it.key,
        )
    });
    let flags: Vec<_> = flags.collect();
    assert_eq!(
        flags,
        [
            ("Target", true, false, true, true),
            ("Tag", false, false, false, false)
        ]
    );
    let account = Account::new(Settings::for_tests());
    let pipeline = parsed(SAMPLE).unwrap().remove(0);
    let error = codepipeline::create_pipeline(&account, pipeline.clone()).unwrap_err();
    assert!(
        error.contains("no custom action type Deploy/Greenlight/1"),
        "{error}"
    );
    account.add_action_types(&template).unwrap();
    codepipeline::create_pipeline(&account, pipeline).unwrap();
}

/// What is changed in [`SAMPLE`], and what is said about it.
const BROKEN: &[(&str, &str, &str)] = &[
    (
        "PipelineType: V2",
        "PipelineType: V1",
        "Release.PipelineType: has to be V2",
    ),
    (
        "PipelineType: V2",
        "Tags: []",
        "Release.PipelineType: has to be V2",
    ),
    (
        "Default: QUEUED",
        "Default: SOON",
        "Release.ExecutionMode: there is no execution mode `SOON`",
    ),
    (
        "Provider: ECR",
        "Provider: S3",
        "Release.Source.Image.ActionTypeId: actions of type Source/AWS/S3/1 are not rehearsed",
    ),
    (
        "Category: Invoke, Owner: AWS",
        "Category: Build, Owner: AWS",
        "actions of type Build/AWS/Lambda/1 are not rehearsed",
    ),
    (
        "DetectChanges: false",
        "DetectChanges: true",
        "Release.Source.Files.Configuration.DetectChanges: only \"false\" is rehearsed",
    ),
    (
        ", DetectChanges: false",
        "",
        "Release.Source.Files.Configuration.DetectChanges: only \"false\" is rehearsed",
    ),
    (
        "DetectChanges: false",
        "DetectChanges: false, OutputArtifactFormat: CODEBUILD_CLONE_REF",
        "only CODE_ZIP is rehearsed",
    ),
    (
        "RunOrder: 2",
        "TimeoutInMinutes: 5",
        "Release.Deploy.Lambda.TimeoutInMinutes: is not rehearsed",
    ),
    (
        "RunOrder: 2",
        "RunOrder: second",
        "Release.Deploy.Lambda.RunOrder: is not a number",
    ),
    (
        "FunctionName: PipelineAction",
        "Name: x",
        "Release.Deploy.Lambda.Configuration.Name: is not rehearsed",
    ),
    (
        "ArtifactStore: {Type: S3, Location: !Ref Bucket}",
        "Tags: []",
        "Release.ArtifactStore: is missing",
    ),
    (
        "Location: !Ref Bucket",
        "EncryptionKey: {}",
        "Release.ArtifactStore.EncryptionKey: is not rehearsed",
    ),
    (
        "RoleArn: !GetAtt Role.Arn",
        "Triggers: []",
        "Release.Triggers: is not rehearsed",
    ),
    (
        "RoleArn: !GetAtt Role.Arn",
        "Tags: []",
        "Release.RoleArn: is missing",
    ),
    (
        "!GetAtt Role.Arn",
        "!GetAtt Nobody.Arn",
        "no resource `Nobody` with attribute `Arn`",
    ),
    (
        "Variables: [{Name: tag, Description: Which}",
        "Variables: [{Description: Which}",
        "Release.Variables[0].Name: is missing",
    ),
    (
        "Target: {Type: String}",
        "Goal: {Type: String}",
        "Parameters.Target: was given a value, but",
    ),
    (
        "Target: {Type: String}",
        "Target: {Type: String}\n  Other: {Type: String}",
        "Parameters.Other: has no default",
    ),
];

#[test]
fn what_is_not_understood_is_an_error_with_its_place() {
    for (right, wrong, part) in BROKEN {
        let broken = SAMPLE.replacen(right, wrong, 1);
        assert_ne!(broken, SAMPLE, "{right}");
        let message =
            parsed(&broken).map_or_else(|error| error.to_string(), |_| "no error".to_owned());
        assert!(message.contains(part), "{wrong}: {message}");
    }
    let message = parse_pipelines("Resources: {}", &choices(&[]))
        .unwrap_err()
        .to_string();
    assert_eq!(message, "Resources: have no pipeline");
}

#[test]
fn an_action_type_that_is_not_understood_is_an_error_with_its_place() {
    let table = [
        (
            "Secret: false, Queryable",
            "Queryable",
            "Kind.ConfigurationProperties[0].Secret: is missing",
        ),
        (
            "Queryable: \"true\"",
            "Queryable: often",
            "Kind.ConfigurationProperties[0].Queryable: is neither true nor false",
        ),
        (
            "MinimumCount: 0, MaximumCount: 5",
            "MinimumCount: 0",
            "Kind.InputArtifactDetails.MaximumCount: is missing",
        ),
        (
            "Category: Deploy\n",
            "Categories: Deploy\n",
            "Kind.Categories: is not rehearsed",
        ),
    ];
    for (right, wrong, part) in table {
        let broken = SAMPLE.replacen(right, wrong, 1);
        assert_ne!(broken, SAMPLE, "{right}");
        let read = Template::parse(&broken, &choices(&[("Target", "api")]));
        let message = read.map_or_else(|error| error.to_string(), |_| "no error".to_owned());
        assert!(message.contains(part), "{wrong}: {message}");
    }
}

#[test]
fn every_example_has_one_pipeline_whose_names_are_its_parameters() {
    let connection = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0";
    let ground = [
        ("FirstTag", "v1"),
        ("VpcId", "vpc-1"),
        ("SubnetIds", "subnet-1,subnet-2"),
    ];
    let every = [
        ("ConnectionArn", connection),
        ("InfrastructureRepository", "mco/infrastructure"),
        ("PipelineName", "mine"),
    ];
    let function = [("PipelineActionFunction", "TheFunction")];
    let balancer = [("LoadBalancerSubnetIds", "subnet-3,subnet-4")];
    for (file, given, variables) in [
        (
            "worker.yaml",
            [&ground[..], &function].concat(),
            &["tag"][..],
        ),
        ("api.yaml", [&ground[..], &balancer].concat(), &["tag"]),
        ("both.yaml", function.to_vec(), &["worker_tag", "api_tag"]),
    ] {
        let path = workspace().join("examples").join(file);
        let given = [&every[..], &given].concat();
        let [pipeline] = &read_pipelines(&path, &choices(&given)).unwrap()[..] else {
            panic!("{file} has one pipeline");
        };
        assert_eq!(pipeline.name, "mine");
        let names: Vec<&str> = pipeline
            .variables
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, variables, "{file}");
        let source = &pipeline.stages[0].actions[0].does;
        assert!(
            matches!(source, Does::Files { repository, branch } if repository == "mco/infrastructure" && branch == "main"),
            "{file}: {source:?}"
        );
        for action in &pipeline.stages[1].actions {
            if let Does::Invoke { function, .. } = &action.does {
                assert_eq!(function, "TheFunction");
            }
        }
        // Each parameter without a default has to be given.
        for (missing, _) in &given {
            let kept = given.iter().filter(|(name, _)| name != missing);
            let kept: Vec<_> = kept.copied().collect();
            let read = read_pipelines(&path, &choices(&kept));
            if *missing == "PipelineName" {
                assert_eq!(format!("{}.yaml", read.unwrap()[0].name), file);
            } else {
                let message = read.unwrap_err().to_string();
                assert!(
                    message.contains(&format!("{file}: Parameters.{missing}: has no default")),
                    "{message}"
                );
            }
        }
    }
    let path = workspace().join("examples/nothing.yaml");
    let message = read_pipelines(&path, &choices(&[]))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("nothing.yaml: cannot be read"),
        "{message}"
    );
}

#[test]
fn a_deployment_by_codedeploy_takes_the_files_that_it_names_or_those_that_are_usual() {
    let sample = |configuration: &str| {
        format!(
            "Resources:\n  P:\n    Type: AWS::CodePipeline::Pipeline\n    Properties:\n      RoleArn: r\n      \
             ArtifactStore: {{Type: S3, Location: b}}\n      Stages:\n        - Name: Deploy\n          Actions:\n            \
             - Name: Deploy\n              ActionTypeId: {{Category: Deploy, Owner: AWS, Provider: CodeDeployToECS, \
             Version: \"1\"}}\n              Configuration: {{{configuration}}}\n"
        )
    };
    let usual = "ApplicationName: A, DeploymentGroupName: G, TaskDefinitionTemplateArtifact: Files, \
                 AppSpecTemplateArtifact: Files, Image1ArtifactName: Image, Image1ContainerName: IMAGE1_NAME";
    let does = |configuration: &str| {
        let pipelines = parse_pipelines(&sample(configuration), &choices(&[]))?;
        Ok::<_, TemplateError>(pipelines[0].stages[0].actions[0].does.clone())
    };
    let Ok(Does::CodeDeployFiles { files, .. }) = does(usual) else {
        panic!("{:?}", does(usual));
    };
    let of = |path: &str| ("Files".to_owned(), path.to_owned());
    assert_eq!(files.task_definition, of("taskdef.json"));
    assert_eq!(files.app_spec, of("appspec.yaml"));
    let named = format!("{usual}, TaskDefinitionTemplatePath: api/task.json");
    let Ok(Does::CodeDeployFiles { files, .. }) = does(&named) else {
        panic!("{:?}", does(&named));
    };
    assert_eq!(files.task_definition, of("api/task.json"));
    for (configuration, part) in [
        (
            usual.replace("AppSpecTemplateArtifact: Files, ", ""),
            "AppSpecTemplateArtifact: is missing",
        ),
        (
            format!("{usual}, Image2ArtifactName: B"),
            "Image2ArtifactName: is not rehearsed",
        ),
    ] {
        let message = does(&configuration).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}
