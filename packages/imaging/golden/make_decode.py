"""Makes golden/decode/*.json: small pictures of every kind, and what Pillow makes of each.

Usage: python3 make_decode.py [--photos FOLDER] [--pixels FILE]   (needs Pillow 13 and numpy)

Each JSON maps a name to {file: base64, ...} with either
  width, height, sha256 (of the bytes [height, width, 3] of Image.open(f).convert("RGB"))
  and transposed ([width, height, sha256] after ImageOps.exif_transpose) where that differs,
or refused (the exception's class; "by us alone" for the few kinds that Pillow opens and we do not). With --photos, photos.json gets the SHA-256 of each photo's RGB bytes,
by file name; the photos themselves are not copied.
"""

import argparse
import hashlib
import json
import pathlib
import warnings

from decode.kinds import bmp, gif, jpeg, png, recording, tiff, webp
from PIL import Image, features

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent / "decode"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=pathlib.Path)
    parser.add_argument("--pixels", type=pathlib.Path, help="also write the pixels, to look into a difference")
    arguments = parser.parse_args()
    print("Pillow", Image.__version__, features.version("jpg"))
    for make in (jpeg.jpegs, png.pngs, gif.gifs, webp.webps, bmp.bmps, tiff.tiffs):
        make()
    for name, data in [("empty", b""), ("text", b"not a picture at all"), ("zeros", bytes(64)), ("HTML", b"<!doctype html><html></html>")]:
        recording.case("none", name, data)
    HERE.mkdir(exist_ok=True)
    for format_, cases in recording.FOLDERS.items():
        text = json.dumps({"pillow": Image.__version__, "cases": cases}, indent=0, ensure_ascii=False)
        (HERE / f"{format_}.json").write_text(text + "\n")
        refused = sum("refused" in entry for entry in cases.values())
        print(f"{format_}: {len(cases)} cases, {refused} refused, {len(text)} bytes")
    if arguments.pixels:
        arguments.pixels.write_text(json.dumps(recording.PIXELS))
    if arguments.photos:
        digests = {}
        for path in sorted(arguments.photos.rglob("*.jpg")):
            with Image.open(path) as image:
                rgb = image.convert("RGB")
            digests[path.name] = f"{rgb.width}x{rgb.height} {hashlib.sha256(rgb.tobytes()).hexdigest()}"
        (HERE / "photos.json").write_text(json.dumps(digests, indent=0) + "\n")


main()
