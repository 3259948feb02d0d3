"""Trains the sample model on rendered birds and packs it.

    node packages/samples/training/render.mjs BIRDS
    python3 packages/samples/training/train.py BIRDS packages/samples/model

Needs TensorFlow 2.15 (Keras 2), NumPy and Pillow. Writes model.tar.gz (a SavedModel under 1/),
training.json (what was trained, on what, how well) and golden/ (eight pictures with TensorFlow's
probabilities for exactly these files).
"""

import argparse
import csv
import gzip
import json
import platform
import shutil
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import PIL
import tensorflow as tf
from PIL import Image

SIZE = 96
ALPHA = 0.35
SEED = 20
GOLDEN_BYTES = 15_000


def read_manifest(folder: Path) -> tuple[list[str], np.ndarray, list[str]]:
    """Files, 0-based labels [pictures] and class names, from the lab's layout."""
    with open(folder / "manifest" / "test.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["class_name"] for row in rows})
    labels = np.array([int(row["class_id"]) - 1 for row in rows])
    return [row["image_file_name"] for row in rows], labels, names


def preprocess(path: Path) -> np.ndarray:
    """uint8 [SIZE, SIZE, 3], as the lab does it: RGB, then Pillow's bicubic stretch."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def scaled(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)


def load(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    files, labels, _ = read_manifest(folder)
    return np.stack([preprocess(folder / "test" / file) for file in files]), labels


def build(classes: int) -> keras.Model:
    backbone = keras.applications.MobileNetV2(
        input_shape=(SIZE, SIZE, 3), alpha=ALPHA, include_top=False, weights=None
    )
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95
    x = keras.layers.GlobalAveragePooling2D()(backbone.output)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(backbone.input, keras.layers.Dense(classes, "softmax", name="output")(x))


def augment(pixels: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mirror, move by up to 6 pixels, lighten or darken a little."""
    x = tf.cast(pixels, tf.float32) / 127.5 - 1.0
    x = tf.image.random_flip_left_right(x)
    x = tf.image.random_crop(tf.pad(x, [[6, 6], [6, 6], [0, 0]], "REFLECT"), [SIZE, SIZE, 3])
    return tf.clip_by_value(tf.image.random_brightness(x, 0.15), -1.0, 1.0), label


def train(data: Path, epochs: int, batch: int) -> tuple[keras.Model, dict]:
    (train_x, train_y), (valid_x, valid_y) = load(data / "train"), load(data / "valid")
    dataset = (
        tf.data.Dataset.from_tensor_slices((train_x, train_y))
        .shuffle(len(train_x), seed=SEED)
        .map(augment, num_parallel_calls=1)
        .batch(batch, drop_remainder=True)
        .prefetch(2)
    )
    model = build(len(read_manifest(data / "train")[2]))
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * (len(train_x) // batch))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(
        dataset, epochs=epochs, validation_data=(scaled(valid_x), valid_y), validation_freq=2, verbose=2
    )
    facts = {
        "train_pictures": len(train_x),
        "train_accuracy": round(history.history["accuracy"][-1], 4),
        "valid_accuracy": round(history.history["val_accuracy"][-1], 4),
    }
    return model, facts


def save(model: keras.Model, folder: Path, names: list[str]) -> None:
    """SavedModel without the optimizer, with its class names among the assets."""
    model.save(folder, include_optimizer=False)
    # Keras' own description and a fingerprint: TensorFlow serves without them.
    for name in ("keras_metadata.pb", "fingerprint.pb"):
        Path(folder, name).unlink(missing_ok=True)
    Path(folder, "assets").mkdir(exist_ok=True)
    Path(folder, "assets", "labels.txt").write_text("".join(f"{name}\n" for name in names))


def pack(folder: Path, archive: Path) -> None:
    """The folder's content as a tar, gzipped; the same files give the same bytes."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime = entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o755 if entry.isdir() else 0o644
        return entry

    with open(archive, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for path in sorted(folder.rglob("*")):
                tar.add(path, path.relative_to(folder).as_posix(), recursive=False, filter=plain)


def reload(archive: Path, folder: str):
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return tf.saved_model.load(f"{folder}/1").signatures["serving_default"]


def predict(signature, pixels: np.ndarray) -> np.ndarray:
    rows = [signature(tf.constant(scaled(pixels[i : i + 1])))["output"].numpy() for i in range(len(pixels))]
    return np.concatenate(rows)


def confusions(labels: np.ndarray, predicted: np.ndarray, names: list[str]) -> dict[str, int]:
    pairs: dict[str, int] = {}
    for label, guess in zip(labels, predicted):
        if label != guess:
            key = f"{names[label]} taken for {names[guess]}"
            pairs[key] = pairs.get(key, 0) + 1
    return dict(sorted(pairs.items(), key=lambda item: -item[1]))


def write_golden(data: Path, signature, folder: Path) -> None:
    """Of each class the small picture the model is least sure of, and TensorFlow's float32 probabilities."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files, labels, names = read_manifest(data / "test")
    with open(folder / "expected.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["image_file_name", "class_name", *[f"p{i}" for i in range(len(names))]])
        for index, name in enumerate(names):
            of_class = [data / "test" / "test" / file for file, label in zip(files, labels) if label == index]
            small = [path for path in of_class if path.stat().st_size <= GOLDEN_BYTES]
            probabilities = predict(signature, np.stack([preprocess(path) for path in small]))
            unsure = int(probabilities.max(axis=1).argmin())
            shutil.copyfile(small[unsure], folder / small[unsure].name)
            writer.writerow([small[unsure].name, name, *map(str, probabilities[unsure])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    started = time.time()
    model, facts = train(arguments.data, arguments.epochs, arguments.batch)
    minutes = (time.time() - started) / 60

    arguments.output.mkdir(parents=True, exist_ok=True)
    archive = arguments.output / "model.tar.gz"
    with tempfile.TemporaryDirectory() as folder:
        save(model, Path(folder, "1"), read_manifest(arguments.data / "train")[2])
        pack(Path(folder), archive)
    with tempfile.TemporaryDirectory() as folder:
        signature = reload(archive, folder)
        for name in ("test", "test-large"):
            pixels, labels = load(arguments.data / name)
            predicted = predict(signature, pixels).argmax(axis=1)
            names = read_manifest(arguments.data / name)[2]
            key = name.replace("-", "_")
            facts[f"{key}_pictures"] = len(labels)
            facts[f"{key}_accuracy"] = round(float((predicted == labels).mean()), 4)
            facts[f"{key}_confusions"] = confusions(labels, predicted, names)
        write_golden(arguments.data, signature, arguments.output / "golden")
    facts = {
        "architecture": f"MobileNetV2 alpha {ALPHA}, {SIZE}x{SIZE}x3, {model.count_params()} parameters",
        "epochs": arguments.epochs,
        "batch": arguments.batch,
        "seed": SEED,
        "minutes": round(minutes, 1),
        "archive_bytes": archive.stat().st_size,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            "pillow": PIL.__version__,
        },
        **facts,
    }
    text = json.dumps(facts, indent=2)
    (arguments.output / "training.json").write_text(text + "\n")
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
