use super::*;
use crate::job::artifact::tests::zip;

fn all_of(choices: &FileChoices, artifacts: &[Artifact]) -> Result<JobFiles, FilesError> {
    pick(choices, artifacts, true)
}

fn artifact(name: &str, files: &[(&str, &str)]) -> Artifact {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (*path, text.as_bytes()))
        .collect();
    Artifact::open(name, zip(&files)).unwrap()
}

fn choice(text: &str) -> FileChoice {
    text.parse().unwrap()
}

fn refused(choices: &FileChoices, artifacts: &[Artifact]) -> String {
    all_of(choices, artifacts).unwrap_err().to_string()
}

const DETAIL: &str = r#"{"ImageURI": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api:1"}"#;
const DEFINITIONS: &str = r#"[{"name": "api", "imageUri": "mco/api:2"}]"#;

#[test]
fn files_are_found_by_their_default_names() {
    let artifacts = [
        artifact(
            "Infra",
            &[
                ("taskdef.json", "\u{feff}{}"),
                ("appspec.yml", "version: 0.0"),
                ("sub/imagedefinitions.json", "not looked at"),
            ],
        ),
        artifact("Build", &[("imagedefinitions.json", DEFINITIONS)]),
        artifact("Api", &[("imageDetail.json", DETAIL)]),
        artifact("Worker", &[("imageDetail.json", DETAIL)]),
    ];
    let files = all_of(&FileChoices::default(), &artifacts).unwrap();
    assert_eq!(
        files.task_definition,
        Some(JobFile {
            name: "Infra::taskdef.json".to_owned(),
            text: "{}".to_owned(),
        })
    );
    assert_eq!(files.app_spec.unwrap().name, "Infra::appspec.yml");
    assert!(matches!(
        files.images.as_slice(),
        [
            ImageFile::Definitions(_),
            ImageFile::Detail(_),
            ImageFile::Detail(_)
        ]
    ));
    let nothing = all_of(&FileChoices::default(), &[artifact("Empty", &[])]).unwrap();
    assert_eq!(nothing, JobFiles::default());
}

#[test]
fn a_choice_is_taken_in_place_of_the_default() {
    let artifacts = [
        artifact("A", &[("taskdef.json", "a"), ("prod/taskdef.json", "b")]),
        artifact("B", &[("taskdef.json", "c"), ("imageDetail.json", "bad")]),
        artifact("C", &[("imageDetail.json", DETAIL)]),
    ];
    for (named, text) in [
        ("A::taskdef.json", "a"),
        ("B::taskdef.json", "c"),
        ("prod/taskdef.json", "b"),
    ] {
        let choices = FileChoices {
            task_definition: Some(choice(named)),
            image_detail: Some(choice("C::imageDetail.json")),
            ..FileChoices::default()
        };
        let files = all_of(&choices, &artifacts).unwrap();
        assert_eq!(files.task_definition.unwrap().text, text);
        assert_eq!(files.images.len(), 1);
    }
}

#[test]
fn which_of_several_files_is_meant_has_to_be_said() {
    let artifacts = [
        artifact("A", &[("taskdef.json", "a"), ("appspec.yaml", "x")]),
        artifact("B", &[("taskdef.json", "b"), ("appspec.yaml", "x")]),
    ];
    assert_eq!(
        refused(&FileChoices::default(), &artifacts),
        "the task definition may be any of `A::taskdef.json`, `B::taskdef.json`\n  \
         hint: say which one by `task_definition` (custom action: `TaskDefinitionPath`)"
    );
    let choices = FileChoices {
        task_definition: Some(choice("taskdef.json")),
        ..FileChoices::default()
    };
    assert!(refused(&choices, &artifacts).starts_with("the task definition may be any of"));
    let both = [artifact(
        "A",
        &[("appspec.yaml", "x"), ("appspec.json", "x")],
    )];
    assert_eq!(
        refused(&FileChoices::default(), &both),
        "the AppSpec may be any of `A::appspec.yaml`, `A::appspec.json`\n  \
         hint: say which one by `app_spec` (custom action: `AppSpecPath`)"
    );
}

#[test]
fn a_chosen_file_that_is_not_there_is_told_with_what_is_there() {
    let artifacts = [
        artifact("Infra", &[("prod/taskdef.json", "a"), ("docs/x.md", "")]),
        artifact("Build", &[("image.json", "")]),
    ];
    let chosen = |named| FileChoices {
        task_definition: Some(choice(named)),
        ..FileChoices::default()
    };
    assert_eq!(
        refused(&chosen("Infra::taskdef.json"), &artifacts),
        "the task definition is to be `Infra::taskdef.json`, and there is no such file; input \
         artifacts: `Infra`, `Build`\n  hint: there is `Infra::prod/taskdef.json`; name it by \
         `task_definition` (custom action: `TaskDefinitionPath`)"
    );
    assert!(
        refused(&chosen("taskdef.json"), &artifacts).contains("`Infra::prod/taskdef.json`; name")
    );
    assert!(refused(&chosen("Build::zzzz"), &artifacts).contains("hint: put the file there"));
    assert!(refused(&chosen("Infra::docs"), &artifacts).contains("is a folder"));
    assert_eq!(
        refused(&chosen("Infrastructure::taskdef.json"), &artifacts),
        "the task definition is to come from artifact `Infrastructure`, which is not among the \
         action's input artifacts; they are `Infra`, `Build`\n  hint: add it to the action's input \
         artifacts, or name another one by `task_definition` (custom action: `TaskDefinitionPath`)"
    );
    assert!(refused(&chosen("Infra::taskdef.json"), &[]).contains("they are nothing"));
}

#[test]
fn a_file_that_is_too_long_or_no_text_is_refused() {
    let numbers: Vec<String> = (0..30_000).map(|n| n.to_string()).collect();
    let long = &numbers.concat()[..128 * 1024];
    let fits = artifact("A", &[("taskdef.json", long)]);
    assert!(all_of(&FileChoices::default(), &[fits]).is_ok());
    let too_long = artifact("A", &[("taskdef.json", &format!("{long}x"))]);
    let error = refused(&FileChoices::default(), &[too_long]);
    assert!(error.contains("has more than 131072 bytes"), "{error}");
    let bytes = zip(&[("appspec.yaml", b"ab\xff")]);
    let error = refused(
        &FileChoices::default(),
        &[Artifact::open("A", bytes).unwrap()],
    );
    assert!(
        error.starts_with("the AppSpec is not UTF-8 text: see byte 2 of `A::appspec.yaml`"),
        "{error}"
    );
}

#[test]
fn a_file_that_names_no_images_is_refused_by_its_name() {
    let bad = artifact("Build", &[("imagedefinitions.json", "[]")]);
    let error = refused(&FileChoices::default(), &[bad]);
    assert!(error.starts_with("Build::imagedefinitions.json"), "{error}");
    let bad = artifact("Image", &[("imageDetail.json", "{}")]);
    let error = refused(&FileChoices::default(), &[bad]);
    assert!(error.starts_with("Image::imageDetail.json"), "{error}");
}

#[test]
fn an_artifact_is_wanted_unless_every_file_is_chosen_from_another_one() {
    assert!(FileChoices::default().wants("A"));
    let mut choices = FileChoices {
        task_definition: Some(choice("A::taskdef.json")),
        app_spec: Some(choice("A::appspec.yaml")),
        image_definitions: Some(choice("B::imagedefinitions.json")),
        image_detail: Some(choice("B::imageDetail.json")),
    };
    assert!(choices.wants("A") && choices.wants("B") && !choices.wants("C"));
    choices.app_spec = Some(choice("appspec.yaml"));
    assert!(choices.wants("C"));
}

#[test]
fn a_choice_is_written_as_it_is_read() {
    for text in ["Infra::a/taskdef.json", "taskdef.json"] {
        assert_eq!(text.parse::<FileChoice>().unwrap().to_string(), text);
    }
    for text in [
        "", "::a", "A::", "A b::a", "A::/a", "A::../a", "A::a\\b", "A::B::/c", "a\0",
    ] {
        let error = text.parse::<FileChoice>().unwrap_err().to_string();
        assert!(error.contains("is not a file in an artifact"), "{error}");
    }
}

#[test]
fn files_that_name_images_are_not_looked_at_where_the_image_is_known() {
    let artifacts = [artifact("Build", &[("imagedefinitions.json", "no JSON")])];
    assert!(all_of(&FileChoices::default(), &artifacts).is_err());
    let files = pick(&FileChoices::default(), &artifacts, false).unwrap();
    assert!(files.images.is_empty());
}
