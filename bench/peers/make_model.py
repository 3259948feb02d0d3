"""Writes model.tar.gz: MobileNetV2 1.0 with an eight-class head, random weights, as Keras 2 saves it (TensorFlow 2.15).

usage: python3 make_model.py OUT.tar.gz
"""
import pathlib
import sys
import tarfile
import tempfile

import tensorflow as tf

tf.keras.utils.set_random_seed(1)
base = tf.keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(224, 224, 3), pooling="avg")
output = tf.keras.layers.Dense(8, activation="softmax", name="output")(base.output)
with tempfile.TemporaryDirectory() as folder:
    tf.keras.Model(base.input, output).save(pathlib.Path(folder) / "1")
    with tarfile.open(sys.argv[1], "w:gz") as archive:
        archive.add(pathlib.Path(folder) / "1", "1")
