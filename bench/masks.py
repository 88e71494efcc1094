#!/usr/bin/env python3
"""AP and AR of masks on real outlines, beside pycocotools: equal, or exit code 1.

    bench/masks.py ERRATA ANNOTATIONS FOLDER [SEED]

ANNOTATIONS is any COCO file with polygons, such as TACO's (github.com/pedropro/TACO); its images
are not needed: blank ones of their sizes are written. Of the annotations some become run lengths of
either kind and a few crowds; detections are drawn from them, displaced, of another class, twice or
of nothing, with scores that tie. Everything is written into FOLDER. Wants Python with pycocotools.
"""
import contextlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import time
import zlib

from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

STATS = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large",
         "AR1", "AR10", "AR100", "AR_small", "AR_medium", "AR_large")


def write_blank(path, width, height):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    rows = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 1)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) +
                   chunk(b"IEND", b""))


def compressed(runs):
    return {"size": list(runs["size"]), "counts": runs["counts"].decode()}


def counted(runs):
    bits = masks.decode(runs).flatten(order="F")
    counts, last, length = [], 0, 0
    for bit in bits.tolist():
        if bit != last:
            counts.append(length)
            last, length = bit, 0
        length += 1
    return {"size": list(runs["size"]), "counts": counts + [length]}


def make(source, folder, seed):
    rng = random.Random(seed)
    with open(source) as file:
        data = json.load(file)
    size = {image["id"]: (image["height"], image["width"]) for image in data["images"]}
    categories = [category["id"] for category in data["categories"]]
    for image in data["images"]:
        image["file_name"] = f"{image['id']}.png"
        write_blank(f"{folder}/images/{image['file_name']}", image["width"], image["height"])

    def runs_of(polygons, image):
        height, width = size[image]
        return masks.merge(masks.frPyObjects(polygons, height, width))

    results = []

    def detect(image, category, polygons, score):
        runs = compressed(runs_of(polygons, image))
        if masks.area(runs) > 0:
            results.append({"image_id": image, "category_id": category, "segmentation": runs,
                            "bbox": masks.toBbox(runs).tolist(), "score": round(score, 2)})

    kept = []
    for number, each in enumerate(data["annotations"]):
        polygons = [ring for ring in each["segmentation"] if len(ring) >= 6]
        if not polygons:
            continue
        image, category = each["image_id"], each["category_id"]
        runs = runs_of(polygons, image)
        area = int(masks.area(runs))
        if area == 0:
            continue
        each = {"id": number + 1, "image_id": image, "category_id": category, "iscrowd": 0,
                "area": area, "bbox": masks.toBbox(runs).tolist(), "segmentation": polygons}
        if number % 7 == 1:
            each["segmentation"] = compressed(runs)
        if number % 97 == 2:
            each["segmentation"] = counted(runs)
        if number % 61 == 3:
            each["segmentation"], each["iscrowd"] = compressed(runs), 1
        kept.append(each)
        for _ in range(rng.choice((0, 1, 1, 1, 2))):
            spread = rng.choice((0.01, 0.05, 0.15, 0.6)) * max(each["bbox"][2:])
            by_x, by_y = rng.gauss(0, spread), rng.gauss(0, spread)
            moved = [[value + (by_x if i % 2 == 0 else by_y) for i, value in enumerate(ring)]
                     for ring in polygons]
            other = category if rng.random() < 0.8 else rng.choice(categories)
            detect(image, other, moved, rng.betavariate(2, 2))
    data["annotations"] = kept
    with open(folder + "/truth.json", "w") as file:
        json.dump(data, file)
    with open(folder + "/results.json", "w") as file:
        json.dump(results, file)
    print(len(size), "images,", len(kept), "annotations,", len(results), "detections")


def peer(folder, kind):
    with open(folder + "/results.json") as file:
        results = json.load(file)
    if kind == "segm":
        # With a box there, pycocotools takes its area for the mask's; Detectron2 and MMDetection
        # take the boxes out before, as we measure.
        for result in results:
            del result["bbox"]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(folder + "/truth.json")
        found = truth.loadRes(results)
        begin = time.monotonic()
        evaluation = COCOeval(truth, found, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    by_class = {}
    for k, category in enumerate(evaluation.params.catIds):
        values = precision[:, :, k]
        values = values[values > -1]
        by_class[truth.cats[category]["name"]] = float(values.mean()) if values.size else None
    return list(map(float, evaluation.stats)), by_class, time.monotonic() - begin


def ours(errata, folder, kind):
    store = folder + "/masks.db"
    begin = time.monotonic()
    command = [errata, "-q", "-s", store, "metrics", "--json"]
    printed = subprocess.run(command + (["--masks"] if kind == "segm" else []), check=True,
                             stdout=subprocess.PIPE).stdout
    return json.loads(printed), time.monotonic() - begin


def main():
    errata, source, folder = sys.argv[1:4]
    os.makedirs(folder + "/images", exist_ok=True)
    make(source, folder, int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    for leftover in ("", "-wal", "-shm"):
        if os.path.exists(folder + "/masks.db" + leftover):
            os.remove(folder + "/masks.db" + leftover)
    run = [errata, "-q", "-s", folder + "/masks.db"]
    subprocess.run(run + ["import", folder + "/truth.json", "--images", folder + "/images"],
                   check=True)
    subprocess.run(run + ["predictions", folder + "/results.json", "--category-base", "dataset"],
                   check=True)
    worst = 0
    for kind in ("segm", "bbox"):
        stats, by_class, seconds = peer(folder, kind)
        report, own_seconds = ours(errata, folder, kind)
        differences = [abs(report["metrics"][name]["value"] - value) for name, value in zip(STATS, stats)]
        for each in report["per_class"]:
            value, own = by_class.get(each["class"]), each["ap"]
            if (value is None) != (own is None):
                differences.append(1)
            elif value is not None:
                differences.append(abs(own - value))
        if max(differences) > 1e-12:
            for name, value in zip(STATS, stats):
                print(name, value, report["metrics"][name]["value"])
        print(f"{kind}: AP {stats[0]:.6f}, largest difference of {len(differences)} numbers "
              f"{max(differences):.1e}; pycocotools {seconds:.1f} s, errata metrics with intervals "
              f"and TIDE {own_seconds:.1f} s")
        worst = max(worst, max(differences))
    return 0 if worst <= 1e-12 else 1


if __name__ == "__main__":
    sys.exit(main())
