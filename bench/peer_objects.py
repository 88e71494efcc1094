"""Makes sets of boxes with planted label errors for the benchmark of object doubts.

    peer_objects.py generate BASE SEED
    peer_objects.py bccd BASE SEED FOLDER       FOLDER: BCCD with predictions of a trained detector

Writes BASE.shape (images classes), BASE.objects.f64 (image, class, x, y, w, h, planted) and
BASE.detections.f64 (image, class, x, y, w, h, score, dropped), native doubles. `planted` of an
object: 0 clean, 1 swapped class, 2 shifted, 3 ghost, 4 copy, 5 has a copy. `dropped` of a
detection: 0, or 1 + the number of the dropped object it overlaps (IoU 0.5, same class). Dropped
objects are counted in BASE.shape too. Six percent of the objects suffer each kind, no object two.
"""
import json
import pathlib
import sys

import numpy as np

SHARE = 0.06


def iou(a, b):
    w = np.minimum(a[:, None, 0] + a[:, None, 2], b[None, :, 0] + b[None, :, 2]) - \
        np.maximum(a[:, None, 0], b[None, :, 0])
    h = np.minimum(a[:, None, 1] + a[:, None, 3], b[None, :, 1] + b[None, :, 3]) - \
        np.maximum(a[:, None, 1], b[None, :, 1])
    shared = np.clip(w, 0, None) * np.clip(h, 0, None)
    return shared / (a[:, None, 2] * a[:, None, 3] + b[None, :, 2] * b[None, :, 3] - shared)


def plant(rng, objects, detections, sizes, classes):
    """objects: image, class, x, y, w, h; detections: the same and a score."""
    count = int(round(SHARE * len(objects)))
    chosen = rng.permutation(len(objects))[:4 * count].reshape(4, count)
    swapped, shifted, dropped, copied = chosen
    planted = np.zeros(len(objects))
    given = objects.copy()
    for n in swapped:
        given[n, 1] = (given[n, 1] + rng.integers(1, classes)) % classes
    for n in shifted:  # until it overlaps the true box by 0.3 to 0.7
        x, y, w, h = objects[n, 2:6]
        while True:
            dx, dy = rng.uniform(-0.6, 0.6, 2)
            sx, sy = np.exp(rng.uniform(-0.3, 0.3, 2))
            moved = np.array([x + (dx + (1 - sx) / 2) * w, y + (dy + (1 - sy) / 2) * h,
                              w * sx, h * sy])
            if 0.3 <= iou(moved[None], objects[n:n + 1, 2:6])[0, 0] <= 0.7:
                break
        given[n, 2:6] = moved
    planted[swapped], planted[shifted], planted[copied] = 1, 2, 5
    copies = given[copied].copy()
    copies[:, 2:6] += rng.normal(size=(count, 4)) * 0.03 * np.tile(copies[:, 4:6], 2)
    ghosts = []
    while len(ghosts) < count:
        image = rng.integers(len(sizes))
        like = objects[rng.integers(len(objects))]
        width, height = sizes[image]
        if like[4] >= width or like[5] >= height:
            continue
        box = [image, like[1], rng.uniform(0, width - like[4]), rng.uniform(0, height - like[5]),
               like[4], like[5]]
        near = objects[objects[:, 0] == image]
        if len(near) and iou(np.array([box])[:, 2:6], near[:, 2:6]).max() > 0.3:
            continue
        ghosts.append(box)
    marks = np.zeros(len(detections))
    for number, n in enumerate(dropped):
        own = np.flatnonzero((detections[:, 0] == objects[n, 0]) &
                             (detections[:, 1] == objects[n, 1]))
        if len(own):
            over = iou(objects[n:n + 1, 2:6], detections[own, 2:6])[0] >= 0.5
            marks[own[over]] = 1 + number
    keep = np.ones(len(objects), bool)
    keep[dropped] = False
    rows = np.vstack([given[keep], np.array(ghosts), copies])
    marks_of_rows = np.concatenate([planted[keep], np.full(count, 3), np.full(count, 4)])
    order = np.lexsort((rng.random(len(rows)), rows[:, 0]))
    return rows[order], marks_of_rows[order], marks, count


def write(base, rows, planted, detections, marks, images, classes, dropped):
    np.hstack([rows, planted[:, None]]).astype(float).tofile(base + ".objects.f64")
    np.hstack([detections, marks[:, None]]).astype(float).tofile(base + ".detections.f64")
    pathlib.Path(base + ".shape").write_text(f"{images} {classes} {dropped}\n")


def generate(rng, images=600, classes=6):
    """Complete labels and what a detector of middling quality says of them: some classes and small
    objects are found less often, scores follow how easy an object is, and so does how well its box
    fits; near classes are confused; the surest of an object's boxes is followed by copies; and it
    sees things where nothing is. It misses about as many objects as the trained detector of BCCD, and
    mistakes more classes (that one: 1 of 2,000)."""
    sizes = [(640, 480)] * images
    recall = np.linspace(0.99, 0.88, classes)
    usual = np.exp(rng.uniform(np.log(25), np.log(150), classes))
    objects, detections = [], []

    def found(image, k, box, ease):
        noise = rng.normal(size=4) * (0.02 + 0.07 * (1 - ease))
        noise *= rng.choice([1, 2.5], p=[0.9, 0.1])
        x, y, w, h = box
        moved = [x + noise[0] * w, y + noise[1] * h, w * np.exp(noise[2]), h * np.exp(noise[3])]
        score = 1 / (1 + np.exp(-(rng.normal(4 * ease - 1.2, 0.7))))
        detections.append([image, k, *moved, score])
        return score, moved

    for image in range(images):
        placed = []
        for _ in range(rng.poisson(8) + 1):
            k = rng.integers(classes)
            size = usual[k] * np.exp(rng.normal() * 0.3)
            aspect = np.exp(rng.normal() * 0.2)
            w, h = size * aspect, size / aspect
            if w > 630 or h > 470:
                continue
            box = [rng.uniform(0, 640 - w), rng.uniform(0, 480 - h), w, h]
            if placed and iou(np.array([box]), np.array(placed)).max() > 0.4:
                continue
            placed.append(box)
            objects.append([image, k, *box])
            ease = rng.beta(4, 1.5) * (0.85 if size < 32 else 1)
            if rng.random() > recall[k] * (0.9 if size < 32 else 1):
                if rng.random() < 0.5:
                    found(image, k, box, ease * 0.15)
                continue
            score, moved = found(image, k, box, ease)
            other = (k + 1) % classes
            if rng.random() < 0.25:  # the next class too, less sure
                detections.append([image, other, *moved, score * rng.uniform(0.02, 0.5)])
            elif rng.random() < 0.015:  # confused: the score is split, the wrong class ahead
                detections[-1][6] = score * rng.uniform(0.1, 0.6)
                detections.append([image, other, *moved, score * rng.uniform(0.5, 0.9)])
            for _ in range(rng.poisson(0.8)):  # boxes that suppression left
                shift = rng.normal(size=4) * 0.18
                near = [moved[0] + shift[0] * w, moved[1] + shift[1] * h,
                        moved[2] * np.exp(shift[2]), moved[3] * np.exp(shift[3])]
                detections.append([image, k, *near, score * rng.uniform(0.02, 0.4)])
        for _ in range(rng.poisson(4)):  # on nothing
            k = rng.integers(classes)
            size = usual[k] * np.exp(rng.normal() * 0.4)
            detections.append([image, k, rng.uniform(0, 600), rng.uniform(0, 440), size,
                               size * np.exp(rng.normal() * 0.3), rng.beta(0.7, 3)])
    return np.array(objects), np.array(detections), sizes, classes


def bccd(folder):
    root = pathlib.Path(folder)
    objects, detections, sizes, names = [], [], [], []
    for split in ("test", "val"):
        found = json.loads((root / "predictions" / split / "predictions.json").read_text())
        for path in sorted((root / "yolo" / "labels" / split).glob("*.txt")):
            names.append(f"{split}/{path.stem}")
            sizes.append((640, 480))
            for line in path.read_text().splitlines():
                k, x, y, w, h = map(float, line.split())
                objects.append([len(names) - 1, k, (x - w / 2) * 640, (y - h / 2) * 480, w * 640,
                                h * 480])
            detections += [[len(names) - 1, d["category_id"] - 1, *d["bbox"], d["score"]]
                           for d in found if d["image_id"] == path.stem]
    return np.array(objects), np.array(detections), sizes, 3, names


def main():
    what, base, seed = sys.argv[1:4]
    rng = np.random.default_rng(int(seed))
    if what == "generate":
        objects, detections, sizes, classes = generate(rng)
    else:
        objects, detections, sizes, classes, names = bccd(sys.argv[4])
        pathlib.Path(base + ".names").write_text("\n".join(names) + "\n")
    rows, planted, marks, dropped = plant(rng, objects, detections, sizes, classes)
    write(base, rows, planted, detections, marks, len(sizes), classes, dropped)


main()
