"""Makes pillow-fits.json: checksums of Keras' load_img(keep_aspect_ratio=True) and of resize and centre crop.

Run as `python3 make_fits.py` with Pillow 13 and Keras (2 or 3). The centre crop is torchvision's definition of
Resize and CenterCrop, written out here with Pillow: the shorter side gets its size, the longer side
int(size * long / short); the corner of the crop is round(spare / 2).
"""

import io
import json
import pathlib
import random
import zlib

import keras
import numpy
import PIL
from PIL import Image

from make_resize import FILTERS, picture, side

CHOSEN = [(500, 375), (375, 500), (333, 500), (224, 224), (225, 224), (231, 224), (100, 97), (97, 100), (1, 1)]


def keep_aspect_ratio(image, width, height, name, _):
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return keras.utils.load_img(file, target_size=(height, width), interpolation=name, keep_aspect_ratio=True)


def center_crop(image, width, height, name, shorter_side):
    short, long = sorted(image.size)
    if shorter_side is None:
        shorter_side = width
    scaled_long = int(shorter_side * long / short)
    scaled = (shorter_side, scaled_long) if image.width <= image.height else (scaled_long, shorter_side)
    resized = image.resize(scaled, FILTERS[name])
    left, top = round((resized.width - width) / 2), round((resized.height - height) / 2)
    return resized.crop((left, top, left + width, top + height))


def cases():
    random_source = random.Random(6)
    names = ["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"]
    sizes = CHOSEN + [(side(random_source), side(random_source)) for _ in range(150)]
    for index, (width, height) in enumerate(sizes):
        name = names[index % len(names)]
        yield width, height, 224, 224, name, "crop-to-aspect-ratio", None
        yield width, height, side(random_source), side(random_source), name, "crop-to-aspect-ratio", None
        if max(width, height) <= 20 * min(width, height):
            square = random_source.randint(1, 200)
            yield width, height, square, square, name, "center-crop", None
            yield width, height, random_source.randint(1, 64), random_source.randint(1, 64), name, "center-crop", 73


def main():
    rows = []
    for seed, (width, height, new_width, new_height, name, fit, shorter_side) in enumerate(cases(), 1):
        make = keep_aspect_ratio if fit == "crop-to-aspect-ratio" else center_crop
        image = Image.fromarray(picture(width, height, seed))
        result = make(image, new_width, new_height, name, shorter_side)
        assert result.size == (new_width, new_height)
        checksum = zlib.crc32(numpy.asarray(result).tobytes())
        rows.append([width, height, new_width, new_height, name, fit, shorter_side, seed, checksum])
    header = {"made_by": "make_fits.py", "pillow": PIL.__version__, "keras": keras.__version__}
    columns = ["width", "height", "new_width", "new_height", "filter", "fit", "shorter_side", "seed", "crc32"]
    text = json.dumps({**header, "columns": columns})[:-1] + ', "cases": [\n'
    text += ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]}\n"
    pathlib.Path(__file__).with_name("pillow-fits.json").write_text(text)


if __name__ == "__main__":
    main()
