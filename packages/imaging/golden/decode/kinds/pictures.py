"""Pictures and pieces that several formats use."""

import io

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 17, 13


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


# Not a real profile: Pillow passes it on unread.
ICC = bytes(80)


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def srgb_like_profile():
    """sRGB with a bluish white, so that applying it would show; without its date, so that files repeat."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB", 9300)).tobytes())
    profile[24:36] = bytes(12)
    return bytes(profile)


def hidden_colour(mode):
    """Alpha 0, 128 and 255 over colours that must survive."""
    picture = scene(9).convert(mode)
    alpha = Image.fromarray((np.indices((HEIGHT, WIDTH)).sum(0) % 3 * 127).astype("u1"))
    picture.putalpha(alpha)
    return picture


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
