"""media_pillow.py FOLDER: the same work as bench_media, by Pillow."""

import io
import pathlib
import sys
import time

import PIL
from PIL import Image


def measure(what, items, work):
    start, done = time.thread_time(), 0
    while time.thread_time() - start < 1.0:
        for item in items:
            work(item)
        done += len(items)
    secs = time.thread_time() - start
    print(f"pillow  {what:<34} {secs * 1e6 / done:>12.1f} us {done / secs:>12.0f} /s")


def main():
    files = [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).iterdir())]
    images = [Image.open(io.BytesIO(f)).convert("RGB") for f in files]
    width, height = images[0].size
    size = (256, 256 * height // width) if width <= height else (256 * width // height, 256)
    box = ((size[0] - 224) // 2, (size[1] - 224) // 2)
    box += (box[0] + 224, box[1] + 224)
    print(f"Pillow {PIL.__version__}")
    measure("open (size only)", files, lambda f: Image.open(io.BytesIO(f)).size)
    measure("decode", files, lambda f: Image.open(io.BytesIO(f)).convert("RGB"))
    for name, number in (("bilinear", 2), ("bicubic", 3)):
        measure(f"{name} to 256", images, lambda i: i.resize(size, number))
        measure(f"{name} to 256, centre 224", images, lambda i: i.resize(size, number).crop(box))
    measure("thumbnail of 128", files, lambda f: Image.open(io.BytesIO(f)).thumbnail((128, 128)))


main()
