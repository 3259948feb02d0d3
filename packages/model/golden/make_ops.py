"""Makes ops/<tensorflow>/*.tar.gz and ops/<tensorflow>/cases.json.gz: small SavedModels with TensorFlow's answers.

    python3 make_ops.py [--only CASE,…]        run it once with TensorFlow 2.15 and once with the newest

Each case is one op or a small graph. Its archive holds the SavedModel; cases.json.gz holds, by case, the inputs,
the expected outputs (from the *saved* model), the largest difference allowed, and what the class output is.
The same cases come out of each run (fixed seeds, archives without times), except for the names TensorFlow
gives its functions.
"""

import argparse
import base64
import gzip
import io
import json
import os
import shutil
import tarfile
import tempfile
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

from ops_cases import CASES, KERAS3

HERE = os.path.dirname(os.path.abspath(__file__))
DTYPES = {"object": "string", "bytes": "string"}


def seeded(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def tensor(array):
    array = np.asarray(array)
    kind = DTYPES.get(array.dtype.name, array.dtype.name)
    if array.dtype.kind in "OSU":
        return {"dataType": "string", "shape": list(array.shape), "strings": [v.decode() for v in array.ravel()]}
    raw = np.ascontiguousarray(array).tobytes()
    return {"dataType": kind, "shape": list(array.shape), "base64": base64.b64encode(raw).decode()}


def archive(folder, path):
    """A .tar.gz without times, owners or the fingerprint, members in order of their names."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for root, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                if file == "fingerprint.pb":
                    continue
                with open(os.path.join(root, file), "rb") as source:
                    content = source.read()
                entry = tarfile.TarInfo(os.path.relpath(os.path.join(root, file), folder))
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
    pack(path, plain.getvalue())


def pack(path, content):
    with open(path, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
        packed.write(content)


def answers(folder, inputs, signature):
    loaded = tf.saved_model.load(folder)
    if signature is None:
        return {"output_0": loaded(*[tf.constant(v) for v in inputs.values()]).numpy()}
    run = loaded.signatures[signature]
    return {key: value.numpy() for key, value in run(**{k: tf.constant(v) for k, v in inputs.items()}).items()}


def make(name, case, out):
    rng = seeded(name)
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(1)
    folder = tempfile.mkdtemp()
    try:
        inputs = case.save(folder, rng)
        record = {"about": case.about, "tolerance": case.tolerance, "signature": case.signature}
        if case.class_output:
            record["classOutput"] = case.class_output
        record["inputs"] = {key: tensor(value) for key, value in inputs.items()}
        error = case.error_for(tf.__version__)
        if error:
            record["error"] = error
        else:
            outputs = answers(folder, inputs, case.signature)
            for key, value in outputs.items():
                assert value.dtype.kind not in "f" or np.isfinite(value).all(), f"{name}: {key} is not finite"
                if value.size > 1 and value.dtype.kind == "f" and not case.constant:
                    assert np.std(value.astype(np.float64)) > 1e-3, f"{name}: {key} hardly varies"
            record["outputs"] = {key: tensor(value) for key, value in outputs.items()}
        archive(folder, os.path.join(out, f"{name}.tar.gz"))
    finally:
        shutil.rmtree(folder)
    return record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="make these cases again, leave the rest")
    args = parser.parse_args()
    version = ".".join(tf.__version__.split(".")[:2])
    out = os.path.join(HERE, "ops", f"tensorflow-{version}")
    os.makedirs(out, exist_ok=True)
    table = os.path.join(out, "cases.json.gz")
    records = {}
    if args.only:
        with gzip.open(table, "rt") as file:
            records = json.load(file)
    cases = {name: case for name, case in CASES.items() if KERAS3 or not case.newest_only}
    for name, case in cases.items():
        if not args.only or name in args.only.split(","):
            records[name] = make(name, case, out)
            print(name, os.path.getsize(os.path.join(out, f"{name}.tar.gz")), flush=True)
    for file in os.listdir(out):
        if file.endswith(".tar.gz") and file[: -len(".tar.gz")] not in cases:
            os.remove(os.path.join(out, file))
    pack(table, json.dumps({name: records[name] for name in cases}).encode())


if __name__ == "__main__":
    main()
