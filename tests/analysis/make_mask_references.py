"""Writes data/masks.json: masks drawn at random, and what pycocotools makes of them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pycocotools==2.0.11
    /tmp/venv/bin/python tests/analysis/make_mask_references.py

`shapes`: a segmentation in one of COCO's forms, its compressed runs, area and box. `sets`: objects
and detections of a few images, their overlaps, and COCO's precision and recall of masks.
"""
import contextlib
import io
import json
import math
import pathlib
import random

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def packed(array):
    values, index = np.unique(np.asarray(array).ravel(), return_inverse=True)
    return {"values": values.tolist(), "index": index.tolist()}


def ring(rng, height, width, places=2):
    kind = rng.random()
    cx, cy = rng.uniform(-3, width + 3), rng.uniform(-3, height + 3)
    if kind < 0.15:  # a box on whole pixels
        x, y = rng.randint(0, width), rng.randint(0, height)
        w, h = rng.randint(0, width), rng.randint(0, height)
        return [x, y, x + w, y, x + w, y + h, x, y + h]
    count = rng.randint(3, 12)
    radius = rng.uniform(0.3, max(height, width) * 0.6)
    points = []
    for i in range(count):  # crossing itself now and then
        angle = 2 * math.pi * (i if kind < 0.8 else rng.random() * count) / count
        far = radius * rng.uniform(0.4, 1.2)
        points += [cx + far * math.cos(angle), cy + far * math.sin(angle)]
        if rng.random() < 0.1:
            points += points[-2:]
    return [round(p, places) for p in points]


def encode(segmentation, height, width):
    if isinstance(segmentation, list):
        return coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    if isinstance(segmentation["counts"], list):
        return coco_mask.frPyObjects(segmentation, height, width)
    return segmentation


def shape(rng, height, width):
    kind = rng.random()
    if kind < 0.6:
        return [ring(rng, height, width, rng.choice([0, 1, 2])) for _ in range(rng.choice([1, 1, 2, 4]))]
    pixels = np.zeros((height, width), np.uint8)
    if kind < 0.9:
        pixels = np.asarray(np.array([[rng.random() < 0.5 for _ in range(width)]
                                      for _ in range(height)]), np.uint8)
        pixels[:, rng.randrange(width):] = rng.choice([0, 1])
    elif kind < 0.95:
        pixels[:] = 1
    runs, value, run = [], 0, 0
    for pixel in pixels.T.ravel().tolist():
        if pixel != value:
            runs.append(run)
            run, value = 0, pixel
        run += 1
    return {"size": [height, width], "counts": runs + [run]}


def describe(segmentation, height, width):
    runs = encode(segmentation, height, width)
    return {"segmentation": segmentation, "size": [height, width], "text": runs["counts"].decode(),
            "area": int(coco_mask.area(runs)), "box": coco_mask.toBbox(runs).tolist()}


def draw_set(seed, images, classes, objects, per_object, crowd, height=60, width=48):
    rng = random.Random(seed)
    gts, dts = [], []
    for _ in range(objects):
        image, k = rng.randrange(images), rng.randrange(classes)
        rings = [ring(rng, height, width, 1) for _ in range(rng.choice([1, 1, 2]))]
        gts.append({"image": image, "class": k, "rings": rings,
                    "crowd": int(rng.random() < crowd)})
        for _ in range(rng.randrange(per_object + 1)):
            shift = rng.choice([0, 1, 3])
            moved = [[p + rng.uniform(-shift, shift) for p in each] for each in rings]
            runs = coco_mask.merge(coco_mask.frPyObjects(moved, height, width))
            dts.append({"image": image, "class": k if rng.random() < 0.8 else rng.randrange(classes),
                        "text": runs["counts"].decode(), "score": rng.randint(0, 20) / 20})
    return {"size": [height, width], "images": images, "classes": classes, "objects": gts,
            "detections": dts}


def measure(case, params):
    height, width = case["size"]
    gt, dt = COCO(), COCO()
    images = [{"id": i + 1, "height": height, "width": width} for i in range(case["images"])]
    categories = [{"id": k + 1, "name": str(k)} for k in range(case["classes"])]
    for n, g in enumerate(case["objects"]):
        g["area"] = int(coco_mask.area(encode(g["rings"], height, width)))
    gt.dataset = {"images": images, "categories": categories, "annotations": [
        {"id": n + 1, "image_id": g["image"] + 1, "category_id": g["class"] + 1,
         "segmentation": g["rings"], "area": g["area"], "iscrowd": g["crowd"]}
        for n, g in enumerate(case["objects"])]}
    overlaps = []
    with contextlib.redirect_stdout(io.StringIO()):
        gt.createIndex()
        dt = gt.loadRes([{"image_id": d["image"] + 1, "category_id": d["class"] + 1,
                          "segmentation": {"size": [height, width], "counts": d["text"]},
                          "score": d["score"]} for d in case["detections"]])
        answer = COCOeval(gt, dt, "segm")
        for name, value in params.items():
            setattr(answer.params, name, np.array(value) if name.endswith("Thrs") else value)
        answer.evaluate()
        answer.accumulate()
        if not params:
            answer.summarize()
            return [float(s) for s in answer.stats]
    for d in case["detections"]:
        mine = [n for n, g in enumerate(case["objects"]) if g["image"] == d["image"]]
        overlaps.append(coco_mask.iou(
            [{"size": [height, width], "counts": d["text"].encode()}],
            [encode(case["objects"][n]["rings"], height, width) for n in mine],
            [case["objects"][n]["crowd"] for n in mine]).ravel().tolist())
    return {"params": params, "overlaps": overlaps, "precision": packed(answer.eval["precision"]),
            "recall": packed(answer.eval["recall"])}


def main():
    rng = random.Random(11)
    shapes = []
    for _ in range(160):
        height, width = rng.choice([(1, 1), (7, 5), (30, 40), (64, 33)])
        shapes.append(describe(shape(rng, height, width), height, width))
    for _ in range(6):
        shapes.append(describe([ring(rng, 480, 640) for _ in range(2)], 480, 640))
    params = {"iouThrs": [0.3, 0.5, 0.75, 0.9], "recThrs": [0, 0.1, 0.25, 0.5, 0.9, 1],
              "maxDets": [1, 2, 5], "areaRng": [[0, 1e10], [0, 256], [256, 1024]]}
    sets = []
    for case in [draw_set(1, 6, 3, 40, 3, 0), draw_set(2, 5, 2, 40, 4, 0.3)]:
        sets.append({**case, "measured": measure(case, params), "stats": measure(case, {})})
    out = pathlib.Path(__file__).parent / "data" / "masks.json"
    out.write_text(json.dumps({"shapes": shapes, "sets": sets}, separators=(",", ":")) + "\n")
    print(out, out.stat().st_size)


main()
