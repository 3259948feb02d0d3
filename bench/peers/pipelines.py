"""The pipelines that Fieldmark is measured beside, one a call; prints one JSON line.

usage: python3 pipelines.py NAME MODEL IMAGES CSV
  lab          the lab's loop: one Keras predict an image
  tf-batched   Pillow in a loop, batches of 32 through the SavedModel
  tf-data      tf.data: parallel decode and resize, batches of 32
  ort          onnxruntime with Pillow in a loop, batches of 32         (MODEL is an .onnx file)
  ort-pool     onnxruntime with Pillow in a thread pool, batches of 32  (MODEL is an .onnx file)
  bound        onnxruntime, inference only, tensors ready in memory     (MODEL is an .onnx file)
"""
import concurrent.futures
import csv
import json
import os
import pathlib
import resource
import sys
import tarfile
import tempfile
import time

import numpy as np
from PIL import Image

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
name, model_path, images, manifest = sys.argv[1:]
with open(manifest, newline="") as file:
    files = [os.path.join(images, row["image_file_name"]) for row in csv.DictReader(file)]
BATCH = 32


def pixels(path):
    image = Image.open(path).convert("RGB").resize((224, 224))
    return np.asarray(image, "float32") / 127.5 - 1


def batches():
    for start in range(0, len(files), BATCH):
        yield files[start : start + BATCH]


def saved_model():
    folder = tempfile.mkdtemp()
    with tarfile.open(model_path) as archive:
        archive.extractall(folder, filter="data")
    return str(next(pathlib.Path(folder).rglob("saved_model.pb")).parent)


def lab():
    import tensorflow as tf

    model = tf.keras.models.load_model(saved_model())
    start = time.perf_counter()
    for path in files:
        model.predict(pixels(path)[None], verbose=0).argmax()
    return start


def tf_batched():
    import tensorflow as tf

    run = tf.saved_model.load(saved_model()).signatures["serving_default"]
    key = next(iter(run.structured_input_signature[1]))
    start = time.perf_counter()
    for part in batches():
        run(**{key: tf.constant(np.stack([pixels(path) for path in part]))})
    return start


def tf_data():
    import tensorflow as tf

    run = tf.saved_model.load(saved_model()).signatures["serving_default"]
    key = next(iter(run.structured_input_signature[1]))

    def load(path):
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method="INTEGER_ACCURATE")
        return tf.image.resize(image, (224, 224), "bicubic", antialias=True) / 127.5 - 1

    start = time.perf_counter()
    for part in tf.data.Dataset.from_tensor_slices(files).map(load, tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE):
        run(**{key: part})
    return start


def session():
    import onnxruntime

    made = onnxruntime.InferenceSession(model_path, providers=["CPUExecutionProvider"])
    return made, made.get_inputs()[0].name


def ort():
    run, key = session()
    start = time.perf_counter()
    for part in batches():
        run.run(None, {key: np.stack([pixels(path) for path in part])})
    return start


def ort_pool():
    run, key = session()
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead = [pool.submit(lambda p: np.stack([pixels(x) for x in p]), part) for part in batches()]
        for part in ahead:
            run.run(None, {key: part.result()})
    return start


def bound():
    run, key = session()
    ready = np.stack([pixels(path) for path in files[:BATCH]])
    run.run(None, {key: ready})
    start = time.perf_counter()
    for part in batches():
        run.run(None, {key: ready[: len(part)]})
    return start


started = {"lab": lab, "tf-batched": tf_batched, "tf-data": tf_data, "ort": ort, "ort-pool": ort_pool, "bound": bound}[name]()
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_SELF)
rate = len(files) / seconds
print(json.dumps({"rate": rate, "peakMegabytes": used.ru_maxrss / 1024, "cpuSeconds": used.ru_utime + used.ru_stime}))
