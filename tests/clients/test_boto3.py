"""boto3: every operation of sagemaker, logs, sts and iam that is served; waiters, paginators, error codes."""

import os
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from conftest import GROUP, ROLE, lines_of, shell_job, unique, wait


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Message"]


def test_a_job_from_create_to_describe(sagemaker, s3, logs, bucket):
    request = shell_job(
        bucket,
        'echo "hello $WHO"; cat /opt/ml/processing/input/data/a.txt; echo done > /opt/ml/processing/output/end.txt',
        Environment={"WHO": "birds"},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        Tags=[{"Key": "team", "Value": "birds"}],
        ExperimentConfig={"ExperimentName": "e", "TrialName": "t"},
    )
    s3.put_object(Bucket=bucket, Key="data/a.txt", Body=b"from the store\n")
    request["ProcessingInputs"] = [
        {
            "InputName": "data",
            "S3Input": {
                "S3Uri": f"s3://{bucket}/data",
                "LocalPath": "/opt/ml/processing/input/data",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3DataDistributionType": "FullyReplicated",
                "S3CompressionType": "None",
            },
        }
    ]
    name = request["ProcessingJobName"]
    arn = sagemaker.create_processing_job(**request)["ProcessingJobArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}"
    described = wait(sagemaker, name)
    assert described["ProcessingJobStatus"] == "Completed", described.get("FailureReason")
    assert described["ProcessingJobArn"] == arn
    for member in request.keys() - {"Tags", "ProcessingInputs", "ProcessingOutputConfig"}:
        assert described[member] == request[member], member
    for one in ("S3Uri", "LocalPath", "S3DataType", "S3InputMode", "S3DataDistributionType", "S3CompressionType"):
        assert described["ProcessingInputs"][0]["S3Input"][one] == request["ProcessingInputs"][0]["S3Input"][one]
    assert described["ProcessingOutputConfig"]["Outputs"][0]["S3Output"] == (
        request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    )
    assert described["CreationTime"] <= described["ProcessingStartTime"] <= described["ProcessingEndTime"]
    assert lines_of(logs, name) == ["hello birds", "from the store"]
    assert s3.get_object(Bucket=bucket, Key=f"{name}/end.txt")["Body"].read() == b"done\n"
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "birds"}]


def test_failure_reason_holds_the_exit_code_and_the_last_lines(run):
    described = run("echo one; echo 'ValueError: the real error' >&2; exit 3")
    assert described["ProcessingJobStatus"] == "Failed"
    reason = described["FailureReason"]
    assert reason.startswith("AlgorithmError: ") and "ValueError: the real error" in reason and "exit code: 3" in reason


def test_exit_message(run):
    assert run("printf fine > /opt/ml/output/message")["ExitMessage"] == "fine"
    failed = run("printf broken > /opt/ml/output/message; exit 1")
    assert failed["ExitMessage"] == "broken" and failed["FailureReason"] == "AlgorithmError: broken, exit code: 1"


def test_waiter_completes_and_fails(sagemaker, bucket):
    waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
    quick = {"Delay": 1, "MaxAttempts": 300}
    good, bad = shell_job(bucket, "true"), shell_job(bucket, "exit 1")
    for request in (good, bad):
        sagemaker.create_processing_job(**request)
    waiter.wait(ProcessingJobName=good["ProcessingJobName"], WaiterConfig=quick)
    with pytest.raises(WaiterError, match="terminal failure"):
        waiter.wait(ProcessingJobName=bad["ProcessingJobName"], WaiterConfig=quick)


def test_stop(sagemaker, bucket, s3, logs):
    script = "trap 'echo stopped > /opt/ml/processing/output/end; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
    request = shell_job(bucket, script)
    name = request["ProcessingJobName"]
    sagemaker.create_processing_job(**request)
    while "ready" not in lines_of(logs, name):
        time.sleep(0.05)
    sagemaker.stop_processing_job(ProcessingJobName=name)
    ended = wait(sagemaker, name)
    assert ended["ProcessingJobStatus"] == "Stopped"
    assert s3.get_object(Bucket=bucket, Key=f"{name}/end")["Body"].read() == b"stopped\n"
    sagemaker.stop_processing_job(ProcessingJobName=name)  # changes nothing
    assert wait(sagemaker, name)["ProcessingEndTime"] == ended["ProcessingEndTime"]


def test_time_limit_stops(run):
    described = run("echo begun > /opt/ml/processing/output/a; sleep 100", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert described["ProcessingJobStatus"] == "Stopped"


def test_error_codes(sagemaker, bucket):
    request = shell_job(bucket, "true")
    sagemaker.create_processing_job(**request)
    assert refused(sagemaker.create_processing_job, **request)[:2] == ("ResourceInUse", 400)
    for operation in ("describe_processing_job", "stop_processing_job", "delete_processing_job"):
        code, status, _ = refused(getattr(sagemaker, operation), ProcessingJobName="no-such-job")
        assert (code, status) == ("ResourceNotFound", 400) or operation == "delete_processing_job" and code in (
            "ResourceNotFound",
            "ValidationException",
        )
    code, status, message = refused(
        sagemaker.create_processing_job, **{**request, "ProcessingJobName": "no_underscores", "RoleArn": ROLE}
    )
    assert (code, status) == ("ValidationException", 400)
    assert message == (
        "1 validation error detected: Value 'no_underscores' at 'processingJobName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )
    many = shell_job(bucket, "true")
    many["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 100
    assert refused(sagemaker.create_processing_job, **many)[0] == "ResourceLimitExceeded"
    assert refused(sagemaker.list_processing_jobs, NextToken="never given")[0] == "ValidationException"


def test_unknown_image_names_the_command(run):
    name = "busybox:latest"
    described = run("true", AppSpecification={"ImageUri": name, "ContainerEntrypoint": ["true"]})
    assert described["ProcessingJobStatus"] == "Failed"
    assert "environment" in described["FailureReason"] and name in described["FailureReason"]


def test_lists_by_page_while_jobs_are_added(sagemaker, bucket):
    word = unique("list")
    names = [f"{word}-{i:02}" for i in range(23)]
    for name in names[:20]:
        sagemaker.create_processing_job(**shell_job(bucket, "true", name=name))
    pages = sagemaker.get_paginator("list_processing_jobs").paginate(
        NameContains=word, SortBy="CreationTime", SortOrder="Ascending", PaginationConfig={"PageSize": 6}
    )
    seen = []
    for page in pages:
        seen += [one["ProcessingJobName"] for one in page["ProcessingJobSummaries"]]
        if len(seen) == 6:
            for name in names[20:]:
                sagemaker.create_processing_job(**shell_job(bucket, "true", name=name))
    assert seen == names
    descending = sagemaker.list_processing_jobs(NameContains=word, SortBy="Name", SortOrder="Descending", MaxResults=100)
    assert [one["ProcessingJobName"] for one in descending["ProcessingJobSummaries"]] == names[::-1]
    for name in names:
        wait(sagemaker, name)
    completed = sagemaker.list_processing_jobs(NameContains=word, StatusEquals="Completed", MaxResults=100)
    assert len(completed["ProcessingJobSummaries"]) == 23
    assert sagemaker.list_processing_jobs(NameContains=word, StatusEquals="Failed")["ProcessingJobSummaries"] == []


def test_tags_and_delete(sagemaker, bucket):
    request = shell_job(bucket, "true")
    arn = sagemaker.create_processing_job(**request)["ProcessingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{i}", "Value": str(i)} for i in range(3)])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["k1"])
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    assert {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]} == {"k0": "0", "k2": "2"}
    wait(sagemaker, request["ProcessingJobName"])
    sagemaker.delete_processing_job(ProcessingJobName=request["ProcessingJobName"])
    assert (
        refused(sagemaker.describe_processing_job, ProcessingJobName=request["ProcessingJobName"])[0] == "ResourceNotFound"
    )
    sagemaker.create_processing_job(**request)  # the name is free again


def test_hosts_of_two_instances_reach_each_other(run, s3, bucket):
    script = (
        "python3 -c 'import json, socket, http.server, threading, urllib.request, time;"
        'me = json.load(open("/opt/ml/config/resourceconfig.json"));'
        "seen = threading.Event();"
        'H = type("H", (http.server.SimpleHTTPRequestHandler,), {"log_request": lambda *_: seen.set()});'
        's = http.server.HTTPServer((me["current_host"], 8765), H);'
        "threading.Thread(target=s.serve_forever, daemon=True).start();"
        'other = [h for h in me["hosts"] if h != me["current_host"]][0];\n'
        "for _ in range(600):\n"
        "  try:\n"
        '    urllib.request.urlopen(f"http://{other}:8765/"); break\n'
        "  except OSError: time.sleep(0.1)\n"
        "else: raise SystemExit(1)\n"
        "assert seen.wait(60)\n"
        'open("/opt/ml/processing/output/" + me["current_host"], "w").write(other); time.sleep(2)\''
    )
    cluster = {"ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 10}}
    described = run(script, ProcessingResources=cluster)
    assert described["ProcessingJobStatus"] == "Completed", described.get("FailureReason")
    name = described["ProcessingJobName"]
    for host, other in (("algo-1", b"algo-2"), ("algo-2", b"algo-1")):
        assert s3.get_object(Bucket=bucket, Key=f"{name}/{host}")["Body"].read() == other


def test_a_job_finds_endpoint_and_keys_of_its_own(run, s3, bucket, sagemaker):
    script = (
        "test -z \"$AWS_SECRET_ACCESS_KEY\" && python3 -c '"
        "import boto3; s3 = boto3.client(\"s3\"); "
        f's3.put_object(Bucket="{bucket}", Key="by-the-job", Body=boto3.client("sts").get_caller_identity()["Arn"])\''
    )
    described = run(script)
    assert described["ProcessingJobStatus"] == "Completed", described.get("FailureReason")
    assert s3.get_object(Bucket=bucket, Key="by-the-job")["Body"].read().startswith(b"arn:aws:sts::123456789012:assumed-role/")


def test_network_isolation(run):
    script = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", %d), 2)'" % port_of_endpoint()
    assert run(script)["ProcessingJobStatus"] == "Completed"
    isolated = run(script, NetworkConfig={"EnableNetworkIsolation": True})
    assert isolated["ProcessingJobStatus"] == "Failed" and "exit code: 1" in isolated["FailureReason"]


def port_of_endpoint():
    return int(boto3.client("sagemaker").meta.endpoint_url.rsplit(":", 1)[1])


def test_logs_both_directions_filter_and_follow(sagemaker, logs, bucket):
    request = shell_job(bucket, "for i in $(seq 1 250); do echo line $i; done")
    name = request["ProcessingJobName"]
    sagemaker.create_processing_job(**request)
    wait(sagemaker, name)
    stream = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"][0]["logStreamName"]
    assert stream.startswith(f"{name}/algo-1-")
    last = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, limit=10)
    assert [e["message"] for e in last["events"]] == [f"line {i}" for i in range(241, 251)]
    before = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, limit=10, nextToken=last["nextBackwardToken"])
    assert [e["message"] for e in before["events"]] == [f"line {i}" for i in range(231, 241)]
    end = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, nextToken=last["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == last["nextForwardToken"]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, logStreamNamePrefix=f"{name}/", filterPattern='"line 24"', PaginationConfig={"PageSize": 4}
    )
    assert [e["message"] for page in pages for e in page["events"]] == ["line 24", *[f"line 24{i}" for i in range(10)]]
    assert lines_of(logs, name) == [f"line {i}" for i in range(1, 251)]
    assert any(g["logGroupName"] == GROUP for g in logs.describe_log_groups(logGroupNamePrefix="/aws/sage")["logGroups"])
    assert refused(logs.get_log_events, logGroupName=GROUP, logStreamName="none")[0] == "ResourceNotFoundException"


def test_logs_of_ones_own(logs):
    group, now = unique("group"), int(time.time() * 1000)
    logs.create_log_group(logGroupName=group)
    assert refused(logs.create_log_group, logGroupName=group)[0] == "ResourceAlreadyExistsException"
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    events = [{"timestamp": now, "message": "Grüße"}, {"timestamp": now + 1, "message": "two\nlines"}]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    found = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)["events"]
    assert [(e["timestamp"], e["message"]) for e in found] == [(e["timestamp"], e["message"]) for e in events]


def test_who_am_i(client):
    identity = client("sts").get_caller_identity()
    assert identity["Account"] == "123456789012"
    role = client("iam").get_role(RoleName="tests")["Role"]
    assert role["Arn"].endswith("role/tests") and role["RoleName"] == "tests"


def test_wrong_keys(client):
    own = {"aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": "wrong"}
    code, status, _ = refused(client("sagemaker", **own).list_processing_jobs)
    assert code in ("InvalidSignatureException", "SignatureDoesNotMatch") and status in (400, 403)
    other = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "wrong"}
    assert refused(client("sagemaker", **other).list_processing_jobs)[0] == "UnrecognizedClientException"
    assert refused(client("s3", **own).list_buckets)[:2] == ("SignatureDoesNotMatch", 403)
    assert refused(client("s3", **other).list_buckets)[:2] == ("InvalidAccessKeyId", 403)


def test_many_clients_at_once(sagemaker, bucket):
    word, failures = unique("many"), []

    def create(index):
        own = boto3.session.Session().client("sagemaker", config=Config(retries={"total_max_attempts": 1}))
        for one in range(5):
            try:
                own.create_processing_job(**shell_job(bucket, "true", name=f"{word}-{index}-{one}"))
            except Exception as problem:  # every kind counts: none may be refused
                failures.append(problem)

    threads = [threading.Thread(target=create, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = sagemaker.list_processing_jobs(NameContains=word, MaxResults=100)["ProcessingJobSummaries"]
    assert len(found) == 40
    for one in found:
        assert wait(sagemaker, one["ProcessingJobName"])["ProcessingJobStatus"] == "Completed"


def test_s3_transfer_manager(s3, bucket, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * 4096 * 20)  # 20 MiB: multipart up, ranges down
    s3.upload_file(str(big), bucket, "big", ExtraArgs={"Metadata": {"who": "birds"}, "ContentType": "a/b"})
    head = s3.head_object(Bucket=bucket, Key="big")
    assert (head["ContentLength"], head["Metadata"], head["ContentType"]) == (20 << 20, {"who": "birds"}, "a/b")
    assert head["ETag"].endswith('-3"')
    s3.download_file(bucket, "big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy")
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == 20 << 20


