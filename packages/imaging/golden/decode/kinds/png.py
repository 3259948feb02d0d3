"""PNG: depths, colour types, interlacing, chunks, damage; APNG."""

import struct
import zlib

import numpy as np

from .pictures import HEIGHT, ICC, WIDTH, exif, hidden_colour, packed, saved, scene, srgb_like_profile
from .recording import case


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
