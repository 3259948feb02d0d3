"""Makes tensorflow-resize.json: samples of what tf.image.resize and Keras' smart_resize give.

Run as `python3 make_tensorflow_resize.py` with TensorFlow 2; `--check` compares the installed TensorFlow with the
file and writes nothing. Pictures are made from seeds, as in make_resize.py.
"""

import argparse
import base64
import json
import pathlib
import random

import numpy
import tensorflow as tf

from make_resize import picture, side

METHODS = {
    "nearest": ("nearest", False),
    "bilinear": ("bilinear", False),
    "bicubic": ("bicubic", False),
    "bilinear-antialias": ("bilinear", True),
    "bicubic-antialias": ("bicubic", True),
}

CHOSEN = [
    (500, 375, 224, 224), (333, 500, 224, 224), (1, 1, 9, 9), (9, 9, 1, 1), (224, 224, 224, 224), (2, 2, 31, 17),
    (3, 5, 7, 11), (600, 2, 3, 5), (223, 225, 224, 224), (640, 480, 299, 299),
]

SAMPLES = 80


def cases():
    random_source = random.Random(5)
    for method in METHODS:
        for sizes in CHOSEN:
            yield (*sizes, method, "stretch")
        for _ in range(40):
            yield (*(side(random_source) for _ in range(4)), method, "stretch")
    for method in ("nearest", "bilinear", "bicubic"):
        for sizes in CHOSEN:
            yield (*sizes, method, "crop-to-aspect-ratio")
        for _ in range(30):
            yield (*(side(random_source) for _ in range(4)), method, "crop-to-aspect-ratio")


def resize(image, width, height, method, fit):
    name, antialias = METHODS[method]
    if fit == "stretch":
        return tf.image.resize(image, [height, width], name, antialias=antialias).numpy()
    # image_dataset_from_directory calls it on tensors whose shape is not known beforehand.
    call = tf.function(
        lambda x: tf.keras.preprocessing.image.smart_resize(x, (height, width), interpolation=name),
        input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)],
    )
    return call(image).numpy()


def sample(values):
    flat = values.astype(numpy.float32).reshape(-1)
    return flat[:: max(1, len(flat) // SAMPLES)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    target = pathlib.Path(__file__).with_name("tensorflow-resize.json")
    rows, worst = [], 0.0
    known = {row[6]: row for row in json.loads(target.read_text())["cases"]} if check else {}
    for seed, (width, height, new_width, new_height, method, fit) in enumerate(cases(), 1):
        try:
            result = resize(picture(width, height, seed), new_width, new_height, method, fit)
        except (tf.errors.InvalidArgumentError, ValueError):
            assert fit == "crop-to-aspect-ratio"  # Keras 2: the window of a very long picture has no pixel left
            continue
        values = sample(result)
        if check:
            if seed not in known:
                print("not in the file:", width, height, new_width, new_height, method, fit)
                continue
            expected = numpy.frombuffer(base64.b64decode(known[seed][-1]), numpy.float32)
            worst = max(worst, float(numpy.abs(expected - values).max()))
        encoded = base64.b64encode(values.tobytes()).decode()
        rows.append([width, height, new_width, new_height, method, fit, seed, encoded])
    if check:
        print(f"TensorFlow {tf.__version__}: {len(rows)} cases, largest difference {worst}")
        return
    header = {"made_by": "make_tensorflow_resize.py", "tensorflow": tf.__version__}
    columns = ["width", "height", "new_width", "new_height", "method", "fit", "seed", "samples"]
    text = json.dumps({**header, "columns": columns})[:-1] + ', "cases": [\n'
    text += ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]}\n"
    target.write_text(text)


if __name__ == "__main__":
    main()
