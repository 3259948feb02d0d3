"""Trains a MobileNetV2 classifier in a processing job and writes model.tar.gz, a SavedModel under 1/.

Reads /opt/ml/processing/input/{train,valid}/<image_file_name> and …/input/manifest/{train,valid}.csv; writes
/opt/ml/processing/model/model.tar.gz and /opt/ml/processing/model/training.json. The test pictures are not read.

With --base-weights, a file of Keras (`mobilenet_v2_weights_tf_dim_ordering_tf_kernels_<alpha>_<size>_no_top.h5`), the
network keeps these weights and only its head learns. Without, it starts from random weights and all of it learns.
"""

import argparse
import contextlib
import csv
import io
import json
import os
import sys
import tarfile
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

# A service on a machine without namespaces names the folder that stands for /opt/ml.
ROOT = Path(os.environ.get("OPT_ML", "/opt/ml")) / "processing"
BATCH = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-weights", type=Path, help="weights of MobileNetV2 without its top (default: random ones)")
    parser.add_argument("--alpha", type=float, default=0.35, help="width of the network; that of --base-weights")
    parser.add_argument("--size", type=int, default=64, help="height and width of its input, pixels")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def read_split(split, size):
    """Pictures [n, size, size, 3] as uint8, their labels from 0, and the class names in order of class_id."""
    with open(ROOT / "input/manifest" / f"{split}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    pixels = np.empty((len(rows), size, size, 3), np.uint8)
    for index, row in enumerate(rows):
        with Image.open(ROOT / "input" / split / row["image_file_name"]) as image:
            pixels[index] = np.asarray(image.convert("RGB").resize((size, size)))
    names = dict(sorted((int(row["class_id"]), row["class_name"]) for row in rows))
    if list(names) != list(range(1, len(names) + 1)):
        sys.exit(f"{split}.csv: class_id has the values {list(names)}, expected 1 to the number of classes")
    return pixels, np.array([int(row["class_id"]) - 1 for row in rows]), list(names.values())


def scaled(pixels):
    """float32 in [-1, 1], as MobileNetV2 wants it and evaluation.py gives it."""
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)


def build(options, classes):
    """MobileNetV2 without its top, average pooling, dropout, one dense layer with softmax."""
    given = options.base_weights is not None
    shape = (options.size, options.size, 3)
    base = keras.applications.MobileNetV2(
        input_shape=shape, alpha=options.alpha, include_top=False, weights=str(options.base_weights) if given else None
    )
    base.trainable = not given
    for layer in base.layers:
        # Keras' 0.999 needs thousands of steps until the averages are those of the data.
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95
    x = keras.layers.GlobalAveragePooling2D()(base.output)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(base.input, keras.layers.Dense(classes, "softmax", name="output")(x))


def augmented(size):
    """Mirrored, moved by up to a sixteenth of the size, lightened or darkened a little."""
    margin = size // 16

    def augment(pixels, label):
        x = tf.cast(pixels, tf.float32) / 127.5 - 1.0
        x = tf.image.random_flip_left_right(x)
        x = tf.image.random_crop(tf.pad(x, [[margin, margin], [margin, margin], [0, 0]], "REFLECT"), [size, size, 3])
        return tf.clip_by_value(tf.image.random_brightness(x, 0.15), -1.0, 1.0), label

    return augment


class Lines(keras.callbacks.Callback):
    """One line an epoch: a log is no terminal."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        values = " ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self.epochs}: {values}, {time.monotonic() - self.started:.0f} s", flush=True)


def train(model, options, train_set, valid_set):
    pixels, labels = train_set
    dataset = (
        tf.data.Dataset.from_tensor_slices((pixels, labels))
        .shuffle(len(labels), seed=options.seed)
        .map(augmented(options.size), num_parallel_calls=1)
        .batch(BATCH, drop_remainder=len(labels) >= BATCH)
        .prefetch(2)
    )
    steps = max(1, len(labels) // BATCH) * options.epochs
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        dataset,
        epochs=options.epochs,
        validation_data=(scaled(valid_set[0]), valid_set[1]),
        callbacks=[Lines(options.epochs)],
        shuffle=False,  # the dataset does
        verbose=0,
    )


def save(model, archive):
    """The SavedModel for inference under 1/, where TensorFlow Serving and SageMaker look for it."""
    with tempfile.TemporaryDirectory() as folder:
        # Keras 3 prints every tensor of it.
        with contextlib.redirect_stdout(io.StringIO()):
            model.export(os.path.join(folder, "1"))
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(os.path.join(folder, "1"), "1")


def main():
    options = arguments()
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    train_x, train_y, names = read_split("train", options.size)
    valid_x, valid_y, _ = read_split("valid", options.size)
    print(f"TensorFlow {tf.__version__}: {len(train_y)} pictures to learn from, {len(valid_y)} to watch", flush=True)
    if options.base_weights is None:
        print("base weights: random (none given), the whole network learns", flush=True)
    else:
        print(f"base weights: {options.base_weights.name}, only the head learns", flush=True)

    model = build(options, len(names))
    started = time.monotonic()
    train(model, options, (train_x, train_y), (valid_x, valid_y))
    predicted = model.predict(scaled(valid_x), batch_size=BATCH, verbose=0).argmax(axis=1)
    accuracy = float(np.mean(predicted == valid_y))

    folder = ROOT / "model"
    folder.mkdir(parents=True, exist_ok=True)
    save(model, folder / "model.tar.gz")
    facts = {
        "architecture": f"MobileNetV2 alpha {options.alpha}, {options.size} x {options.size}, {model.count_params()} parameters",
        "base_weights": None if options.base_weights is None else options.base_weights.name,
        "classes": names,
        "train_pictures": len(train_y),
        "epochs": options.epochs,
        "seed": options.seed,
        "seconds": round(time.monotonic() - started, 1),
        "valid_accuracy": accuracy,
        "tensorflow": tf.__version__,
    }
    (folder / "training.json").write_text(json.dumps(facts, indent=2) + "\n")
    size = (folder / "model.tar.gz").stat().st_size
    print(f"valid accuracy: {accuracy:.4f}; model.tar.gz: {size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
