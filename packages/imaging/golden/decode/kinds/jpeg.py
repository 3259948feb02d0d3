"""JPEG: samplings, colour spaces, markers, damage."""

import struct

import numpy as np
from PIL import Image

from .pictures import ICC, exif, saved, scene, srgb_like_profile
from .recording import case


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
    add("411", saved(picture, "JPEG", subsampling="4:1:1"))
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
