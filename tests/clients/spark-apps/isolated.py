"""Counts words of a folder that every instance has, with no way to anything but its peers."""

import json
import os
import socket
import time
from pathlib import Path

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("isolated").getOrCreate()


def about_this_executor(_):
    time.sleep(0.2)
    try:
        socket.create_connection(("172.17.0.1", 22), timeout=2).close()
        reaches = True
    except OSError:
        reaches = False
    return (socket.gethostname(), "AWS_ACCESS_KEY_ID" in os.environ, reaches)


executors = set(spark.sparkContext.parallelize(range(32), 32).map(about_this_executor).collect())
words = spark.read.text("file:///opt/ml/processing/input").rdd.flatMap(lambda row: row.value.split()).countByValue()
result = {"executors": sorted(executors), "words": sum(words.values())}
Path("/opt/ml/processing/output/result.json").write_text(json.dumps(result))
spark.stop()
