"""Draws JPEGs with the size and the detail of photographs.

    .deps/venv/bin/python bench/make_photos.py FOLDER [COUNT] [WIDTH HEIGHT]

Noise in octaves whose strength falls with the frequency, as in photographs, plus a few shapes with
edges; quality 90 and 4:2:0 give about 60 KB at 500 x 375. Needs numpy and Pillow.
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw


def draw(width, height, seed):
    rng = np.random.default_rng(seed)
    plane = np.zeros((height, width, 3))
    cells = 2
    while cells <= 256:
        grid = rng.normal(size=(cells * height // width + 2, cells + 2, 3))
        small = Image.fromarray(np.uint8(np.clip(grid * 40 + 128, 0, 255)))
        octave = np.asarray(small.resize((width, height), Image.BICUBIC), dtype=np.float64) - 128
        plane += octave / cells ** 0.4
        cells *= 2
    image = Image.fromarray(np.uint8(np.clip(plane * 1.5 + 120 + rng.normal(size=3) * 20, 0, 255)))
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(20, 120, 2)
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        pen.ellipse((x, y, x + int(w), y + int(h)), outline=colour, width=3)
    return image


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    width, height = (int(v) for v in sys.argv[3:5]) if len(sys.argv) > 4 else (500, 375)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        draw(width, height, i).save(folder / f"photo_{i:04}.jpg", quality=90)


if __name__ == "__main__":
    main()
