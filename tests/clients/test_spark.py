"""Spark's S3A file system (hadoop-aws): Parquet out and in, partitions, overwrite, append, directory markers."""

import os

import pytest
from pyspark.sql import SparkSession
from conftest import unique


@pytest.fixture(scope="module")
def spark():
    settings = {
        "spark.jars": os.environ["FIELDMARK_S3A_JARS"],
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.hadoop.fs.s3a.endpoint": os.environ["AWS_ENDPOINT_URL"],
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.access.key": os.environ["AWS_ACCESS_KEY_ID"],
        "spark.hadoop.fs.s3a.secret.key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "spark.hadoop.fs.s3a.attempts.maximum": "2",
        "spark.hadoop.fs.s3a.retry.limit": "2",
        "spark.hadoop.fs.s3a.multipart.size": "5M",
        "spark.hadoop.fs.s3a.fast.upload": "true",
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def test_parquet(spark, bucket, s3):
    at = f"s3a://{bucket}/{unique('spark')}/birds"
    frame = spark.range(1000).selectExpr("id", "id % 3 as species", "concat('bird ', id) as name")
    frame.write.partitionBy("species").parquet(at)
    assert spark.read.parquet(at).where("species = 1").count() == 333
    frame.limit(10).write.mode("overwrite").parquet(at)
    frame.limit(5).write.mode("append").parquet(at)
    assert spark.read.parquet(at).count() == 15
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=at.split(bucket + "/")[1])["Contents"]]
    assert any(key.endswith("/_SUCCESS") for key in keys) and not any("_temporary" in key for key in keys)


def test_large_rows_by_multipart(spark, bucket):
    at = f"s3a://{bucket}/{unique('spark')}/large"
    frame = spark.range(40).selectExpr("id", "repeat(sha2(cast(id as string), 512), 4096) as text").coalesce(1)
    frame.write.option("compression", "none").option("parquet.enable.dictionary", "false").parquet(at)
    assert spark.read.parquet(at).selectExpr("sum(length(text)) as n").first()["n"] == 40 * 128 * 4096


def test_file_system(spark, bucket):
    path = spark._jvm.org.apache.hadoop.fs.Path(f"s3a://{bucket}/{unique('fs')}/folder")
    fs = path.getFileSystem(spark._jsc.hadoopConfiguration())
    assert fs.mkdirs(path) and fs.exists(path) and fs.getFileStatus(path).isDirectory()
    child = spark._jvm.org.apache.hadoop.fs.Path(path, "file")
    stream = fs.create(child)
    stream.write(bytearray(b"owl"))
    stream.close()
    renamed = spark._jvm.org.apache.hadoop.fs.Path(path.getParent(), "renamed")
    assert fs.rename(path, renamed) and not fs.exists(path)
    assert [one.getPath().getName() for one in fs.listStatus(renamed)] == ["file"]
    assert fs.delete(renamed, True) and not fs.exists(renamed)
