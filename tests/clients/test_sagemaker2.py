"""The SageMaker Python SDK 2.x as notebooks call it: no session settings, roles and buckets asked of STS."""

import json

import pytest
import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.spark.processing import PySparkProcessor
from sagemaker.tensorflow import TensorFlow
from conftest import IMAGE

SCRIPT = """
import argparse, json, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--word", default="")
word = parser.parse_args().word
print("running", pathlib.Path(sys.argv[0]).name, word)
print("to stderr", file=sys.stderr)
root = pathlib.Path("/opt/ml/processing")
data = (root / "input/data/a.txt").read_text() if (root / "input/data").exists() else ""
extra = os.environ.get("EXTRA", "")
resources = json.loads(pathlib.Path("/opt/ml/config/resourceconfig.json").read_text())
answer = {"word": word, "data": data, "extra": extra, "host": resources["current_host"]}
(root / "evaluation" / "evaluation.json").write_text(json.dumps(answer))
"""


@pytest.fixture(scope="module")
def session():
    return sagemaker.Session()


@pytest.fixture(scope="module")
def role():
    return sagemaker.get_execution_role()


@pytest.fixture
def script(tmp_path):
    (tmp_path / "evaluation.py").write_text(SCRIPT)
    (tmp_path / "a.txt").write_text("local data")
    return tmp_path / "evaluation.py"


OUTPUTS = [ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")]


def inputs_of(script):
    return [ProcessingInput(source=str(script.parent / "a.txt"), destination="/opt/ml/processing/input/data")]


def result_of(session, processor):
    uri = processor.latest_job.describe()["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    return json.loads(sagemaker.s3.S3Downloader.read_file(f"{uri}/evaluation.json", sagemaker_session=session))


def test_identity(session, role):
    assert session.account_id() == "123456789012"
    assert session.default_bucket() == "sagemaker-us-east-1-123456789012"
    assert role.startswith("arn:aws:iam::123456789012:role/")


def test_script_processor(session, role, script, capsys):
    processor = ScriptProcessor(
        image_uri=IMAGE,
        command=["python3"],
        instance_type="ml.m5.xlarge",
        instance_count=1,
        base_job_name="script",
        role=role,
        env={"EXTRA": "more"},
        sagemaker_session=session,
    )
    processor.run(
        code=str(script), inputs=inputs_of(script), outputs=OUTPUTS, arguments=["--word", "owl"], wait=True, logs=True
    )
    said = capsys.readouterr().out
    assert "running evaluation.py owl" in said and "to stderr" in said
    expected = {"word": "owl", "data": "local data", "extra": "more", "host": "algo-1"}
    assert result_of(session, processor) == expected


def test_sklearn_processor(session, role, script, capsys):
    processor = SKLearnProcessor(
        framework_version="0.20.0",
        role=role,
        instance_type="ml.m5.xlarge",
        instance_count=2,
        sagemaker_session=session,
        max_runtime_in_seconds=600,
        tags=[{"Key": "a", "Value": "b"}],
    )
    processor.run(code=str(script), outputs=OUTPUTS, wait=True, logs=True)
    said = capsys.readouterr().out
    assert said.count("running evaluation.py") == 2
    assert result_of(session, processor)["host"] in ("algo-1", "algo-2")


def test_framework_processor(session, role, tmp_path, capsys):
    (tmp_path / "evaluation.py").write_text("from helper import WORD\n" + SCRIPT.replace("word, ", "WORD, "))
    (tmp_path / "helper.py").write_text("WORD = 'from the source folder'\n")
    processor = FrameworkProcessor(
        estimator_cls=TensorFlow,
        framework_version="2.8.0",
        py_version="py39",
        command=["python3"],
        role=role,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        sagemaker_session=session,
    )
    processor.run(code="evaluation.py", source_dir=str(tmp_path), outputs=OUTPUTS, wait=True, logs=True)
    assert "running evaluation.py" in capsys.readouterr().out
    assert result_of(session, processor)["word"] == "from the source folder"


def test_failure_and_stop(session, role, tmp_path, capsys):
    (tmp_path / "bad.py").write_text("raise ValueError('owls are not finches')\n")
    processor = SKLearnProcessor(
        framework_version="0.20.0", role=role, instance_type="ml.m5.xlarge", instance_count=1, sagemaker_session=session
    )
    with pytest.raises(sagemaker.exceptions.UnexpectedStatusException) as caught:
        processor.run(code=str(tmp_path / "bad.py"), wait=True, logs=True)
    assert "ValueError: owls are not finches" in str(caught.value) and "exit code: 1" in str(caught.value)
    (tmp_path / "long.py").write_text("import time\ntime.sleep(600)\n")
    processor.run(code=str(tmp_path / "long.py"), wait=False)
    processor.latest_job.stop()
    processor.latest_job.wait(logs=False)
    assert processor.latest_job.describe()["ProcessingJobStatus"] == "Stopped"


def test_spark_processor_names_the_environment_it_lacks(session, role, script):
    processor = PySparkProcessor(
        framework_version="3.3",
        role=role,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        sagemaker_session=session,
    )
    with pytest.raises(sagemaker.exceptions.UnexpectedStatusException, match="environment"):
        processor.run(submit_app=str(script), wait=True, logs=False)
