"""Writes template.yaml as Guard can read it: SAM's resources written out, parameters and conditions resolved.

Guard knows neither SAM nor `Fn::If`. What is judged is the stack as a careful team installs it: with a key of its own,
a topic for the alarms, and logs that are kept for a year.

Usage: flatten.py TEMPLATE OUTPUT
"""

import json
import logging
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

CHOSEN = {
    "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "LogRetentionDays": 365,
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
}
# What SAM looks up by name; which policies they are is none of Guard's business.
MANAGED = {
    name: f"arn:aws:iam::aws:policy/{name}"
    for name in ["AWSXrayWriteOnlyAccess", "AWSLambdaBasicExecutionRole"]
}
NOTHING = object()


class Resolver:
    def __init__(self, template):
        defaults = {name: it.get("Default") for name, it in template["Parameters"].items()}
        self.parameters = {**defaults, **CHOSEN}
        self.lists = {
            name for name, it in template["Parameters"].items() if it["Type"] == "CommaDelimitedList"
        }
        self.conditions = template["Conditions"]

    def holds(self, condition):
        (name, argument), = condition.items()
        if name == "Fn::Not":
            return not self.holds(argument[0])
        if name == "Fn::Equals":
            left, right = (self.resolve(it) for it in argument)
            return str(left) == str(right)
        if name == "Condition":
            return self.holds(self.conditions[argument])
        raise SystemExit(f"flatten.py does not know the condition {name}")

    def resolve(self, value):
        if isinstance(value, list):
            return [it for it in map(self.resolve, value) if it is not NOTHING]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Ref"} and value["Ref"] == "AWS::NoValue":
            return NOTHING
        if value.keys() == {"Ref"} and value["Ref"] in self.parameters:
            given = self.parameters[value["Ref"]]
            return given.split(",") if value["Ref"] in self.lists else given
        if value.keys() == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return self.resolve(yes if self.holds(self.conditions[condition]) else no)
        if value.keys() == {"Fn::Join"} and value["Fn::Join"][0] == "":
            parts = self.resolve(value["Fn::Join"][1])
            if all(isinstance(it, str) for it in parts):
                return "".join(parts)
        members = ((key, self.resolve(it)) for key, it in value.items())
        return {key: it for key, it in members if it is not NOTHING}


def main(source, output):
    logging.disable(logging.WARNING)
    with open(source, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    resolver = Resolver(template)
    session = boto3.Session(region_name=os.environ["AWS_DEFAULT_REGION"])
    flat = Translator(MANAGED, Parser(), boto_session=session).translate(template, {})
    resources = {
        name: resolver.resolve(resource)
        for name, resource in flat["Resources"].items()
        if "Condition" not in resource or resolver.holds(resolver.conditions[resource["Condition"]])
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"Resources": resources}, file, default=str, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
