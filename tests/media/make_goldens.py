#!/usr/bin/env python3
"""Draws the small images of tests/media/data and notes what Pillow makes of them.

    python tests/media/make_goldens.py images     the files of data/ and data/decode.tsv
    python tests/media/make_goldens.py resize     data/resize_<generation>.tsv of this Pillow

The first was run with Pillow 12.1.1 (libjpeg-turbo 3.1.3), the second once with each of Pillow
12.1.1, 12.2.0, 12.3.0 and 13.0.0: the order of the resize passes differs between generations
(12.2 and 12.3 agree, which the script checks by writing the same file). Needs nothing but Pillow.
"""

import hashlib
import io
import random
import struct
import sys
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageDraw, ImageOps

DATA = Path(__file__).resolve().parent / "data"


def picture(width, height, seed=1):
    """A gradient with shapes and some noise: smooth parts, edges and detail."""
    rng = random.Random(seed)
    image = Image.new("RGB", (width, height))
    image.putdata([
        ((x * 255) // max(width - 1, 1), (y * 255) // max(height - 1, 1), (x * 7 + y * 13) % 256)
        for y in range(height) for x in range(width)])
    draw = ImageDraw.Draw(image)
    draw.ellipse([width // 4, height // 4, width * 3 // 4, height * 3 // 4], fill=(230, 40, 60))
    draw.line([0, height - 1, width - 1, 0], fill=(250, 250, 20))
    for _ in range(width * height // 8):
        at = (rng.randrange(width), rng.randrange(height))
        image.putpixel(at, tuple(rng.randrange(256) for _ in range(3)))
    return image


# ---- PNG by hand: what Pillow cannot write ----

def chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(
        ">I", zlib.crc32(kind + payload))


def pack_row(samples, bits):
    if bits == 16:
        return b"".join(struct.pack(">H", s) for s in samples)
    out, value, used = bytearray(), 0, 0
    for s in samples:
        value, used = (value << bits) | s, used + bits
        if used == 8:
            out.append(value)
            value, used = 0, 0
    if used:
        out.append(value << (8 - used))
    return bytes(out)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2)]


def make_png(width, height, bits, color, sample, interlaced=False, before=b"", between=b"",
             tail=True):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    raw = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        for y in range(y0, height, dy):
            columns = range(x0, width, dx)
            if len(columns):
                raw += b"\0" + pack_row(
                    [sample(x, y, c) for x in columns for c in range(channels)], bits)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", width, height, bits, color, 0, 0, int(interlaced)))
    out += before + chunk(b"IDAT", zlib.compress(raw, 9)) + between
    return out + chunk(b"IEND", b"") if tail else out


def png_cases():
    def levels(bits):
        return lambda x, y, c: (x * 37 + y * 101 + c * 11 + x * y) % (1 << bits)
    palette = chunk(b"PLTE", bytes((i * 53 + c * 7) % 256 for i in range(10) for c in range(3)))
    cases = {}
    for bits in (1, 2, 4, 8, 16):
        for interlaced in (False, True):
            name = f"grey{bits}{'_adam7' if interlaced else ''}.png"
            cases[name] = make_png(13, 11, bits, 0, levels(bits), interlaced)
    for bits in (1, 2, 4, 8):
        cases[f"palette{bits}.png"] = make_png(
            13, 11, bits, 3, lambda x, y, c, b=bits: (x + y) % min(1 << b, 10), before=palette)
    cases["palette8_adam7.png"] = make_png(13, 11, 8, 3, lambda x, y, c: (x * y) % 10, True, palette)
    cases["palette_trns.png"] = make_png(
        13, 11, 8, 3, lambda x, y, c: (x + y) % 10, before=palette + chunk(b"tRNS", bytes(range(10))))
    cases["palette_short.png"] = make_png(13, 11, 8, 3, lambda x, y, c: (x * y) % 256, before=palette)
    for color, name in ((2, "rgb"), (4, "la"), (6, "rgba")):
        for bits in (8, 16):
            cases[f"{name}{bits}.png"] = make_png(13, 11, bits, color, levels(bits))
        cases[f"{name}8_adam7.png"] = make_png(13, 11, 8, color, levels(8), True)
    cases["grey16_dark.png"] = make_png(13, 11, 16, 0, lambda x, y, c: (x * 23 + y * 5) % 400)
    cases["grey_trns.png"] = make_png(13, 11, 8, 0, levels(8), before=chunk(b"tRNS", b"\0\x25"))
    cases["rgb_trns.png"] = make_png(13, 11, 8, 2, levels(8), before=chunk(b"tRNS", b"\0\1\0\2\0\3"))
    cases["gamma.png"] = make_png(13, 11, 8, 2, levels(8), before=chunk(b"gAMA", b"\0\0\xb1\x8f"))
    cases["one_pixel.png"] = make_png(1, 1, 8, 2, levels(8))
    whole = make_png(13, 11, 8, 2, levels(8))
    cases["no_iend.png"] = make_png(13, 11, 8, 2, levels(8), tail=False)
    cases["truncated.png"] = whole[: len(whole) * 2 // 3]
    cases["header_only.png"] = whole[:33]
    at = whole.index(b"IDAT") + 20
    cases["bad_crc.png"] = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:]
    rows = b"".join(b"\0" + bytes(39) for _ in range(11))
    missing = zlib.compress(rows[: len(rows) // 2])
    cases["missing_rows.png"] = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", 13, 11, 8, 2, 0, 0, 0)) + chunk(b"IDAT", missing) + chunk(b"IEND", b""))
    cases["huge_header.png"] = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(1000))))
    exif = Image.Exif()
    exif[274] = 6
    cases["exif6_behind.png"] = make_png(13, 11, 8, 2, levels(8),
                                         between=chunk(b"eXIf", exif.tobytes()[6:]))
    return cases


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


def exif_of(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def jpeg_cases():
    cases = {}
    photo = picture(37, 29)
    for subsampling, name in ((0, "444"), (1, "422"), (2, "420")):
        for width, height in ((37, 29), (16, 16), (1, 1), (2, 17)):
            cases[f"rgb{name}_{width}x{height}.jpg"] = saved(
                picture(width, height), format="JPEG", subsampling=subsampling, quality=85)
        cases[f"progressive{name}.jpg"] = saved(
            photo, format="JPEG", subsampling=subsampling, progressive=True, quality=75)
    cases["grey.jpg"] = saved(photo.convert("L"), format="JPEG")
    cases["grey_progressive.jpg"] = saved(photo.convert("L"), format="JPEG", progressive=True)
    cases["cmyk.jpg"] = saved(photo.convert("CMYK"), format="JPEG", quality=95)
    inks = Image.merge("CMYK", [band.resize((37, 29)) for band in picture(37, 29, 5).split()] +
                       [picture(37, 29, 6).convert("L")])
    cases["cmyk_black.jpg"] = saved(inks, format="JPEG", quality=95)
    cases["rgb_coded.jpg"] = saved(photo, format="JPEG", keep_rgb=True)
    cases["low_quality.jpg"] = saved(photo, format="JPEG", quality=10)
    cases["restarts.jpg"] = saved(photo, format="JPEG", restart_marker_blocks=1)
    whole = saved(picture(64, 64, 3), format="JPEG", quality=90)
    cases["trailing.jpg"] = whole + b"something behind the end"
    cases["no_eoi.jpg"] = whole[:-2]
    cases["truncated.jpg"] = whole[: len(whole) // 2]
    cases["truncated_header.jpg"] = whole[:100]
    cases["truncated_progressive.jpg"] = cases["progressive420.jpg"][:-60]
    cases["cut_with_eoi.jpg"] = whole[: len(whole) // 2] + b"\xff\xd9"
    middle = len(whole) * 2 // 3
    cases["damaged.jpg"] = whole[:middle] + b"\xff\xd3" + whole[middle + 2:]
    cases["stray_bytes.jpg"] = whole[:20] + b"\0\0\0" + whole[20:]
    for orientation in range(0, 10):
        cases[f"exif{orientation}.jpg"] = saved(
            picture(11, 7, 4), format="JPEG", exif=exif_of(orientation), quality=90, subsampling=0)
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><a tiff:Orientation="5"/></x:xmpmeta>'
    segment = b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp
    cases["xmp5.jpg"] = cases["exif1.jpg"][:2] + segment + saved(
        picture(11, 7, 4), format="JPEG", quality=90)[2:]
    return cases


def other_cases():
    photo = picture(23, 17, 2)
    grey16 = Image.frombytes("I;16", (23, 17), struct.pack(
        "<391H", *[(x * 31 + y * 57) % 700 for y in range(17) for x in range(23)]))
    rgba = Image.merge("RGBA", photo.split() + (picture(23, 17, 9).convert("L"),))
    cases = {
        "rgb.bmp": saved(photo, format="BMP"),
        "grey.bmp": saved(photo.convert("L"), format="BMP"),
        "palette.bmp": saved(photo.quantize(16), format="BMP"),
        "bits1.bmp": saved(photo.convert("1"), format="BMP"),
        "rgba.bmp": saved(rgba, format="BMP"),
        "rgb.tif": saved(photo, format="TIFF"),
        "rgb_lzw.tif": saved(photo, format="TIFF", compression="tiff_lzw"),
        "rgb_deflate.tif": saved(photo, format="TIFF", compression="tiff_adobe_deflate"),
        "grey.tif": saved(photo.convert("L"), format="TIFF"),
        "palette.tif": saved(photo.quantize(16), format="TIFF"),
        "bits1.tif": saved(photo.convert("1"), format="TIFF"),
        "group4.tif": saved(photo.convert("1"), format="TIFF", compression="group4"),
        "rgba.tif": saved(rgba, format="TIFF"),
        "rgba_lzw.tif": saved(rgba.resize((90, 70)), format="TIFF", compression="tiff_lzw"),
        "rgba_deflate.tif": saved(rgba, format="TIFF", compression="tiff_adobe_deflate"),
        "rgba_packbits.tif": saved(rgba, format="TIFF", compression="packbits"),
        # Compressed: Pillow 12.1 garbles turned uncompressed RGBA when it maps a file by name.
        "rgba_exif8.tif": saved(rgba, format="TIFF", exif=exif_of(8), compression="tiff_lzw"),
        "int32.tif": saved(photo.convert("L").convert("I").point(lambda v: v * 3 - 90),
                           format="TIFF"),
        "float32.tif": saved(photo.convert("L").convert("F").point(lambda v: v * 1.7 - 60),
                             format="TIFF"),
        "grey16.tif": saved(grey16, format="TIFF"),
        "exif6.tif": saved(photo, format="TIFF", exif=exif_of(6)),
        "lossy.webp": saved(photo, format="WEBP", quality=80),
        "lossless.webp": saved(photo, format="WEBP", lossless=True),
        "alpha.webp": saved(rgba, format="WEBP", lossless=True),
        "alpha_lossy.webp": saved(rgba, format="WEBP", quality=80),
        "exif6.webp": saved(photo, format="WEBP", quality=80, exif=exif_of(6)),
        "animated.webp": saved(photo, format="WEBP", save_all=True, duration=100,
                               append_images=[ImageOps.flip(photo)]),
        "rgb.ppm": saved(photo, format="PPM"),
        "grey.pgm": saved(photo.convert("L"), format="PPM"),
        "bits1.pbm": saved(photo.convert("1"), format="PPM"),
        "palette.gif": saved(photo.quantize(16), format="GIF"),
    }
    premultiplied = bytearray(cases["rgba.tif"])
    at = premultiplied.index(struct.pack("<HHI", 338, 3, 1))  # ExtraSamples: 2 becomes 1
    premultiplied[at + 8] = 1
    cases["rgba_premultiplied.tif"] = bytes(premultiplied)
    samples = [(x * 31 + y * 57) for y in range(17) for x in range(23)]
    cases["max100.pgm"] = b"P5\n# odd maximum\n23 17\n100\n" + bytes(s % 101 for s in samples)
    cases["max1000.pgm"] = b"P5 23 17 1000\n" + struct.pack(">391H", *[s % 1001 for s in samples])
    cases["max65535.pgm"] = b"P5 23 17 65535\n" + struct.pack(
        ">391H", *[s * 3 % 600 for s in samples])
    cases["max1000.ppm"] = b"P6 17 7 1000\n" + struct.pack(
        ">357H", *[s % 1001 for s in samples[:357]])
    cases["plain.pbm"] = b"P1\n# bits\n23 17\n" + b"".join(
        b"%d%s" % (s % 2, b" " if s % 3 else b"") for s in samples)
    cases["plain.pgm"] = b"P2 23 17 200\n" + b" ".join(b"%d" % (s % 201) for s in samples)
    cases["plain.ppm"] = b"P3 17 7 255\n" + b"\n".join(b"%d" % (s % 256) for s in samples[:357])
    for name in ("rgb.bmp", "rgb.tif", "rgb_lzw.tif", "rgba_lzw.tif", "lossy.webp", "rgb.ppm", "plain.pgm"):
        stem, suffix = name.split(".")
        cases[f"truncated_{stem}.{suffix}"] = cases[name][: len(cases[name]) * 2 // 3]
    cases["png_named.jpg"] = saved(photo, format="PNG")
    cases["jpeg_named.png"] = saved(photo, format="JPEG")
    cases["text_named.jpg"] = b"this is not an image\n"
    cases["empty.png"] = b""
    return cases


def sha(image):
    return hashlib.sha256(image.tobytes()).hexdigest()[:24]


def describe(name):
    """file, Pillow's verdict, stored size, hash of convert("RGB"), hash of it upright."""
    try:
        with Image.open(DATA / name) as image:
            upright = ImageOps.exif_transpose(image)
            rgb = image.convert("RGB")
            upright = upright.convert("RGB")
    except Exception as error:  # whatever Pillow raises for a bad file
        return f"{name}\traises\t0\t0\t-\t-\n"
    return f"{name}\tok\t{rgb.width}\t{rgb.height}\t{sha(rgb)}\t{sha(upright)}\n"


def write_images():
    DATA.mkdir(exist_ok=True)
    for kind, cases in (("jpeg", jpeg_cases()), ("png", png_cases()), ("other", other_cases())):
        folder = DATA / kind
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, content in cases.items():
            (folder / name).write_bytes(content)
    names = sorted(str(p.relative_to(DATA)) for k in ("jpeg", "png", "other")
                   for p in (DATA / k).iterdir())
    with open(DATA / "decode.tsv", "w") as out:
        out.write(f"# Pillow {PIL.__version__}: file, verdict, width, height, SHA-256 of RGB, of upright RGB\n")
        out.writelines(describe(name) for name in names)
    folder = DATA / "resize"
    folder.mkdir(exist_ok=True)
    for width, height in ((61, 47), (47, 61), (9, 120), (3, 400), (5, 1), (100, 10)):
        picture(width, height, width).save(folder / f"{width}x{height}.png")


FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
TARGETS = {
    (61, 47): [(30, 23), (61, 23), (30, 47), (122, 94), (64, 64), (7, 5), (1, 1), (61, 48), (224, 17)],
    (47, 61): [(32, 42), (94, 20), (13, 61), (200, 200)],
    (9, 120): [(4, 40), (18, 60), (9, 30), (5, 119), (3, 240)],
    (3, 400): [(3, 40), (2, 100), (7, 20), (6, 900)],
    (5, 1): [(10, 1), (3, 7), (1, 1)],
    (100, 10): [(33, 3), (50, 20), (99, 9)],
}


def write_resize():
    version = tuple(int(part) for part in PIL.__version__.split(".")[:2])
    generation = "12_1" if version <= (12, 1) else "12_2" if version < (13, 0) else "13_0"
    with open(DATA / f"resize_{generation}.tsv", "w") as out:
        out.write("# source, mode, filter, width, height, SHA-256 of the pixels\n")
        for (width, height), targets in TARGETS.items():
            name = f"{width}x{height}.png"
            with Image.open(DATA / "resize" / name) as opened:
                source = opened.convert("RGB")
            for mode in ("RGB", "L"):
                image = source.convert(mode)
                for filter_name, number in FILTERS.items():
                    for target in targets:
                        result = image.resize(target, number)
                        out.write(f"{name}\t{mode}\t{filter_name}\t{target[0]}\t{target[1]}\t"
                                  f"{sha(result)}\n")


def main():
    if len(sys.argv) == 2 and sys.argv[1] == "images":
        write_images()
    elif len(sys.argv) == 2 and sys.argv[1] == "resize":
        write_resize()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
