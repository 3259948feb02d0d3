"""Makes recipes.json: what Keras' preprocess_input gives for every byte value in every channel.

Run as `python3 make_recipes.py` with TensorFlow 2.15 (Keras 2 has regnet and resnet_rs; Keras 3 gives the same for
the others: `--check` compares and writes nothing).
"""

import argparse
import base64
import importlib
import json
import pathlib

import numpy
import tensorflow

MODULES = [
    "mobilenet", "mobilenet_v2", "mobilenet_v3", "resnet", "resnet50", "resnet_v2", "resnet_rs", "vgg16", "vgg19",
    "inception_v3", "inception_resnet_v2", "xception", "nasnet", "densenet", "efficientnet", "efficientnet_v2",
    "convnext", "regnet",
]


def pixels():
    """float32 [256, 1, 3]: red, green and blue of row i are i, (i + 85) % 256 and (i + 170) % 256."""
    rows = numpy.arange(256)
    return numpy.stack([rows, (rows + 85) % 256, (rows + 170) % 256], axis=-1).astype(numpy.float32)[:, None, :]


def fractions():
    """float32 [256, 1, 3]: values between and beyond the bytes, as tf.image.resize gives them."""
    return (pixels() * numpy.float32(1.0371) - numpy.float32(5.3)).astype(numpy.float32)


def encoded(array):
    assert array.dtype == numpy.float32
    return base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    outputs, recipes = {}, {}
    for module in MODULES:
        try:
            keras_module = importlib.import_module(f"tensorflow.keras.applications.{module}")
        except ImportError:
            print(f"not in TensorFlow {tensorflow.__version__}: {module}")
            continue
        result = {
            "bytes": encoded(keras_module.preprocess_input(pixels().copy())),
            "fractions": encoded(keras_module.preprocess_input(fractions().copy())),
        }
        name = next((name for name, known in outputs.items() if known == result), module)
        outputs[name] = result
        recipes[module] = name
    target = pathlib.Path(__file__).with_name("recipes.json")
    if check:
        known = json.loads(target.read_text())
        for module, name in recipes.items():
            same = known["outputs"][known["recipes"][module]] == outputs[name]
            print(module, "equal" if same else "DIFFERENT")
    else:
        header = {"made_by": "make_recipes.py", "tensorflow": tensorflow.__version__}
        target.write_text(json.dumps({**header, "recipes": recipes, "outputs": outputs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
