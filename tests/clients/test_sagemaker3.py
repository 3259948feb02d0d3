"""The SageMaker Python SDK 3.x: ScriptProcessor and FrameworkProcessor of sagemaker.core.processing."""

import json

import pytest
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import FrameworkProcessor, ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from conftest import IMAGE, unique

SCRIPT = """
import json, pathlib, sys
from pathlib import Path
print("running on three", *sys.argv[1:])
data = Path("/opt/ml/processing/input/data/a.txt").read_text()
Path("/opt/ml/processing/evaluation/evaluation.json").write_text(json.dumps({"data": data, "args": sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def session():
    return Session()


@pytest.fixture(scope="module")
def role(session):
    return get_execution_role(session)


@pytest.fixture
def job(session, s3, tmp_path):
    """A script, its input and its output."""
    (tmp_path / "evaluation.py").write_text(SCRIPT)
    bucket, key = session.default_bucket(), unique("three")
    s3.put_object(Bucket=bucket, Key=f"{key}/data/a.txt", Body=b"in the store")
    data = ProcessingS3Input(
        s3_uri=f"s3://{bucket}/{key}/data",
        local_path="/opt/ml/processing/input/data",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
    )
    output = ProcessingS3Output(
        s3_uri=f"s3://{bucket}/{key}/out", local_path="/opt/ml/processing/evaluation", s3_upload_mode="EndOfJob"
    )
    return {
        "inputs": [ProcessingInput(input_name="data", s3_input=data)],
        "outputs": [ProcessingOutput(output_name="evaluation", s3_output=output)],
        "result": lambda: json.loads(s3.get_object(Bucket=bucket, Key=f"{key}/out/evaluation.json")["Body"].read()),
        "folder": tmp_path,
    }


def options(session, role):
    return {
        "image_uri": IMAGE,
        "command": ["python3"],
        "role": role,
        "instance_count": 1,
        "instance_type": "ml.m5.xlarge",
        "sagemaker_session": session,
    }


def test_script_processor(session, role, job, sagemaker, capfd):
    processor = ScriptProcessor(**options(session, role))
    processor.run(
        code=str(job["folder"] / "evaluation.py"),
        inputs=job["inputs"],
        outputs=job["outputs"],
        arguments=["--word", "owl"],
        wait=True,
        logs=True,
    )
    out, err = capfd.readouterr()
    assert "running on three --word owl" in out + err
    assert job["result"]() == {"data": "in the store", "args": ["--word", "owl"]}
    name = processor.latest_job.processing_job_name
    assert sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "Completed"


def test_framework_processor(session, role, job):
    processor = FrameworkProcessor(**options(session, role))
    processor.run(
        code="evaluation.py",
        source_dir=str(job["folder"]),
        inputs=job["inputs"],
        outputs=job["outputs"],
        wait=True,
        logs=True,
    )
    assert job["result"]() == {"data": "in the store", "args": []}


def test_a_failure_raises_and_its_reason_is_recorded(session, role, job, sagemaker):
    (job["folder"] / "bad.py").write_text("raise ValueError('three')")
    processor = ScriptProcessor(**options(session, role))
    # 3.27 means to raise UnexpectedStatusException and fails to find it: an AttributeError with no reason in it.
    with pytest.raises(Exception, match="UnexpectedStatusException|ValueError: three"):
        processor.run(code=str(job["folder"] / "bad.py"), wait=True, logs=True)
    described = sagemaker.describe_processing_job(ProcessingJobName=processor.latest_job.processing_job_name)
    assert described["ProcessingJobStatus"] == "Failed" and "ValueError: three" in described["FailureReason"]
