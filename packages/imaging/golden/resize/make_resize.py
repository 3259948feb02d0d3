"""Makes pillow-resize.json: checksums of what Pillow's Image.resize gives for thousands of geometries.

Run as `python3 make_resize.py` with Pillow 13 and numpy. The pictures are not stored: `picture` below and
`picture` in src/resize/golden-picture.ts make the same bytes from a seed.
"""

import json
import pathlib
import random
import zlib

import numpy
import PIL
from PIL import Image

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

CHOSEN = [
    (500, 375, 224, 224), (375, 500, 224, 224), (333, 500, 224, 224), (500, 333, 224, 224), (333, 333, 224, 224),
    (1, 1, 224, 224), (224, 224, 1, 1), (1, 1, 1, 1), (224, 224, 224, 224), (1, 300, 224, 224), (300, 1, 224, 224),
    (224, 500, 224, 224), (500, 224, 224, 224), (2, 2, 299, 299), (3, 5, 7, 11), (4000, 3, 5, 3), (3, 4000, 3, 5),
    (2, 3000, 3000, 2), (5000, 1, 1, 1), (1, 5000, 1, 1), (1, 1, 1500, 1), (1, 1, 1, 1500), (640, 480, 299, 299),
    (1024, 768, 331, 331), (223, 225, 224, 224), (448, 448, 224, 224), (229, 997, 96, 97), (997, 229, 600, 599),
]


def picture(width, height, seed):
    """uint8 [height, width, 3]: noise, only black and white, or faint noise over a ramp, by seed."""
    index = numpy.arange(width * height * 3, dtype=numpy.uint32)
    bits = index * numpy.uint32(2654435761) + numpy.uint32(seed)
    bits ^= bits >> numpy.uint32(15)
    bits *= numpy.uint32(2246822519)
    bits ^= bits >> numpy.uint32(13)
    noise = (bits >> numpy.uint32(24)).astype(numpy.uint8)
    if seed % 3 == 0:
        values = noise
    elif seed % 3 == 1:
        values = numpy.where(noise >= 128, 255, 0).astype(numpy.uint8)
    else:
        values = ((index >> numpy.uint32(4)).astype(numpy.uint8) & 240) | (noise & 15)
    return values.reshape(height, width, 3)


def side(random_source):
    """A side of 1 to 700 pixels, short ones as likely as long ones."""
    return int(700 ** random_source.random())


def main():
    random_source = random.Random(4)
    cases = []
    for name in FILTERS:
        cases += [(*sizes, name, None) for sizes in CHOSEN]
        for _ in range(450):
            cases.append((*(side(random_source) for _ in range(4)), name, None))
        for _ in range(100):
            width, height, new_width, new_height = (side(random_source) for _ in range(4))
            left, top = random_source.randrange(width), random_source.randrange(height)
            box = [left, top, random_source.randint(1, width - left), random_source.randint(1, height - top)]
            cases.append((width, height, new_width, new_height, name, box))
    rows = []
    for seed, (width, height, new_width, new_height, name, box) in enumerate(cases, 1):
        image = Image.fromarray(picture(width, height, seed))
        corners = None if box is None else (box[0], box[1], box[0] + box[2], box[1] + box[3])
        resized = image.resize((new_width, new_height), FILTERS[name], corners)
        checksum = zlib.crc32(numpy.asarray(resized).tobytes())
        rows.append([width, height, new_width, new_height, name, box, seed, checksum])
    header = {"made_by": "make_resize.py", "pillow": PIL.__version__}
    columns = ["width", "height", "new_width", "new_height", "filter", "box", "seed", "crc32"]
    text = json.dumps({**header, "columns": columns})[:-1] + ', "cases": [\n'
    text += ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]}\n"
    pathlib.Path(__file__).with_name("pillow-resize.json").write_text(text)


if __name__ == "__main__":
    main()
