"""Plants one kind of copy after the other among pictures and says how many are told as copies.

    python bench/copy_recall.py ERRATA NAME=SOURCE [...]

SOURCE is a folder with Fashion-MNIST's IDX files (1,000 pictures are drawn of it) or one with JPEGs
and PNGs below it (at most 600 are drawn). The copies are imported as another split, and `errata find
duplicates` looks at both. Prints, for each kind and source, the share that is in a group with its
original and, behind a slash, how many pictures are in a group with another picture's. Needs numpy
and Pillow.
"""

import gzip
import io
import json
import pathlib
import subprocess
import sys
import tempfile
from collections import defaultdict

import numpy as np
from PIL import Image


def jpeg(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert(image.mode)


def scaled(image, factor):
    return image.resize([max(1, round(side * factor)) for side in image.size], Image.BICUBIC)


def shaded(image, gain, more=0):
    return Image.fromarray(np.uint8(np.clip(np.float64(image) * gain + more + 0.5, 0, 255)))


KINDS = {
    "JPEG 95": lambda image: jpeg(image, 95),
    "JPEG 75": lambda image: jpeg(image, 75),
    "JPEG 50": lambda image: jpeg(image, 50),
    "JPEG 30": lambda image: jpeg(image, 30),
    "half": lambda image: scaled(image, 0.5),
    "half, JPEG 75": lambda image: jpeg(scaled(image, 0.5), 75),
    "3/4": lambda image: scaled(image, 0.75),
    "3/2": lambda image: scaled(image, 1.5),
    "double": lambda image: scaled(image, 2),
    "gain 1.2": lambda image: shaded(image, 1.2),
    "gain 1.1": lambda image: shaded(image, 1.1),
    "gain 0.8": lambda image: shaded(image, 0.8),
    "15 levels up": lambda image: shaded(image, 1, 15),
    "15 levels down": lambda image: shaded(image, 1, -15),
    "first row gone": lambda image: image.crop((0, 1, *image.size)),
    "first column gone": lambda image: image.crop((1, 0, *image.size)),
}


def draw(source):
    rng = np.random.default_rng(11)
    idx = source / "train-images-idx3-ubyte.gz"
    if idx.exists():
        pixels = np.frombuffer(gzip.open(idx).read(), np.uint8)[16:].reshape(-1, 28, 28)
        return [Image.fromarray(pixels[i]) for i in rng.choice(len(pixels), 1000, replace=False)]
    files = sorted(path for path in source.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png"))
    rng.shuffle(files)
    return [Image.open(path).convert("RGB") for path in files[:600]]


def save(images, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        image.save(folder / f"{i:05}.png", compress_level=1)


def told(errata, store, data):
    for stale in store.parent.glob(store.name + "*"):
        stale.unlink()
    subprocess.run([errata, "-q", "-s", store, "import", data], check=True, capture_output=True)
    command = [errata, "-q", "-s", store, "find", "duplicates", "--limit", "0", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def measure(errata, images, work):
    save(images, work / "data/train/picture")
    for kind, change in KINDS.items():
        save([change(image) for image in images], work / "data/val/picture")
        groups = defaultdict(list)
        for row in told(errata, work / "s.db", work / "data")["rows"]:
            groups[row["group"]].append(pathlib.Path(row["path"]).name)
        right = sum(len(names) - len(set(names)) for names in groups.values())
        wrong = sum(len(set(names)) - 1 for names in groups.values())
        yield kind, f"{right / len(images):.3f}/{wrong}"


def main():
    errata, *sources = sys.argv[1:]
    columns = {}
    for each in sources:
        name, source = each.split("=", 1)
        images = draw(pathlib.Path(source))
        with tempfile.TemporaryDirectory() as work:
            columns[f"{name} ({len(images)})"] = dict(
                measure(errata, images, pathlib.Path(work)))
    print(f"{'copies told / others':22}" + "".join(f"{name:>26}" for name in columns))
    for kind in KINDS:
        print(f"{kind:22}" + "".join(f"{column[kind]:>26}" for column in columns.values()))


if __name__ == "__main__":
    main()
