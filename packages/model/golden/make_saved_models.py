"""Makes golden/saved-models/*.tar.gz and *.json: tiny SavedModels of every kind, and what TensorFlow says of them.

Run it once with TensorFlow 2.15 (Keras 2 and TensorFlow 1 style models) and once with the newest (Keras 3 and
sharded variables); each run writes the models that its version is for:

    python3 make_saved_models.py [NAME ...]

A JSON file holds the signature, inputs and outputs of one run, and of TensorFlow's own frozen graph (functions
inlined, variables as constants) the count of each op and the SHA-256 of each floating-point constant's bytes.
"""

import collections
import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "saved-models")
KERAS3 = tuple(map(int, tf.__version__.split(".")[:2])) >= (2, 16)
PLUMBING = {"Const", "Placeholder", "PlaceholderWithDefault", "Identity", "NoOp", "ReadVariableOp", "VarHandleOp"}
MAKERS = {}


def made_by(keras3):
    def register(function):
        if keras3 == KERAS3:
            MAKERS[function.__name__] = function
        return function

    return register


def layers(keras, image):
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv")(image)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(6.0, name="relu")(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(0.5, name="dropout")(x)
    return keras.layers.Dense(3, activation="softmax", name="probabilities")(x)


def trained(model, seed=1):
    """Weights that look trained: batch norm statistics that are not 0 and 1."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        value = generator.normal(0.0, 0.5, weight.shape)
        positive = "variance" in weight.name or "gamma" in weight.name
        weight.assign((np.abs(value) + 0.5 if positive else value).astype("float32"))
    return model


def picture(shape=(2, 8, 8, 3)):
    return np.random.default_rng(7).normal(0.0, 1.0, shape).astype("float32")


@made_by(keras3=False)
def keras2_save(folder):
    keras = tf.keras
    image = keras.Input((8, 8, 3), name="image")
    trained(keras.Model(image, layers(keras, image))).save(os.path.join(folder, "1"))
    return {"image": picture()}


@made_by(keras3=False)
def keras2_nested(folder):
    keras = tf.keras
    image = keras.Input((8, 8, 3), name="image")
    base = keras.Model(image, layers(keras, image), name="base")
    outer = keras.Input((8, 8, 3), name="photo")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(outer)
    dense = keras.layers.Dense(2, name="head")(base(scaled))
    trained(keras.Model(outer, [dense, keras.layers.Activation("sigmoid", name="score")(dense)])).save(folder)
    return {"photo": picture() * 100}


@made_by(keras3=True)
def keras3_export(folder):
    import keras

    image = keras.Input((8, 8, 3), name="image")
    trained(keras.Model(image, layers(keras, image))).export(folder, verbose=False)
    return {"image": picture()}


@made_by(keras3=True)
def keras3_augmented(folder):
    import keras

    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.RandomFlip(name="flip")(image)
    x = keras.layers.RandomRotation(0.1, name="rotate")(x)
    trained(keras.Model(image, layers(keras, x))).export(folder, verbose=False)
    return None


@made_by(keras3=True)
def sharded(folder):
    """Variables cut into slices that stand in different data files."""

    class Sharded(tf.Module):
        def __init__(self):
            super().__init__()
            generator = np.random.default_rng(3)
            self.kernel = tf.Variable(generator.normal(size=(12, 5)).astype("float32"), name="kernel")
            self.bias = tf.Variable(generator.normal(size=(5,)).astype("float32"), name="bias")

        @tf.function(input_signature=[tf.TensorSpec([None, 12], tf.float32, name="x")])
        def __call__(self, x):
            return {"y": tf.matmul(x, self.kernel) + self.bias}

    policy = tf.train.experimental.MaxShardSizePolicy(max_shard_size=100)
    options = tf.saved_model.SaveOptions(experimental_sharding_callback=policy)
    module = Sharded()
    tf.saved_model.save(module, folder, signatures=module.__call__, options=options)
    return {"x": np.random.default_rng(5).normal(size=(3, 12)).astype("float32")}


@made_by(keras3=False)
def nested_functions(folder):
    """Calls four deep, one function called twice, ops with several outputs, captured constants, two signatures."""

    class Nested(tf.Module):
        def __init__(self):
            super().__init__()
            generator = np.random.default_rng(11)
            self.first = tf.Variable(generator.normal(size=(4, 4)).astype("float32"), name="same_name")
            self.second = tf.Variable(generator.normal(size=(4, 4)).astype("float32"), name="same_name")
            self.offset = tf.constant(generator.normal(size=(4,)).astype("float32"))

        @tf.function
        def innermost(self, x, w):
            return tf.nn.relu(tf.matmul(x, w))

        @tf.function
        def inner(self, x, w):
            halves = tf.split(self.innermost(x, w), 2, axis=1)
            return tf.concat([halves[1], halves[0]], axis=1) + self.offset

        @tf.function
        def outer(self, x):
            y = self.inner(x, self.first)
            return self.inner(y, self.second), y

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def serve(self, x):
            last, middle = self.outer(x)
            values, indices = tf.math.top_k(last, 2)
            return {"values": values, "indices": indices, "middle": middle}

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def other(self, x):
            return {"doubled": x * 2.0}

    module = Nested()
    tf.saved_model.save(module, folder, signatures={"serving_default": module.serve, "other": module.other})
    return {"x": np.random.default_rng(12).normal(size=(2, 4)).astype("float32")}


@made_by(keras3=False)
def constant_branches(folder):
    """Branches that constants decide: dropout under a False condition must not make the model random."""

    class Branches(tf.Module):
        def __init__(self):
            super().__init__()
            self.training = tf.Variable(False, name="training")
            self.scale = tf.Variable(3.0, name="scale")

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def serve(self, x):
            training = tf.logical_and(self.training, tf.constant(True))
            dropped = tf.cond(training, lambda: tf.nn.dropout(x, 0.5), lambda: x * self.scale)
            chosen = tf.switch_case(tf.constant(1), [lambda: dropped + 1.0, lambda: dropped + 2.0])
            never = tf.while_loop(
                lambda i, y: tf.less(i, 0), lambda i, y: (i + 1, y + tf.random.uniform([4])), [0, chosen]
            )
            return {"y": never[1]}

    module = Branches()
    tf.saved_model.save(module, folder, signatures=module.serve)
    return {"x": np.random.default_rng(13).normal(size=(2, 4)).astype("float32")}


@made_by(keras3=False)
def data_types(folder):
    """A variable of every type, and constants written in every way."""

    class Types(tf.Module):
        def __init__(self):
            super().__init__()
            values = [-1.5, 0.25, 3.0]
            self.kept = {}
            for dtype in ["float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64"]:
                self.kept[dtype] = tf.Variable(tf.cast(values, dtype), name=dtype)
            for dtype in ["uint8", "uint16", "uint32", "uint64"]:
                self.kept[dtype] = tf.Variable(tf.constant([0, 1, 200], dtype), name=dtype)
            self.kept["bool"] = tf.Variable([True, False, True], name="bool")
            self.kept["string"] = tf.Variable(["one", "", "drei\u00e4"], name="string")

        @tf.function(input_signature=[tf.TensorSpec([3], tf.float32, name="x")])
        def serve(self, x):
            outputs = {name: tf.identity(variable) for name, variable in self.kept.items()}
            outputs["constants"] = (
                x
                + tf.cast(tf.constant([0.5, 0.5, 0.5], "float16"), "float32")
                + tf.cast(tf.constant([1.5, 2.5, 3.5], "bfloat16"), "float32")
                + tf.cast(tf.constant([7, 7, 7], "int64"), "float32")
                + tf.cast(tf.fill([3], tf.constant(2, "uint8")), "float32")
                + tf.cast(tf.constant([True, True, False]), "float32")
            )
            return outputs

    module = Types()
    tf.saved_model.save(module, folder, signatures=module.serve)
    return {"x": np.asarray([1, 2, 3], "float32")}


@made_by(keras3=False)
def labelled(folder):
    """Probabilities and the best label, from a list of names in the graph."""

    class Labelled(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(np.random.default_rng(17).normal(size=(4, 3)).astype("float32"), name="kernel")

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def serve(self, x):
            probabilities = tf.nn.softmax(tf.matmul(x, self.kernel))
            names = tf.constant(["Bobolink", "Cardinal", "Mallard"])
            return {"probabilities": probabilities, "label": tf.gather(names, tf.argmax(probabilities, axis=1))}

    module = Labelled()
    tf.saved_model.save(module, folder, signatures=module.serve)
    return {"x": np.random.default_rng(18).normal(size=(2, 4)).astype("float32")}


@made_by(keras3=False)
def no_signature(folder):
    """Saved without signatures: with two functions TensorFlow does not guess which to serve."""

    class Plain(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(np.random.default_rng(19).normal(size=(4, 3)).astype("float32"), name="kernel")
            self.shift = tf.constant(np.random.default_rng(20).normal(size=(3,)).astype("float32"))

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def __call__(self, x):
            return tf.nn.softmax(tf.matmul(x, self.kernel) + self.shift)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def logits(self, x):
            return tf.matmul(x, self.kernel)

    tf.saved_model.save(Plain(), folder)
    return None


def tf1_graph(resource):
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    x = v1.placeholder(tf.float32, [None, 8], name="x")
    training = v1.placeholder_with_default(False, [], name="is_training")
    with v1.variable_scope("net", use_resource=resource, partitioner=v1.fixed_size_partitioner(3, axis=1)):
        weights = v1.get_variable("w", [8, 7], initializer=v1.random_normal_initializer(seed=5))
    with v1.variable_scope("head", use_resource=resource):
        bias = v1.get_variable("b", [7], initializer=v1.random_normal_initializer(seed=6))
    hidden = tf.matmul(x, tf.convert_to_tensor(weights)) + bias
    dropped = v1.cond(training, lambda: tf.nn.dropout(hidden, rate=0.5), lambda: tf.identity(hidden))
    switched = v1.cond(tf.logical_not(training), lambda: tf.constant(2.0), lambda: tf.constant(5.0))
    return x, tf.nn.softmax(dropped * switched, name="probabilities")


def save_tf1(folder, resource):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = tf1_graph(resource)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y})
        builder = v1.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, ["train"])
        builder.add_meta_graph(["serve"], signature_def_map={"serving_default": signature})
        builder.save()
    return {"x": np.random.default_rng(23).normal(size=(2, 8)).astype("float32")}


@made_by(keras3=False)
def tf1_partitioned(folder):
    return save_tf1(folder, resource=False)


@made_by(keras3=False)
def tf1_long_slices(folder):
    """Slices that start far enough to need two and three bytes in their keys."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        steps = tf.cast(tf.range(20000) // 100, tf.float32)
        with v1.variable_scope("net", partitioner=v1.fixed_size_partitioner(3)):
            weights = v1.get_variable("w", [20000], initializer=lambda shape, partition_info=None, **_: steps[: shape[0]])
        session.run(v1.global_variables_initializer())
        y = x + tf.reduce_sum(tf.convert_to_tensor(weights) * tf.cast(tf.range(20000), tf.float32) / 20000.0)
        v1.saved_model.simple_save(session, folder, {"x": x}, {"y": y})
    return {"x": np.asarray([1, 2], "float32")}


@made_by(keras3=False)
def tf1_resource(folder):
    return save_tf1(folder, resource=True)


@made_by(keras3=False)
def tf1_loop(folder):
    """A TensorFlow 1 while loop, whose graph has a cycle."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        v1.disable_control_flow_v2()
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        _, y = tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * 2.0), [tf.constant(0), x])
        v1.saved_model.simple_save(session, folder, {"x": x}, {"y": y})
    return None


def frozen(folder):
    """TensorFlow's own account of the serving graph: op counts, and digests of floating-point constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = tf.saved_model.load(folder, tags=["serve"])
    function = model.signatures["serving_default"]
    graph = convert_variables_to_constants_v2(function, lower_control_flow=False).graph.as_graph_def()
    ops = collections.Counter(node.op for node in graph.node if node.op not in PLUMBING)
    constants = set()
    for node in graph.node:
        if node.op == "Const":
            value = tf.make_ndarray(node.attr["value"].tensor)
            if value.dtype.kind == "f" and value.size > 1:
                constants.add(hashlib.sha256(value.tobytes()).hexdigest())
    return {"ops": dict(sorted(ops.items())), "constants": sorted(constants)}


def plain(array):
    array = np.asarray(array)
    if array.dtype.kind in "OS":
        values = [text.decode("utf8") for text in array.reshape(-1).tolist()]
    else:
        values = array.reshape(-1).astype("float64" if array.dtype.kind not in "iub" else array.dtype).tolist()
    return {"dtype": "string" if array.dtype.kind in "OS" else str(array.dtype), "shape": list(array.shape), "values": values}


def run(folder, inputs):
    model = tf.saved_model.load(folder, tags=["serve"])
    outputs = model.signatures["serving_default"](**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: plain(value.numpy()) for name, value in outputs.items()}


def archive(folder, path):
    """A .tar.gz that is the same whenever it is made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for root, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files):
                full = os.path.join(root, name)
                entry = tar.gettarinfo(full, os.path.relpath(full, folder))
                entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
                with open(full, "rb") as file:
                    tar.addfile(entry, file)
    with open(path, "wb") as file:
        file.write(gzip.compress(packed.getvalue(), 9, mtime=0))


def main():
    os.makedirs(HERE, exist_ok=True)
    for name, make in MAKERS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        folder = tempfile.mkdtemp()
        target = os.path.join(folder, "model")
        inputs = make(target)
        model = target if os.path.exists(os.path.join(target, "saved_model.pb")) else os.path.join(target, "1")
        expected = {"tensorflow": tf.__version__}
        if inputs is not None:
            expected |= frozen(model)
            expected["inputs"] = {key: plain(value) for key, value in inputs.items()}
            expected["outputs"] = run(model, inputs)
        archive(target, os.path.join(HERE, f"{name}.tar.gz"))
        with open(os.path.join(HERE, f"{name}.json"), "w", encoding="utf8") as file:
            json.dump(expected, file, indent=1, ensure_ascii=False)
            file.write("\n")
        shutil.rmtree(folder)
        print(name, os.path.getsize(os.path.join(HERE, f"{name}.tar.gz")), flush=True)


if __name__ == "__main__":
    main()
