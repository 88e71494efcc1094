#!/usr/bin/env python3
"""Draws small data sets for the tests, with nothing but the standard library.

    make_data.py folder DIR CLASSES PER_CLASS   class folders c0, c1, ... of PNG images
    make_data.py png FILE [SEED]                one PNG image
    make_data.py idx DIR COUNT                  a pair of IDX files, ten classes
    make_data.py embeddings FILE.npy N K        8 columns, around K points
    make_data.py probs FILE.npy N K [KIND]      probabilities; KIND: nan, f64, int, fortran, 1d, logits
"""

import os
import random
import struct
import sys
import zlib


def png_bytes(seed, side=8):
    rng = random.Random(seed)
    rows = b"".join(b"\0" + bytes(rng.randrange(256) for _ in range(3 * side)) for _ in range(side))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) +
            chunk(b"IEND", b""))


def write(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def make_folder(folder, classes, per_class):
    for c in range(classes):
        for i in range(per_class):
            write(f"{folder}/c{c}/{i:03}.png", png_bytes(c * 1000 + i))


def make_idx(folder, count):
    rng = random.Random(1)
    pixels = bytes(rng.randrange(256) for _ in range(count * 16))
    labels = bytes(i % 10 for i in range(count))
    write(f"{folder}/train-images-idx3-ubyte", struct.pack(">IIII", 0x803, count, 4, 4) + pixels)
    write(f"{folder}/train-labels-idx1-ubyte", struct.pack(">II", 0x801, count) + labels)


def npy_bytes(descr, fortran, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def make_probs(path, n, k, kind="f32"):
    """Row i says class (i * k // n) with 0.9, but every seventh row says the next class."""
    rows = []
    for i in range(n):
        top = (i * k // n + (i % 7 == 6)) % k
        row = [0.9 if c == top else 0.1 / (k - 1) for c in range(k)]
        if kind == "logits":
            row = [5.0 if c == top else -1.0 for c in range(k)]
        if kind == "nan" and i == 3:
            row = [float("nan")] * k
        rows.append(row)
    if kind == "fortran":
        flat = [rows[i][c] for c in range(k) for i in range(n)]
    else:
        flat = [value for row in rows for value in row]
    code, descr = {"f64": ("d", "<f8"), "int": ("i", "<i4")}.get(kind, ("f", "<f4"))
    if kind == "int":
        flat = [int(value) for value in flat]
    shape = f"({n * k},)" if kind == "1d" else f"({n}, {k})"
    write(path, npy_bytes(descr, kind == "fortran", shape, struct.pack(f"<{n * k}{code}", *flat)))


def make_embeddings(path, n, k, columns=8):
    """Row i lies around one of k points by i * k // n; the last row lies apart from all."""
    draws = random.Random(7)
    points = [[draws.gauss(0, 1) for _ in range(columns)] for _ in range(k + 1)]
    flat = []
    for i in range(n):
        point = points[k if i == n - 1 else i * k // n]
        flat += [value + draws.gauss(0, 0.1) for value in point]
    write(path, npy_bytes("<f4", False, f"({n}, {columns})", struct.pack(f"<{n * columns}f", *flat)))


def main():
    kind, path, *rest = sys.argv[1:]
    if kind == "folder":
        make_folder(path, int(rest[0]), int(rest[1]))
    elif kind == "png":
        write(path, png_bytes(rest[0] if rest else 0))
    elif kind == "idx":
        make_idx(path, int(rest[0]))
    elif kind == "probs":
        make_probs(path, int(rest[0]), int(rest[1]), *rest[2:])
    elif kind == "embeddings":
        make_embeddings(path, int(rest[0]), int(rest[1]))
    else:
        sys.exit(f"make_data: there is no kind '{kind}'")


main()
