"""GIF: palettes, frames, transparency, LZW data, damage."""

import struct

import numpy as np

from .pictures import HEIGHT, WIDTH, hidden_colour, saved, scene
from .recording import case


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
