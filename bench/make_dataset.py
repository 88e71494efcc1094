#!/usr/bin/env python3
"""Draws a folder of small JPEGs in class folders, and predictions for them.

    python bench/make_dataset.py --out bench/out/small --count 50000

Writes OUT/images/<class>/<number>.jpg and OUT/predictions.csv (path, class, confidence and one
column per class). Needs Pillow and numpy. Seeded: the same call draws the same bytes.
"""

import argparse
import io
import pathlib

import numpy
from PIL import Image


def draw(rng, size_px):
    """A soft gradient with a disc: compresses like a photograph of that size, not like noise."""
    y, x = numpy.mgrid[0:size_px, 0:size_px] / size_px
    colours = rng.uniform(0, 255, (3, 3))
    picture = (colours[0] * x[..., None] + colours[1] * y[..., None]) / 2
    centre = rng.uniform(0.2, 0.8, 2)
    disc = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < rng.uniform(0.02, 0.1)
    picture[disc] = colours[2]
    picture += rng.normal(0, 8, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(numpy.uint8))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if (arguments.out / "done").exists():
        return
    rng = numpy.random.default_rng(arguments.seed)
    names = [f"class_{i:02}" for i in range(arguments.classes)]
    images = arguments.out / "images"
    for name in names:
        (images / name).mkdir(parents=True, exist_ok=True)

    # A few hundred pictures, each made unique by its JPEG comment: drawing must not take minutes.
    drawn = []
    for _ in range(min(500, arguments.count)):
        buffer = io.BytesIO()
        draw(rng, arguments.size).save(buffer, "JPEG", quality=90)
        drawn.append(buffer.getvalue())
    logits = rng.normal(0, 1, (arguments.count, arguments.classes))
    rows = []
    for i in range(arguments.count):
        label = i % arguments.classes
        comment = f"{i:08}".encode()
        jpeg = drawn[i % len(drawn)]
        unique = jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
        path = f"{names[label]}/{i:06}.jpg"
        (images / path).write_bytes(unique)
        logits[i, label] += 3
        p = numpy.exp(logits[i])
        p /= p.sum()
        top = int(p.argmax())
        rows.append(f"{path},{names[top]},{p[top]:.6f}," + ",".join(f"{v:.6f}" for v in p))
    (arguments.out / "predictions.csv").write_text(
        "path,class,confidence," + ",".join(names) + "\n" + "\n".join(rows) + "\n")
    (arguments.out / "done").write_text("")


if __name__ == "__main__":
    main()
