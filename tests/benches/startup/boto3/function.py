"""The first step of deploy-on-push in Python: read one event, ask DynamoDB which targets watch the repository, answer.

A Lambda runtime in itself, since Lambda's own one for Python is not on this machine; what it adds there, boto3's
import and client, is the larger part. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.client
import json
import os

import boto3

runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
dynamodb = boto3.client("dynamodb")

while True:
    runtime.request("GET", "/2018-06-01/runtime/invocation/next")
    response = runtime.getresponse()
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(response.read())
    push = json.loads(event["Records"][0]["body"])
    found = dynamodb.query(
        TableName=os.environ["GREENLIGHT_TABLE"],
        IndexName="by-repository",
        KeyConditionExpression="repository = :repository",
        ExpressionAttributeValues={":repository": {"S": push["detail"]["repository-name"]}},
    )
    answer = json.dumps({"targets": found["Count"]})
    runtime.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", answer)
    runtime.getresponse().read()
