//! CloudFormation's intrinsic functions, as far as the template uses them.
//!
//! The short forms (`!Ref x`) are turned into the long ones (`{"Ref": "x"}`) first, so that only those
//! need to be understood. A function that is not known here is an error that names it, never a value.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::TemplateError;

/// Parses the template's YAML, with its short forms.
pub(super) fn parse(text: &str) -> Result<Value, TemplateError> {
    let yaml: serde_norway::Value = serde_norway::from_str(text)
        .map_err(|error| TemplateError::new("template", error.to_string()))?;
    long_form(yaml)
}

fn long_form(yaml: serde_norway::Value) -> Result<Value, TemplateError> {
    use serde_norway::Value as Yaml;
    Ok(match yaml {
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(long_form).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, value) in members {
                let Yaml::String(key) = key else {
                    return Err(TemplateError::new(
                        "template",
                        format!("the key {key:?} is not a string"),
                    ));
                };
                object.insert(key, long_form(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let name = name.trim_start_matches('!');
            let value = long_form(tagged.value)?;
            let (name, value) = match (name, value) {
                ("Ref" | "Condition", value) => (name.to_owned(), value),
                ("GetAtt", Value::String(path)) => {
                    let (resource, attribute) = path.split_once('.').unwrap_or((path.as_str(), ""));
                    ("Fn::GetAtt".to_owned(), json!([resource, attribute]))
                }
                (name, value) => (format!("Fn::{name}"), value),
            };
            json!({ name: value })
        }
        plain => serde_json::to_value(plain).map_err(|error| {
            TemplateError::new("template", format!("a value is not JSON: {error}"))
        })?,
    })
}

/// What the names in a template stand for.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// Parameters and pseudo parameters.
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) conditions: &'a Value,
    /// Logical id → what `Ref` gives.
    pub(super) references: BTreeMap<String, String>,
    /// Logical id and attribute → what `GetAtt` gives.
    pub(super) attributes: BTreeMap<(String, String), String>,
    /// Export of another stack → value.
    pub(super) imports: BTreeMap<String, String>,
}

impl Scope<'_> {
    /// A value without its functions; `None` for `AWS::NoValue`. `place` is for error messages.
    pub(super) fn resolve(
        &self,
        value: &Value,
        place: &str,
    ) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolve(item, place));
                Ok(Some(
                    items
                        .filter_map(Result::transpose)
                        .collect::<Result<_, _>>()?,
                ))
            }
            Value::Object(members) => {
                if let Some((name, argument)) = function(members) {
                    return self.call(name, argument, place);
                }
                let mut object = Map::new();
                for (key, value) in members {
                    if let Some(value) = self.resolve(value, &format!("{place}.{key}"))? {
                        object.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(object)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    fn call(
        &self,
        name: &str,
        argument: &Value,
        place: &str,
    ) -> Result<Option<Value>, TemplateError> {
        let refuse = |reason: &str| TemplateError::new(place, format!("{name} {reason}"));
        match name {
            "Ref" => {
                let name = argument.as_str().ok_or_else(|| refuse("takes a name"))?;
                if name == "AWS::NoValue" {
                    Ok(None)
                } else {
                    self.reference(name, place).map(Some)
                }
            }
            "Fn::GetAtt" => {
                let [Value::String(id), Value::String(attribute)] =
                    argument.as_array().map(Vec::as_slice).unwrap_or_default()
                else {
                    return Err(refuse("takes a logical id and an attribute"));
                };
                self.attribute(id, attribute, place)
                    .map(|text| Some(text.into()))
            }
            "Fn::Sub" => self
                .substitute(argument, place)
                .map(|text| Some(text.into())),
            "Fn::If" => {
                let [Value::String(condition), yes, no] =
                    argument.as_array().map(Vec::as_slice).unwrap_or_default()
                else {
                    return Err(refuse("takes a condition and two values"));
                };
                self.resolve(
                    if self.condition(condition, place)? {
                        yes
                    } else {
                        no
                    },
                    place,
                )
            }
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" | "Condition" => self
                .holds(&json!({ name: argument }), place)
                .map(|it| Some(it.into())),
            "Fn::Join" => {
                let parts = self.resolve(argument, place)?.unwrap_or_default();
                let separator = parts.get(0).and_then(Value::as_str);
                let texts = parts.get(1).and_then(Value::as_array);
                let (Some(separator), Some(texts)) = (separator, texts) else {
                    return Err(refuse("takes a separator and a list"));
                };
                let texts: Vec<String> = texts.iter().map(text).collect();
                Ok(Some(texts.join(separator).into()))
            }
            "Fn::ImportValue" => {
                let name = self.resolve(argument, place)?.unwrap_or_default();
                let value = self.imports.get(&text(&name)).cloned();
                let missing = || refuse(&format!("finds no stack that exports `{}`", text(&name)));
                value.map(|value| Some(value.into())).ok_or_else(missing)
            }
            "Fn::Select" => {
                let parts = self.resolve(argument, place)?.unwrap_or_default();
                let index = parts
                    .get(0)
                    .map(text)
                    .and_then(|text| text.parse::<usize>().ok());
                index
                    .and_then(|index| parts.get(1)?.get(index).cloned())
                    .map(Some)
                    .ok_or_else(|| refuse("takes an index into a list"))
            }
            "Fn::Split" => {
                let parts = self.resolve(argument, place)?.unwrap_or_default();
                let separator = parts.get(0).and_then(Value::as_str);
                let source = parts.get(1).and_then(Value::as_str);
                let (Some(separator), Some(source)) = (separator, source) else {
                    return Err(refuse("takes a separator and a string"));
                };
                Ok(Some(source.split(separator).collect()))
            }
            _ => Err(refuse("is not understood by the rehearsal")),
        }
    }

    fn reference(&self, name: &str, place: &str) -> Result<Value, TemplateError> {
        let parameter = self.parameters.get(name).cloned();
        let resource = || self.references.get(name).map(|text| text.clone().into());
        parameter.or_else(resource).ok_or_else(|| {
            TemplateError::new(place, format!("there is no parameter or resource `{name}`"))
        })
    }

    fn attribute(&self, id: &str, attribute: &str, place: &str) -> Result<String, TemplateError> {
        self.attributes
            .get(&(id.to_owned(), attribute.to_owned()))
            .cloned()
            .ok_or_else(|| {
                TemplateError::new(
                    place,
                    format!("the rehearsal knows no resource `{id}` with attribute `{attribute}`"),
                )
            })
    }

    fn substitute(&self, argument: &Value, place: &str) -> Result<String, TemplateError> {
        let (format, variables) = match argument {
            Value::String(format) => (format.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(format), Value::Object(variables)] => {
                    (format.as_str(), Some(variables))
                }
                _ => {
                    return Err(TemplateError::new(
                        place,
                        "Fn::Sub takes a string, or a string and a map",
                    ));
                }
            },
            _ => {
                return Err(TemplateError::new(
                    place,
                    "Fn::Sub takes a string, or a string and a map",
                ));
            }
        };
        let mut substituted = String::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once("${") {
            substituted.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(TemplateError::new(place, "Fn::Sub has a `${` without `}`"));
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                substituted.push_str("${");
                substituted.push_str(literal);
                substituted.push('}');
                continue;
            }
            let value = match (
                variables.and_then(|variables| variables.get(name)),
                name.split_once('.'),
            ) {
                (Some(variable), _) => self.resolve(variable, place)?.unwrap_or_default(),
                (None, Some((id, attribute))) => self.attribute(id, attribute, place)?.into(),
                (None, None) => self.reference(name, place)?,
            };
            substituted.push_str(&text(&value));
        }
        substituted.push_str(rest);
        Ok(substituted)
    }

    /// Does the condition of this name hold?
    pub(super) fn condition(&self, name: &str, place: &str) -> Result<bool, TemplateError> {
        let condition = self.conditions.get(name);
        let condition = condition
            .ok_or_else(|| TemplateError::new(place, format!("there is no condition `{name}`")))?;
        // CloudFormation refuses circles; here a circle would end the stack, so conditions nest only so deep.
        if place.matches('?').count() > 20 {
            return Err(TemplateError::new(
                name,
                "conditions refer to each other in a circle",
            ));
        }
        self.holds(condition, &format!("{place}?{name}"))
    }

    fn holds(&self, condition: &Value, place: &str) -> Result<bool, TemplateError> {
        let refuse = || TemplateError::new(place, format!("`{condition}` is not a condition"));
        let (name, argument) = condition
            .as_object()
            .and_then(function)
            .ok_or_else(refuse)?;
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, arguments) {
            ("Condition", _) => self.condition(argument.as_str().ok_or_else(refuse)?, place),
            ("Fn::Equals", [left, right]) => {
                Ok(self.resolve(left, place)? == self.resolve(right, place)?)
            }
            ("Fn::Not", [condition]) => Ok(!self.holds(condition, place)?),
            ("Fn::And", conditions) => conditions
                .iter()
                .try_fold(true, |all, it| Ok(self.holds(it, place)? && all)),
            ("Fn::Or", conditions) => conditions
                .iter()
                .try_fold(false, |any, it| Ok(self.holds(it, place)? || any)),
            _ => Err(refuse()),
        }
    }
}

/// The function that an object of one member stands for.
fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = members.iter();
    let (name, argument) = members.next()?;
    let is_function = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    (is_function && members.next().is_none()).then_some((name.as_str(), argument))
}

/// A value as CloudFormation writes it into a string.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(yaml: &str) -> Result<Option<Value>, TemplateError> {
        let conditions = parse(
            "Yes: !Equals [a, !Ref Letter]\nNo: !Not [!Condition Yes]\nLoop: !Condition Loop",
        )
        .unwrap();
        let scope = Scope {
            parameters: BTreeMap::from([
                ("Letter".to_owned(), json!("a")),
                ("List".to_owned(), json!(["x", "y"])),
                ("AWS::Region".to_owned(), json!("eu-west-1")),
            ]),
            conditions: &conditions,
            references: BTreeMap::from([("Table".to_owned(), "greenlight".to_owned())]),
            attributes: BTreeMap::from([(
                ("Table".to_owned(), "Arn".to_owned()),
                "arn:table".to_owned(),
            )]),
            imports: BTreeMap::new(),
        };
        scope.resolve(&parse(yaml).unwrap(), "here")
    }

    #[test]
    fn each_function_gives_what_cloudformation_gives() {
        let table = [
            ("!Ref Table", json!("greenlight")),
            ("!Ref List", json!(["x", "y"])),
            ("!GetAtt Table.Arn", json!("arn:table")),
            ("Fn::GetAtt: [Table, Arn]", json!("arn:table")),
            (
                "!Sub '${AWS::Region}/${Table}/${Table.Arn}/${!Literal}'",
                json!("eu-west-1/greenlight/arn:table/${Literal}"),
            ),
            (
                "!Sub ['${It}-${Letter}', {It: !Ref Table}]",
                json!("greenlight-a"),
            ),
            ("!If [Yes, 1, 2]", json!(1)),
            ("!If [No, 1, !Ref Letter]", json!("a")),
            ("!Join ['-', [a, !Ref Letter, 3]]", json!("a-a-3")),
            ("!Join ['', !Ref List]", json!("xy")),
            ("!Select [1, !Split [',', 'a,b']]", json!("b")),
            (
                "a: [!Ref AWS::NoValue, 1]\nb: !Ref AWS::NoValue",
                json!({"a": [1]}),
            ),
            ("!Or [!Condition No, !Equals [1, 1]]", json!(true)),
            ("!And [!Condition No, !Equals [1, 1]]", json!(false)),
        ];
        for (yaml, expected) in table {
            assert_eq!(resolve(yaml).unwrap().unwrap(), expected, "{yaml}");
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error_that_names_it_and_its_place() {
        let table = [
            (
                "a: !Ref Nothing",
                "here.a: there is no parameter or resource `Nothing`",
            ),
            (
                "!GetAtt Table.Colour",
                "no resource `Table` with attribute `Colour`",
            ),
            ("!ImportValue x", "Fn::ImportValue is not understood"),
            ("!If [Maybe, 1, 2]", "there is no condition `Maybe`"),
            ("!If [Loop, 1, 2]", "in a circle"),
            ("!Sub '${Table'", "a `${` without `}`"),
            ("!Join [a]", "takes a separator and a list"),
        ];
        for (yaml, part) in table {
            let message = resolve(yaml).unwrap_err().to_string();
            assert!(message.contains(part), "{yaml}: {message}");
        }
    }
}
