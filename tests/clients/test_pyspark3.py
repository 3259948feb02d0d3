"""PySparkProcessor of the SageMaker Python SDK 3.x on one instance in a container."""

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.spark.processing import PySparkProcessor
from conftest import ROLE, lines_of

APP = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("rows:", spark.range(100).where("id % 3 = 0").count())
"""


def test_one_instance(tmp_path, bucket, logs):
    app = tmp_path / "rows.py"
    app.write_text(APP)
    processor = PySparkProcessor(
        framework_version="3.5",
        role=ROLE,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        base_job_name="spark",
        sagemaker_session=Session(default_bucket=bucket),
    )
    processor.run(
        submit_app=str(app),
        configuration={"Classification": "spark-defaults", "Properties": {"spark.sql.shuffle.partitions": "1"}},
        logs=False,
    )
    assert "rows: 34" in lines_of(logs, processor.latest_job.processing_job_name)
