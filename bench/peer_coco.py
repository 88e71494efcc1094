"""Draws a set of boxes for the detection benchmark, and times the peers on it.

    peer_coco.py make BASE IMAGES OBJECTS DETECTIONS CLASSES
    peer_coco.py json BASE
    peer_coco.py time BASE
    peer_coco.py load BASE
    peer_coco.py tide BASE

make writes BASE.objects.f64 (image, class, x, y, w, h, area, crowd a row) and BASE.detections.f64
(image, class, x, y, w, h, score), native doubles, and BASE.shape. Only evaluation is timed: the
peers' own loading is not, but by load. json writes the same as BASE.annotations.json,
BASE.results.json and a picture for each image below BASE.images. time prints a line a peer: its name, seconds, the 12 numbers; tide prints
tidecv's seconds, its AP and its eight dAP.
"""
import contextlib
import io
import json
import os
import sys
import time

import numpy as np


def make(base, images, objects, detections, classes):
    rng = np.random.default_rng(7)
    weights = 1 / np.arange(1, classes + 1)
    gt = np.zeros((objects, 8))
    gt[:, 0] = np.sort(rng.integers(0, images, objects))
    gt[:, 1] = rng.choice(classes, objects, p=weights / weights.sum())
    gt[:, 4:6] = np.exp(rng.uniform(np.log(8), np.log(300), (objects, 2)))
    gt[:, 2:4] = rng.uniform(0, 1, (objects, 2)) * (640 - gt[:, 4:6])
    gt[:, 6] = gt[:, 4] * gt[:, 5] * rng.uniform(0.4, 1, objects)
    gt[:, 7] = rng.random(objects) < 0.01
    source = rng.integers(0, objects, detections)
    dt = np.zeros((detections, 7))
    dt[:, :6] = gt[source, :6]
    spread = rng.choice([0.03, 0.1, 0.4, 2.0], detections, p=[0.2, 0.2, 0.2, 0.4])[:, None]
    dt[:, 2:4] += rng.normal(size=(detections, 2)) * spread * dt[:, 4:6]
    dt[:, 4:6] *= np.exp(rng.normal(size=(detections, 2)) * np.minimum(spread, 0.5))
    wrong = rng.random(detections) < 0.2
    dt[wrong, 1] = rng.integers(0, classes, wrong.sum())
    dt[:, 6] = rng.beta(2, 2, detections) / (1 + spread[:, 0])
    gt[:, 2:7] = np.round(gt[:, 2:7], 2)
    dt[:, 2:6] = np.round(dt[:, 2:6], 2)
    dt[:, 6] = np.round(dt[:, 6], 3)  # as results are written; scores tie
    dt = dt[np.argsort(dt[:, 0], kind="stable")]
    gt.tofile(base + ".objects.f64")
    dt.tofile(base + ".detections.f64")
    with open(base + ".shape", "w") as file:
        file.write(f"{images} {classes}\n")


def load(base):
    images, classes = map(int, open(base + ".shape").read().split())
    gt = np.fromfile(base + ".objects.f64").reshape(-1, 8).tolist()
    dt = np.fromfile(base + ".detections.f64").reshape(-1, 7).tolist()
    return images, classes, gt, dt


def as_json(base):
    """The set as pycocotools has it in memory: annotations and results."""
    images, classes, gts, dts = load(base)
    truth = {"images": [{"id": i + 1, "file_name": f"{i:06}.png"} for i in range(images)],
             "categories": [{"id": k + 1, "name": str(k)} for k in range(classes)],
             "annotations": [
                 {"id": n + 1, "image_id": int(g[0]) + 1, "category_id": int(g[1]) + 1,
                  "bbox": g[2:6], "area": g[6], "iscrowd": int(g[7])} for n, g in enumerate(gts)]}
    results = [{"image_id": int(d[0]) + 1, "category_id": int(d[1]) + 1, "bbox": d[2:6],
                "score": d[6]} for d in dts]
    return truth, results


def write_json(base):
    from make_coco import png
    truth, results = as_json(base)
    os.makedirs(base + ".images", exist_ok=True)
    for i, image in enumerate(truth["images"]):
        with open(f"{base}.images/{image['file_name']}", "wb") as file:
            file.write(png(i))
    for name, content in (("annotations", truth), ("results", results)):
        with open(f"{base}.{name}.json", "w") as file:
            json.dump(content, file)


def load_time(name, coco_class, eval_class, base):
    begin = time.perf_counter()

    def work():
        gt = coco_class(base + ".annotations.json")
        answer = eval_class(gt, gt.loadRes(base + ".results.json"), "bbox")
        answer.evaluate()
        answer.accumulate()
        answer.summarize()
        return answer

    answer = quietly(work)
    secs = time.perf_counter() - begin
    numbers = " ".join(repr(float(s)) for s in list(answer.stats)[:12])
    print(f"{name} {secs:.3f} {numbers}", flush=True)


def quietly(work):
    with contextlib.redirect_stdout(io.StringIO()):
        return work()


def coco_time(name, coco_class, eval_class, base):
    truth, results = as_json(base)

    def prepare():
        gt = coco_class()
        gt.dataset = truth
        gt.createIndex()
        return eval_class(gt, gt.loadRes(results), "bbox")

    answer = quietly(prepare)
    begin = time.perf_counter()
    quietly(lambda: (answer.evaluate(), answer.accumulate(), answer.summarize()))
    secs = time.perf_counter() - begin
    numbers = " ".join(repr(float(s)) for s in list(answer.stats)[:12])
    print(f"{name} {secs:.3f} {numbers}", flush=True)


def tide_time(base):
    import tidecv
    images, classes, gts, dts = load(base)
    gt, dt = tidecv.Data("gt", 100), tidecv.Data("dt")
    for i in range(images):
        gt.add_image(i, str(i))
    for k in range(classes):
        gt.add_class(k, str(k))
    for g in gts:
        (gt.add_ignore_region if g[7] else gt.add_ground_truth)(int(g[0]), int(g[1]), g[2:6])
    for d in dts:
        dt.add_detection(int(d[0]), int(d[1]), d[6], d[2:6])
    begin = time.perf_counter()
    run = tidecv.TIDE().evaluate(gt, dt, mode=tidecv.TIDE.BOX)
    main = run.fix_main_errors()
    special = run.fix_special_errors()
    secs = time.perf_counter() - begin
    numbers = [run.ap, *main.values(), *special.values()]
    print("tidecv", f"{secs:.3f}", *[repr(float(v)) for v in numbers], flush=True)


def main():
    what, base = sys.argv[1:3]
    if what == "make":
        make(base, *map(int, sys.argv[3:7]))
    elif what == "json":
        write_json(base)
    elif what == "tide":
        tide_time(base)
    else:
        measure = load_time if what == "load" else coco_time
        from faster_coco_eval import COCO, COCOeval_faster
        measure("faster-coco-eval", COCO, COCOeval_faster, base)
        from pycocotools.coco import COCO as PlainCOCO
        from pycocotools.cocoeval import COCOeval
        measure("pycocotools", PlainCOCO, COCOeval, base)


main()
