"""Checks the records of `cargo rehearse --wire FILE` against AWS's own service models.

Every line of a record is one AWS call, `{"function", "service", "operation", "request", "status",
"response"}`. Request and answer must have no unknown members, no missing ones, the right types,
declared enum values, and lengths and ranges within the model's; an error must be one that the operation
declares, or one that every operation may give. The models are those of botocore. Of the query protocol
(Elastic Load Balancing, STS) the record holds the members that were read from the form and written into the
XML, so numbers may be text there, and times are. Of S3 and Lambda it holds what is in path and headers, by the
names that the model gives those; never a body of S3, and of Lambda the JSON document that the payload is. What was
CBOR on the wire (CloudWatch) is the same document in JSON.

Usage: validate.py FILE... ; exit status 0 only if every line of every file is valid.
"""

import base64
import binascii
import collections
import json
import re
import sys

import botocore.loaders
import botocore.model
import botocore.validate

# Errors that AWS documents for whole services ("Common Errors") and not for each operation.
# UnknownOperationException and SerializationException are left out: they would be our client's fault.
COMMON_ERRORS = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalFailure",
    "InternalServerError",
    "RequestExpired",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
}
# DynamoDB's is one, although its model does not say so.
UNIONS = {"AttributeValue"}
# Values that AWS documents and its models lack, by shape: they may come in answers, and are not to be sent. ECS's
# documentation has this stage among those that a service deployment goes through.
# Inspector has this severity, and its findings are those of ECR's enhanced scanning.
DOCUMENTED = {
    "ServiceDeploymentLifecycleStage": {"PRE_PRODUCTION_TRAFFIC_SHIFT"},
    "FindingSeverity": {"UNTRIAGED"},
}
SHOWN = 20


class Models:
    """botocore's service models, each loaded once."""

    def __init__(self):
        self.loader = botocore.loaders.Loader()
        self.known = set(self.loader.list_available_services("service-2"))
        self.loaded = {}

    def service(self, name):
        if name not in self.known:
            return None
        if name not in self.loaded:
            document = self.loader.load_service_model(name, "service-2")
            self.loaded[name] = botocore.model.ServiceModel(document, name)
        return self.loaded[name]


def check_line(models, line):
    """All that is wrong with one line, as sentences."""
    try:
        call = json.loads(line)
    except ValueError as error:
        return [f"the line is not JSON: {error}"]
    missing = {"function", "service", "operation", "request", "status", "response"} - set(call)
    if missing:
        return [f"the line has no {', '.join(sorted(missing))}"]
    service = models.service(call["service"])
    if service is None:
        return [f"there is no service {call['service']}"]
    if call["operation"] not in service.operation_names:
        return [f"{call['service']} has no operation {call['operation']}"]
    operation = service.operation_model(call["operation"])
    problems = check_request(operation, call["request"])
    if is_success(call["status"]):
        problems += check_answer(operation, call["response"])
    else:
        problems += check_error(operation, call["status"], call["response"])
    return [f"{call['service']} {call['operation']}: {problem}" for problem in problems]


def is_success(status):
    return isinstance(status, int) and 200 <= status < 300


def check_request(operation, request):
    shape = operation.input_shape
    problems = []
    if shape is None:
        return [] if request in ({}, None) else ["request: the operation takes none"]
    request = without_document(operation, shape, request)
    rules = Rules(strict=True, text_scalars=speaks_query(operation))
    walk(shape, request, "request", problems, rules)
    if not problems and not rules.text_scalars:
        # botocore checks what its callers say, who do not know the names of headers.
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        spoken = {names[wire]: value for wire, value in request.items()} if speaks_rest(operation) else request
        report = botocore.validate.ParamValidator().validate(spoken, shape)
        if report.has_errors():
            problems.append(f"request: {report.generate_report()}")
    return problems


def check_answer(operation, response):
    shape = operation.output_shape
    problems = []
    if shape is None:
        return [] if response in ({}, None, "") else ["response: the operation answers nothing"]
    response = without_document(operation, shape, response)
    walk(shape, response, "response", problems, Rules(strict=False, text_scalars=speaks_query(operation)))
    return problems


def without_document(operation, shape, members):
    """The members without the body that is one of them: in the model a blob, and in the record the JSON that it is,
    which may be any."""
    payload = shape.serialization.get("payload")
    if not payload or not speaks_rest(operation) or shape.members[payload].type_name != "blob" or not isinstance(members, dict):
        return members
    return {name: value for name, value in members.items() if name != payload}


def speaks_rest(operation):
    return operation.service_model.metadata["protocol"] == "rest-json"


def speaks_query(operation):
    return operation.service_model.metadata["protocol"] == "query"


def check_error(operation, status, response):
    if not isinstance(response, dict):
        return [f"response: status {status} without an error document"]
    if not 400 <= status <= 599:
        return [f"response: status {status} is neither success nor error"]
    code = str(response.get("__type", "")).rsplit("#", 1)[-1]
    if not code:
        return [f"response: status {status} without an error code"]
    declared = {}
    for shape in operation.error_shapes:
        # The query protocol has names of its own for errors.
        code_of_shape = shape.metadata.get("error", {}).get("code") if speaks_query(operation) else None
        declared[code_of_shape or shape.name] = shape
    if code not in declared:
        return [] if code in COMMON_ERRORS else [f"response: the error {code} is not declared"]
    problems = []
    shape = declared[code]
    members = {name.lower(): name for name in shape.members}
    # `message` may be spelled either way, whatever the model says.
    body = {members.get(key.lower(), key): value for key, value in response.items() if key != "__type"}
    if "message" not in members:
        body.pop("message", None)
        body.pop("Message", None)
    walk(shape, body, "response", problems, Rules(strict=False, text_scalars=False))
    return problems


class Rules(collections.namedtuple("Rules", "strict text_scalars")):
    """strict: lengths, ranges and patterns count, and null is not absence. text_scalars: numbers are text."""


def walk(shape, value, path, problems, rules):
    if value is None:
        if rules.strict:
            problems.append(f"{path}: null")
        return
    checks = {"structure": walk_structure, "list": walk_list, "map": walk_map}
    checks.get(shape.type_name, walk_scalar)(shape, value, path, problems, rules)


def walk_structure(shape, value, path, problems, rules):
    if not isinstance(value, dict):
        problems.append(f"{path}: {kind(value)}, not a structure {shape.name}")
        return
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    for key in value:
        if key not in names:
            problems.append(f"{path}.{key}: unknown member of {shape.name}")
    for name in shape.required_members:
        wire = shape.members[name].serialization.get("name", name)
        if value.get(wire) is None:
            problems.append(f"{path}.{wire}: required by {shape.name}")
    if (getattr(shape, "is_tagged_union", False) or shape.name in UNIONS) and len(value) != 1:
        problems.append(f"{path}: {len(value)} members of the union {shape.name}")
    for key, member in value.items():
        if key in names:
            walk(shape.members[names[key]], member, f"{path}.{key}", problems, rules)


def walk_list(shape, value, path, problems, rules):
    if not isinstance(value, list):
        problems.append(f"{path}: {kind(value)}, not a list")
        return
    check_size(shape, len(value), path, problems, rules)
    for index, member in enumerate(value):
        walk(shape.member, member, f"{path}[{index}]", problems, rules)


def walk_map(shape, value, path, problems, rules):
    if not isinstance(value, dict):
        problems.append(f"{path}: {kind(value)}, not a map")
        return
    check_size(shape, len(value), path, problems, rules)
    for key, member in value.items():
        walk(shape.key, key, f"{path}.{key} (key)", problems, rules)
        walk(shape.value, member, f"{path}.{key}", problems, rules)


def walk_scalar(shape, value, path, problems, rules):
    expected = shape.type_name
    if rules.text_scalars and isinstance(value, str):
        value = scalar(expected, value)
    if not is_of_type(expected, value, rules):
        problems.append(f"{path}: {kind(value)}, not a {expected}")
        return
    if expected == "string":
        enum = shape.metadata.get("enum")
        documented = set() if rules.strict else DOCUMENTED.get(shape.name, set())
        if enum and value not in enum and value not in documented:
            problems.append(f"{path}: {value!r} is none of {', '.join(enum)}")
        check_size(shape, len(value), path, problems, rules)
        check_pattern(shape, value, path, problems, rules)
    elif expected in ("integer", "long", "float", "double"):
        check_size(shape, value, path, problems, rules)


def scalar(expected, text):
    """A number or truth value from its text; the text itself where it is neither."""
    if expected == "boolean" and text in ("true", "false"):
        return text == "true"
    try:
        if expected in ("integer", "long"):
            return int(text)
        if expected in ("float", "double"):
            return float(text)
    except ValueError:
        pass
    return text


def is_of_type(expected, value, rules):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if expected in ("string", "character"):
        return isinstance(value, str)
    if expected == "boolean":
        return isinstance(value, bool)
    if expected in ("integer", "long"):
        bits = 31 if expected == "integer" else 63
        return is_number and isinstance(value, int) and -(2**bits) <= value < 2**bits
    if expected in ("float", "double"):
        return is_number
    if expected == "timestamp":
        # AWS JSON: seconds since the epoch. The query protocol: a date and time.
        return isinstance(value, str) if rules.text_scalars else is_number and 0 < value < 1e11
    if expected == "blob":
        return isinstance(value, str) and is_base64(value)
    return True


def is_base64(text):
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def check_size(shape, size, path, problems, rules):
    if not rules.strict:
        return
    if "min" in shape.metadata and size < shape.metadata["min"]:
        problems.append(f"{path}: {size} is less than {shape.metadata['min']}")
    if "max" in shape.metadata and size > shape.metadata["max"]:
        problems.append(f"{path}: {size} is more than {shape.metadata['max']}")


def check_pattern(shape, value, path, problems, rules):
    pattern = shape.metadata.get("pattern")
    if not rules.strict or not pattern:
        return
    try:
        matches = re.search(pattern, value)
    except re.error:
        return  # written for another dialect
    if not matches:
        problems.append(f"{path}: {value!r} does not match {pattern}")


def kind(value):
    return f"{type(value).__name__} {json.dumps(value, default=str)[:60]}"


def main(paths):
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    models = Models()
    counts = collections.Counter()
    errors = collections.Counter()
    violations = []
    for path in paths:
        lines = 0
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                lines += 1
                problems = check_line(models, line)
                violations += [f"{path}:{number}: {problem}" for problem in problems]
                if len(violations) >= SHOWN:
                    break
                call = json.loads(line) if not problems else {}
                counts[call.get("service", "not valid")] += 1
                errors[call.get("service")] += not is_success(call.get("status", 200))
        if lines == 0:
            violations.append(f"{path}: the record is empty")
    for violation in violations[:SHOWN]:
        print(violation)
    for service, count in sorted(counts.items()):
        print(f"{service}: {count} calls, {errors[service]} of them answered with an error")
    print("every call is valid" if not violations else f"{min(len(violations), SHOWN)} violations (at most {SHOWN} are shown)")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
