"""PySparkProcessor and SparkJarProcessor of the SageMaker Python SDK 2.x on instances in containers."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pyspark
import pytest
import sagemaker
from sagemaker.network import NetworkConfig
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.spark.processing import PySparkProcessor, SparkJarProcessor
from conftest import ROLE, lines_of, unique
from spark_processors import APPS, COUNTED, TEXT, compile_jar

HISTORY = "http://127.0.0.1:15050"


def options(instances):
    return {
        "framework_version": "3.5",
        "role": ROLE,
        "instance_type": "ml.m5.xlarge",
        "instance_count": instances,
        "base_job_name": "spark",
        "sagemaker_session": sagemaker.Session(),
    }


@pytest.fixture(scope="module")
def words(s3, bucket):
    s3.put_object(Bucket=bucket, Key="words/one.txt", Body=TEXT.encode())
    return f"s3a://{bucket}/words/"


@pytest.fixture(scope="module")
def counted(s3, bucket, words, tmp_path_factory):
    """One job of two instances with py-files, files, a configuration, an event log, s3:// and s3a://."""
    evaluation = Path(os.environ["EVALUATION"])
    s3.upload_file(str(evaluation / "predictions.parquet"), bucket, "evaluation/predictions.parquet")
    table = tmp_path_factory.mktemp("files") / "table.txt"
    table.write_text("a table")
    processor = PySparkProcessor(**options(2))
    at = f"s3://{bucket}/{unique('counted')}"
    processor.run(
        submit_app=str(APPS / "count.py"),
        submit_py_files=[str(APPS / "birdwords")],
        submit_files=[str(table)],
        arguments=[
            *("--words", words, "--output", f"{at}/words"),
            *("--predictions", f"s3://{bucket}/evaluation/predictions.parquet"),
        ],
        outputs=[ProcessingOutput(source="/opt/ml/processing/output", destination=f"{at}/result")],
        configuration=[
            {"Classification": "spark-defaults", "Properties": {"spark.fieldmark.word": "owl", "spark.sql.shuffle.partitions": "2"}},
            {
                "Classification": "spark-env",
                "Properties": {},
                "Configurations": [{"Classification": "export", "Properties": {"BIRD": "wren"}}],
            },
        ],
        spark_event_logs_s3_uri=f"{at}/events",
        logs=False,
    )
    body = s3.get_object(Bucket=bucket, Key=f"{at.split('/', 3)[3]}/result/result.json")["Body"].read()
    return {"at": at, "name": processor.latest_job.job_name, "result": json.loads(body)}


def test_both_instances_run_tasks(counted):
    assert counted["result"]["executors"] == [["algo-1", "wren", "a table"], ["algo-2", "wren", "a table"]]
    assert counted["result"]["word"] == "owl"


def test_words_are_counted(counted, logs):
    assert counted["result"]["words"] == COUNTED
    assert "counted 6 words" in lines_of(logs, counted["name"])


def test_classes_are_those_of_the_evaluation(counted):
    measures = json.loads((Path(os.environ["EVALUATION"]) / "measures.json").read_text())
    expected = [{name: row[name] for name in ("name", "support", "truePositives", "predicted")} for row in measures["perClass"]]
    found = {row["name"]: row for row in counted["result"]["classes"]}
    assert found == {row["name"]: row for row in expected}
    for row in measures["perClass"]:
        mine = found[row["name"]]
        assert mine["truePositives"] / mine["predicted"] == row["precision"]["value"]
        assert mine["truePositives"] / mine["support"] == row["recall"]["value"]


def test_the_history_server_reads_the_event_log(counted, s3, bucket):
    prefix = f"{counted['at'].split('/', 3)[3]}/events/"
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    assert len(keys) == 1 and "inprogress" not in keys[0]
    names = [name for name in os.environ if name.startswith("AWS_") and name != "AWS_DATA_PATH"]
    container = subprocess.run(
        [
            *("docker", "run", "--detach", "--network", "host", "--entrypoint", "smspark-history-server"),
            *(word for name in names for word in ("--env", name)),
            *("fieldmark/pyspark", "--event-logs-s3-uri", f"{counted['at']}/events"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    try:
        applications = answer(f"{HISTORY}/api/v1/applications", container)
        assert [(one["name"], one["attempts"][0]["completed"]) for one in applications] == [("count", True)]
        executors = answer(f"{HISTORY}/api/v1/applications/{applications[0]['id']}/allexecutors", container)
        hosts = {one["hostPort"].split(":")[0] for one in executors if one["id"] != "driver" and one["totalTasks"] > 0}
        assert hosts == {"algo-1", "algo-2"}
    finally:
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)


def answer(url, container):
    """The history server's answer once it has read the log."""
    give_up = time.monotonic() + 300
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                found = json.load(response)
            if found:
                return found
        except OSError:
            pass
        if time.monotonic() > give_up:
            said = subprocess.run(["docker", "logs", container], capture_output=True, text=True)
            raise AssertionError(f"{url} does not answer: {said.stdout}{said.stderr}")
        time.sleep(1)


def test_isolated_instances_form_a_cluster_among_themselves(words, s3, bucket):
    """They have no endpoint and no keys; what they read is an input, what they write an output."""
    processor = PySparkProcessor(**options(2), network_config=NetworkConfig(enable_network_isolation=True))
    at = unique("isolated")
    processor.run(
        submit_app=str(APPS / "isolated.py"),
        inputs=[ProcessingInput(source=words.replace("s3a:", "s3:"), destination="/opt/ml/processing/input")],
        outputs=[ProcessingOutput(source="/opt/ml/processing/output", destination=f"s3://{bucket}/{at}")],
        logs=False,
    )
    result = json.loads(s3.get_object(Bucket=bucket, Key=f"{at}/result.json")["Body"].read())
    assert result == {"executors": [["algo-1", False, False], ["algo-2", False, False]], "words": sum(COUNTED.values())}


def test_a_failing_application_ends_all_instances():
    processor = PySparkProcessor(**options(2))
    with pytest.raises(sagemaker.exceptions.UnexpectedStatusException):
        processor.run(submit_app=str(APPS / "fail.py"), logs=False)
    described = processor.latest_job.describe()
    assert described["ProcessingJobStatus"] == "Failed"
    assert "ValueError: no owls" in described["FailureReason"] and "exit code: 1" in described["FailureReason"]


@pytest.mark.skipif(shutil.which("javac") is None, reason="no javac on this machine")
def test_a_class_of_a_jar(words, tmp_path, logs):
    jar = compile_jar(tmp_path, Path(pyspark.__file__).parent / "jars")
    processor = SparkJarProcessor(**options(1))
    processor.run(submit_app=str(jar), submit_class="Lines", arguments=[words], logs=False)
    assert "lines: 2" in lines_of(logs, processor.latest_job.job_name)
