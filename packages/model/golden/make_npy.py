"""Writes npy/*.npy, arrays as NumPy saves them, and npy/values.json with what they hold.

    python3 make_npy.py
"""
import io
import json
import os

import numpy as np
from numpy.lib import format as npy

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npy")
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(4)
arrays = {}
for name in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]:
    dtype = np.dtype(name)
    values = random.uniform(0, 2 if name == "b1" else 100, (2, 3))
    arrays[name] = values.astype(dtype)
    arrays[f"{name}-big-endian"] = values.astype(dtype.newbyteorder(">"))
arrays["i8-extremes"] = np.array([-(2**63), 2**63 - 1, 2**53 + 1], np.int64)
arrays["u8-extremes"] = np.array([0, 2**64 - 1], np.uint64)
arrays["f4-special"] = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32)
arrays["scalar"] = np.array(1.5, np.float32)
arrays["empty"] = np.zeros((0, 4), np.float32)
arrays["fortran"] = np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
arrays["fortran-row"] = np.asfortranarray(np.arange(3, dtype=np.float64).reshape(1, 3))
arrays["strings"] = np.array([b"Cardinal", b"", b"n\xc3\xa9"])
arrays["strings-inner-zero"] = np.array([[b"a\0b"], [b"c"]])

values = {}
for name, array in arrays.items():
    np.save(os.path.join(folder, f"{name}.npy"), array)
    if array.dtype.kind == "S":
        listed = [item.hex() for item in array.ravel().tolist()]
    elif array.dtype.kind == "f" and array.dtype.itemsize == 2:
        listed = [int(bits) for bits in array.astype("<f2").view("<u2").ravel()]
    else:
        listed = [str(item) for item in array.ravel().tolist()]
    values[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "values": listed}
for version in [(2, 0), (3, 0)]:
    buffer = io.BytesIO()
    npy.write_array(buffer, arrays["f4"], version=version)
    name = f"version-{version[0]}"
    with open(os.path.join(folder, f"{name}.npy"), "wb") as file:
        file.write(buffer.getvalue())
    values[name] = values["f4"]
with open(os.path.join(folder, "values.json"), "w") as file:
    json.dump(values, file, indent=0)
np.save(os.path.join(folder, "refused-objects.npy"), np.array([{}, 1], object), allow_pickle=True)
np.save(os.path.join(folder, "refused-structured.npy"), np.zeros(2, [("x", "<f4"), ("y", "<i4")]))
np.save(os.path.join(folder, "refused-unicode.npy"), np.array(["a", "bc"]))
np.save(os.path.join(folder, "refused-complex.npy"), np.zeros(2, np.complex64))
