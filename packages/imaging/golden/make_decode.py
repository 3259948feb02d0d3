"""Makes golden/decode/*.json: small pictures of every kind, and what Pillow makes of each.

Usage: python3 make_decode.py [--photos FOLDER] [--pixels FILE]   (needs Pillow 13 and numpy)

Each JSON maps a name to {file: base64, ...} with either
  width, height, sha256 (of the bytes [height, width, 3] of Image.open(f).convert("RGB"))
  and transposed ([width, height, sha256] after ImageOps.exif_transpose) where that differs,
or refused (the exception's class; "by us alone" for the few kinds that Pillow opens and we do not). With --photos, photos.json gets the SHA-256 of each photo's RGB bytes,
by file name; the photos themselves are not copied.
"""

import argparse
import base64
import hashlib
import io
import json
import pathlib
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps, features

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent / "decode"
WIDTH, HEIGHT = 17, 13
FOLDERS = {}
PIXELS = None


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
        if PIXELS is not None:
            PIXELS[f"{format_} {name}"] = base64.b64encode(rgb.tobytes()).decode()
        if turned.tobytes() != rgb.tobytes() or turned.size != rgb.size:
            digest = hashlib.sha256(turned.tobytes()).hexdigest()
            entry["transposed"] = [turned.width, turned.height, digest]
    except Exception as error:  # the class is what the golden file records
        entry = {"file": entry["file"], "refused": type(error).__name__}
    cases[name] = entry


def scene(seed=1, width=WIDTH, height=HEIGHT):
    """A smooth RGB picture with some noise: every code path of a codec has work."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(x / 5 + y / 7 + k) for k in range(3)], -1) * 100 + 128
    noise = random.integers(-28, 28, (height, width, 3))
    return Image.fromarray(np.clip(waves + noise, 0, 255).astype("u1"))


def saved(image, format_, **options):
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


ICC = bytes.fromhex("0000") * 40  # not a real profile: Pillow passes it on unread
def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def srgb_like_profile():
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB", 9300)).tobytes()


# ---------------------------------------------------------------- JPEG

def segments(data):
    """(start, end, marker) of each segment before the first scan's data."""
    at = 2
    while True:
        marker = data[at + 1]
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield at, at + 2 + length, marker
        at += 2 + length
        if marker == 0xDA:
            return


def without(data, *markers):
    out, last = data[:2], 2
    for start, end, marker in segments(data):
        if marker not in markers:
            out += data[start:end]
        last = end
    return out + data[last:]


def inserted(data, segment):
    return data[:2] + segment + data[2:]


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def adobe(transform):
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def with_sampling(data, factors):
    """Other sampling factors of luminance, on a picture whose data were made for them."""
    start = next(s for s, _, m in segments(data) if m == 0xC0)
    return data[: start + 11] + bytes([factors]) + data[start + 12 :]


def jpegs():
    picture = scene()
    add = lambda name, data: case("jpeg", name, data)
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        for quality in (30, 90):
            add(f"baseline {name} q{quality}", saved(picture, "JPEG", subsampling=subsampling, quality=quality))
            add(
                f"progressive {name} q{quality}",
                saved(picture, "JPEG", subsampling=subsampling, quality=quality, progressive=True),
            )
    add("411", saved(picture, "JPEG", subsampling="4:1:1") if has_411() else tall_sampling(0x41))
    add("440", tall_sampling(0x12))
    add("410", tall_sampling(0x42))
    add("411 by factors", tall_sampling(0x41))
    add("optimised tables", saved(picture, "JPEG", optimize=True))
    add("grey", saved(picture.convert("L"), "JPEG"))
    add("grey progressive", saved(picture.convert("L"), "JPEG", progressive=True))
    add("restart markers by rows", saved(picture, "JPEG", restart_marker_rows=1))
    add("restart markers by blocks", saved(picture, "JPEG", restart_marker_blocks=1, subsampling=0))
    add("keep_rgb", saved(picture, "JPEG", keep_rgb=True))
    plain = saved(picture, "JPEG", subsampling=0)
    add("Adobe transform 0 without JFIF", inserted(without(plain, 0xE0), adobe(0)))
    add("Adobe transform 1 without JFIF", inserted(without(plain, 0xE0), adobe(1)))
    add("Adobe transform 0 with JFIF", inserted(plain, adobe(0)))
    add("neither JFIF nor Adobe", without(plain, 0xE0))
    cmyk = saved(picture.convert("CMYK"), "JPEG")
    add("CMYK", cmyk)
    add("CMYK with inks", saved(Image.merge("CMYK", [*scene(2).split(), scene(3).convert("L")]), "JPEG"))
    add("CMYK progressive", saved(Image.merge("CMYK", [*scene(4).split(), scene(5).convert("L")]), "JPEG", progressive=True))
    add("CMYK without Adobe", without(cmyk, 0xEE))
    add("YCCK", inserted(without(cmyk, 0xEE), adobe(2)))
    add("CMYK with ICC", saved(picture.convert("CMYK"), "JPEG", icc_profile=srgb_like_profile()))
    add("ICC", saved(picture, "JPEG", icc_profile=srgb_like_profile()))
    add("ICC that is no profile", saved(picture, "JPEG", icc_profile=ICC))
    add("grey with ICC", saved(picture.convert("L"), "JPEG", icc_profile=srgb_like_profile()))
    add("coarse 16-bit quantisation", saved(picture, "JPEG", qtables=[[300] * 64, [400] * 64]))
    add("quality 1", saved(picture, "JPEG", quality=1))
    add("quality 100", saved(picture, "JPEG", quality=100))
    for size in [(1, 1), (8, 8), (1, 40), (40, 1), (33, 31)]:
        add(f"{size[0]}x{size[1]} 420", saved(scene(6, *size), "JPEG", subsampling=2))
    for orientation in range(0, 10):
        add(f"EXIF orientation {orientation}", saved(scene(7, 7, 5), "JPEG", exif=exif(orientation)))
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b'<x tiff:Orientation="6"/>'
    add("XMP orientation", inserted(saved(scene(7, 7, 5), "JPEG"), segment(0xE1, xmp)))
    add("EXIF that is damaged", inserted(saved(scene(7, 7, 5), "JPEG"), segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff")))
    big_endian = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    add("EXIF big-endian", inserted(saved(scene(7, 7, 5), "JPEG"), segment(0xE1, big_endian)))
    add("comment and fill bytes", inserted(plain, segment(0xFE, b"hello") + b"\xff\xff\xff"))
    add("junk before a marker", inserted(plain, b"\x12\x34"))
    add("bytes after the end", plain + b"trailing bytes")
    add("two pictures in one file", plain + saved(scene(8), "JPEG"))
    add("12-bit", patched_frame(plain, 0, 12))
    add("two components", patched_frame(plain, 5, 2))
    add("height 0", patched_frame(plain, 1, 0, 0))
    add("width 0", patched_frame(plain, 3, 0, 0))
    add("no end marker", plain[:-2])
    add("half an end marker", plain[:-1])
    for fraction in (0.1, 0.5, 0.7, 0.9, 0.97):
        add(f"cut at {fraction}", plain[: int(len(plain) * fraction)])
    progressive = saved(picture, "JPEG", progressive=True)
    for fraction in (0.5, 0.8, 0.95):
        add(f"progressive cut at {fraction}", progressive[: int(len(progressive) * fraction)])
    scan = [end for _, end, m in segments(plain) if m == 0xDA][0]
    add("flipped bits in the scan", plain[: scan + 20] + bytes([plain[scan + 20] ^ 0x40]) + plain[scan + 21 :])
    add("scan data gone", plain[:scan] + b"\xff\xd9")
    add("extra bytes before the end marker", plain[:-2] + b"\x55\x55\x55" + plain[-2:])
    add("no tables", without(plain, 0xC4))
    add("no quantisation", without(plain, 0xDB))
    add("start only", b"\xff\xd8\xff")
    add("thumbnail inside, cut in the scan", inserted(plain, segment(0xE1, b"Exif\0\0" + plain))[:-60])


def has_411():
    try:
        saved(scene(), "JPEG", subsampling="4:1:1")
        return True
    except Exception:
        return False


def tall_sampling(factors):
    """A JPEG with unusual luminance sampling: grey DC-only blocks, coded by hand."""
    h, v = factors >> 4, factors & 15
    width, height = 35, 29
    random = np.random.default_rng(factors)
    across, down = -(-width // (8 * h)), -(-height // (8 * v))
    # One Huffman table for DC (categories 0..11 in 4-bit codes) and one for AC (only end-of-block and 0/1, 0/2).
    dc = segment(0xC4, bytes([0]) + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12)))
    ac = segment(0xC4, bytes([0x10]) + bytes([0, 3] + [0] * 14) + bytes([0x00, 0x01, 0x02]))
    quantisation = segment(0xDB, bytes([0]) + bytes([9] * 64))
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes([1, factors, 0, 2, 0x11, 0, 3, 0x11, 0]))
    scan = segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0]))
    bits = ""
    last = [0, 0, 0]
    for _ in range(across * down):
        for component, blocks in enumerate([h * v, 1, 1]):
            for _ in range(blocks):
                value = int(random.integers(-90, 90))
                difference, last[component] = value - last[component], value
                category = abs(difference).bit_length()
                bits += f"{category:04b}"
                if category:
                    bits += f"{difference if difference > 0 else difference + (1 << category) - 1:0{category}b}"
                for sign in random.integers(0, 2, 3):  # three AC values of ±1
                    bits += "01" + str(sign)
                bits += "00"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    jfif = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    return b"\xff\xd8" + jfif + quantisation + frame + dc + ac + scan + data + b"\xff\xd9"


def patched_frame(data, offset, *values):
    start = next(s for s, _, m in segments(data) if m == 0xC0) + 4 + offset
    return data[:start] + bytes(values) + data[start + len(values) :]


# ---------------------------------------------------------------- PNG

def chunk(name, payload, crc=None):
    checksum = zlib.crc32(name + payload) if crc is None else crc
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", checksum)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def filtered(rows, bpp, filters):
    out, prior = b"", None
    for index, row in enumerate(rows):
        kind = filters(index)
        above = prior if prior is not None else bytes(len(row))
        line = bytearray()
        for i, value in enumerate(row):
            a = row[i - bpp] if i >= bpp else 0
            b = above[i]
            c = above[i - bpp] if i >= bpp else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((value - [0, a, b, (a + b) // 2, nearest][kind]) & 255)
        out += bytes([kind]) + bytes(line)
        prior = row
    return out


def packed(samples, depth):
    """[height, width, n] → rows of bytes."""
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        elif depth == 8:
            rows.append(row.astype("u1").tobytes())
        else:
            bits = "".join(f"{int(v):0{depth}b}" for v in row)
            bits += "0" * (-len(bits) % 8)
            rows.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
    return rows


def png(samples, depth, colour, interlace=0, before=b"", after=b"", level=9, split=None, header=None, data=None, filters=lambda y: y % 5):
    height, width, count = samples.shape
    bpp = max(1, depth * count // 8)
    passes = ADAM7 if interlace else [(0, 0, 1, 1)]
    raw = b""
    for x, y, dx, dy in passes:
        part = samples[y::dy, x::dx]
        if part.size:
            raw += filtered(packed(part, depth), bpp, filters)
    stream = zlib.compress(raw, level) if data is None else data(raw)
    size = split or max(1, len(stream))
    body = b"".join(chunk(b"IDAT", stream[i : i + size]) for i in range(0, len(stream), size))
    ihdr = header or struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + before + body + after + chunk(b"IEND", b"")


def pngs():
    add = lambda name, data: case("png", name, data)
    random = np.random.default_rng(5)
    count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    palette = chunk(b"PLTE", random.integers(0, 256, 768).astype("u1").tobytes())
    kinds = [(0, d) for d in (1, 2, 4, 8, 16)] + [(2, 8), (2, 16)] + [(3, d) for d in (1, 2, 4, 8)] + [(4, 8), (4, 16), (6, 8), (6, 16)]
    for colour, depth in kinds:
        samples = random.integers(0, 1 << depth, (HEIGHT, WIDTH, count[colour]))
        before = chunk(b"PLTE", random.integers(0, 256, 3 << depth).astype("u1").tobytes()) if colour == 3 else b""
        for interlace in (0, 1):
            add(f"type {colour} depth {depth} interlace {interlace}", png(samples, depth, colour, interlace, before))
    small = np.arange(0, 256, 4).reshape(8, 8, 1)
    add("grey 16 within 8 bits", png(small, 16, 0))
    add("grey 16 just above", png(small + 60, 16, 0))
    grey = random.integers(0, 256, (5, 6, 1))
    rgb = random.integers(0, 256, (5, 6, 3))
    index = random.integers(0, 16, (5, 6, 1))
    sixteen = chunk(b"PLTE", random.integers(0, 256, 48).astype("u1").tobytes())
    add("tRNS grey", png(grey, 8, 0, before=chunk(b"tRNS", struct.pack(">H", int(grey[0, 0, 0])))))
    add("tRNS grey 16", png(grey, 16, 0, before=chunk(b"tRNS", struct.pack(">H", 7))))
    add("tRNS grey 1", png(grey & 1, 1, 0, before=chunk(b"tRNS", struct.pack(">H", 1))))
    add("tRNS grey above 255", png(grey, 8, 0, before=chunk(b"tRNS", struct.pack(">H", 700))))
    add("tRNS rgb", png(rgb, 8, 2, before=chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0])))))
    add("tRNS palette one entry", png(index, 8, 3, before=sixteen + chunk(b"tRNS", b"\xff\xff\0")))
    add("tRNS palette many", png(index, 4, 3, before=sixteen + chunk(b"tRNS", bytes(range(0, 160, 10)))))
    add("tRNS short grey", png(grey, 8, 0, before=chunk(b"tRNS", b"\0")))
    add("tRNS short rgb", png(rgb, 8, 2, before=chunk(b"tRNS", b"\0\0\0")))
    add("palette shorter than indices", png(grey, 8, 3, before=sixteen))
    add("palette missing", png(index, 8, 3))
    add("palette of 800 bytes", png(index, 8, 3, before=chunk(b"PLTE", bytes(800))))
    add("palette of 50 bytes", png(index, 8, 3, before=chunk(b"PLTE", bytes(range(50)))))
    add("palette in a grey file", png(grey, 8, 0, before=palette))
    add("palette doubled", png(index, 8, 3, before=palette + sixteen))
    add("many IDAT", png(rgb, 8, 2, split=7))
    add("empty IDAT among them", png(rgb, 8, 2, before=chunk(b"IDAT", b""), split=20))
    add("stored blocks", png(rgb, 8, 2, level=0))
    for kind in range(5):
        add(f"all rows filter {kind}", png(random.integers(0, 256, (9, 7, 3)), 8, 2, filters=lambda y: kind))
    add("filter 5", png(rgb, 8, 2, data=lambda raw: zlib.compress(b"\5" + raw[1:])))
    for size in [(1, 1), (2, 3), (3, 2), (4, 5), (5, 1), (1, 9)]:
        add(f"interlaced {size[0]}x{size[1]}", png(random.integers(0, 256, (size[1], size[0], 3)), 8, 2, 1))
        add(f"interlaced 1-bit {size[0]}x{size[1]}", png(random.integers(0, 2, (size[1], size[0], 1)), 1, 0, 1))
    add("interlace method 2", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 6, 5, 8, 2, 0, 0, 2)))
    add("compression method 1", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 6, 5, 8, 2, 1, 0, 0)))
    add("filter method 1", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 6, 5, 8, 2, 0, 1, 0)))
    add("depth 3", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 6, 5, 3, 2, 0, 0, 0)))
    add("width 0", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 0, 5, 8, 2, 0, 0, 0)))
    add("header of 12 bytes", png(rgb, 8, 2, header=struct.pack(">IIBBBB", 6, 5, 8, 2, 0, 0)))
    add("header claims more rows, stream ends", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 6, 9, 8, 2, 0, 0, 0)))
    add("header claims fewer rows", png(rgb, 8, 2, header=struct.pack(">IIBBBBB", 6, 3, 8, 2, 0, 0, 0)))
    whole = png(rgb, 8, 2)
    add("no IEND", whole[:-12])
    add("checksum of the stream wrong", png(rgb, 8, 2, data=lambda raw: zlib.compress(raw)[:-1] + b"\x99"))
    add("checksum of the stream gone", png(rgb, 8, 2, data=lambda raw: zlib.compress(raw)[:-4]))
    add("stream cut", png(rgb, 8, 2, data=lambda raw: zlib.compress(raw)[:-12]))
    add("stream damaged", png(rgb, 8, 2, data=lambda raw: zlib.compress(raw)[:8] + b"\xff" * 8))
    add("stream with no zlib header", png(rgb, 8, 2, data=lambda raw: zlib.compress(raw)[2:]))
    for at in (9, 20, 35, 45, 60, 80, len(whole) - 30, len(whole) - 18, len(whole) - 14):
        add(f"cut at {at}", whole[:at])
    idat = whole.index(b"IDAT")
    length = struct.unpack(">I", whole[idat - 4 : idat])[0]
    add("IDAT checksum wrong", whole[: idat + 4 + length] + b"\1\2\3\4" + whole[idat + 8 + length :])
    add("IHDR checksum wrong", whole[:29] + b"\1\2\3\4" + whole[33:])
    add("text checksum wrong", png(rgb, 8, 2, before=chunk(b"tEXt", b"a\0b", crc=1)))
    add("text after the data, checksum wrong", png(rgb, 8, 2, after=chunk(b"tEXt", b"a\0b", crc=1)))
    add("text after the data, cut", png(rgb, 8, 2, after=chunk(b"tEXt", b"a\0bcdefghijkl"))[:-22])
    add("unknown chunks", png(rgb, 8, 2, before=chunk(b"abCd", b"xyz"), after=chunk(b"ZZZZ", b"xyz")))
    add("chunk name that is none", png(rgb, 8, 2, before=chunk(b"a-Cd", b"xyz")))
    add("gamma and chromaticity", png(rgb, 8, 2, before=chunk(b"gAMA", struct.pack(">I", 22000)) + chunk(b"cHRM", bytes(32))))
    add("gamma too short", png(rgb, 8, 2, before=chunk(b"gAMA", b"\0")))
    add("ICC", saved(scene(), "PNG", icc_profile=srgb_like_profile()))
    add("ICC of an unknown compression", png(rgb, 8, 2, before=chunk(b"iCCP", b"name\0\1xxxx")))
    add("sRGB with significant bits", png(rgb, 8, 2, before=chunk(b"sBIT", b"\5\6\5") + chunk(b"sRGB", b"\0")))
    add("background colour", png(random.integers(0, 256, (5, 6, 4)), 8, 6, before=chunk(b"bKGD", bytes(6))))
    add("no data", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 5, 8, 2, 0, 0, 0)) + chunk(b"IEND", b""))
    add("no header", b"\x89PNG\r\n\x1a\n" + whole[33:])
    for orientation in (1, 3, 6, 8):
        add(f"EXIF orientation {orientation}", saved(scene(7, 7, 5), "PNG", exif=exif(orientation)))
    add("EXIF after the data", png(rgb, 8, 2, after=chunk(b"eXIf", exif(6)[6:])))
    frames = [scene(k, 9, 7) for k in range(3)]
    add("APNG", saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    add("APNG with a default image", saved(frames[0], "PNG", save_all=True, default_image=True, append_images=frames[1:]))
    control = lambda w, h, x, y, seq=0: chunk(b"fcTL", struct.pack(">IIIIIHHBB", seq, w, h, x, y, 1, 10, 0, 0))
    animation = chunk(b"acTL", struct.pack(">II", 1, 0))
    ihdr = struct.pack(">IIBBBBB", 10, 9, 8, 2, 0, 0, 0)
    add("APNG frame inside the canvas", png(rgb, 8, 2, header=ihdr, before=animation + control(6, 5, 2, 3)))
    add("APNG frame outside the canvas", png(rgb, 8, 2, header=ihdr, before=animation + control(6, 5, 5, 3)))
    add("APNG out of order", png(rgb, 8, 2, before=animation + control(6, 5, 0, 0, 1)))
    add("RGBA with hidden colour", saved(hidden_colour("RGBA"), "PNG"))
    add("LA with hidden grey", saved(hidden_colour("LA"), "PNG"))


def hidden_colour(mode):
    """Alpha 0, 128 and 255 over colours that must survive."""
    picture = scene(9).convert(mode)
    alpha = Image.fromarray((np.indices((HEIGHT, WIDTH)).sum(0) % 3 * 127).astype("u1"))
    picture.putalpha(alpha)
    return picture


# ---------------------------------------------------------------- GIF

def lzw_gif(indices, bits):
    """GIF image data: LZW with clear codes whenever the table is full."""
    clear, end = 1 << bits, (1 << bits) + 1
    table, size = {bytes([i]): i for i in range(clear)}, bits + 1
    following = end + 1
    out, buffer, used = bytearray(), 0, 0

    def emit(code):
        nonlocal buffer, used
        buffer |= code << used
        used += size
        while used >= 8:
            out.append(buffer & 255)
            buffer >>= 8
            used -= 8

    emit(clear)
    word = b""
    for value in indices:
        longer = word + bytes([value])
        if longer in table:
            word = longer
            continue
        emit(table[word])
        if following < 4096:
            table[longer] = following
            if following == 1 << size and size < 12:
                size += 1
            following += 1
        else:
            emit(clear)
            table, size, following = {bytes([i]): i for i in range(clear)}, bits + 1, end + 1
        word = bytes([value])
    if word:
        emit(table[word])
    emit(end)
    if used:
        out.append(buffer & 255)
    return bytes([bits]) + blocks(bytes(out))


def blocks(data):
    return b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)) + b"\0"


def table_of(colours):
    bits = max(1, (len(colours) // 3 - 1).bit_length())
    return bits - 1, colours + bytes(3 * (1 << bits) - len(colours))


def gif_frame(indices, x=0, y=0, palette=None, interlaced=False, bits=4, transparent=None, disposal=0, data=None):
    height, width = indices.shape
    out = b""
    if transparent is not None or disposal:
        flags = (disposal << 2) | (transparent is not None)
        out += b"\x21\xf9\x04" + struct.pack("<BHBB", flags, 5, transparent or 0, 0)
    size, entries = table_of(palette) if palette is not None else (0, b"")
    flags = (0x80 | size if palette is not None else 0) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", x, y, width, height, flags) + entries
    if interlaced:
        indices = np.concatenate([indices[0::8], indices[4::8], indices[2::4], indices[1::2]])
    return out + (data or lzw_gif(indices.flatten().tolist(), bits))


def gif(*frames, palette=None, screen=(WIDTH, HEIGHT), background=0, version=b"GIF89a", end=b";"):
    size, entries = table_of(palette) if palette is not None else (0, b"")
    flags = 0x80 | size if palette is not None else 0
    return version + struct.pack("<HHBBB", *screen, flags, background, 0) + entries + b"".join(frames) + end


def gifs():
    add = lambda name, data: case("gif", name, data)
    random = np.random.default_rng(11)
    colours = random.integers(0, 256, 48).astype("u1").tobytes()
    other = random.integers(0, 256, 48).astype("u1").tobytes()
    index = random.integers(0, 16, (HEIGHT, WIDTH))
    small = random.integers(0, 16, (6, 7))
    add("plain", gif(gif_frame(index), palette=colours))
    add("87a", gif(gif_frame(index), palette=colours, version=b"GIF87a"))
    add("interlaced", gif(gif_frame(index, interlaced=True), palette=colours))
    for height in (1, 2, 3, 4, 5, 8, 9):
        part = random.integers(0, 16, (height, 3))
        add(f"interlaced height {height}", gif(gif_frame(part, interlaced=True), palette=colours, screen=(3, height)))
    add("transparent", gif(gif_frame(index, transparent=3), palette=colours))
    add("transparent outside the palette", gif(gif_frame(small, 2, 3, transparent=200), palette=colours))
    add("local palette", gif(gif_frame(index, palette=other), palette=colours))
    add("local palette alone", gif(gif_frame(index, palette=other)))
    add("no palette", gif(gif_frame(index)))
    add("frame smaller than the screen", gif(gif_frame(small, 4, 5), palette=colours, background=9))
    add("small transparent frame", gif(gif_frame(small, 4, 5, transparent=6), palette=colours, background=9))
    add("small frame, local palette", gif(gif_frame(small, 4, 5, palette=other), palette=colours, background=9))
    add("small frame, no palette, transparent", gif(gif_frame(small, 4, 5, transparent=6)))
    add("frame overhangs the screen", gif(gif_frame(index, 3, 2), palette=colours))
    add("screen of size 0", gif(gif_frame(index), palette=colours, screen=(0, 0)))
    for disposal in (1, 2, 3):
        add(f"disposal {disposal}", gif(gif_frame(small, 1, 1, disposal=disposal, transparent=2), palette=colours))
    add("animated", gif(gif_frame(index, transparent=3, disposal=2), gif_frame(small, 1, 1), palette=colours))
    grey = bytes(v for i in range(16) for v in (i, i, i))
    add("global palette of plain greys", gif(gif_frame(index), palette=grey))
    add("local palette of plain greys", gif(gif_frame(index, palette=grey), palette=colours))
    add("local palette of plain greys alone", gif(gif_frame(index, palette=grey)))
    add("local colours, global plain greys", gif(gif_frame(index, palette=colours), palette=grey))
    add("local plain greys, transparent", gif(gif_frame(small, 2, 2, palette=grey, transparent=4), palette=colours))
    add("palette shorter than indices", gif(gif_frame(index), palette=colours[:12]))
    full = random.integers(0, 256, (HEIGHT, WIDTH))
    add("256 colours", gif(gif_frame(full, bits=8), palette=random.integers(0, 256, 768).astype("u1").tobytes()))
    add("2 colours", gif(gif_frame(index & 1, bits=2), palette=colours[:6]))
    long = random.integers(0, 8, (90, 120))
    add("table full", gif(gif_frame(long, bits=3), palette=colours, screen=(120, 90)))
    extension = b"\x21\xfe" + blocks(b"a comment") + b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0" + b"\x21\1" + blocks(b"text")
    add("extensions", gif(extension + gif_frame(index), palette=colours))
    add("empty comment", gif(b"\x21\xfe\0" + gif_frame(index), palette=colours))
    add("junk before the frame", gif(b"\1\2\0" + gif_frame(index), palette=colours))
    add("no trailer", gif(gif_frame(index), palette=colours, end=b""))
    add("bytes after the trailer", gif(gif_frame(index), palette=colours) + b"more")
    add("no frame", gif(palette=colours))
    add("two graphic controls", gif(b"\x21\xf9\x04\1\0\0\5\0", gif_frame(small, 1, 1), palette=colours))
    add("frame of width 0", gif(gif_frame(np.zeros((3, 0), int)), palette=colours))
    coded = lzw_gif(index.flatten().tolist(), 4)
    add("data end early", gif(gif_frame(index, data=lzw_gif(index.flatten().tolist()[:90], 4)), palette=colours))
    add("data longer than the frame", gif(gif_frame(index, data=lzw_gif(index.flatten().tolist() * 2, 4)), palette=colours))
    add("no end code", gif(gif_frame(index, data=bytes([4]) + blocks(coded[2:-3])), palette=colours))
    add("code size 13", gif(gif_frame(index, data=bytes([13]) + coded[1:]), palette=colours))
    add("code size 12", gif(gif_frame(index, data=bytes([12]) + coded[1:]), palette=colours))
    add("code size 1", gif(gif_frame(index & 1, bits=1), palette=colours))
    add("code before it is defined", gif(gif_frame(index, data=bytes([4, 3]) + bytes([0x10, 0xFE, 0xFF, 0])), palette=colours))
    whole = gif(gif_frame(index), palette=colours)
    for at in (8, 13, 40, 62, 70, 71, 80, len(whole) - 30, len(whole) - 3, len(whole) - 1):
        add(f"cut at {at}", whole[:at])
    add("Pillow's own", saved(scene().quantize(40), "GIF"))
    add("Pillow's own, grey", saved(scene().convert("L"), "GIF"))
    add("Pillow's own, transparent", saved(hidden_colour("RGBA"), "GIF"))


# ---------------------------------------------------------------- WebP

def webps():
    add = lambda name, data: case("webp", name, data)
    for quality in (10, 80):
        add(f"lossy q{quality}", saved(scene(), "WEBP", quality=quality))
    add("lossless", saved(scene(), "WEBP", lossless=True))
    add("lossless 1x1", saved(scene(1, 1, 1), "WEBP", lossless=True))
    add("lossy alpha", saved(hidden_colour("RGBA"), "WEBP", quality=80))
    add("lossless alpha, hidden colour kept", saved(hidden_colour("RGBA"), "WEBP", lossless=True, exact=True))
    add("lossless alpha", saved(hidden_colour("RGBA"), "WEBP", lossless=True))
    add("ICC", saved(scene(), "WEBP", icc_profile=srgb_like_profile()))
    add("EXIF orientation 6", saved(scene(7, 7, 5), "WEBP", exif=exif(6), lossless=True))
    add("EXIF orientation 3", saved(scene(7, 7, 5), "WEBP", exif=exif(3), lossless=True))
    frames = [scene(k, 9, 7) for k in range(3)]
    add("animated", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    transparent = [hidden_colour("RGBA"), scene(2).convert("RGBA")]
    add(
        "animated with alpha and background",
        saved(transparent[0], "WEBP", save_all=True, append_images=transparent[1:], lossless=True, background=(200, 10, 10, 255)),
    )
    still = saved(scene(3, 6, 4), "WEBP", lossless=True)
    for name, flags in [("opaque background", b"\x02"), ("alpha flag", b"\x12")]:
        frame = struct.pack("<I", 1)[:3] * 2 + struct.pack("<I", 5)[:3] + struct.pack("<I", 3)[:3] + b"\x64\0\0\0" + still[12:]
        body = b"VP8X" + struct.pack("<I", 10) + flags + b"\0\0\0" + b"\x0b\0\0" + b"\x09\0\0"
        body += b"ANIM" + struct.pack("<I", 6) + b"\x10\x20\xf0\xff" + b"\0\0"
        body += b"ANMF" + struct.pack("<I", len(frame)) + frame + b"\0" * (len(frame) & 1)
        add(f"frame inside the canvas, {name}", b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    whole = saved(scene(), "WEBP", quality=80)
    for at in (11, 16, 25, 29, 40, len(whole) // 2, len(whole) - 10, len(whole) - 1):
        add(f"cut at {at}", whole[:at])
    add("bytes after the end", whole + b"more")
    lossless = saved(scene(), "WEBP", lossless=True)
    add("lossless cut", lossless[: len(lossless) // 2])
    add("damaged start code", whole[:23] + b"\0" + whole[24:])
    add("unknown first chunk", whole[:12] + b"VP9 " + whole[16:])
    add("large", saved(scene(4, 130, 90), "WEBP", quality=60))


# ---------------------------------------------------------------- BMP

def bmp_header(width, height, bits, compression=0, colours=0, header=40, masks=b"", palette=b"", size=0, offset=None, data=b""):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, size, 2835, 2835, colours, 0)
        info += (masks + bytes(124))[: header - 40]
        if header == 40:
            info += masks
    start = 14 + len(info) + len(palette) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(palette) + len(data), 0, 0, start) + info + palette + data


def bmp_rows(samples, bits, top_down=False):
    rows = [row + bytes(-len(row) % 4) for row in packed(samples, bits)]
    return b"".join(rows if top_down else rows[::-1])


def bmps():
    add = lambda name, data: case("bmp", name, data)
    random = np.random.default_rng(21)
    entries = lambda n, size=4: b"".join(random.integers(0, 256, 3).astype("u1").tobytes() + bytes(size - 3) for _ in range(n))
    for bits in (1, 4, 8):
        index = random.integers(0, 1 << bits, (HEIGHT, WIDTH, 1))
        palette = entries(1 << bits)
        rows = bmp_rows(index, bits)
        add(f"{bits} bits", bmp_header(WIDTH, HEIGHT, bits, palette=palette, data=rows))
        add(f"{bits} bits top-down", bmp_header(WIDTH, -HEIGHT, bits, palette=palette, data=bmp_rows(index, bits, True)))
        add(f"{bits} bits OS/2 1", bmp_header(WIDTH, HEIGHT, bits, header=12, palette=entries(1 << bits, 3), data=rows))
        few = min(3, 1 << bits)
        add(f"{bits} bits few colours", bmp_header(WIDTH, HEIGHT, bits, colours=few, palette=entries(few), data=bmp_rows(index % few, bits)))
        add(f"{bits} bits indices past the palette", bmp_header(WIDTH, HEIGHT, bits, colours=1, palette=entries(1), data=rows))
        for header in (52, 56, 64, 108, 124):
            add(f"{bits} bits header {header}", bmp_header(WIDTH, HEIGHT, bits, header=header, palette=palette, data=rows))
        add(f"{bits} bits offset at the palette", bmp_header(WIDTH, HEIGHT, bits, palette=palette, offset=54, data=rows))
        add(f"{bits} bits offset 0", bmp_header(WIDTH, HEIGHT, bits, palette=palette, offset=0, data=rows))
        grey = b"".join(bytes([v, v, v, 0]) for v in range(1 << bits))
        add(f"{bits} bits grey palette", bmp_header(WIDTH, HEIGHT, bits, palette=grey, data=rows))
    index = random.integers(0, 2, (HEIGHT, WIDTH, 1))
    bits1 = bmp_rows(index, 1)
    add("1 bit black and white", bmp_header(WIDTH, HEIGHT, 1, palette=b"\0\0\0\0\xff\xff\xff\0", data=bits1))
    add("1 bit white and black", bmp_header(WIDTH, HEIGHT, 1, palette=b"\xff\xff\xff\0\0\0\0\0", data=bits1))
    index8 = random.integers(0, 2, (HEIGHT, WIDTH, 1))
    add("8 bits, two colours black and white", bmp_header(WIDTH, HEIGHT, 8, colours=2, palette=b"\0\0\0\0\xff\xff\xff\0", data=bmp_rows(index8, 8)))
    add("8 bits, one black colour", bmp_header(WIDTH, HEIGHT, 8, colours=1, palette=b"\0\0\0\0", data=bmp_rows(index8, 8)))
    add("8 bits, 257 colours", bmp_header(WIDTH, HEIGHT, 8, colours=257, palette=entries(257), data=bmp_rows(index8, 8)))
    add("8 bits, 70000 colours", bmp_header(WIDTH, HEIGHT, 8, colours=70000, palette=entries(3), data=bmp_rows(index8, 8)))
    add("8 bits, palette cut", bmp_header(WIDTH, HEIGHT, 8, palette=entries(9), data=bmp_rows(index8, 8)))
    add("2 bits", bmp_header(WIDTH, HEIGHT, 2, palette=entries(4), data=bmp_rows(index, 2)))
    add("64 bits", bmp_header(WIDTH, HEIGHT, 64, data=bytes(WIDTH * HEIGHT * 8)))
    rgb = random.integers(0, 256, (HEIGHT, WIDTH, 3))
    add("24 bits", bmp_header(WIDTH, HEIGHT, 24, data=bmp_rows(rgb, 8)))
    add("24 bits top-down", bmp_header(WIDTH, -HEIGHT, 24, data=bmp_rows(rgb, 8, True)))
    add("24 bits OS/2 1", bmp_header(WIDTH, HEIGHT, 24, header=12, data=bmp_rows(rgb, 8)))
    add("24 bits with a palette", bmp_header(WIDTH, HEIGHT, 24, colours=4, palette=entries(4), data=bmp_rows(rgb, 8)))
    add("24 bits last padding gone", bmp_header(WIDTH, HEIGHT, 24, data=bmp_rows(rgb, 8)[:-1]))
    add("24 bits cut", bmp_header(WIDTH, HEIGHT, 24, data=bmp_rows(rgb, 8)[:-2]))
    rgba = random.integers(0, 256, (HEIGHT, WIDTH, 4))
    add("32 bits", bmp_header(WIDTH, HEIGHT, 32, data=bmp_rows(rgba, 8)))
    add("32 bits top-down", bmp_header(WIDTH, -HEIGHT, 32, data=bmp_rows(rgba, 8, True)))
    high = random.integers(0, 65536, (HEIGHT, WIDTH, 1))
    rows16 = bmp_rows(np.concatenate([high & 255, high >> 8], -1), 8)
    add("16 bits", bmp_header(WIDTH, HEIGHT, 16, data=rows16))
    for name, masks in [("565", (0xF800, 0x7E0, 0x1F)), ("555", (0x7C00, 0x3E0, 0x1F)), ("444", (0xF00, 0xF0, 0xF))]:
        for header in (40, 52, 56, 124):
            add(f"16 bits {name} header {header}", bmp_header(WIDTH, HEIGHT, 16, 3, header=header, masks=struct.pack("<III", *masks), data=rows16))
    layouts = [
        (0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0),
        (0xFF, 0xFF00, 0xFF0000, 0), (0x3FF00000, 0xFFC00, 0x3FF, 0),
    ]
    for number, masks in enumerate(layouts):
        for header in (40, 124):
            fields = struct.pack("<IIII", *masks)[: 12 if header == 40 else 16]
            add(f"32 bits fields {number} header {header}", bmp_header(WIDTH, HEIGHT, 32, 3, header=header, masks=fields, data=bmp_rows(rgba, 8)))
    add("24 bits with fields", bmp_header(WIDTH, HEIGHT, 24, 3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF), data=bmp_rows(rgb, 8)))
    add("24 bits with wrong fields", bmp_header(WIDTH, HEIGHT, 24, 3, masks=struct.pack("<III", 0xFF, 0xFF00, 0xFF0000), data=bmp_rows(rgb, 8)))
    add("8 bits with fields", bmp_header(WIDTH, HEIGHT, 8, 3, masks=bytes(12), palette=entries(256), data=bmp_rows(index8, 8)))
    rle(add, entries)
    for compression in (4, 5, 6, 11):
        add(f"compression {compression}", bmp_header(WIDTH, HEIGHT, 24, compression, data=bmp_rows(rgb, 8)))
    add("header of 16 bytes", bmp_header(WIDTH, HEIGHT, 24, header=40, data=bmp_rows(rgb, 8)).replace(b"\x28\0\0\0", b"\x10\0\0\0", 1))
    add("width 0", bmp_header(0, HEIGHT, 24, data=bytes(100)))
    add("height 0", bmp_header(WIDTH, 0, 24, data=bytes(100)))
    add("negative width", bmp_header(-WIDTH, HEIGHT, 24, data=bmp_rows(rgb, 8)))
    add("bomb", bmp_header(60000, 60000, 24, data=bytes(100)))
    whole = bmp_header(WIDTH, HEIGHT, 24, data=bmp_rows(rgb, 8))
    for at in (2, 13, 17, 30, 53, 60, 300):
        add(f"cut at {at}", whole[:at])
    add("Pillow's own", saved(scene(), "BMP"))
    add("Pillow's own palette", saved(scene().quantize(30), "BMP"))


def rle(add, entries):
    palette8, palette4 = entries(256), entries(16)
    eight = lambda data, width=9, height=4, **more: bmp_header(width, height, 8, 1, palette=palette8, size=len(data), data=data, **more)
    four = lambda data, width=9, height=4, **more: bmp_header(width, height, 4, 2, palette=palette4, size=len(data), data=data, **more)
    runs = b"".join(bytes([9, value, 0, 0]) for value in (10, 20, 30, 40)) + b"\0\1"
    add("RLE8 runs", eight(runs))
    add("RLE8 top-down", eight(runs, height=-4))
    literal = bytes([0, 5, 1, 2, 3, 4, 5, 0, 4, 77, 0, 0])
    add("RLE8 literals", eight(literal * 4 + b"\0\1"))
    add("RLE8 delta", eight(bytes([3, 8, 0, 2, 2, 1, 4, 9, 0, 0]) + bytes([9, 1, 0, 0]) * 2 + b"\0\1"))
    add("RLE8 delta past the end", eight(bytes([3, 8, 0, 2, 200, 200])))
    add("RLE8 short rows", eight(bytes([4, 1, 0, 0]) * 4 + b"\0\1"))
    add("RLE8 end too early", eight(bytes([9, 1, 0, 0, 0, 1])))
    add("RLE8 run past the row", eight(bytes([12, 5, 0, 0]) * 4 + b"\0\1"))
    add("RLE8 no row ends", eight(bytes([9, 1]) * 4 + b"\0\1"))
    add("RLE8 cut", eight(bytes([9, 1, 0, 0, 9])))
    add("RLE8 literal cut", eight(bytes([9, 1, 0, 0, 0, 9, 1, 2])))
    add("RLE8 literals over rows", eight(bytes([0, 36, *range(36)])))
    add("RLE8 odd offset", eight(b"\0" + bytes([0, 3, 1, 2, 3, 0, 6, 9]) * 4, offset=54 + 1024 + 1))
    add("RLE4 runs", four(b"".join(bytes([9, value, 0, 0]) for value in (0x12, 0x34, 0x56, 0x78)) + b"\0\1"))
    add("RLE4 literals", four(bytes([0, 9, 0x12, 0x34, 0x56, 0x78, 0x90, 0, 0, 0]) * 4 + b"\0\1"))
    add("RLE4 odd literals", four(bytes([0, 3, 0x12, 0x34, 6, 0x56, 0, 0]) * 4 + b"\0\1"))
    add("RLE4 delta", four(bytes([3, 0x78, 0, 2, 1, 2, 5, 0x9A, 0, 0]) + bytes([9, 0x11, 0, 0]) * 2 + b"\0\1"))
    grey = b"".join(bytes([v, v, v, 0]) for v in range(256))
    add("RLE8 grey palette", bmp_header(9, 4, 8, 1, palette=grey, data=runs))
    add("RLE8 two colours", bmp_header(9, 4, 8, 1, colours=2, palette=b"\0\0\0\0\xff\xff\xff\0", data=bytes([5, 0, 4, 1, 0, 0]) * 4))
    add("RLE8 in 24 bits", bmp_header(9, 4, 24, 1, data=runs))


# ---------------------------------------------------------------- TIFF

TYPES = {"H": (3, 2), "I": (4, 4), "B": (1, 1), "Q": (16, 8)}


def tiff(tags, segments_, order="<", big=False, tiles=False, next_=0, magic=None):
    """tags: {tag: (type letter, values)}; segments become strips or tiles."""
    head = 16 if big else 8
    body, offsets = b"", []
    for part in segments_:
        offsets.append(head + len(body))
        body += part + bytes(len(part) & 1)
    tags = dict(tags)
    word = "Q" if big else "I"
    tags.setdefault(324 if tiles else 273, (word, offsets))
    tags.setdefault(325 if tiles else 279, (word, [len(part) for part in segments_]))
    tags = {tag: value for tag, value in tags.items() if value is not None}
    extra, entries = b"", b""
    start = head + len(body)
    size = (8 + 20 * len(tags) + 8) if big else (2 + 12 * len(tags) + 4)
    for tag in sorted(tags):
        letter, values = tags[tag]
        data = struct.pack(order + letter * len(values), *values)
        room = 8 if big else 4
        if len(data) > room:
            place = struct.pack(order + word, start + size + len(extra))
            extra += data + bytes(-len(data) % 8)
        else:
            place = data + bytes(room - len(data))
        entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, TYPES[letter][0], len(values)) + place
    mark = b"II" if order == "<" else b"MM"
    if big:
        top = mark + struct.pack(order + "HHHQ", 43, 8, 0, start)
        directory = struct.pack(order + "Q", len(tags)) + entries + struct.pack(order + "Q", next_)
    else:
        top = mark + (magic or struct.pack(order + "H", 42)) + struct.pack(order + "I", start)
        directory = struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", next_)
    return top + body + directory + extra


def lzw_tiff(data):
    table, bits, size, following = {bytes([i]): i for i in range(256)}, "", 9, 258
    out = [f"{256:09b}"]
    word = b""
    for value in data:
        longer = word + bytes([value])
        if longer in table:
            word = longer
            continue
        out.append(f"{table[word]:0{size}b}")
        table[longer] = following
        following += 1
        if following in (512, 1024, 2048):
            size += 1
        elif following == 4094:
            out.append(f"{256:0{size}b}")
            table, size, following = {bytes([i]): i for i in range(256)}, 9, 258
        word = bytes([value])
    if word:
        out.append(f"{table[word]:0{size}b}")
        following += 1
        if following in (512, 1024, 2048):
            size += 1
    out.append(f"{257:0{size}b}")
    bits = "".join(out)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def packbits(data):
    out, at = b"", 0
    while at < len(data):
        run = 1
        while at + run < len(data) and data[at + run] == data[at] and run < 128:
            run += 1
        if run > 2:
            out += bytes([257 - run, data[at]])
            at += run
        else:
            part = data[at : at + min(5, len(data) - at)]
            out += bytes([len(part) - 1]) + part
            at += len(part)
    return out


COMPRESS = {1: lambda d: d, 5: lzw_tiff, 8: zlib.compress, 32946: zlib.compress, 32773: packbits}


def stored(samples, bits, order, float_=False):
    if bits == 12:
        return packed(samples, 12)
    if bits <= 8:
        return packed(samples % (1 << bits), bits)
    kind = f"{order}{'f' if float_ else 'u'}{bits // 8}"
    return [row.astype(kind).tobytes() for row in samples.reshape(samples.shape[0], -1)]


def reversed_bits(data):
    return bytes(int(f"{b:08b}"[::-1], 2) for b in data)


def tiff_of(samples, bits, photometric, order="<", compression=1, rows=5, planar=1, extra=None, more=None, fill=1, predictor=1, tile=None, float_=False, big=False):
    height, width, count = samples.shape
    samples = samples if float_ else samples.astype("i8")
    tags = {
        256: ("H", [width]), 257: ("H", [height]), 258: ("H", [bits] * count), 259: ("H", [compression]),
        262: ("H", [photometric]), 277: ("H", [count]),
    }
    if planar != 1:
        tags[284] = ("H", [planar])
    if extra:
        tags[338] = ("H", extra)
    if fill != 1:
        tags[266] = ("H", [fill])
    if predictor != 1:
        tags[317] = ("H", [predictor])
    pieces = []
    planes = [samples] if planar == 1 else [samples[:, :, k : k + 1] for k in range(count)]
    for plane in planes:
        if tile:
            tw, th = tile
            padded = np.pad(plane, ((0, -height % th), (0, -width % tw), (0, 0)), mode="edge")
            for y in range(0, height, th):
                for x in range(0, width, tw):
                    pieces.append(padded[y : y + th, x : x + tw])
        else:
            pieces += [plane[y : y + rows] for y in range(0, height, rows)]
    if tile:
        tags |= {322: ("H", [tile[0]]), 323: ("H", [tile[1]])}
    else:
        tags[278] = ("H", [rows])
    encoded = []
    for piece in pieces:
        if predictor == 2:
            piece = piece.astype("i8")
            piece = np.concatenate([piece[:, :1], np.diff(piece, axis=1)], 1) % (1 << bits)
        data = COMPRESS[compression](b"".join(stored(piece, bits, order, float_)))
        encoded.append(reversed_bits(data) if fill == 2 else data)
    tags.update(more or {})
    return tiff(tags, encoded, order, big, bool(tile))


def tiffs():
    add = lambda name, data: case("tiff", name, data)
    random = np.random.default_rng(31)
    shape = lambda count, top=256, size=(HEIGHT, WIDTH): random.integers(0, top, (*size, count))
    smooth = np.array(scene())
    colour_map = lambda bits: {320: ("H", random.integers(0, 65536, 3 << bits).tolist())}
    names = {"<": "II", ">": "MM"}
    for order in "<>":
        e = names[order]
        for bits in (1, 2, 4, 8):
            grey = shape(1, 1 << bits)
            for photometric in (0, 1):
                for compression in (1, 5) if order == "<" else (1,):
                    add(f"{e} grey {bits} photometric {photometric} compression {compression}", tiff_of(grey, bits, photometric, order, compression))
            add(f"{e} palette {bits}", tiff_of(grey, bits, 3, order, more=colour_map(bits)))
        wide = shape(1, 400)
        for photometric in (0, 1):
            for compression in (1, 8):
                add(f"{e} grey 16 photometric {photometric} compression {compression}", tiff_of(wide, 16, photometric, order, compression))
        add(f"{e} grey 12", tiff_of(wide, 12, 1, order))
        signed = {339: ("H", [2])}
        for compression in (1, 8):
            add(f"{e} signed 16 compression {compression}", tiff_of(np.where(wide < 60, wide + 65400, wide), 16, 1, order, compression, more=signed))
            add(f"{e} signed 32 compression {compression}", tiff_of(np.where(wide < 60, wide + 2**32 - 99, wide), 32, 1, order, compression, more=signed))
            add(f"{e} unsigned 32 compression {compression}", tiff_of(np.where(wide < 20, 2**32 - 5, wide), 32, 1, order, compression))
            add(f"{e} float compression {compression}", tiff_of(wide * 1.37 - 80, 32, 1, order, compression, float_=True, more={339: ("H", [3])}))
        add(f"{e} float white is zero", tiff_of(wide * 1.37 - 80, 32, 0, order, float_=True, more={339: ("H", [3])}))
        add(f"{e} signed 8", tiff_of(shape(1), 8, 1, order, more=signed))
        for compression in (1, 5, 8, 32773, 32946):
            add(f"{e} RGB compression {compression}", tiff_of(smooth, 8, 2, order, compression))
            add(f"{e} RGB 16 compression {compression}", tiff_of(shape(3, 65536, (5, 6)), 16, 2, order, compression))
        add(f"{e} CMYK", tiff_of(shape(4), 8, 5, order))
        add(f"{e} CMYK 16", tiff_of(shape(4, 65536, (5, 6)), 16, 5, order))
        add(f"{e} CMYK 16 deflate", tiff_of(shape(4, 65536, (5, 6)), 16, 5, order, 8))
        for compression in (5, 8):
            add(f"{e} predictor, compression {compression}", tiff_of(smooth, 8, 2, order, compression, predictor=2))
            add(f"{e} predictor 16, compression {compression}", tiff_of(shape(3, 65536, (5, 6)), 16, 2, order, compression, predictor=2))
        add(f"{e} predictor grey 16", tiff_of(wide, 16, 1, order, 5, predictor=2))
        add(f"{e} predictor 32", tiff_of(np.where(wide < 20, 2**32 - 5, wide), 32, 1, order, 8, predictor=2, more=signed))
        for compression in (1, 8):
            add(f"{e} planar RGB compression {compression}", tiff_of(smooth, 8, 2, order, compression, planar=2))
            add(f"{e} planar RGB 16 compression {compression}", tiff_of(shape(3, 65536, (5, 6)), 16, 2, order, compression, planar=2))
    for count, extras in [(4, [0]), (4, [1]), (4, [2]), (4, [999]), (5, [0, 0]), (5, [1, 0]), (5, [2, 0]), (6, [0, 0, 0]), (6, [2, 0, 0]), (4, None), (5, [2, 2]), (4, [3]), (3, [2])]:
        add(f"RGB with extra samples {extras} of {count}", tiff_of(shape(count, 256, (5, 6)), 8, 2, extra=extras))
    for extras in ([0], [1], [2], None):
        add(f"RGB 16 with extra samples {extras}", tiff_of(shape(4, 65536, (5, 6)), 16, 2, extra=extras))
        add(f"RGB 16 with extra samples {extras} deflate", tiff_of(shape(4, 65536, (5, 6)), 16, 2, extra=extras, compression=8))
    for extras in ([0], [1], [2]):
        add(f"grey with extra samples {extras}", tiff_of(shape(2, 256, (5, 6)), 8, 1, extra=extras))
        add(f"palette with extra samples {extras}", tiff_of(shape(2, 256, (5, 6)), 8, 3, extra=extras, more=colour_map(8)))
        add(f"planar RGB with extra samples {extras}", tiff_of(shape(4, 256, (5, 6)), 8, 2, extra=extras, planar=2))
        add(f"planar RGB with extra samples {extras} deflate", tiff_of(shape(4, 256, (5, 6)), 8, 2, extra=extras, planar=2, compression=8))
    add("CMYK with extra samples", tiff_of(shape(5, 256, (5, 6)), 8, 5, extra=[0]))
    add("CMYK planar", tiff_of(shape(4, 256, (5, 6)), 8, 5, planar=2))
    add("CMYK LZW", tiff_of(shape(4, 256, (5, 6)), 8, 5, compression=5))
    for bits in (1, 2, 4, 8):
        for photometric in (0, 1, 3):
            more = colour_map(bits) if photometric == 3 else None
            add(f"fill order 2, {bits} bits, photometric {photometric}", tiff_of(shape(1, 1 << bits, (5, 11)), bits, photometric, fill=2, more=more))
    add("fill order 2 RGB", tiff_of(smooth[:5, :6], 8, 2, fill=2))
    add("fill order 2 RGB LZW", tiff_of(smooth[:5, :6], 8, 2, fill=2, compression=5))
    add("fill order 2 grey 16", tiff_of(shape(1, 400), 16, 1, fill=2))
    for compression in (1, 5, 8):
        add(f"tiled RGB compression {compression}", tiff_of(smooth, 8, 2, compression=compression, tile=(16, 16)))
        add(f"tiled grey 1 compression {compression}", tiff_of(shape(1, 2, (21, 35)), 1, 1, compression=compression, tile=(16, 16)))
    add("tiled planar", tiff_of(smooth, 8, 2, tile=(16, 16), planar=2))
    add("tiled planar deflate", tiff_of(smooth, 8, 2, tile=(16, 16), planar=2, compression=8))
    add("tiled predictor", tiff_of(smooth, 8, 2, tile=(16, 16), predictor=2, compression=8))
    add("tiled MM 16", tiff_of(shape(1, 400, (21, 35)), 16, 1, ">", tile=(16, 16)))
    add("BigTIFF", tiff_of(smooth, 8, 2, big=True))
    add("BigTIFF MM", tiff_of(smooth, 8, 2, ">", big=True, compression=5))
    add("long LZW", tiff_of(shape(3, 64, (50, 60)), 8, 2, compression=5, rows=50))
    add("long LZW of one colour", tiff_of(np.full((50, 60, 3), 7), 8, 2, compression=5, rows=50))
    add("one bit depth for three samples", tiff_of(smooth, 8, 2, more={258: ("H", [8])}))
    add("bit depths differ", tiff_of(smooth, 8, 2, more={258: ("H", [8, 8, 4])}))
    add("no strip byte counts", tiff_of(smooth, 8, 2, more={279: None}))
    add("no rows per strip", tiff_of(smooth, 8, 2, rows=13, more={278: None}))
    add("no photometric", tiff_of(shape(1), 8, 1, more={262: None}))
    add("no width", tiff_of(smooth, 8, 2, more={256: None}))
    add("no strips", tiff_of(smooth, 8, 2, more={273: None, 279: None}))
    add("no samples per pixel", tiff_of(shape(1), 8, 1, more={277: None}))
    add("no bits per sample", tiff_of(shape(1, 2), 1, 1, more={258: None}))
    add("seven samples", tiff_of(shape(7, 256, (5, 6)), 8, 2, extra=[0, 0, 0, 0]))
    add("compression 99", tiff_of(smooth, 8, 2, more={259: ("H", [99])}))
    add("strip offset past the end", tiff_of(smooth, 8, 2, more={273: ("I", [10**6] * 3)}))
    add("LZW strip offset past the end", tiff_of(smooth, 8, 2, compression=5, more={273: ("I", [10**6] * 3)}))
    add("too few strips", tiff_of(smooth, 8, 2, more={273: ("I", [8]), 279: ("I", [255])}))
    add("too few LZW strips", tiff_of(smooth, 8, 2, compression=5, more={273: ("I", [8]), 279: ("I", [255])}))
    for orientation in range(1, 9):
        add(f"orientation {orientation}", tiff_of(np.array(scene(7, 7, 5)), 8, 2, more={274: ("H", [orientation])}))
    add("orientation 6 LZW", tiff_of(np.array(scene(7, 7, 5)), 8, 2, compression=5, more={274: ("H", [6])}))
    add("LAB", saved(scene().convert("LAB"), "TIFF"))
    for compression in ("jpeg", "group3", "group4", "tiff_ccitt", "lzma", "zstd", "webp", "tiff_lzw", "packbits", "tiff_adobe_deflate"):
        bilevel = compression in ("group3", "group4", "tiff_ccitt")
        picture = scene().convert("1") if bilevel else scene()
        try:
            add(f"Pillow's {compression}", saved(picture, "TIFF", compression=compression))
        except OSError:
            print("no", compression)
    add("Pillow's jpeg, grey", saved(scene().convert("L"), "TIFF", compression="jpeg"))
    add("Pillow's jpeg, CMYK", saved(scene().convert("CMYK"), "TIFF", compression="jpeg"))
    add("Pillow's jpeg, quality 30", saved(scene(2, 40, 30), "TIFF", compression="jpeg", quality=30))
    add("Pillow's jpeg, orientation", saved(scene(2, 20, 10), "TIFF", compression="jpeg", tiffinfo={274: 6}))
    add("Pillow's ICC", saved(scene(), "TIFF", icc_profile=srgb_like_profile()))
    add("Pillow's pages", saved(scene(), "TIFF", save_all=True, append_images=[scene(2), scene(3)]))
    add("Pillow's YCbCr", saved(scene().convert("YCbCr"), "TIFF"))
    add("Pillow's YCbCr jpeg", saved(scene().convert("YCbCr"), "TIFF", compression="jpeg"))
    add("Pillow's LA", saved(hidden_colour("LA"), "TIFF"))
    add("Pillow's RGBA deflate", saved(hidden_colour("RGBA"), "TIFF", compression="tiff_adobe_deflate"))
    for name in ("LAB", "Pillow's YCbCr", "Pillow's lzma", "Pillow's zstd"):
        if name in FOLDERS["tiff"]:
            FOLDERS["tiff"][name] = {"file": FOLDERS["tiff"][name]["file"], "refused": "by us alone"}
    for compression in (1, 5, 8, 32773):
        whole = tiff_of(smooth, 8, 2, compression=compression, rows=13)
        start = struct.unpack("<I", whole[4:8])[0]
        # The directory comes first here, so that a cut loses pixels.
        add(f"cut in the pixels, compression {compression}", directory_first(whole, start))
    whole = tiff_of(smooth, 8, 2)
    for at in (3, 7, len(whole) - 150, len(whole) - 90, len(whole) - 20):
        add(f"cut at {at}", whole[:at])
    add("magic of the other order", tiff_of(smooth, 8, 2)[:2] + b"\0\x2a" + tiff_of(smooth, 8, 2)[4:])
    add("bomb", tiff_of(smooth, 8, 2, more={256: ("I", [100000]), 257: ("I", [100000])}))


def directory_first(whole, start):
    """The same file with its strip moved behind the directory, and its last 40 bytes cut."""
    count = struct.unpack("<H", whole[start : start + 2])[0]
    out = bytearray(whole)
    for i in range(count):
        at = start + 2 + 12 * i
        if struct.unpack("<H", whole[at : at + 2])[0] == 273:
            out[at + 8 : at + 12] = struct.pack("<I", len(whole))
    return (bytes(out) + whole[8:start])[:-40]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=pathlib.Path)
    parser.add_argument("--pixels", type=pathlib.Path, help="also write the pixels, to look into a difference")
    arguments = parser.parse_args()
    global PIXELS
    PIXELS = {} if arguments.pixels else None
    print("Pillow", Image.__version__, features.version("jpg"))
    for make in (jpegs, pngs, gifs, webps, bmps, tiffs):
        make()
    for name, data in [("empty", b""), ("text", b"not a picture at all"), ("zeros", bytes(64)), ("HTML", b"<!doctype html><html></html>")]:
        case("none", name, data)
    HERE.mkdir(exist_ok=True)
    for format_, cases in FOLDERS.items():
        text = json.dumps({"pillow": Image.__version__, "cases": cases}, indent=0, ensure_ascii=False)
        (HERE / f"{format_}.json").write_text(text + "\n")
        refused = sum("refused" in entry for entry in cases.values())
        print(f"{format_}: {len(cases)} cases, {refused} refused, {len(text)} bytes")
    if arguments.pixels:
        arguments.pixels.write_text(json.dumps(PIXELS))
    if arguments.photos:
        digests = {}
        for path in sorted(arguments.photos.rglob("*.jpg")):
            with Image.open(path) as image:
                rgb = image.convert("RGB")
            digests[path.name] = f"{rgb.width}x{rgb.height} {hashlib.sha256(rgb.tobytes()).hexdigest()}"
        (HERE / "photos.json").write_text(json.dumps(digests, indent=0) + "\n")


main()
