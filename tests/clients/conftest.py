"""What every client's tests share. The variables of `fieldmark env` are the only settings, as on a person's laptop."""

import base64
import os
import time
import uuid

import boto3
import pytest
from botocore.config import Config

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:0.20.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/tests"
GROUP = "/aws/sagemaker/ProcessingJobs"
ENDED = ("Completed", "Failed", "Stopped")


def pytest_configure():
    if not os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:"):
        pytest.exit('set the variables of `fieldmark env`: these tests never speak to AWS', 4)


def unique(word):
    return f"{word}-{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def client():
    """client("s3") shows the first answer: no retries that would hide a refused connection."""
    return lambda service, **more: boto3.client(service, config=Config(retries={"total_max_attempts": 1}), **more)


@pytest.fixture(scope="session")
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture(scope="session")
def s3(client):
    return client("s3")


@pytest.fixture(scope="session")
def logs(client):
    return client("logs")


@pytest.fixture(scope="session")
def bucket(s3):
    name = unique("bucket")
    s3.create_bucket(Bucket=name)
    return name


def command(script):
    """A word of a request has at most 256 characters and no line break: a longer script goes as arguments, in base64."""
    if len(script) <= 256 and "\n" not in script:
        return {"ContainerEntrypoint": ["/bin/sh", "-c", script]}
    coded = base64.b64encode(script.encode()).decode()
    return {
        "ContainerEntrypoint": ["/bin/sh", "-c", 'eval "$(printf %s "$@" | base64 -d)"', "script"],
        "ContainerArguments": [coded[i : i + 256] for i in range(0, len(coded), 256)],
    }


def shell_job(bucket, script, name=None, **more):
    """The request of a job that runs a script by /bin/sh and keeps /opt/ml/processing/output."""
    name = name or unique("job")
    return {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": IMAGE, **command(script)},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 10}
        },
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://{bucket}/{name}",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        **more,
    }


@pytest.fixture
def run(sagemaker, bucket):
    """run("echo hello") creates the job, waits for its end and returns its description."""

    def run_job(script, **more):
        request = shell_job(bucket, script, **more)
        sagemaker.create_processing_job(**request)
        return wait(sagemaker, request["ProcessingJobName"])

    return run_job


def wait(sagemaker, name, seconds=300):
    end = time.monotonic() + seconds
    while True:
        described = sagemaker.describe_processing_job(ProcessingJobName=name)
        if described["ProcessingJobStatus"] in ENDED:
            return described
        assert time.monotonic() < end, f"{name} is still {described['ProcessingJobStatus']}"
        time.sleep(0.05)


def lines_of(logs, name):
    """All lines of a job, by the paginator of its streams and the forward tokens of each."""
    found = []
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")
    for stream in [s["logStreamName"] for page in pages for s in page["logStreams"]]:
        token = {}
        while True:
            page = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True, **token)
            found += [event["message"] for event in page["events"]]
            if token.get("nextToken") == page["nextForwardToken"]:
                break
            token = {"nextToken": page["nextForwardToken"]}
    return found
