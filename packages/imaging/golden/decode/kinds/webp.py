"""WebP: lossy, lossless, animated, damage."""

import struct

from .pictures import ICC, exif, hidden_colour, saved, scene, srgb_like_profile
from .recording import case


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
