"""Collects the cases: each file, and what Pillow makes of it."""

import base64
import hashlib
import io

from PIL import Image, ImageOps

# Format → name → case.
FOLDERS = {}
# "format name" → base64 of the pixels, where they are asked for.
PIXELS = {}


def case(format_, name, data):
    cases = FOLDERS.setdefault(format_, {})
    assert name not in cases, name
    entry = {"file": base64.b64encode(data).decode()}
    try:
        with Image.open(io.BytesIO(data)) as image:
            entry["mode"] = image.mode
            rgb = image.convert("RGB")
        entry |= {
            "width": rgb.width,
            "height": rgb.height,
            "sha256": hashlib.sha256(rgb.tobytes()).hexdigest(),
        }
        with Image.open(io.BytesIO(data)) as image:
            turned = ImageOps.exif_transpose(image).convert("RGB")
        PIXELS[f"{format_} {name}"] = base64.b64encode(rgb.tobytes()).decode()
        if turned.tobytes() != rgb.tobytes() or turned.size != rgb.size:
            digest = hashlib.sha256(turned.tobytes()).hexdigest()
            entry["transposed"] = [turned.width, turned.height, digest]
    except Exception as error:  # the class is what the golden file records
        entry = {"file": entry["file"], "refused": type(error).__name__}
    cases[name] = entry
