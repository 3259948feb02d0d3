"""Saves classifiers of tf.keras.applications as SavedModels, with inputs and TensorFlow's own answers.

    python3 make_applications.py --out DIR [--members NAME,… | --set smallest | --set all] [--size N] [--keep]
    python3 make_applications.py --list

The way of saving is that of the TensorFlow that runs: Keras 2 `model.save(folder)` (TensorFlow ≤ 2.15)
goes to DIR/keras2/NAME/, Keras 3 `model.export(folder)` to DIR/keras3/NAME/. Each member's folder holds

    model/         the SavedModel
    inputs.npy     float32 [8, size, size, 3], in the range the family expects
    expected.npy   float32 [8, classes], probabilities as the *saved* model gives them (a softmax is taken
                   where it ends in logits, as RegNet does)
    meta.json      name, family, way, versions, size, parameters, top-1 probabilities and top-2 margins

Weights are random (seeded) but calibrated to look trained: with `weights=None` alone TensorFlow answers
0.001 for every class, and a comparison proves nothing. Every batch norm gets the statistics of the data
and gains and offsets that differ from 1 and 0, every bias differs from 0, and the head is centred and
scaled so that the median top-1 probability is 0.6 and the inputs get different classes.
"""

import argparse
import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass, field
from importlib import metadata

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

INPUTS = 8
MEDIAN_TOP1 = 0.6


@dataclass(frozen=True)
class Member:
    """One classifier: its family, its smallest input, and the range of pixels it expects."""

    family: str
    size: int
    pixels: str  # "tf": -1…1, "caffe": BGR minus means, "torch": normalised, "raw": 0…255
    smallest: bool = False  # the smallest member of its family: what CI checks
    builder: str = ""  # the function of tf.keras.applications, where the name differs
    options: dict = field(default_factory=dict)


def family(name, size, pixels, smallest, *others):
    return {n: Member(name, size, pixels, n == smallest) for n in (smallest, *others)}


def regnet(kind):
    sizes = ("004", "006", "008", "016", "032", "040", "064", "080", "120", "160", "320")
    return family(f"RegNet{kind}", 32, "raw", f"RegNet{kind}002", *(f"RegNet{kind}{s}" for s in sizes))


MEMBERS = {
    "MobileNetV2-0.35": Member("MobileNetV2", 32, "tf", True, "MobileNetV2", {"alpha": 0.35}),
    "MobileNet-0.25": Member("MobileNet", 32, "tf", True, "MobileNet", {"alpha": 0.25}),
    **family("ResNet", 32, "caffe", "ResNet50", "ResNet101", "ResNet152"),
    **family("DenseNet", 32, "torch", "DenseNet121", "DenseNet169", "DenseNet201"),
    "EfficientNetB0": Member("EfficientNet", 32, "raw", True),
    "MobileNetV3Small-0.75": Member("MobileNetV3", 32, "raw", True, "MobileNetV3Small", {"alpha": 0.75}),
    **family("ConvNeXt", 32, "raw", "ConvNeXtTiny", *(f"ConvNeXt{s}" for s in ("Small", "Base", "Large", "XLarge"))),
    "InceptionV3": Member("InceptionV3", 75, "tf", True),
    "Xception": Member("Xception", 71, "tf", True),
    **family("VGG", 32, "caffe", "VGG16", "VGG19"),
    **family("NASNet", 32, "tf", "NASNetMobile", "NASNetLarge"),
    **regnet("X"),
    **regnet("Y"),
    **family("ResNetRS", 32, "raw", "ResNetRS50", *(f"ResNetRS{n}" for n in (101, 152, 200, 270, 350, 420))),
    "InceptionResNetV2": Member("InceptionResNetV2", 75, "tf", True),
    **family("ResNetV2", 32, "tf", "ResNet50V2", "ResNet101V2", "ResNet152V2"),
    "EfficientNetV2B0": Member("EfficientNetV2", 32, "raw", True),
    # At 32 the others end in dozens of layers of one position, whose norms see eight numbers: rounding errors grow there
    # until TensorFlow differs from itself by 1e-4 between one input and eight.
    **{f"EfficientNetB{i}": Member("EfficientNet", 64, "raw") for i in range(1, 8)},
    **{f"EfficientNetV2{s}": Member("EfficientNetV2", 64, "raw") for s in ("B1", "B2", "B3", "S", "M", "L")},
    "LabHead-0.35": Member("LabHead", 64, "tf", True, "lab", {"alpha": 0.35}),
    "LabHead": Member("LabHead", 224, "tf", False, "lab", {"alpha": 1.0}),
    **{f"MobileNet-{a}": Member("MobileNet", 32, "tf", False, "MobileNet", {"alpha": a}) for a in (0.5, 0.75, 1.0)},
    **{f"MobileNetV2-{a}": Member("MobileNetV2", 32, "tf", False, "MobileNetV2", {"alpha": a}) for a in (0.5, 0.75, 1.0, 1.3, 1.4)},
    "MobileNetV3Small": Member("MobileNetV3", 32, "raw"),
    "MobileNetV3Small-minimalistic": Member("MobileNetV3", 32, "raw", False, "MobileNetV3Small", {"minimalistic": True}),
    "MobileNetV3Large-0.75": Member("MobileNetV3", 32, "raw", False, "MobileNetV3Large", {"alpha": 0.75}),
    "MobileNetV3Large": Member("MobileNetV3", 32, "raw"),
    "MobileNetV3Large-minimalistic": Member("MobileNetV3", 32, "raw", False, "MobileNetV3Large", {"minimalistic": True}),
}


ONLY_KERAS2 = ("RegNetX", "RegNetY", "ResNetRS")


def way_of_saving():
    return "keras3" if int(metadata.version("keras").split(".")[0]) >= 3 else "keras2"


def available(way):
    """Names of the members that the Keras of this way has."""
    return [name for name, member in MEMBERS.items() if way == "keras2" or member.family not in ONLY_KERAS2]


def pictures(np, count, size, seed):
    """Float [count, size, size, 3] in 0…255: a few soft blobs of colour on a gradient, with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    out = np.empty((count, size, size, 3))
    for picture in out:
        slope = rng.uniform(-80, 80, (2, 3))
        picture[:] = rng.uniform(60, 190, 3) + x[..., None] * slope[0] + y[..., None] * slope[1]
        for _ in range(6):
            centre, radius = rng.uniform(0, 1, 2), rng.uniform(0.06, 0.3)
            blob = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * radius**2))
            picture += blob[..., None] * rng.uniform(-140, 140, 3)
        picture += rng.normal(0, 12, picture.shape)
    return np.clip(out, 0, 255)


def scaled(np, raw, pixels):
    if pixels == "tf":
        out = raw / 127.5 - 1
    elif pixels == "caffe":
        out = raw[..., ::-1] - [103.939, 116.779, 123.68]
    elif pixels == "torch":
        out = (raw / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    else:
        out = raw
    return np.ascontiguousarray(out, np.float32)


def build(tf, name, size):
    member = MEMBERS[name]
    shape = (size, size, 3)
    if member.builder != "lab":
        return getattr(tf.keras.applications, member.builder or name)(weights=None, input_shape=shape, **member.options)
    layers = tf.keras.layers
    trunk = tf.keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=shape, **member.options)
    hidden = layers.Dense(1024, activation="relu")(layers.Flatten()(trunk.output))
    return tf.keras.Model(trunk.input, layers.Dense(8, activation="softmax", name="output")(layers.Dropout(0.5)(hidden)))


def randomise(np, model, rng):
    """Gains and offsets that differ from 1 and 0: an importer that drops one must fail."""
    bounded = any(getattr(layer, "max_value", None) is not None for layer in model.layers)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Normalization" and getattr(layer, "input_mean", None) is None:
            mean, variance, count = layer.get_weights()
            mean[:], variance[:] = [0.485, 0.456, 0.406], np.square([0.229, 0.224, 0.225])
            layer.set_weights([mean, variance, count])
            layer.finalize_state()
        for variable in layer.weights if kind != "Normalization" else []:
            leaf, shape = variable.name.split("/")[-1].split(":")[0], tuple(variable.shape)
            if kind == "LayerScale":
                variable.assign(rng.uniform(0.2, 0.8, shape))
            elif leaf == "gamma":
                variable.assign(rng.uniform(0.4, 0.8, shape))
            elif leaf == "beta":
                # Most of what a ReLU sees is positive: purely random signs would make a deep network chaotic,
                # its answers rounding errors. A few offsets reach the upper bound of ReLU6.
                # Offsets of linear branches would add up to more than the inputs differ by.
                linear = kind == "LayerNormalization" or layer.name.endswith("project_bn")
                centre = 0 if linear else 0.6 if getattr(layer, "scale", True) else 1.2
                variable.assign(rng.normal(centre, 0.3, shape) + (4.5 * (rng.random(shape) < 0.03) if bounded else 0))
            elif leaf == "bias":
                variable.assign(rng.normal(0, 0.1, shape))


def calibrate_norms(model, x):
    """One forward pass in training mode that leaves each batch norm with the statistics of `x`."""
    saved = []
    for layer in model.layers:
        for attribute in ("momentum", "rate", "drop_path_rate"):
            if isinstance(getattr(layer, attribute, None), float):
                saved.append((layer, attribute, getattr(layer, attribute)))
                setattr(layer, attribute, 0.0)
    model(x, training=True)
    for layer, attribute, value in saved:
        setattr(layer, attribute, value)


def calibrate_chain(np, tf, model, x, rng):
    """For networks without any norm (VGG): each layer's outputs get unit variance, as a norm would give."""
    *layers, _head = model.layers[1:]
    for layer in layers:
        if layer.get_weights():
            kernel, bias = layer.get_weights()
            activation, layer.activation = layer.activation, tf.keras.activations.linear
            out = np.asarray(layer(x))
            layer.activation = activation
            axes = tuple(range(out.ndim - 1))
            std = np.maximum(out.std(axes), 0.1 * out.std())
            layer.set_weights([kernel / std, (bias - out.mean(axes)) / std + rng.normal(0.7, 0.3, bias.shape)])
        x = layer(x)


def calibrate_head(np, tf, model, x, rng):
    """Makes one class the template of each input and scales them: median top-1 probability MEDIAN_TOP1.

    A trained head reads the directions in which the inputs differ, and most of its classes are out of the
    question for any one input; random directions over a thousand equal classes would need logits so large
    that rounding errors show.
    """
    head = [layer for layer in model.layers if layer.weights][-1]
    features = np.asarray(tf.keras.Model(model.input, head.input)(x, training=False), np.float64).reshape(len(x), -1)
    kernel, bias = head.get_weights()
    centred = features - features.mean(0)
    noise = kernel.reshape(features.shape[1], -1).astype(np.float64)
    noise *= 0.3 / (centred @ noise).std()
    classes = rng.permutation(noise.shape[1])[: len(x)]
    templates = np.zeros_like(noise)
    templates[:, classes] = (centred / (centred**2).sum(1, keepdims=True)).T * rng.uniform(0.7, 1.4, len(x))
    prior = rng.normal(-6 if noise.shape[1] > 100 else 0, 0.3, noise.shape[1])
    prior[classes] = rng.normal(0, 0.3, len(x))

    def top1(scale):
        scores = centred @ (scale * templates + noise) + prior
        exp = np.exp(scores - scores.max(1, keepdims=True))
        return (exp / exp.sum(1, keepdims=True)).max(1)

    low, high = 1e-3, 1e4
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if np.median(top1(middle)) < MEDIAN_TOP1 else (low, middle)
    weights = low * templates + noise
    head.set_weights([weights.reshape(kernel.shape).astype(np.float32), (prior - features.mean(0) @ weights).reshape(bias.shape).astype(np.float32)])


def save(np, tf, name, folder, size, script):
    """Builds, calibrates, saves and runs one member; meta.json is written last and marks it whole."""
    started = time.time()
    member = MEMBERS[name]
    way = way_of_saving()
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(sum(name.encode()))
    rng = np.random.default_rng(sum(name.encode()))
    x = scaled(np, pictures(np, INPUTS, size, seed=7), member.pixels)
    model = build(tf, name, size)
    randomise(np, model, rng)
    if any("norm" in type(layer).__name__.lower() for layer in model.layers):
        calibrate_norms(model, x)
    else:
        calibrate_chain(np, tf, model, x, rng)
    calibrate_head(np, tf, model, x, rng)
    built = time.time()

    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    at = os.path.join(folder, "model")
    if way == "keras3":
        model.export(at, verbose=False)
    else:
        model.save(at)
    saved = time.time()
    parameters = model.count_params()
    del model
    signature = tf.saved_model.load(at).signatures["serving_default"]
    key = next(iter(signature.structured_input_signature[1]))
    expected = next(iter(signature(**{key: tf.constant(x)}).values())).numpy()
    ran = time.time()
    logits = not np.allclose(expected.sum(1), 1, atol=1e-4)
    if logits:
        exp = np.exp(expected.astype(np.float64) - expected.max(1, keepdims=True))
        expected = (exp / exp.sum(1, keepdims=True)).astype(np.float32)

    ordered = np.sort(expected, 1)
    top1, margins = ordered[:, -1], ordered[:, -1] - ordered[:, -2]
    distinct = len(set(expected.argmax(1).tolist()))
    assert np.isfinite(expected).all(), f"{name}: not finite"
    assert distinct >= 3 and 0.3 < np.median(top1) < 0.9, f"{name}: inputs hardly differ: {top1} {distinct}"
    np.save(os.path.join(folder, "inputs.npy"), x)
    np.save(os.path.join(folder, "expected.npy"), expected)
    meta = {
        "name": name,
        "family": member.family,
        "way": way,
        "tensorflow": tf.__version__,
        "keras": metadata.version("keras"),
        "size": size,
        "pixels": member.pixels,
        "output": "logits" if logits else "probabilities",
        "parameters": parameters,
        "margin": float(margins.min()),
        "top1": [round(float(v), 4) for v in top1],
        "distinct": distinct,
        "seconds": {"build": round(built - started, 1), "save": round(saved - built, 1), "run": round(ran - saved, 1)},
        "script": script,
    }
    with open(os.path.join(folder, "meta.json"), "w") as file:
        json.dump(meta, file, indent=1)
    print(f"{meta['way']} {name} {size}: {parameters:,} parameters, top-1 {min(top1):.2f}–{max(top1):.2f}, "
          f"{distinct} classes, margin {meta['margin']:.2g}, {meta['seconds']}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", help="folder to write into, outside the checkout")
    parser.add_argument("--members", help="names, separated by commas")
    parser.add_argument("--set", choices=("smallest", "all"), help="the smallest member of each family, or all")
    parser.add_argument("--size", type=int, help="height and width of the input, instead of the smallest")
    parser.add_argument("--list", action="store_true", help="print the members this TensorFlow has, as JSON")
    parser.add_argument("--keep", action="store_true", help="leave members that this script already made")
    args = parser.parse_args()
    way = way_of_saving()
    names = available(way)
    if args.list:
        print(json.dumps([{"name": n, "family": MEMBERS[n].family, "size": MEMBERS[n].size, "smallest": MEMBERS[n].smallest} for n in names]))
        return
    if not args.out or not (args.members or args.set):
        parser.error("--out and one of --members and --set are needed")
    if args.members:
        wanted = args.members.split(",")
        unknown = [n for n in wanted if n not in names]
        if unknown:
            parser.error(f"{way} has no {', '.join(unknown)}; see --list")
    else:
        wanted = [n for n in names if args.set == "all" or MEMBERS[n].smallest]
    with open(__file__, "rb") as file:
        script = hashlib.sha256(file.read()).hexdigest()[:16]

    def size_of(name):
        return args.size or MEMBERS[name].size

    def made(name):
        try:
            with open(os.path.join(args.out, way, name, "meta.json")) as file:
                meta = json.load(file)
            return (meta["script"], meta["keras"], meta["size"]) == (script, metadata.version("keras"), size_of(name))
        except FileNotFoundError:
            return False

    wanted = [name for name in wanted if not (args.keep and made(name))]
    if not wanted:
        return
    import numpy as np
    import tensorflow as tf

    for name in wanted:
        save(np, tf, name, os.path.join(args.out, way, name), size_of(name), script)


if __name__ == "__main__":
    main()
