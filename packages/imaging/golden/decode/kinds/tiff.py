"""TIFF: layouts, sample kinds, compressions, damage."""

import struct
import zlib

import numpy as np

from .pictures import HEIGHT, ICC, WIDTH, hidden_colour, packed, saved, scene, srgb_like_profile
from .recording import FOLDERS, case


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
    add("LAB", saved(Image.merge("LAB", scene().split()), "TIFF"))
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
