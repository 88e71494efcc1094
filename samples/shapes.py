#!/usr/bin/env python3
"""Draws a small dataset of shapes with planted label errors, and predictions of a good model for it.

    python samples/shapes.py FOLDER [COUNT]

Writes FOLDER/images/<given class>/<number>.jpg, FOLDER/predictions.csv (a column per class) and
FOLDER/planted.csv (path, given, true). Needs numpy and Pillow. Seeded.
"""

import math
import pathlib
import sys

import numpy
from PIL import Image, ImageDraw, ImageFilter

CLASSES = ["circle", "cross", "ring", "square", "star", "triangle"]
SIDE = 96
WRONG_LABELS = 0.04


def polygon(corners, radius, inner, turn):
    points = []
    for i in range(corners * (2 if inner else 1)):
        r = radius if not inner or i % 2 == 0 else radius * inner
        angle = turn + 2 * math.pi * i / (corners * (2 if inner else 1))
        points.append((math.cos(angle) * r, math.sin(angle) * r))
    return points


def draw(rng, kind):
    scale = 4
    side = SIDE * scale
    sky, ground, ink = rng.uniform(40, 230, (3, 3))
    y = numpy.linspace(0, 1, side)[:, None, None]
    field = sky * (1 - y) + ground * y + numpy.zeros((side, side, 3))
    image = Image.fromarray(field.astype(numpy.uint8))
    pen = ImageDraw.Draw(image)
    x0, y0 = rng.uniform(0.38, 0.62, 2) * side
    radius = rng.uniform(0.2, 0.34) * side
    turn = rng.uniform(0, 2 * math.pi)
    colour = tuple(int(v) for v in ink)
    box = [x0 - radius, y0 - radius, x0 + radius, y0 + radius]
    if kind == "circle":
        pen.ellipse(box, fill=colour)
    elif kind == "ring":
        pen.ellipse(box, outline=colour, width=int(radius * 0.35))
    elif kind == "cross":
        for quarter in (0, math.pi / 2):
            cos, sin = math.cos(turn + quarter) * radius, math.sin(turn + quarter) * radius
            pen.line([x0 - cos, y0 - sin, x0 + cos, y0 + sin], fill=colour, width=int(radius * 0.4))
    else:
        corners, inner = {"square": (4, 0), "star": (5, 0.42), "triangle": (3, 0)}[kind]
        points = polygon(corners, radius, inner, turn)
        pen.polygon([(x0 + x, y0 + y) for x, y in points], fill=colour)
    image = image.resize((SIDE, SIDE), Image.LANCZOS).filter(ImageFilter.GaussianBlur(0.6))
    noisy = numpy.asarray(image) + rng.normal(0, 1.2, (SIDE, SIDE, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(numpy.uint8))


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    rng = numpy.random.default_rng(5)
    for name in CLASSES:
        (folder / "images" / name).mkdir(parents=True, exist_ok=True)
    predictions = ["path," + ",".join(CLASSES)]
    planted = ["path,given,true"]
    for i in range(count):
        true = int(rng.integers(len(CLASSES)))
        given = true
        if rng.random() < WRONG_LABELS:
            given = int((true + rng.integers(1, len(CLASSES))) % len(CLASSES))
        path = f"{CLASSES[given]}/{i:05}.jpg"
        draw(rng, CLASSES[true]).save(folder / "images" / path, quality=90)
        logits = rng.normal(0, 1.4, len(CLASSES))
        logits[true] += 5
        p = numpy.exp(logits) / numpy.exp(logits).sum()
        predictions.append(path + "," + ",".join(f"{v:.6f}" for v in p))
        if given != true:
            planted.append(f"{path},{CLASSES[given]},{CLASSES[true]}")
    (folder / "predictions.csv").write_text("\n".join(predictions) + "\n")
    (folder / "planted.csv").write_text("\n".join(planted) + "\n")


if __name__ == "__main__":
    main()
