"""Builds a model of the lab's architecture: MobileNetV2 without top, Flatten, Dense(1024), Dropout, Dense(8).

    python3 make_lab_model.py FOLDER

writes FOLDER/model.tar.gz (a SavedModel under 1/, about 245 MB), FOLDER/inputs.npy (float32 [4, 224, 224, 3])
and FOLDER/expected.npy (float32 [4, 8], TensorFlow's probabilities of them). The weights are seeded noise with
batch-norm statistics taken from data and a head scaled so that the rows differ: a stand-in for trained ones.
Runs with TensorFlow 2.15 (Keras 2, as the lab's 2.8).
"""
import os
import shutil
import sys
import tarfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
tf.keras.utils.set_random_seed(20)

base = tf.keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(224, 224, 3))
x = tf.keras.layers.Flatten()(base.output)
x = tf.keras.layers.Dense(1024, activation="relu")(x)
x = tf.keras.layers.Dropout(0.5)(x)
x = tf.keras.layers.Dense(8, activation="softmax", name="output")(x)
model = tf.keras.Model(base.input, x)

random = np.random.default_rng(20)


def pictures(count):
    """Smooth coloured noise in [-1, 1]."""
    small = random.uniform(-1, 1, (count, 14, 14, 3)).astype(np.float32)
    return np.clip(tf.image.resize(small, (224, 224), method="bicubic").numpy(), -1, 1).astype(np.float32)


for layer in model.layers:
    if isinstance(layer, tf.keras.layers.BatchNormalization):
        layer.momentum = 0.0
model(pictures(16), training=True)
for layer in model.layers:
    if isinstance(layer, tf.keras.layers.BatchNormalization):
        layer.momentum = 0.999

inputs = pictures(4)
logits = tf.keras.Model(model.input, model.get_layer("output").input)
head = model.get_layer("output")
kernel, bias = head.get_weights()
scores = logits(pictures(16), training=False).numpy() @ kernel
head.set_weights([kernel * (2.0 / scores.std()), bias - scores.mean(axis=0) * (2.0 / scores.std())])

saved = os.path.join(folder, "1")
shutil.rmtree(saved, ignore_errors=True)
model.save(saved)
np.save(os.path.join(folder, "inputs.npy"), inputs)
expected = np.concatenate([model(inputs[i : i + 1], training=False).numpy() for i in range(len(inputs))])
np.save(os.path.join(folder, "expected.npy"), expected)
with tarfile.open(os.path.join(folder, "model.tar.gz"), "w:gz", compresslevel=6) as tar:
    tar.add(saved, arcname="1")
shutil.rmtree(saved)
print(np.round(expected, 4), os.path.getsize(os.path.join(folder, "model.tar.gz")) / 1e6, "MB")
