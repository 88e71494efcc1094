"""Writes data/object_lab.json: what cleanlab's ObjectLab says of the boxes of data/coco.json.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install cleanlab==2.9.0
    /tmp/venv/bin/python tests/analysis/make_object_lab_references.py

Scores of the detections are changed so that some are above 0.95: 1 - (1 - score)^4.
"""
import json
import math
import pathlib

import numpy as np
from cleanlab.object_detection import rank

DATA = pathlib.Path(__file__).parent / "data"


def known(values):
    return [None if math.isnan(v) else float(v) for v in values]


def corners(row):
    x, y, w, h = row[2:6]
    return [x, y, x + w, y + h]


def measure(case):
    labels, predictions, order = [], [], []
    for image in range(case["images"]):
        objects = [g for g in case["objects"] if g[0] == image and not g[7]]
        labels.append({"bboxes": np.array([corners(g) for g in objects]).reshape(-1, 4),
                       "labels": np.array([g[1] for g in objects], int)})
        found, rows = [], []
        for k in range(case["classes"]):
            own = [n for n, d in enumerate(case["detections"]) if d[0] == image and d[1] == k]
            rows += own
            found.append(np.array([[*corners(case["detections"][n]), case["detections"][n][6]]
                                   for n in own]).reshape(-1, 5))
        array = np.empty(case["classes"], object)
        for k, boxes in enumerate(found):
            array[k] = boxes
        predictions.append(array)
        order.append(rows)
    inputs = rank._get_valid_inputs_for_compute_scores(0.9, labels, predictions)
    overlooked = rank.compute_overlooked_box_scores(auxiliary_inputs=inputs)
    badloc = rank.compute_badloc_box_scores(auxiliary_inputs=inputs)
    swap = rank.compute_swap_box_scores(auxiliary_inputs=inputs)
    per_detection = np.full(len(case["detections"]), np.nan)
    for rows, scores in zip(order, overlooked):
        per_detection[rows] = scores
    images = rank.get_label_quality_scores(labels, predictions, verbose=False)
    pooled = [rank.pool_box_scores_per_image(s).tolist() for s in (overlooked, badloc, swap)]
    return {"overlooked": known(per_detection), "badloc": [b.tolist() for b in badloc],
            "swap": [s.tolist() for s in swap], "pooled": pooled, "image": images.tolist()}


def main():
    cases = []
    for n, case in enumerate(json.loads((DATA / "coco.json").read_text())["cases"]):
        # cleanlab cannot take images without any box of either kind.
        if n not in (0, 2, 6):
            continue
        for d in case["detections"]:
            d[6] = 1 - (1 - d[6]) ** 4
        full = set(g[0] for g in case["objects"] if not g[7]) & set(d[0] for d in case["detections"])
        kept = {old: new for new, old in enumerate(sorted(full))}
        for name in ("objects", "detections"):
            case[name] = [[kept[row[0]], *row[1:]] for row in case[name] if row[0] in kept]
        case["images"] = len(kept)
        cases.append({"case": n, "images": sorted(full), **measure(case)})
    out = DATA / "object_lab.json"
    out.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
    print(out, out.stat().st_size, [sum(o is not None for o in c["overlooked"]) for c in cases],
          [sum(s < 1 for row in c["swap"] for s in row) for c in cases],
          [sum(s < 1 for row in c["badloc"] for s in row) for c in cases])


main()
