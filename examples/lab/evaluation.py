"""Evaluates a TensorFlow SavedModel in a processing job and writes evaluation.json.

Reads /opt/ml/processing/input/test (pictures), …/input/manifest/test.csv and …/model/<--model-file>; writes
/opt/ml/processing/evaluation/evaluation.json.
"""

import argparse
import csv
import json
import os
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

# A service on a machine without namespaces names the folder that stands for /opt/ml.
ROOT = Path(os.environ.get("OPT_ML", "/opt/ml")) / "processing"
BATCH = 32


def extract(archive, folder):
    """Files and folders alone, none outside the folder. tarfile's own filter="data" is not in Debian 12's Python 3.11."""
    with tarfile.open(archive) as tar:
        for member in tar:
            inside = (folder / member.name).resolve().is_relative_to(folder)
            if not inside or not (member.isfile() or member.isdir()):
                sys.exit(f"{archive}: {member.name} is a link, a device or outside the archive's folder")
            tar.extract(member, folder)


def load(archive, folder):
    """The serving signature of the SavedModel in the archive; it lies at its root or under a number."""
    extract(archive, Path(folder).resolve())
    saved = next(Path(folder).rglob("saved_model.pb")).parent
    model = tf.saved_model.load(str(saved))
    return model, model.signatures["serving_default"]


def tensor(file, height, width):
    """One picture as MobileNetV2 wants it: RGB, Pillow's default resize, float32 in [-1, 1]."""
    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB").resize((width, height)), dtype=np.float32)
    return pixels / np.float32(127.5) - np.float32(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-file", default="model.tar.gz")
    options = parser.parse_args()

    with open(ROOT / "input/manifest/test.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    with tempfile.TemporaryDirectory() as folder:
        model, predict = load(ROOT / "model" / options.model_file, folder)
    (name, spec), = predict.structured_input_signature[1].items()
    _, height, width, _ = spec.shape

    actual = np.array([int(row["class_id"]) - 1 for row in rows])
    predicted = []
    for start in range(0, len(rows), BATCH):
        batch = [tensor(ROOT / "input/test" / row["image_file_name"], height, width) for row in rows[start : start + BATCH]]
        (scores,) = predict(**{name: tf.constant(np.stack(batch))}).values()
        predicted += np.argmax(scores.numpy(), axis=1).tolist()
        print(f"{len(predicted)}/{len(rows)} pictures", flush=True)
    del model

    classes = {int(row["class_id"]) - 1: row["class_name"] for row in rows}
    names = {index: classes.get(index, f"class {index + 1}") for index in sorted({*classes, *predicted})}
    matrix = {row: {column: 0 for column in names.values()} for row in names.values()}
    for truth, guess in zip(actual, predicted):
        matrix[names[truth]][names[guess]] += 1
    # Micro averages: with one label a picture, precision, recall and F1 are all the accuracy.
    accuracy = float(np.mean(actual == np.array(predicted)))
    measures = {
        measure: {"value": accuracy, "standard_deviation": "NaN"} for measure in ("accuracy", "precision", "recall", "f1")
    }
    output = ROOT / "evaluation"
    output.mkdir(parents=True, exist_ok=True)
    report = {"multiclass_classification_metrics": {**measures, "confusion_matrix": matrix}}
    (output / "evaluation.json").write_text(json.dumps(report))
    print(f"accuracy: {accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
