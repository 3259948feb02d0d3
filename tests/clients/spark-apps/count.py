"""Counts words and aggregates predictions by class, with all that a PySparkProcessor can bring along."""

import argparse
import json
import os
import socket
import time
from pathlib import Path

from birdwords import normal
from pyspark import SparkFiles
from pyspark.sql import SparkSession, functions

parser = argparse.ArgumentParser()
for name in ("--words", "--predictions", "--output"):
    parser.add_argument(name)
arguments = parser.parse_args()

spark = SparkSession.builder.appName("count").getOrCreate()
context = spark.sparkContext


def about_this_executor(_):
    time.sleep(0.2)
    return (socket.gethostname(), os.environ.get("BIRD"), Path(SparkFiles.get("table.txt")).read_text())


executors = set(context.parallelize(range(32), 32).map(about_this_executor).collect())

counts = (
    spark.read.text(arguments.words)
    .rdd.flatMap(lambda row: row.value.split())
    .map(lambda word: (normal(word), 1))
    .reduceByKey(lambda a, b: a + b)
    .toDF(["word", "count"])
)
counts.write.mode("overwrite").partitionBy("count").parquet(arguments.output.replace("s3://", "s3a://"))
words = {row["word"]: row["count"] for row in spark.read.parquet(arguments.output).collect()}

predictions = spark.read.parquet(arguments.predictions).cache()
actual = predictions.groupBy(functions.col("label_name").alias("name")).agg(
    functions.count("*").alias("support"),
    functions.sum((functions.col("label") == functions.col("predicted")).cast("int")).alias("truePositives"),
)
predicted = predictions.groupBy(functions.col("predicted_name").alias("name")).agg(functions.count("*").alias("predicted"))
classes = actual.join(predicted, "name").orderBy("name").collect()

result = {
    "executors": sorted(executors),
    "words": words,
    "classes": [row.asDict() for row in classes],
    "word": context.getConf().get("spark.fieldmark.word"),
}
Path("/opt/ml/processing/output/result.json").write_text(json.dumps(result))
print("counted", sum(words.values()), "words")
spark.stop()
