"""Draws the images of tests/infer/goldens and writes what Pillow and torch make of them.

    .deps/venv/bin/python tests/infer/make_goldens.py

Needs Pillow 12.1 or before (the order of the resize passes changed in 12.2), numpy and torch. The
transforms are written out from torchvision/transforms/functional.py (resize, center_crop, to_tensor,
normalize) and timm/data/transforms.py (ResizeKeepRatio, center_crop_or_pad), so that neither needs
to be installed. sources/ holds the images, cases.json each case's source and model description with
the SHA-256 of its float32 values (channels first), pictures.npz the 8-bit picture before them.
"""

import hashlib
import io
import json
import math
import pathlib
import struct
import zlib

import numpy as np
import torch
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent / "goldens"
FILTERS = {
    "nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC,
    "box": Image.BOX, "hamming": Image.HAMMING, "lanczos": Image.LANCZOS,
}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def draw(width, height, seed):
    """Smooth waves with a few hard edges: small as a file, and unkind to a resize."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for _ in range(3):
        fx, fy, phase = rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.5), rng.uniform(0, 6)
        planes.append(127 + 120 * np.sin(fx * x + fy * y + phase))
    pixels = np.stack(planes, 2)
    pixels[height // 3: height // 2, width // 4: width // 2] = [250, 5, 130]
    pixels[:, (2 * width) // 3] = 0
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")


def png_16(image, channels):
    """A 16-bit PNG with low bytes that matter; Pillow writes none in colour."""
    pixels = np.asarray(image if channels == 3 else image.convert("L"), dtype=np.uint32)
    wide = (pixels * 257 ^ 0x5A).astype(">u2").reshape(image.height, -1)
    if channels == 1:
        wide = (wide.astype(np.uint32) % 400).astype(">u2")  # around the 255 where Pillow saturates
    raw = b"".join(b"\0" + row.tobytes() for row in wide)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", image.width, image.height, 16, 2 if channels == 3 else 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9))
            + chunk(b"IEND", b""))


def encode(image, format_name, **options):
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def sources():
    base = draw(61, 47, 1)
    alpha = base.copy()
    alpha.putalpha(draw(61, 47, 2).convert("L"))
    made = {
        "rgb.jpg": encode(base, "JPEG", quality=90),
        "progressive.jpg": encode(base, "JPEG", quality=85, progressive=True),
        "grey.jpg": encode(base.convert("L"), "JPEG", quality=90),
        "cmyk.jpg": encode(base.convert("CMYK"), "JPEG", quality=90),
        "rgb.png": encode(base, "PNG", optimize=True),
        "grey.png": encode(base.convert("L"), "PNG", optimize=True),
        "palette.png": encode(base.quantize(16), "PNG", optimize=True),
        "palette_transparent.png": encode(base.quantize(16), "PNG", transparency=3),
        "rgba.png": encode(alpha, "PNG", optimize=True),
        "grey_alpha.png": encode(alpha.convert("LA"), "PNG", optimize=True),
        "one_bit.png": encode(base.convert("1"), "PNG", optimize=True),
        "grey_16.png": png_16(base, 1),
        "rgb_16.png": png_16(base, 3),
        "tall.png": encode(draw(9, 83, 3), "PNG", optimize=True),
        "wide.png": encode(draw(83, 9, 4), "PNG", optimize=True),
        "tiny.png": encode(draw(3, 2, 5), "PNG"),
        "one_pixel.png": encode(draw(8, 8, 6).crop((1, 1, 2, 2)), "PNG"),
        "even.png": encode(draw(40, 40, 7), "PNG", optimize=True),
        "photo_size.jpg": encode(draw(125, 94, 8), "JPEG", quality=80),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        made[f"exif_{orientation}.jpg"] = encode(draw(31, 23, 9), "JPEG", quality=85, exif=exif)
    return made


def center_crop(image, height, width, fill):
    w, h = image.size
    if width > w or height > h:
        left, top = max(0, (width - w) // 2), max(0, (height - h) // 2)
        right, bottom = max(0, (width - w + 1) // 2), max(0, (height - h + 1) // 2)
        image = ImageOps.expand(image, (left, top, right, bottom), fill=fill)
        w, h = image.size
    top, left = int(round((h - height) / 2.0)), int(round((w - width) / 2.0))
    return image.crop((left, top, left + width, top + height))


def keep_ratio(image, height, width, longest, resample):
    w, h = image.size
    ratio = (max if longest else min)(h / height, w / width)
    return image.resize((round(w / ratio), round(h / ratio)), resample)


def shorter_side(image, size, resample):
    w, h = image.size
    if w <= h:
        return image.resize((size, int(size * h / w)), resample)
    return image.resize((int(size * w / h), size), resample)


def resolve(description):
    """The resize of a description: what model_spec.cc should read out of it."""
    cfg = description.get("pretrained_cfg")
    if cfg is None:
        return description["resize"], description.get("interpolation", "bilinear")
    _, height, width = cfg["input_size"]
    scaled = [math.floor(height / cfg["crop_pct"]), math.floor(width / cfg["crop_pct"])]
    mode = cfg.get("crop_mode", "center")
    if mode == "squash":
        resize = {"exact": scaled}
    elif mode == "border":
        resize = {"fit": scaled}
    else:
        resize = {"shorter_side": scaled[0]} if scaled[0] == scaled[1] else {"cover": scaled}
    return resize, cfg.get("interpolation", "bicubic")


def picture_of(data, description):
    cfg = description.get("pretrained_cfg", description)
    channels, height, width = cfg["input_size"]
    image = Image.open(io.BytesIO(data))
    if description.get("exif_orientation"):
        image = ImageOps.exif_transpose(image)
    image = image.convert("RGB")
    if channels == 1:
        image = image.convert("L")
    resize, filter_name = resolve(description)
    resample = FILTERS[filter_name]
    fill = 0
    if isinstance(resize, dict):
        (kind, size), = resize.items()
        if kind == "shorter_side":
            image = shorter_side(image, size, resample)
        elif kind == "exact":
            image = image.resize((size[1], size[0]), resample)
        else:
            if kind == "fit":
                fill = tuple(round(255 * m) for m in cfg["mean"])
            image = keep_ratio(image, size[0], size[1], kind == "fit", resample)
    return center_crop(image, height, width, fill)


def values_of(picture, description):
    cfg = description.get("pretrained_cfg", description)
    pixels = np.array(picture)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if description.get("channel_order") == "BGR":
        pixels = pixels[:, :, ::-1].copy()
    tensor = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
    tensor = tensor.to(torch.float32).div(description.get("scale", 255))
    mean = torch.as_tensor(cfg["mean"], dtype=torch.float32)[:, None, None]
    std = torch.as_tensor(cfg["std"], dtype=torch.float32)[:, None, None]
    return tensor.sub_(mean).div_(std).numpy()


def descriptions():
    def own(resize, height=24, width=24, **more):
        return {"input_size": [3, height, width], "resize": resize, "mean": MEAN, "std": STD, **more}

    def timm(height, width, crop_pct, **more):
        return {"pretrained_cfg": {"input_size": [3, height, width], "crop_pct": crop_pct,
                                   "mean": MEAN, "std": STD, **more}}

    common = {"bilinear": own({"shorter_side": 27}), "timm": timm(24, 24, 0.875)}
    special = {name: own({"shorter_side": 25}, interpolation=name) for name in FILTERS}
    special |= {
        "exact": own({"exact": [24, 20]}, 24, 20),
        "exact_up": own({"exact": [70, 80]}, 25, 25, interpolation="bicubic"),
        "cover": own({"cover": [29, 22]}, 23, 17),
        "fit": own({"fit": [24, 24]}, interpolation="bicubic"),
        "crop_only": own(None, 22, 25, crop="center"),
        "pad": own(None, 70, 66, crop="center"),
        "pad_one_side": own(None, 55, 30, crop="center"),
        "grey": {"input_size": [1, 24, 24], "resize": {"shorter_side": 26}, "mean": [0.1307],
                 "std": [0.3081]},
        "bgr": own({"shorter_side": 24}, channel_order="BGR"),
        "scale_1": {"input_size": [3, 24, 24], "resize": {"shorter_side": 24}, "scale": 1,
                    "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
        "timm_95": timm(24, 24, 0.95),
        "timm_not_square": timm(30, 18, 0.9, interpolation="bilinear"),
        "timm_squash": timm(24, 24, 0.9, crop_mode="squash"),
        "timm_border": timm(24, 24, 0.9, crop_mode="border"),
    }
    return common, special


def cases(made):
    common, special = descriptions()
    for source in made:
        if source.startswith("exif_"):
            yield f"{source} upright", source, common["bilinear"] | {"exif_orientation": True}
            continue
        for name, description in common.items():
            yield f"{source} {name}", source, description
    for name, description in special.items():
        yield f"rgb.png {name}", "rgb.png", description
    for name in ("fit", "cover", "timm_border", "timm_not_square", "pad_one_side", "lanczos"):
        yield f"tall.png {name}", "tall.png", special[name]
        yield f"photo_size.jpg {name}", "photo_size.jpg", special[name]
    yield "exif_6.jpg as stored", "exif_6.jpg", common["bilinear"]


def main():
    (OUT / "sources").mkdir(parents=True, exist_ok=True)
    made = sources()
    for name, data in made.items():
        (OUT / "sources" / name).write_bytes(data)
    listed, pictures = [], {}
    for name, source, description in cases(made):
        picture = picture_of(made[source], description)
        values = values_of(picture, description)
        pictures[f"p{len(listed)}"] = np.array(picture)
        listed.append({"name": name, "source": source, "picture": f"p{len(listed)}",
                       "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
                       "description": description})
    np.savez_compressed(OUT / "pictures.npz", **pictures)
    import PIL
    text = ",\n".join(json.dumps(case) for case in listed)
    made_with = json.dumps({"Pillow": PIL.__version__, "torch": torch.__version__})
    (OUT / "cases.json").write_text(f'{{"made_with": {made_with},\n"cases": [\n{text}\n]}}\n')
    print(f"{len(listed)} cases, {sum(len(d) for d in made.values()):,} bytes of sources")


if __name__ == "__main__":
    main()
