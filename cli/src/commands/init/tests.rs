use greenlight_core::image::{Mutability, Registry};
use greenlight_core::suggestion::{
    Found, FoundContainer, FoundGroup, FoundRepository, HealthCheck, Way, suggest,
};
use greenlight_core::target::{Service, parse};

use super::*;

fn suggestion() -> Suggestion {
    let container = |name: &str, image: &str, tags: &[&str]| FoundContainer {
        name: name.to_owned(),
        image: image.to_owned(),
        repository: Some(FoundRepository {
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
            mutability: Mutability {
                is_immutable: false,
                except: Vec::new(),
            },
        }),
    };
    let found = Found {
        service: Service {
            cluster: "mco".to_owned(),
            name: "api".to_owned(),
        },
        home: Registry::of("123456789012", "eu-west-1").unwrap(),
        way: Way::CodeDeploy(Some(FoundGroup {
            application: "API".to_owned(),
            name: "API".to_owned(),
            has_test_listener: true,
        })),
        containers: vec![
            // A tag that YAML would take for a number.
            container(
                "api",
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:1e3",
                &["1e3", "1.4.2"],
            ),
            container(
                "log-router",
                "public.ecr.aws/aws-observability/aws-for-fluent-bit:2",
                &[],
            ),
        ],
        health_check: Some(HealthCheck {
            path: Some("/ping".to_owned()),
            statuses: "200".to_owned(),
        }),
    };
    suggest(&found, None).unwrap()
}

#[test]
fn the_document_is_yaml_with_comments() {
    insta::assert_snapshot!(told(&suggestion()).unwrap().text, @"
    # Made by `greenlight init` from service mco/api. Read it before it is applied.
    name: api
    # api: what runs has the tag `1e3`; it has also `1.4.2`
    # container `log-router` is left out and stays as it is:
    # `public.ecr.aws/aws-observability/aws-for-fluent-bit:2` is no image of ECR
    images:
    - container: api
      repository: mco/api
      tags:
      - '1e3'
    service:
      cluster: mco
      name: api
    # this deployment group owns the service; `config` would choose another way to shift traffic than
    # the group's
    deploy:
      codedeploy:
        application: API
        group: API
    task_definition: service
    # `http` asks what the load balancer's health check asks; a path that shows that the service does
    # its work says more
    gates:
      before_traffic:
      - tasks: {}
      - digest: {}
      - targets: {}
      - http:
          path: /ping
          expect:
            status:
            - 200
    # the tag goes back to the image that is live, so that nothing else deploys the bad one
    on_failure:
      restore_tag: true
    ");
}

#[test]
fn what_is_printed_is_read_back_to_the_same_target() {
    let suggestion = suggestion();
    let output = told(&suggestion).unwrap();
    let read: Value = serde_norway::from_str(&output.text).unwrap();
    assert_eq!(read, output.json);
    assert_eq!(parse(&read).unwrap(), [suggestion.target]);
}

#[test]
fn no_comment_can_become_a_part_of_the_document() {
    let mut suggestion = suggestion();
    suggestion.remarks[0].text = format!("a\nname: other {}", "word ".repeat(60));
    let output = told(&suggestion).unwrap();
    let read: Value = serde_norway::from_str(&output.text).unwrap();
    assert_eq!(read, output.json);
    assert!(
        output
            .text
            .lines()
            .all(|line| line.chars().count() <= WIDTH)
    );
}
