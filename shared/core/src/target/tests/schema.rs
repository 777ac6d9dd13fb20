//! The schema for editors says what the parser does, as far as a schema can.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{arbitrary, parse, sample};
use crate::target::description::{Key, within};
use crate::target::parse::DOCUMENT;
use crate::target::schema;

/// What the parser says of mistakes that no schema can tell: by words of its messages.
const NOT_TOLD: &[&str] = &[
    // A name that has to be there once, or that something else has already.
    "is already in the list",
    "another target is already called",
    "already takes another image",
    "already stands for another image",
    "is there twice",
    "is given on success already",
    "only one has a base",
    // What several parts of a target demand of each other.
    "expected the same",
    "a pipeline takes images of one repository",
    "so that the target would deploy what it has",
    "there is no `service` to take it from",
    "a target has one task definition",
    "`family:` is for tasks that run once",
    "means nothing here",
    "means nothing without a template",
    "would not reach the pipeline",
    "does not wait at",
    "cannot pass",
    "can never pass",
    "orders by",
    "is ignored by",
    "only `FARGATE` has platform versions",
    "request carries no body",
    "is larger than `max`",
    "nothing tells green and blue apart",
    "expected a `weight` of 1 or more",
    // Sizes of the whole, or counted in bytes.
    "KiB",
    "bytes, found",
    "bytes without control characters",
    "characters, with the container's name and as JSON",
    // How long a duration is, and several together.
    "expected a duration from",
    "is not a duration",
    "expected timeouts of at most",
    "whole minutes",
    "expected a `window` of",
    "the requests would take",
    // Texts that mean something, of which a pattern tells only the characters.
    "a repository name",
    "an ECR registry",
    "is not the name of a bucket",
    "is not a URL",
    "a host name, without a port",
    "this is not a percentile",
    "expected a status from 100 to 599 or a range",
    "regular expression",
    "no named group to order by",
    "several named groups",
    "is no range of versions",
    "names a pre-release",
    "is no time zone",
    "is no date or time",
    "before it begins",
    "a date such as",
    "RRULE",
    "a window may begin once a day",
    "`UNTIL` has to be in UTC",
    "never occurs",
    "write days and times",
    // With images of several repositories the container's name is the last level of the parameter.
    "a name of several levels begins with",
    // Names that AWS, or Greenlight, keeps to itself.
    "is not one of AWS's configurations for ECS",
    "AWS keeps names",
    "stands for nothing",
    "stands for the task definition",
    "cannot be set",
];

fn validator() -> Validator {
    let schema = schema();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// The schema and the parser agree, or the parser knows better for a reason in [`NOT_TOLD`].
fn agree(validator: &Validator, document: &Value) -> Result<(), String> {
    let error = validator.iter_errors(document).next();
    let error = error.map(|it| format!("{} at `{}`", it, it.instance_path()));
    match (parse(document), error) {
        (Ok(_), None) | (Err(_), Some(_)) => Ok(()),
        (Ok(_), Some(error)) => Err(format!(
            "the schema refuses what the parser takes: {error}\n{document:#}"
        )),
        (Err(problems), None) => {
            let told = problems
                .iter()
                .find(|problem| !NOT_TOLD.iter().any(|words| problem.message.contains(words)));
            told.map_or(Ok(()), |problem| {
                Err(format!(
                    "the schema takes what the parser refuses: {problem}\n{document:#}"
                ))
            })
        }
    }
}

thread_local! {
    static VALIDATOR: Validator = validator();
}

fn checked(document: &Value) -> Result<(), TestCaseError> {
    VALIDATOR
        .with(|it| agree(it, document))
        .map_err(TestCaseError::fail)
}

/// The mapping at a place, if it is one.
fn mapping_at<'v>(document: &'v mut Value, pointer: &str) -> Option<&'v mut Map<String, Value>> {
    document.pointer_mut(pointer)?.as_object_mut()
}

/// A value as somebody would write it somewhere: of the right type, or nearly.
fn plausible() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        any::<bool>().prop_map(Value::from),
        (0..2000_u32).prop_map(Value::from),
        (0.001..0.999).prop_map(Value::from),
        "[a-z0-9-]{0,5}".prop_map(Value::from),
        prop::sample::select(vec![
            "5s",
            "10m",
            "99h",
            "GET",
            "POST",
            "fail",
            "blue",
            "numeric",
            "higher",
            "FARGATE",
            "/health",
            "https://example.org/",
            "service",
            "s3://bucket/key",
            "family:api",
            "UTC",
            "*",
            "200-299",
            "subnet-1",
            "sg-1",
            "2026-12-31",
            "Mon-Fri 09:00-17:00",
            "a/b",
            "a..b",
            "A_b",
            "\u{7}",
            "ü",
        ])
        .prop_map(Value::from),
        prop::collection::vec("[a-z0-9]{1,3}", 0..3).prop_map(Value::from),
        arbitrary::json(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_schema_takes_what_the_parser_writes(target in arbitrary::target()) {
        let document = target.to_value();
        prop_assert!(parse(&document).is_ok());
        checked(&document)?;
        checked(&json!({"targets": [document]}))?;
    }

    #[test]
    fn with_a_value_replaced_both_say_the_same(
        target in arbitrary::target(),
        place in any::<prop::sample::Index>(),
        value in plausible(),
    ) {
        let mut document = target.to_value();
        let pointers = arbitrary::pointers(&document);
        *document.pointer_mut(place.get::<String>(&pointers)).unwrap() = value;
        checked(&document)?;
    }

    #[test]
    fn with_a_key_left_out_both_say_the_same(
        target in arbitrary::target(),
        place in any::<prop::sample::Index>(),
    ) {
        let mut document = target.to_value();
        let pointers = arbitrary::pointers(&document);
        let removed = place.get::<String>(&pointers);
        if let Some((parent, key)) = removed.rsplit_once('/')
            && let Some(mapping) = mapping_at(&mut document, parent)
        {
            mapping.shift_remove(key);
        }
        checked(&document)?;
    }

    #[test]
    fn with_a_key_more_both_say_the_same(
        target in arbitrary::target(),
        place in any::<prop::sample::Index>(),
        key in any::<prop::sample::Index>(),
        value in plausible(),
    ) {
        let mut document = target.to_value();
        let pointers = arbitrary::pointers(&document);
        let mut mappings = pointers;
        mappings.retain(|it| document.pointer(it).is_some_and(Value::is_object));
        let place = place.get::<String>(&mappings).clone();
        let mapping = mapping_at(&mut document, &place).unwrap();
        // One of the keys that such a mapping has, as far as what it has already tells.
        let all = within(DOCUMENT);
        let fitting: Vec<&str> = all
            .iter()
            .filter(|it| mapping.keys().all(|key| it.knows(key)))
            .flat_map(|it| it.names())
            .collect();
        if !fitting.is_empty() {
            mapping.insert((*key.get::<&str>(&fitting)).to_owned(), value);
        }
        checked(&document)?;
    }

    #[test]
    fn of_anything_both_say_the_same(document in arbitrary::json()) {
        checked(&document)?;
    }
}

#[test]
fn a_mapping_with_targets_and_one_target_alone_are_documents() {
    let validator = validator();
    assert!(validator.is_valid(&sample()));
    assert!(validator.is_valid(&sample()["targets"][0]));
    assert!(!validator.is_valid(&json!({"targets": []})));
    assert!(!validator.is_valid(&json!({"target": []})));
    assert!(!validator.is_valid(&json!([])));
}

/// A key without a value counts as not there, whatever its mapping demands. That it has to be a mapping stands
/// beside the reference.
#[test]
fn nothing_is_demanded_of_a_key_without_a_value() {
    let mut schema = schema();
    for mapping in within(DOCUMENT) {
        schema["$ref"] = json!(format!("#/$defs/{}", mapping.name));
        for key in ["type", "if", "then", "else"] {
            schema.as_object_mut().unwrap().remove(key);
        }
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let error = validator.iter_errors(&Value::Null).next();
        assert!(error.is_none(), "{}: {}", mapping.name, error.unwrap());
    }
}

/// What a person sees in an editor.
#[test]
fn a_mistyped_key_is_refused_where_it_stands() {
    let mut document = sample();
    document["targets"][0]["gates"]["before_traffic"][3]["http"]["latncy"] = json!("1s");
    let validator = validator();
    let error = validator.iter_errors(&document).next().unwrap();
    let place = error.instance_path().to_string();
    assert_eq!(place, "/targets/0/gates/before_traffic/3/http");
    assert!(error.to_string().contains("latncy"), "{error}");
}

#[test]
fn every_key_is_described_and_its_example_is_one() {
    let schema = schema();
    for mapping in within(DOCUMENT) {
        assert!(mapping.says.ends_with('.'), "{}", mapping.name);
        for key in mapping.all() {
            let Key { name, says, .. } = key;
            assert!(says.ends_with(['.', '…']), "{}.{name}", mapping.name);
            let Some(example) = key.example else { continue };
            let pointer = format!("#/$defs/{}/properties/{name}", mapping.name);
            let of_key = json!({"$ref": pointer, "$defs": schema["$defs"]});
            let validator = jsonschema::draft202012::new(&of_key).unwrap();
            let example: Value = serde_norway::from_str(example).unwrap();
            let error = validator.iter_errors(&example).next();
            let error = error.map(|it| it.to_string());
            assert_eq!(error, None, "{}.{name}: {example}", mapping.name);
        }
    }
}
