//! A CloudFormation file, resource by resource: in an order in which each comes after those that it names, with what
//! those have become.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::intrinsics::{self, text};
use super::resources::{Reader, members};
use super::{Choices, TemplateError};
use crate::account::cloudformation::Made;

/// A file whose resources are created one after the other.
pub(crate) struct StackFile {
    reader: Reader,
    made: BTreeMap<String, Made>,
    imports: BTreeMap<String, String>,
}

impl StackFile {
    /// Reads a file's text; `imports` are what other stacks export.
    pub(crate) fn parse(
        text: &str,
        choices: &Choices,
        imports: BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        Ok(Self {
            reader: Reader::new(intrinsics::parse(text)?, choices)?,
            made: BTreeMap::new(),
            imports,
        })
    }

    /// Logical ids and types, each after those that it names.
    pub(crate) fn order(&self) -> Result<Vec<(String, String)>, TemplateError> {
        let there = self.reader.resources(&self.reader.scope())?;
        let there: BTreeMap<&str, &Value> = there
            .into_iter()
            .map(|(id, it)| (id.as_str(), it))
            .collect();
        let mut order = Vec::new();
        let mut begun = BTreeSet::new();
        for id in there.keys() {
            place(id, &there, &mut begun, &mut order)?;
        }
        let kind = |id: &str| text(&there[id]["Type"]);
        Ok(order
            .into_iter()
            .map(|id| (id.clone(), kind(&id)))
            .collect())
    }

    /// A resource's properties, now that what it names is there.
    pub(crate) fn properties(&self, id: &str) -> Result<Value, TemplateError> {
        let resource = self.reader.resource(id);
        let properties = self.scope().resolve(&resource["Properties"], id)?;
        Ok(properties.unwrap_or_default())
    }

    /// What a resource has become.
    pub(crate) fn add(&mut self, id: &str, made: &Made) {
        self.made.insert(id.to_owned(), made.clone());
    }

    /// What the file exports, once all is there.
    pub(crate) fn exports(&self) -> Result<BTreeMap<String, String>, TemplateError> {
        let scope = self.scope();
        let mut exports = BTreeMap::new();
        for (id, output) in members(self.reader.outputs()) {
            let Some(name) = output["Export"].get("Name") else {
                continue;
            };
            let resolved = |value: &Value| scope.resolve(value, id).map(Option::unwrap_or_default);
            exports.insert(text(&resolved(name)?), text(&resolved(&output["Value"])?));
        }
        Ok(exports)
    }

    fn scope(&self) -> intrinsics::Scope<'_> {
        let mut scope = self.reader.scope();
        scope.imports.clone_from(&self.imports);
        for (id, made) in &self.made {
            scope.references.insert(id.clone(), made.reference.clone());
            for (attribute, value) in &made.attributes {
                let attribute = (id.clone(), attribute.clone());
                scope.attributes.insert(attribute, value.clone());
            }
        }
        scope
    }
}

fn place<'a>(
    id: &'a str,
    there: &BTreeMap<&'a str, &'a Value>,
    begun: &mut BTreeSet<&'a str>,
    order: &mut Vec<String>,
) -> Result<(), TemplateError> {
    if order.iter().any(|placed| placed == id) {
        return Ok(());
    }
    if !begun.insert(id) {
        return Err(TemplateError::new(id, "is part of a circle of resources"));
    }
    let mut named = BTreeSet::new();
    names_in(&there[id]["Properties"], &mut named);
    match &there[id]["DependsOn"] {
        Value::String(other) => {
            named.insert(other.clone());
        }
        Value::Array(others) => named.extend(others.iter().map(text)),
        _ => {}
    }
    for (other, _) in there.iter().filter(|(other, _)| named.contains(**other)) {
        place(other, there, begun, order)?;
    }
    order.push(id.to_owned());
    Ok(())
}

/// The names in the functions of a value: of resources, and of parameters.
fn names_in(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names_in(item, named)),
        Value::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("Ref", Value::String(name)) => {
                        named.insert(name.clone());
                    }
                    ("Fn::GetAtt", Value::Array(path)) => named.extend(path.first().map(text)),
                    ("Fn::Sub", Value::String(format)) => substituted(format, named),
                    ("Fn::Sub", Value::Array(parts)) => {
                        substituted(
                            parts.first().and_then(Value::as_str).unwrap_or_default(),
                            named,
                        );
                        names_in(value, named);
                    }
                    _ => names_in(value, named),
                }
            }
        }
        _ => {}
    }
}

fn substituted(format: &str, named: &mut BTreeSet<String>) {
    for variable in format.split("${").skip(1) {
        let name = variable.split('}').next().unwrap_or_default();
        named.extend(name.split('.').next().map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Settings;

    fn file(text: &str) -> StackFile {
        let choices = Choices::of(&Settings::for_tests());
        StackFile::parse(text, &choices, BTreeMap::new()).unwrap()
    }

    #[test]
    fn a_resource_comes_after_those_that_it_names_in_any_way() {
        let file = file(
            "Resources:\n  A: { Type: T, DependsOn: [B] }\n  B: { Type: T, Properties: { x: !Sub \"${C.Arn}/*\" } }\n  \
             C: { Type: T, Properties: { x: [{ y: !Ref D }] } }\n  D: { Type: T, Properties: { x: !GetAtt E.Name } }\n  \
             E: { Type: T }\n",
        );
        let order = file.order().unwrap();
        let ids: Vec<_> = order.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["E", "D", "C", "B", "A"]);
    }

    #[test]
    fn a_circle_is_told_of() {
        let file = file(
            "Resources:\n  A: { Type: T, Properties: { x: !Ref B } }\n  B: { Type: T, DependsOn: A }\n",
        );
        let error = file.order().unwrap_err().to_string();
        assert!(error.contains("circle"), "{error}");
    }

    #[test]
    fn what_a_resource_has_become_is_what_others_get() {
        let mut file = file(
            "Resources:\n  A: { Type: T }\n  B: { Type: T, Properties: { x: !Ref A, y: !GetAtt A.Name } }\n\
             Outputs:\n  O: { Value: !Ref A, Export: { Name: !Sub \"${AWS::StackName}-A\" } }\n",
        );
        file.add(
            "A",
            &Made {
                reference: "a-1".to_owned(),
                attributes: BTreeMap::from([("Name".to_owned(), "a".to_owned())]),
            },
        );
        let expected = serde_json::json!({"x": "a-1", "y": "a"});
        assert_eq!(file.properties("B").unwrap(), expected);
        assert_eq!(file.exports().unwrap()["greenlight-A"], "a-1");
    }
}
