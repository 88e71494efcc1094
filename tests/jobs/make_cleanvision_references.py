"""Draws data/quality/*.{png,jpg} and writes data/cleanvision.json: what CleanVision says of them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install cleanvision==0.3.7
    /tmp/venv/bin/python tests/jobs/make_cleanvision_references.py

`perceptual_hash` is imagehash.phash, 64 bits row by row as CleanVision's near duplicates use it.
The sets of images for odd_size are given as names, since that score depends on all of a set.
"""
import json
import pathlib

import imagehash
import numpy as np
import pandas as pd
from PIL import Image, ImageFilter
from cleanvision.issue_managers.image_property_issue_manager import ImagePropertyIssueManager

FOLDER = pathlib.Path(__file__).parent / "data" / "quality"


def scene(seed, width, height):
    """Clouds of colour with a few hard edges."""
    rng = np.random.default_rng(seed)
    plane = np.zeros((height, width, 3))
    for cells in (2, 4, 8, 16):
        grid = np.uint8(np.clip(rng.normal(size=(cells + 1, cells + 1, 3)) * 40 + 128, 0, 255))
        plane += np.asarray(Image.fromarray(grid).resize((width, height), Image.BICUBIC),
                            dtype=float) - 128
    image = np.uint8(np.clip(plane + 128, 0, 255))
    for _ in range(4):
        x, y = rng.integers(0, width - 8), rng.integers(0, height - 8)
        image[y:y + height // 5, x:x + width // 5] = rng.integers(0, 255, 3)
    return Image.fromarray(image)


def draw():
    images = {
        "plain.jpg": scene(1, 150, 112),
        "tall.jpg": scene(2, 90, 131),
        "dark.png": Image.fromarray(np.uint8(np.asarray(scene(3, 80, 60)) * 0.2)),
        "light.png": Image.fromarray(np.uint8(255 - np.asarray(scene(4, 80, 60)) * 0.04)),
        "blurry.jpg": scene(5, 160, 120).filter(ImageFilter.GaussianBlur(24)),
        "flat.png": Image.new("RGB", (70, 50), (90, 120, 30)),
        "two_values.png": Image.fromarray(
            np.uint8((np.arange(64 * 48).reshape(48, 64) % 7 < 3) * 200)),
        "narrow.png": scene(6, 140, 30),
        "very_narrow.png": scene(7, 200, 9),
        "grey.png": scene(8, 90, 70).convert("L"),
        "grey.jpg": scene(9, 99, 65).convert("L"),
        "small.png": scene(10, 17, 13),
        "line.png": Image.fromarray(np.uint8(np.arange(60).reshape(2, 30) * 4)),
        "large.jpg": scene(11, 700, 520),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        image.save(FOLDER / name, quality=60) if name.endswith("jpg") else image.save(
            FOLDER / name, optimize=True)
    # Turned by EXIF: CleanVision looks at the pixels as stored.
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(12, 120, 40).save(FOLDER / "turned.jpg", quality=60, exif=exif)
    return sorted([*images, "turned.jpg"])


def main():
    names = draw()
    manager = ImagePropertyIssueManager()
    raw, hashes = {}, {}
    for name in names:
        with Image.open(FOLDER / name) as opened:
            image = opened.copy()
        raw[name] = {}
        for issue in manager.params:
            raw[name].update(manager.image_properties[issue].calculate(image))
        bits = imagehash.phash(image).hash.ravel()
        hashes[name] = f"{int(''.join('1' if b else '0' for b in bits), 2):016x}"
    manager.issues = pd.DataFrame(index=names)
    manager.update_issues(pd.DataFrame.from_dict(raw, orient="index"), list(manager.params))
    result = {}
    for name in names:
        row = manager.issues.loc[name]
        result[name] = {
            "scores": {i: float(row[f"{i}_score"]) for i in manager.params},
            "issues": [i for i in manager.params if row[f"is_{i}_issue"]],
            "perceptual_hash": hashes[name],
        }
    out = pathlib.Path(__file__).parent / "data" / "cleanvision.json"
    out.write_text(json.dumps(result, indent=1) + "\n")


main()
