"""Draws a folder of many small JPEGs in class folders, as CIFAR-10 would be: 32 x 32, quality 90.

    .deps/venv/bin/python bench/make_images.py FOLDER [COUNT] [CLASSES]

Each image is different. Needs numpy and Pillow.
"""

import io
import pathlib
import sys

import numpy as np
from PIL import Image


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    classes = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    rng = np.random.default_rng(1)
    for k in range(classes):
        (folder / f"class_{k:03}").mkdir(parents=True, exist_ok=True)
    for i in range(count):
        small = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((32, 32), Image.BICUBIC)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=90)
        (folder / f"class_{i % classes:03}" / f"{i:06}.jpg").write_bytes(stream.getvalue())
    print(f"{count} images in {folder}")


if __name__ == "__main__":
    main()
