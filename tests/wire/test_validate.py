"""The test of the test: valid calls pass, and each seeded violation is found and named."""

import contextlib
import copy
import io
import json
import pathlib
import tempfile
import unittest

import validate

MODELS = validate.Models()

DIGEST = "sha256:" + "0" * 64
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/mco/0123456789abcdef/0123456789abcdef"

DESCRIBE_IMAGES = {
    "function": "DeployOnPush",
    "service": "ecr",
    "operation": "DescribeImages",
    "request": {"repositoryName": "mco/api", "imageIds": [{"imageTag": "test"}]},
    "status": 200,
    "response": {
        "imageDetails": [
            {
                "repositoryName": "mco/api",
                "imageDigest": DIGEST,
                "imageTags": ["test"],
                "imagePushedAt": 1795341600.5,
                "imageSizeInBytes": 1048576,
                "imageStatus": "ACTIVE",
            }
        ]
    },
}
GET_ITEM = {
    "function": "DeployOnPush",
    "service": "dynamodb",
    "operation": "GetItem",
    "request": {"TableName": "greenlight", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}},
    "status": 200,
    "response": {"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, "version": {"N": "3"}}},
}
LISTENERS = {
    "function": "ValidateGreen",
    "service": "elbv2",
    "operation": "DescribeListeners",
    "request": {"ListenerArns": [LISTENER], "PageSize": "5"},
    "status": 200,
    "response": {"Listeners": [{"ListenerArn": LISTENER, "Port": 9001, "Protocol": "HTTP"}]},
}
# S3 and STS are in other protocols: members of S3 are in headers, and STS answers XML.
GET_OBJECT = {
    "function": "DeployOnPush",
    "service": "s3",
    "operation": "GetObject",
    "request": {"Bucket": "mco-deployments", "Key": "api/taskdef.json"},
    "status": 200,
    "response": {"Content-Length": 12, "Content-Type": "application/json", "ETag": '"0"'},
}
ASSUME_ROLE = {
    "function": "DeployOnPush",
    "service": "sts",
    "operation": "AssumeRole",
    "request": {"RoleArn": "arn:aws:iam::111122223333:role/deploy", "RoleSessionName": "greenlight", "DurationSeconds": "3600"},
    "status": 200,
    "response": {
        "Credentials": {
            "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "SecretAccessKey": "REDACTED",
            "SessionToken": "REDACTED",
            "Expiration": "2026-01-05T11:00:00Z",
        }
    },
}

# CBOR on the wire, and the same in the record.
GET_METRIC_DATA = {
    "function": "ValidateGreen",
    "service": "cloudwatch",
    "operation": "GetMetricData",
    "request": {
        "MetricDataQueries": [
            {
                "Id": "green",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ApplicationELB",
                        "MetricName": "TargetResponseTime",
                        "Dimensions": [{"Name": "LoadBalancer", "Value": "app/mco/0123456789abcdef"}],
                    },
                    "Period": 60,
                    "Stat": "p99",
                },
            }
        ],
        "StartTime": 1795341600.5,
        "EndTime": 1795341900.0,
    },
    "status": 200,
    "response": {
        "MetricDataResults": [
            {"Id": "green", "Timestamps": [1795341600.0], "Values": [0.25], "StatusCode": "Complete"}
        ],
        "Messages": [],
    },
}
# Lambda is spoken to by path and headers, and the payload is recorded as the document that it is.
INVOKE = {
    "function": "ValidateGreen",
    "service": "lambda",
    "operation": "Invoke",
    "request": {
        "FunctionName": "smoke-test",
        "X-Amz-Invocation-Type": "RequestResponse",
        "Payload": {"point": "before_traffic"},
    },
    "status": 200,
    "response": {"StatusCode": 200, "X-Amz-Executed-Version": "$LATEST", "Payload": {"verdict": "successful"}},
}
GET_LOG_EVENTS = {
    "function": "ValidateGreen",
    "service": "logs",
    "operation": "GetLogEvents",
    "request": {"logGroupName": "/ecs/api", "logStreamName": "api/api/0123456789abcdef", "limit": 20},
    "status": 200,
    "response": {
        "events": [{"timestamp": 1795341600500, "message": "fatal", "ingestionTime": 1795341600500}],
        "nextForwardToken": "f/1/s",
        "nextBackwardToken": "b/0/s",
    },
}


def refused(status, code, call=DESCRIBE_IMAGES):
    return dict(call, status=status, response={"__type": code, "message": "No."})


class Validate(unittest.TestCase):
    def valid(self, call):
        self.assertEqual(validate.check_line(MODELS, json.dumps(call)), [])

    def violates(self, call, expected):
        problems = validate.check_line(MODELS, json.dumps(call))
        self.assertTrue(any(expected in problem for problem in problems), f"{expected!r} not in {problems}")

    def changed(self, call, part, change):
        call = copy.deepcopy(call)
        change(call[part])
        return call

    def test_valid_calls_pass(self):
        for call in (DESCRIBE_IMAGES, GET_ITEM, LISTENERS, GET_OBJECT, ASSUME_ROLE, GET_METRIC_DATA, INVOKE, GET_LOG_EVENTS):
            self.valid(call)

    def test_members_in_headers_go_by_the_names_of_the_headers(self):
        self.violates(self.changed(GET_OBJECT, "response", lambda answer: answer.update(ContentLength=12)), "unknown member")
        self.violates(self.changed(GET_OBJECT, "request", lambda request: request.pop("Key")), "request.Key: required")
        self.valid(refused(404, "NoSuchKey", GET_OBJECT))
        self.valid(refused(403, "AccessDenied", GET_OBJECT))

    def test_what_was_cbor_is_checked_as_the_document_that_it_is(self):
        stat = self.changed(GET_METRIC_DATA, "request", lambda it: it["MetricDataQueries"][0]["MetricStat"].pop("Stat"))
        self.violates(stat, "Stat: required by MetricStat")
        time = self.changed(GET_METRIC_DATA, "request", lambda it: it.update(StartTime="2026-11-22T10:00:00Z"))
        self.violates(time, "not a timestamp")
        value = self.changed(GET_METRIC_DATA, "response", lambda it: it["MetricDataResults"][0].update(Values=["0.25"]))
        self.violates(value, "not a double")
        self.valid(refused(400, "InvalidNextToken", GET_METRIC_DATA))
        self.violates(refused(400, "ResourceNotFound", GET_METRIC_DATA), "is not declared")

    def test_a_payload_of_lambda_may_be_any_document_and_the_headers_may_not(self):
        for payload in ([1, "a", None], "text", None, {"deep": {"er": 1}}):
            self.valid(self.changed(INVOKE, "request", lambda it: it.update(Payload=payload)))
            self.valid(self.changed(INVOKE, "response", lambda it: it.update(Payload=payload)))
        kind = self.changed(INVOKE, "request", lambda it: it.update({"X-Amz-Invocation-Type": "Sometimes"}))
        self.violates(kind, "is none of Event, RequestResponse, DryRun")
        self.violates(self.changed(INVOKE, "request", lambda it: it.update(InvocationType="Event")), "unknown member")
        self.violates(self.changed(INVOKE, "request", lambda it: it.pop("FunctionName")), "request.FunctionName: required")
        self.violates(self.changed(INVOKE, "response", lambda it: it.update(Version="1")), "unknown member")

    def test_an_accepted_event_is_a_success(self):
        event = dict(INVOKE, status=202, response={"StatusCode": 202})
        self.valid(event)
        self.violates(dict(event, response={"StatusCode": "202"}), "not a integer")
        self.valid(refused(404, "ResourceNotFoundException", INVOKE))

    def test_a_blob_elsewhere_is_base64(self):
        call = dict(
            DESCRIBE_IMAGES,
            operation="UploadLayerPart",
            request={"repositoryName": "mco/api", "uploadId": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
                     "partFirstByte": 0, "partLastByte": 1, "layerPartBlob": {"not": "base64"}},
            response={},
        )
        self.violates(call, "not a blob")

    def test_a_documented_stage_may_be_answered_although_the_model_lacks_it(self):
        arn = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/mco/api/0123456789abcdef01234"
        deployment = {"serviceDeploymentArn": arn, "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT"}
        call = {
            "function": "ValidateGreen",
            "service": "ecs",
            "operation": "DescribeServiceDeployments",
            "request": {"serviceDeploymentArns": [arn]},
            "status": 200,
            "response": {"serviceDeployments": [deployment]},
        }
        self.valid(call)
        deployment["lifecycleStage"] = "PRE_EVERYTHING"
        self.violates(call, "'PRE_EVERYTHING' is none of")

    def test_a_role_is_assumed_for_a_time_in_seconds(self):
        late = self.changed(ASSUME_ROLE, "request", lambda request: request.update(DurationSeconds="soon"))
        self.violates(late, "not a integer")
        short = self.changed(ASSUME_ROLE, "request", lambda request: request.update(DurationSeconds="60"))
        self.violates(short, "60 is less than 900")

    def test_an_unknown_request_member_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.update(repository="mco/api"))
        self.violates(call, "request.repository: unknown member")

    def test_a_missing_request_member_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.pop("repositoryName"))
        self.violates(call, "request.repositoryName: required")

    def test_a_wrong_request_type_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.update(imageIds={"imageTag": "test"}))
        self.violates(call, "not a list")

    def test_a_wrong_request_enum_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.update(filter={"tagStatus": "SOME"}))
        self.violates(call, "is none of TAGGED, UNTAGGED")

    def test_an_empty_list_below_its_minimum_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.update(imageIds=[]))
        self.violates(call, "0 is less than 1")

    def test_null_in_a_request_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.update(registryId=None))
        self.violates(call, "request.registryId: null")

    def test_a_name_against_its_pattern_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "request", lambda request: request.update(repositoryName="MCO!"))
        self.violates(call, "does not match")

    def test_an_unknown_answer_member_is_found(self):
        call = self.changed(DESCRIBE_IMAGES, "response", lambda answer: answer["imageDetails"][0].update(tag="test"))
        self.violates(call, "response.imageDetails[0].tag: unknown member")

    def test_a_timestamp_as_text_is_found(self):
        call = self.changed(
            DESCRIBE_IMAGES,
            "response",
            lambda answer: answer["imageDetails"][0].update(imagePushedAt="2026-11-22T10:00:00Z"),
        )
        self.violates(call, "not a timestamp")

    def test_a_timestamp_in_milliseconds_is_found(self):
        call = self.changed(
            DESCRIBE_IMAGES, "response", lambda answer: answer["imageDetails"][0].update(imagePushedAt=1795341600500)
        )
        self.violates(call, "not a timestamp")

    def test_a_wrong_answer_enum_is_found(self):
        call = self.changed(
            DESCRIBE_IMAGES, "response", lambda answer: answer["imageDetails"][0].update(imageStatus="GONE")
        )
        self.violates(call, "is none of ACTIVE")

    def test_null_in_an_answer_is_absence(self):
        self.valid(self.changed(DESCRIBE_IMAGES, "response", lambda answer: answer.update(nextToken=None)))

    def test_two_types_in_one_attribute_are_found(self):
        call = self.changed(GET_ITEM, "response", lambda answer: answer["Item"]["pk"].update(N="1"))
        self.violates(call, "2 members of the union AttributeValue")

    def test_a_number_attribute_as_number_is_found(self):
        call = self.changed(GET_ITEM, "response", lambda answer: answer["Item"].update(version={"N": 3}))
        self.violates(call, "not a string")

    def test_declared_and_common_errors_pass(self):
        self.valid(refused(400, "ImageNotFoundException"))
        self.valid(refused(400, "com.amazonaws.ecr#RepositoryNotFoundException"))
        self.valid(refused(400, "AccessDeniedException"))
        self.valid(refused(400, "ThrottlingException"))

    def test_an_undeclared_error_is_found(self):
        self.violates(refused(400, "ImageAlreadyExistsException"), "is not declared")
        self.violates(refused(400, "SerializationException"), "is not declared")
        self.violates(refused(400, "UnknownOperationException"), "is not declared")

    def test_an_error_without_a_code_is_found(self):
        self.violates(dict(DESCRIBE_IMAGES, status=500, response={"message": "No."}), "without an error code")
        self.violates(dict(DESCRIBE_IMAGES, status=500, response=None), "without an error document")

    def test_unknown_services_and_operations_are_found(self):
        self.violates(dict(DESCRIBE_IMAGES, service="registry"), "there is no service registry")
        self.violates(dict(DESCRIBE_IMAGES, operation="ListEverything"), "has no operation ListEverything")

    def test_lines_of_another_form_are_found(self):
        self.assertIn("not JSON", validate.check_line(MODELS, "{")[0])
        self.assertIn("has no function", validate.check_line(MODELS, '{"service": "ecr"}')[0])

    def test_numbers_of_the_query_protocol_may_be_text(self):
        self.violates(
            self.changed(LISTENERS, "request", lambda request: request.update(PageSize="five")), "not a integer"
        )
        self.violates(
            self.changed(LISTENERS, "response", lambda answer: answer["Listeners"][0].update(Port="http")),
            "not a integer",
        )

    def test_an_unknown_member_of_the_query_protocol_is_found(self):
        call = self.changed(LISTENERS, "response", lambda answer: answer["Listeners"][0].update(Colour="green"))
        self.violates(call, "Listeners[0].Colour: unknown member")

    def test_errors_of_the_query_protocol_have_codes_of_their_own(self):
        # The shape is ListenerNotFoundException; on the wire it is called ListenerNotFound.
        self.valid(refused(400, "ListenerNotFound", LISTENERS))
        self.violates(refused(400, "ListenerNotFoundException", LISTENERS), "is not declared")
        self.violates(refused(400, "RuleNotFound", LISTENERS), "is not declared")

    def run_main(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "wire.jsonl")
            path.write_text(text, encoding="utf-8")
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = validate.main([str(path)])
        return status, output.getvalue()

    def test_a_valid_record_is_counted_by_service(self):
        status, output = self.run_main("\n".join(json.dumps(call) for call in (DESCRIBE_IMAGES, GET_ITEM, GET_ITEM)) + "\n")
        self.assertEqual(status, 0)
        self.assertIn("dynamodb: 2 calls", output)

    def test_a_record_with_one_bad_line_fails_and_names_it(self):
        bad = dict(DESCRIBE_IMAGES, operation="ListEverything")
        status, output = self.run_main(json.dumps(GET_ITEM) + "\n" + json.dumps(bad) + "\n")
        self.assertEqual(status, 1)
        self.assertIn("wire.jsonl:2: ecr has no operation ListEverything", output)

    def test_an_empty_record_fails(self):
        self.assertEqual(self.run_main("")[0], 1)


if __name__ == "__main__":
    unittest.main()
