"""BMP: depths, headers, bit fields, run lengths, damage."""

import struct

import numpy as np

from .pictures import HEIGHT, WIDTH, packed, saved, scene
from .recording import case


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
