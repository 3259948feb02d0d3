"""The lab by the SageMaker Python SDK (version 2), against the service that `eval "$(fieldmark env)"` names.

    python examples/lab/run.py CUB_200_2011 [--base-weights FILE] [further words of training.py]

The folder is a tree of CUB-200-2011; `node examples/lab/run.mjs` leaves one of sample birds in fieldmark-lab/CUB_birds.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import sagemaker
from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput, Processor
from sagemaker.s3 import S3Downloader, S3Uploader
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.tensorflow import TensorFlow

LAB = Path(__file__).parent
MIN_ACCURACY = 0.7
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("cub", type=Path)
parser.add_argument("--base-weights", type=Path)
options, training_words = parser.parse_known_args()

session = sagemaker.Session()
resources = {
    "role": sagemaker.get_execution_role(),
    "instance_type": "ml.m5.xlarge",
    "instance_count": 1,
    "sagemaker_session": session,
}
prefix = f"s3://{session.default_bucket()}/lab-{time.strftime('%Y-%m-%d-%H-%M-%S')}"


def source(path, folder):
    return ProcessingInput(source=f"{prefix}/{path}", destination=f"/opt/ml/processing/{folder}")


def output(folder, path):
    return ProcessingOutput(
        output_name=folder.split("/")[-1], source=f"/opt/ml/processing/{folder}", destination=f"{prefix}/{path}"
    )


def tensorflow():
    """AWS's image of TensorFlow 2.8, which a service maps to its own."""
    return FrameworkProcessor(
        estimator_cls=TensorFlow, framework_version="2.8.0", py_version="py39", command=["python3"], **resources
    )


S3Uploader.upload(str(options.cub), f"{prefix}/cub", sagemaker_session=session)
SKLearnProcessor(framework_version="0.20.0", **resources).run(
    code=str(LAB / "preprocessing.py"),
    inputs=[source("cub", "input")],
    outputs=[output(f"output/{name}", f"prepared/{name}") for name in ("train", "valid", "test", "manifest")],
)

weights = []
if options.base_weights is not None:
    S3Uploader.upload(str(options.base_weights), f"{prefix}/weights", sagemaker_session=session)
    weights = [source("weights", "weights")]
    training_words += ["--base-weights", f"/opt/ml/processing/weights/{options.base_weights.name}"]
tensorflow().run(
    code=str(LAB / "training.py"),
    arguments=training_words or None,
    inputs=[source(f"prepared/{name}", f"input/{name}") for name in ("train", "valid", "manifest")] + weights,
    outputs=[output("model", "model")],
)

inputs = [
    source("prepared/test", "input/test"),
    source("prepared/manifest", "input/manifest"),
    source("model", "model"),
]
tensorflow().run(
    code=str(LAB / "evaluation.py"),
    arguments=["--model-file", "model.tar.gz"],
    inputs=inputs,
    outputs=[output("evaluation", "outputs/tensorflow")],
)
Processor(image_uri="fieldmark/evaluator", **resources).run(
    arguments=["--profile", "lab"], inputs=inputs, outputs=[output("evaluation", "outputs/fieldmark")]
)

theirs, ours = (
    json.loads(S3Downloader.read_file(f"{prefix}/outputs/{name}/evaluation.json", sagemaker_session=session))
    for name in ("tensorflow", "fieldmark")
)
if theirs != ours:
    sys.exit(f"the two evaluations differ: {prefix}/outputs")
accuracy = ours["multiclass_classification_metrics"]["accuracy"]["value"]
print(f"Both evaluations agree; accuracy {accuracy}, the gate asks {MIN_ACCURACY}")
sys.exit(0 if accuracy >= MIN_ACCURACY else 3)
