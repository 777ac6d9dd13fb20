use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn read(text: &str) -> JobRequest {
    JobRequest::of_user_parameters(Some(text)).unwrap()
}

fn refused(text: &str) -> String {
    JobRequest::of_user_parameters(Some(text))
        .unwrap_err()
        .to_string()
}

fn configured(properties: &[(&str, &str)]) -> Result<JobRequest, BadRequest> {
    let configuration = properties
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    JobRequest::of_configuration(&configuration)
}

fn image(repository: Option<&str>, choice: &str) -> JobImage {
    JobImage {
        repository: repository.map(|name| name.parse().unwrap()),
        choice: match choice.parse() {
            Ok(digest) => TagOrDigest::Digest(digest),
            Err(_) => TagOrDigest::Tag(choice.parse().unwrap()),
        },
    }
}

#[test]
fn a_target_alone_is_a_deployment_whose_image_comes_from_a_file() {
    assert_eq!(
        read(r#"{"target": "api-prod", "tag": null}"#),
        JobRequest {
            target: "api-prod".parse().unwrap(),
            action: JobAction::Deploy,
            image: None,
            execution: None,
            files: FileChoices::default(),
        }
    );
}

#[test]
fn everything_can_be_said_in_user_parameters_and_in_a_configuration() {
    let wanted = JobRequest {
        target: "api-prod".parse().unwrap(),
        action: JobAction::Promote {
            to: "live".parse().unwrap(),
        },
        image: Some(image(Some("mco/api"), "v1")),
        execution: Some("12345678-1234-5678-abcd-12345678abcd".to_owned()),
        files: FileChoices {
            task_definition: Some("Infra::taskdef.json".parse().unwrap()),
            app_spec: Some("Infra::appspec.yaml".parse().unwrap()),
            image_definitions: Some("Build::imagedefinitions.json".parse().unwrap()),
            image_detail: Some("imageDetail.json".parse().unwrap()),
        },
    };
    assert_eq!(
        read(
            r#" {"action": "promote", "target": "api-prod", "tag": "mco/api:v1", "to": "live",
                "execution": "12345678-1234-5678-abcd-12345678abcd",
                "task_definition": "Infra::taskdef.json", "app_spec": "Infra::appspec.yaml",
                "image_definitions": "Build::imagedefinitions.json",
                "image_detail": "imageDetail.json"} "#
        ),
        wanted
    );
    let configured = configured(&[
        ("Target", "api-prod"),
        ("Action", "promote"),
        ("Tag", "mco/api:v1"),
        ("Digest", ""),
        ("To", "live"),
        ("TaskDefinitionPath", "Infra::taskdef.json"),
        ("AppSpecPath", "Infra::appspec.yaml"),
        ("ImageDefinitionsPath", "Build::imagedefinitions.json"),
        ("ImageDetailPath", "imageDetail.json"),
    ]);
    assert_eq!(
        configured,
        Ok(JobRequest {
            execution: None,
            ..wanted
        })
    );
}

#[test]
fn an_image_is_named_by_tag_or_digest_with_or_without_its_repository() {
    const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api";
    let at = |name: &str| format!("{name}@{DIGEST}");
    for (key, value, wanted) in [
        ("tag", "v1".to_owned(), image(None, "v1")),
        ("tag", "mco/api:v1".to_owned(), image(Some("mco/api"), "v1")),
        ("tag", format!("{ECR}:v1"), image(Some(ECR), "v1")),
        ("digest", DIGEST.to_owned(), image(None, DIGEST)),
        ("digest", at("mco/api"), image(Some("mco/api"), DIGEST)),
        ("digest", at("mco/api:v1"), image(Some("mco/api"), DIGEST)),
        ("digest", at(ECR), image(Some(ECR), DIGEST)),
    ] {
        let request = read(&format!(r#"{{"target": "api", "{key}": "{value}"}}"#));
        assert_eq!(request.image, Some(wanted), "{value}");
    }
}

#[test]
fn an_image_under_the_wrong_key_is_told_the_right_one() {
    let error = refused(&format!(r#"{{"target": "api", "tag": "{DIGEST}"}}"#));
    assert!(error.contains("found a digest"), "{error}");
    assert!(
        error.ends_with("under the key for that: `digest`"),
        "{error}"
    );
    let error = configured(&[("Target", "api"), ("Digest", "v1")]).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("`v1` is not a digest"), "{error}");
    assert!(error.ends_with("under the key for that: `Tag`"), "{error}");
    let both = format!(r#"{{"target": "api", "tag": "v1", "digest": "{DIGEST}"}}"#);
    assert!(refused(&both).contains("tag: `tag` and `digest` are both there"));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let error = refused(
        r#"{"taget": "api", "action": "relase", "tag": 1.10, "to": "x y", "taskdefinition": "a",
            "app_spec": "/etc/passwd", "execution": "a b", "image_detail": " "}"#,
    );
    assert_eq!(
        error,
        "`UserParameters` are not right:\n\
         taget: unknown key\n  hint: did you mean `target`?\n\
         tag: expected a text\n  hint: put it in quotes\n\
         taskdefinition: unknown key\n  hint: did you mean `task_definition`?\n\
         image_detail: is empty\n  hint: leave the key out, or give it a value\n\
         action: `relase` is no action\n  hint: known here: `deploy`, `promote`, `verify`, `wait`\n\
         execution: `a b` is not a pipeline execution's id\n  \
         hint: write `#{codepipeline.PipelineExecutionId}`\n\
         app_spec: `/etc/passwd` is not a file in an artifact (`Artifact::path/in/zip`): it begins \
         with `/`; write it without, from the root of the artifact"
    );
}

#[test]
fn the_target_has_to_be_named() {
    assert_eq!(
        refused("{}"),
        "`UserParameters` are not right:\n`target` is missing: which target is meant"
    );
    let error = configured(&[("Target", ""), ("Taget", "api")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the action's configuration is not right:\nTaget: unknown key\n  hint: did you mean `Target`?"
    );
    assert!(refused(r#"{"target": "API"}"#).contains("`API` is not a target name"));
    assert!(refused(r#"{"target": "a", "target": "b"}"#).contains("target: is there twice"));
}

#[test]
fn only_promote_has_a_tag_to_give_and_it_needs_one() {
    let error = refused(r#"{"target": "api", "tag": "v1", "action": "promote"}"#);
    assert!(
        error.ends_with("`to` is missing: the tag that the image is to get"),
        "{error}"
    );
    for action in ["deploy", "verify", "wait"] {
        let error = refused(&format!(
            r#"{{"target": "api", "action": "{action}", "to": "live"}}"#
        ));
        assert!(
            error.contains("to: means nothing with the action"),
            "{error}"
        );
        let request = read(&format!(r#"{{"target": "api", "action": "{action}"}}"#));
        assert_eq!(request.image, None);
    }
    let error = configured(&[("Target", "api"), ("To", "live")]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("leave it out, or set `Action` to `promote`")
    );
}

#[test]
fn only_verify_tries_a_gate_and_it_has_to_be_one() {
    let verify = |gate: &str| format!(r#"{{"target": "api", "action": "verify"{gate}}}"#);
    for (gate, point) in [
        ("", None),
        (r#", "gate": null"#, None),
        (
            r#", "gate": "before_traffic""#,
            Some(GatePoint::BeforeTraffic),
        ),
    ] {
        let action = read(&verify(gate)).action;
        assert_eq!(action, JobAction::Verify { gate: point }, "{gate}");
    }
    let error = refused(&verify(r#", "gate": "before_trafic""#));
    assert!(
        error.ends_with("gate: `before_trafic` is no gate\n  hint: did you mean `before_traffic`?"),
        "{error}"
    );
    for action in ["deploy", "wait"] {
        let error = refused(&format!(
            r#"{{"target": "api", "action": "{action}", "gate": "before_traffic"}}"#
        ));
        assert!(
            error.contains("gate: means nothing with the action"),
            "{error}"
        );
        assert!(error.ends_with("or set `action` to `verify`"), "{error}");
    }
    let promote = r#"{"target": "api", "action": "promote", "to": "x", "gate": "test_traffic"}"#;
    assert!(refused(promote).contains("gate: means nothing with the action `promote`"));
}

#[test]
fn a_variable_without_a_value_is_told_with_what_to_mend() {
    for (reference, hint) in [
        (
            "#{variables.tag}",
            "the pipeline has to be of type V2 and declare the variable `tag`",
        ),
        (
            "#{Build.Tag}",
            "the action that puts out `Tag` needs `namespace: Build`, and has to be in an earlier \
             stage than this action, or have a lower run order",
        ),
        (
            "#{codepipeline.PipelineExecutionId}",
            "write it into the action itself: what a variable's value refers to is not looked up",
        ),
        (
            "#{codepipeline.ExecutionId}",
            "of this namespace there is only `#{codepipeline.PipelineExecutionId}`",
        ),
        ("#{Variables.tag}", "write `#{variables.tag}`"),
        (
            "#{tag}",
            "a reference is written `#{namespace.name}`, such as `#{variables.tag}`",
        ),
        (
            "#{variables.tag",
            "a reference is written `#{namespace.name}`, such as `#{variables.tag}`",
        ),
    ] {
        let error = refused(&format!(r#"{{"target": "api", "tag": "v-{reference}"}}"#));
        assert_eq!(
            error,
            format!(
                "`UserParameters` are not right:\ntag: CodePipeline has put no value in the place of \
                 `{reference}`\n  hint: {hint}"
            )
        );
    }
    let error = configured(&[("Target", "#{variables.target}")]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\nTarget: CodePipeline has put no value")
    );
}

#[test]
fn what_is_no_json_object_is_told_with_an_example() {
    let missing = "the action has no `UserParameters`\n  \
                   hint: set them to JSON such as `{\"target\": \"api-prod\", \"tag\": \"#{variables.tag}\"}`";
    for text in [None, Some(""), Some("  ")] {
        let error = JobRequest::of_user_parameters(text).unwrap_err();
        assert_eq!(error.to_string(), missing);
    }
    assert_eq!(
        refused("api-prod v1"),
        "`UserParameters` are not JSON: expected value (line 1, column 1)\n  hint: write a JSON \
         object such as `{\"target\": \"api-prod\", \"tag\": \"#{variables.tag}\"}`"
    );
    assert!(refused("[]").contains("expected a JSON object"));
    assert!(refused(r#"{"target": "a"b"}"#).contains("must not have any"));
    assert!(refused("{'target': 'a'}").contains("stands in double quotes"));
    let many = (0..51)
        .map(|n| format!("\"k{n}\": null"))
        .collect::<Vec<_>>();
    assert!(refused(&format!("{{{}}}", many.join(","))).contains("more than 50 members"));
    let error = refused(&"x".repeat(LIMIT + 1));
    assert_eq!(
        error,
        "`UserParameters` have 102401 bytes; they may have 102400"
    );
    assert!(refused(&"[".repeat(10_000)).contains("not JSON"));
}

#[test]
fn a_message_stays_short_whatever_was_given() {
    let long = "y".repeat(90_000);
    for text in [
        format!(r#"{{"target": "{long}"}}"#),
        format!(r#"{{"{long}": "a"}}"#),
        format!(r##"{{"target": "a", "tag": "#{{variables.{long}}}"}}"##),
        format!(r#"{{"target": "a", "app_spec": "{long}"}}"#),
        format!(r#"{{"target": "a", "digest": "{long}"}}"#),
        format!(r#"{{"target": "a", "action": "{long}"}}"#),
    ] {
        let length = refused(&text).len();
        assert!(length < 1000, "{length}");
    }
}

proptest! {
    #[test]
    fn arbitrary_texts_do_no_harm(text in "\\PC{0,200}") {
        let _ = JobRequest::of_user_parameters(Some(&text));
    }

    #[test]
    fn arbitrary_values_do_no_harm(
        values in proptest::collection::btree_map(
            "target|tag|digest|to|gate|action|execution|app_spec|Target|Tag|Digest|To|AppSpecPath|[a-z]{1,8}",
            "(#\\{[a-z.]{0,8}\\}?)?(promote|deploy|api|a:b|a@b|sha256:|::|\\PC{0,10})",
            0..6,
        )
    ) {
        let text = serde_json::to_string(&values).unwrap();
        let of_text = JobRequest::of_user_parameters(Some(&text));
        prop_assert!(of_text.map_or_else(|error| !error.to_string().is_empty(), |_| true));
        let of_map = JobRequest::of_configuration(&values);
        prop_assert!(of_map.map_or_else(|error| !error.to_string().is_empty(), |_| true));
    }
}
