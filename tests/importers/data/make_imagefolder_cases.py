#!/usr/bin/env python3
"""Draws folder trees and writes what torchvision's ImageFolder makes of them.

The rules are those that torchvision's documentation of DatasetFolder and ImageFolder states, written
down here again (torchvision itself is not needed):
- classes: the names of the entries of the root that are folders (links followed), sorted as Python
  sorts str; the index is the place in that list;
- samples: for each class in that order, the folders below it in the order of sorted(os.walk(...,
  followlinks=True)), in each the file names sorted, those whose path, lower-cased, ends with one of
  IMG_EXTENSIONS;
- a class without a sample keeps its index (allow_empty=True).

    make_imagefolder_cases.py > imagefolder_cases.json
"""
import json
import os
import random
import sys
import tempfile

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def imagefolder(root):
    classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    samples = []
    for index, name in enumerate(classes):
        for folder, _, files in sorted(os.walk(os.path.join(root, name), followlinks=True)):
            for file in sorted(files):
                path = os.path.join(folder, file)
                if path.lower().endswith(IMG_EXTENSIONS):
                    samples.append([os.path.relpath(path, root), index])
    return classes, samples


def escape(text):
    """The text form of file names of any bytes that Errata's escape_bytes() has."""
    out = ""
    for char in text:
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:
            out += "\\x%02x" % (code - 0xDC00)
        elif code < 0x20 or code == 0x7F:
            out += "\\x%02x" % code
        elif char == "\\":
            out += "\\\\"
        else:
            out += char
    return out


def case(name, files, folders=()):
    with tempfile.TemporaryDirectory() as root:
        for folder in folders:
            os.makedirs(os.path.join(root, folder), exist_ok=True)
        for file in files:
            path = os.path.join(root, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
        classes, samples = imagefolder(root)
    return {
        "name": name,
        "folders": [escape(f) for f in folders],
        "files": [escape(f) for f in files],
        "classes": [escape(c) for c in classes],
        "samples": [[escape(p), i] for p, i in samples],
    }


def random_case(seed):
    rng = random.Random(seed)
    words = ["a", "B", "b", "Z", "ant", "Ant", "a-b", "a_b", "a.b", "a b", "10", "2", "1", "é", "e\u0301",
             "ß", "猫", "\uffee", "\U0001f600", "~", "x" * 60, "'q'", '"', "#", "a\nb",
             os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xc3"), os.fsdecode(b"\xff"), "\\", "+"]
    suffixes = [".jpg", ".JPG", ".jpeg", ".Png", ".ppm", ".bmp", ".pgm", ".tif", ".TIFF", ".webp",
                ".gif", ".txt", "", ".jpg.txt", ".jfif"]
    files = set()
    folders = [rng.choice(words) + rng.choice(words) for _ in range(rng.randint(1, 7))]
    for _ in range(rng.randint(5, 60)):
        parts = [rng.choice(folders)]
        parts += [rng.choice(words) for _ in range(rng.choice([0, 0, 0, 1, 1, 2]))]
        files.add("/".join(parts + [rng.choice(words) + rng.choice(words) + rng.choice(suffixes)]))
    files = sorted(files)
    # A name cannot be both a file and a folder.
    taken = {"/".join(f.split("/")[:k]) for f in files for k in range(1, f.count("/") + 1)}
    return case(f"random {seed}", [f for f in files if f not in taken], sorted(set(folders)))


def main():
    cases = [
        case("code-point order, not alphabetical", ["Bee/2.png", "ant/1.jpg", "Zebra/1.jpg", "class10/a.png",
                                                    "class2/a.png"]),
        case("folders by full path, files by name", ["a/b/d.jpg", "a/b-c/x.jpg", "a/z.jpg", "a/b/a.jpg",
                                                     "a/b/b/y.jpg", "a/A.jpg"]),
        case("suffixes", [f"c/x{s}" for s in IMG_EXTENSIONS] +
             ["c/.jpg", "c/X.JPG", "c/y.gif", "c/y.jfif", "c/y.avif", "c/jpg", "c/y.jpg.txt", "c/._y.jpg"]),
        case("an empty class keeps its index", ["a/1.jpg", "c/1.jpg"], ["b", "d/deep/deeper"]),
        case("files beside the classes are nobody's", ["loose.jpg", "a/1.jpg", "labels.csv"]),
        case("junk with images is a class", ["a/1.jpg", ".ipynb_checkpoints/1.jpg", "__MACOSX/._1.jpg"]),
        case("bytes that are not UTF-8", [os.fsdecode(b"caf\xe9/1.jpg"), "caf\u00e9/1.jpg", "cafe/1.jpg",
                                          os.fsdecode(b"a/\xff.jpg"), "a/\U0001f600.jpg", "a/\uffee.jpg",
                                          os.fsdecode(b"a/\xc3.jpg"), "a/\u00e9.jpg"]),
    ]
    cases += [random_case(seed) for seed in range(20)]
    json.dump(cases, sys.stdout, indent=0, ensure_ascii=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
