"""Writes requests.json and image-uris.json: what the SageMaker Python SDK sends for calls that requests.test.ts repeats.

python3 -m venv v && v/bin/pip install sagemaker==2.257.0 && v/bin/python make_requests.py
"""

import json
import os
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import sagemaker
from sagemaker import image_uris
from sagemaker.network import NetworkConfig
from sagemaker.processing import (
    FrameworkProcessor,
    ProcessingInput,
    ProcessingOutput,
    Processor,
    ScriptProcessor,
)
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.spark.processing import PySparkProcessor
from sagemaker.tensorflow import TensorFlow

HERE = Path(__file__).parent
ROLE = "arn:aws:iam::123456789012:role/fieldmark"
recorded = {}


class Recorder(BaseHTTPRequestHandler):
    """Answers as S3 and SageMaker do, and writes down what was asked."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body=b"{}"):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer(b"<ListAllMyBucketsResult><Buckets><Bucket><Name>birds</Name></Bucket></Buckets></ListAllMyBucketsResult>")

    def do_PUT(self):
        self.body()
        recorded["uploads"].append(self.path.split("?")[0])
        self.answer(b"")

    def do_POST(self):
        body = self.body()
        if self.headers.get("X-Amz-Target") == "SageMaker.CreateProcessingJob":
            recorded["request"] = json.loads(body)
        self.answer(b'{"ProcessingJobArn":"arn:aws:sagemaker:us-east-1:123456789012:processing-job/x"}')


server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"
os.environ.update(
    AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1"
)
session = sagemaker.Session(boto3.Session(region_name="us-east-1"), default_bucket="birds")
folder = Path(tempfile.mkdtemp())
(folder / "data" / "test").mkdir(parents=True)
(folder / "data" / "test" / "a.txt").write_text("a")
(folder / "data" / "b.txt").write_text("b")
(folder / "one.csv").write_text("x")
(folder / "scripts").mkdir()
(folder / "scripts" / "evaluation.py").write_text("print(1)")
(folder / "more.py").write_text("")
(folder / "lib.jar").write_text("")
os.chdir(folder)
common = {"role": ROLE, "instance_type": "ml.m5.xlarge", "instance_count": 1, "sagemaker_session": session}


def image():
    return Processor(
        **{**common, "instance_count": 2},
        image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/birds:1",
        entrypoint=["run", "--fast"],
        volume_size_in_gb=10,
        output_kms_key="key-1",
        volume_kms_key="key-2",
        max_runtime_in_seconds=600,
        env={"A": "1"},
        tags=[{"Key": "team", "Value": "birds"}],
        network_config=NetworkConfig(enable_network_isolation=True, security_group_ids=["sg-1"], subnets=["s-1"]),
    ).run(
        inputs=[
            ProcessingInput(source="data", destination="/opt/ml/processing/input"),
            ProcessingInput(source="one.csv", destination="/opt/ml/processing/one", input_name="one"),
            ProcessingInput(
                source="s3://other/manifest.json",
                destination="/opt/ml/processing/m",
                s3_data_type="ManifestFile",
                s3_input_mode="Pipe",
                s3_data_distribution_type="ShardedByS3Key",
                s3_compression_type="Gzip",
            ),
        ],
        outputs=[
            ProcessingOutput(source="/opt/ml/processing/out"),
            ProcessingOutput(
                source="/opt/ml/processing/e",
                destination="s3://other/e",
                output_name="e",
                s3_upload_mode="Continuous",
            ),
        ],
        arguments=["--n", "1"],
        job_name="golden-image",
        wait=False,
        logs=False,
    )


def script():
    ScriptProcessor(**common, image_uri="birds:1", command=["python3", "-v"]).run(
        code="scripts/evaluation.py",
        inputs=[ProcessingInput(source="s3://other/test", destination="/opt/ml/processing/input/test")],
        job_name="golden-script",
        wait=False,
        logs=False,
    )


def sklearn():
    SKLearnProcessor(**common, framework_version="0.20.0").run(
        code="s3://other/code/prepare.py", arguments=["a"], job_name="golden-sklearn", wait=False, logs=False
    )


def framework():
    FrameworkProcessor(
        **common, estimator_cls=TensorFlow, framework_version="2.8.0", py_version="py39", command=["python3"]
    ).run(
        code="evaluation.py",
        source_dir="scripts",
        outputs=[ProcessingOutput(source="/opt/ml/processing/evaluation", output_name="evaluation")],
        arguments=["--model-file", "model.tar.gz"],
        job_name="golden-framework",
        wait=False,
        logs=False,
    )


def spark():
    PySparkProcessor(**{**common, "instance_count": 2}, framework_version="3.3").run(
        submit_app="scripts/evaluation.py",
        submit_py_files=["more.py", "s3://other/x.py"],
        submit_jars=["lib.jar"],
        submit_files=["s3://other/y.txt"],
        configuration=[{"Classification": "spark-defaults", "Properties": {"spark.executor.memory": "1g"}}],
        spark_event_logs_s3_uri="s3://other/events",
        arguments=["--input", "s3a://other/"],
        job_name="golden-spark",
        wait=False,
        logs=False,
    )


cases = {}
for run in (image, script, sklearn, framework, spark):
    recorded.clear()
    recorded["uploads"] = []
    run()
    cases[run.__name__] = {"request": recorded["request"], "uploads": sorted(recorded["uploads"])}
(HERE / "requests.json").write_text(json.dumps(cases, indent=1) + "\n")

uris = []
for region in ("us-east-1", "eu-central-1", "cn-north-1", "ap-northeast-3", "us-gov-west-1"):
    for framework_name, version, python, instance, container in (
        ("sklearn", "0.20.0", None, "ml.m5.xlarge", None),
        ("sklearn", "1.2-1", None, "ml.m5.xlarge", None),
        ("tensorflow", "2.8.0", "py39", "ml.m5.xlarge", None),
        ("tensorflow", "2.12", None, "ml.g4dn.xlarge", None),
        ("tensorflow", "2.19.0", None, "ml.p3.2xlarge", None),
        ("spark", "3.3", None, "ml.m5.xlarge", None),
        ("spark", "3.5", "py312", "ml.m5.xlarge", "1"),
    ):
        uri = image_uris.retrieve(
            framework_name,
            region,
            version=version,
            py_version=python,
            instance_type=instance,
            image_scope=None if framework_name == "spark" else "training",
            container_version=container and f"v{container}",
        )
        given = {"framework": framework_name, "version": version, "region": region, "instanceType": instance}
        given |= {"pyVersion": python} if python else {}
        given |= {"containerVersion": container} if container else {}
        uris.append({"given": given, "uri": uri})
(HERE / "image-uris.json").write_text(json.dumps(uris, indent=1) + "\n")
