"""tf2onnx on a SavedModel archive: unpack, convert, open a session; prints one JSON line.

usage: python3 tf2onnx_import.py MODEL.tar.gz
"""
import json
import pathlib
import resource
import subprocess
import sys
import tarfile
import tempfile
import time

import onnxruntime

start = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
    with tarfile.open(sys.argv[1]) as archive:
        archive.extractall(folder, filter="data")
    saved = next(pathlib.Path(folder).rglob("saved_model.pb")).parent
    out = f"{folder}/model.onnx"
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", str(saved), "--output", out, "--opset", "17"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - start, "peakMegabytes": peak}))
