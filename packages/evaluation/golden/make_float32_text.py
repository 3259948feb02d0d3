"""Golden texts of float32 values: the shortest decimals that numpy prints for them.

    python3 make_float32_text.py

needs numpy; writes float32-text.json beside itself: pairs of a float32's bit pattern and its text.
"""

import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

bits = [exponent << 23 for exponent in range(0, 255)]  # every power of two: the gaps beside them differ
bits += [(exponent << 23) - 1 for exponent in range(1, 256)]
bits += [(exponent << 23) + 1 for exponent in range(0, 255)]
bits += np.random.default_rng(20).integers(0, 0x3F800001, 1500).tolist()
bits += np.random.default_rng(21).random(1000, dtype=np.float32).view(np.uint32).tolist()
bits += [0, 1, 2, 3, 0x007FFFFF, 0x7F7FFFFF]
values = np.array(bits, np.uint32).view(np.float32)
rows = [
    [int(bit), np.format_float_scientific(value, unique=True)]
    for bit, value in zip(bits, values)
    if np.isfinite(value)
]
with open(os.path.join(HERE, "float32-text.json"), "w") as file:
    json.dump({"numpy": np.__version__, "rows": rows}, file, separators=(",", ":"))
    file.write("\n")
