"""The lab's evaluation step over all photos of $BIRDS, by TensorFlow and by the built-in evaluator."""

import json
import os
from pathlib import Path

import pytest
import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.s3 import S3Downloader, S3Uploader
from sagemaker.tensorflow import TensorFlow

BIRDS = Path(os.environ["BIRDS"])
LAB = Path(__file__).parents[2] / "examples/lab"
EXPECTED = json.loads((BIRDS / "expected-evaluation.json").read_text())
RESOURCES = {"role": "arn:aws:iam::123456789012:role/lab", "instance_type": "ml.m5.xlarge", "instance_count": 1}


@pytest.fixture(scope="module")
def session():
    return sagemaker.Session()


@pytest.fixture(scope="module")
def inputs(session):
    at = f"s3://{session.default_bucket()}/all-birds"
    for folder in ("test", "manifest"):
        S3Uploader.upload(str(BIRDS / folder), f"{at}/{folder}", sagemaker_session=session)
    S3Uploader.upload(str(BIRDS / "model.tar.gz"), f"{at}/model", sagemaker_session=session)
    return [
        ProcessingInput(source=f"{at}/test", destination="/opt/ml/processing/input/test"),
        ProcessingInput(source=f"{at}/manifest", destination="/opt/ml/processing/input/manifest"),
        ProcessingInput(source=f"{at}/model", destination="/opt/ml/processing/model"),
    ]


OUTPUTS = [ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")]


def report_of(session, processor):
    (output,) = processor.latest_job.describe()["ProcessingOutputConfig"]["Outputs"]
    return json.loads(S3Downloader.read_file(f"{output['S3Output']['S3Uri']}/evaluation.json", sagemaker_session=session))


def test_framework_processor(session, inputs):
    processor = FrameworkProcessor(
        estimator_cls=TensorFlow,
        framework_version="2.8.0",
        py_version="py39",
        command=["python3"],
        sagemaker_session=session,
        **RESOURCES,
    )
    arguments = ["--model-file", "model.tar.gz"]
    processor.run("evaluation.py", source_dir=str(LAB), arguments=arguments, inputs=inputs, outputs=OUTPUTS)
    assert report_of(session, processor) == EXPECTED


def test_script_processor(session, inputs):
    image = sagemaker.image_uris.retrieve(
        "tensorflow", "us-east-1", "2.8.0", py_version="py39", instance_type="ml.m5.xlarge", image_scope="training"
    )
    processor = ScriptProcessor(image_uri=image, command=["python3"], sagemaker_session=session, **RESOURCES)
    processor.run(str(LAB / "evaluation.py"), inputs=inputs, outputs=OUTPUTS)
    assert report_of(session, processor) == EXPECTED


def test_evaluator(session, inputs):
    processor = sagemaker.processing.Processor(
        image_uri="fieldmark/evaluator", sagemaker_session=session, **RESOURCES
    )
    processor.run(arguments=["--profile", "lab"], inputs=inputs, outputs=OUTPUTS)
    assert report_of(session, processor) == EXPECTED
