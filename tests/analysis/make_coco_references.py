"""Writes data/coco.json: boxes drawn at random, and what pycocotools and tidecv measure on them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pycocotools==2.0.11 tidecv==1.0.1
    /tmp/venv/bin/python tests/analysis/make_coco_references.py

Coordinates are whole or half pixels and scores are few, so that overlaps and scores tie often. An
array is stored as its distinct values and, per element, which of them it is.
"""
import contextlib
import io
import json
import pathlib
import random

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def draw(seed, images, classes, objects, per_object, crowd=0.08, grid=2, levels=20, size=160,
         big_scores=False, empty_classes=(), blind_classes=(), tiny=0.1, ghosts=0.4):
    rng = random.Random(seed)
    usable = [k for k in range(classes) if k not in empty_classes]
    gts, dts = [], []

    def number(low, high):
        return round(rng.uniform(low, high) * grid) / grid

    def score():
        value = rng.randint(0, levels) / levels
        return value * 1e300 if big_scores else value

    for _ in range(objects):
        image = rng.randrange(images)
        if image % 7 == 3:
            continue  # without objects
        w, h = (number(0, 3), number(0, 3)) if rng.random() < tiny else (number(4, size), number(4, size))
        box = [number(0, size), number(0, size), w, h]
        area = rng.choice([w * h, w * h * 0.6, 1024.0, 9216.0])
        k = rng.choice([u for u in usable if u not in blind_classes])
        gts.append([image, k, *box, area, int(rng.random() < crowd)])
        for _ in range(rng.randrange(per_object + 1)):
            shift = rng.choice([0, 0.05, 0.15, 0.4])
            moved = [round((v + rng.uniform(-shift, shift) * side) * grid) / grid
                     for v, side in zip(box, [w, h, w, h])]
            moved[2:] = [max(0.0, v) for v in moved[2:]]
            dts.append([image, k if rng.random() < 0.8 else rng.choice(usable), *moved, score()])
            if rng.random() < 0.2:
                dts.append(list(dts[-1]))
    for _ in range(int(objects * ghosts)):
        dts.append([rng.randrange(images), rng.choice(usable), number(0, size), number(0, size),
                    number(0, size), number(0, size), score()])
    rng.shuffle(dts)
    return {"images": images, "classes": classes, "objects": gts, "detections": dts}


def packed(array):
    values, index = np.unique(np.asarray(array).ravel(), return_inverse=True)
    return {"values": values.tolist(), "index": index.tolist()}


def coco_sets(case):
    gt, dt = COCO(), COCO()
    images = [{"id": i + 1} for i in range(case["images"])]
    categories = [{"id": 2 * k + 1, "name": str(k)} for k in range(case["classes"])]
    gt.dataset = {"images": images, "categories": categories, "annotations": [
        {"id": n + 1, "image_id": g[0] + 1, "category_id": 2 * g[1] + 1, "bbox": g[2:6],
         "area": g[6], "iscrowd": g[7]} for n, g in enumerate(case["objects"])]}
    dt.dataset = {"images": images, "categories": categories, "annotations": [
        {"id": n + 1, "image_id": d[0] + 1, "category_id": 2 * d[1] + 1, "bbox": d[2:6],
         "area": d[4] * d[5], "iscrowd": 0, "score": d[6]}
        for n, d in enumerate(case["detections"])]}
    gt.createIndex()
    dt.createIndex()
    return gt, dt


def measure(case, **params):
    with contextlib.redirect_stdout(io.StringIO()):
        gt, dt = coco_sets(case)
        answer = COCOeval(gt, dt, "bbox")
        for name, value in params.items():
            setattr(answer.params, name, np.array(value) if name.endswith("Thrs") else value)
        answer.evaluate()
        answer.accumulate()
        if not params or list(params) == ["useCats"]:
            answer.summarize()
    stats = [float(s) for s in answer.stats]
    return {"params": params, "stats": stats, "precision": packed(answer.eval["precision"]),
            "recall": packed(answer.eval["recall"])}


def tide(case):
    try:
        import tidecv
    except ImportError:
        return None
    gt, dt = tidecv.Data("gt", 100), tidecv.Data("dt")
    for i in range(case["images"]):
        gt.add_image(i, str(i))
    for k in range(case["classes"]):
        gt.add_class(k, str(k))
    for g in case["objects"]:
        (gt.add_ignore_region if g[7] else gt.add_ground_truth)(g[0], g[1], g[2:6])
    for d in case["detections"]:
        dt.add_detection(d[0], d[1], d[6], d[2:6])
    run = tidecv.TIDE().evaluate(gt, dt, mode=tidecv.TIDE.BOX)
    kinds = ["-"] * len(case["detections"])
    missed = []
    for detection in dt.annotations:
        if detection.get("used"):
            kinds[detection["_id"]] = "True"
    for error in run.errors:
        if error.short_name == "Miss":
            missed.append(error.gt["_id"])
        else:
            kinds[error.pred["_id"]] = error.short_name
    main = {e.short_name: v for e, v in run.fix_main_errors().items()}
    special = {e.short_name: v for e, v in run.fix_special_errors().items()}
    return {"ap": run.ap, "main": main, "special": special, "kinds": kinds,
            "missed": sorted(missed)}


def main():
    few = {"iouThrs": [0.3, 0.5, 0.75, 1.0], "recThrs": [0, 0.1, 0.25, 0.5, 0.9, 1],
           "maxDets": [1, 2, 5], "areaRng": [[0, 1e10], [0, 1024], [1024, 9216]]}
    one = {**few, "useCats": 0}
    drawn = [
        ("as pycocotools has it", draw(1, 20, 2, 60, 3), [{}]),
        ("many classes, empty and blind ones", draw(2, 25, 9, 90, 3, empty_classes=(2, 5),
                                                    blind_classes=(1,)), [few]),
        ("crowds", draw(3, 12, 3, 60, 4, crowd=0.4), [few, one]),
        ("all scores tie", draw(4, 15, 3, 50, 3, levels=1), [few]),
        ("huge scores", draw(5, 15, 3, 40, 2, big_scores=True), [few]),
        ("one crowded image", draw(6, 1, 2, 60, 4, size=60), [few]),
        ("tiny boxes", draw(7, 10, 2, 60, 3, tiny=0.9), [few, one]),
        ("no detections", {**draw(8, 5, 2, 10, 0), "detections": []}, [few]),
        ("no objects", {**draw(9, 5, 2, 10, 2), "objects": []}, [few]),
    ]
    cases = []
    for name, case, params in drawn:
        measured = {"name": name, **case, "coco": [measure(case, **p) for p in params]}
        # tidecv divides by zero when no object is left, and takes scores for at most 1.
        if name not in ("no objects", "no detections", "huge scores"):
            measured["tide"] = tide(case)
        cases.append(measured)
    out = pathlib.Path(__file__).parent / "data" / "coco.json"
    out.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
    print(out, out.stat().st_size, [len(c["detections"]) for c in cases])


main()
