#!/usr/bin/env python3
"""FiftyOne at the same work on the same files: prints `NAME SECONDS` lines that bench/run.sh reads.

    python bench/peer_fiftyone.py import|predictions|export|coco FOLDER

Needs fiftyone, and a mongod that it can start.
"""

import csv
import json
import os
import pathlib
import shutil
import sys
import time

os.environ.setdefault("FIFTYONE_DO_NOT_TRACK", "true")
import fiftyone as fo  # noqa: E402


def timed(name, work):
    started = time.perf_counter()
    result = work()
    print(f"{name} {time.perf_counter() - started:.4f}", flush=True)
    return result


def load(folder):
    return fo.Dataset.from_dir(dataset_dir=str(folder / "images"), progress=False,
                               dataset_type=fo.types.ImageClassificationDirectoryTree)


def attach(dataset, folder):
    with open(folder / "predictions.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    root = str((folder / "images").resolve())
    by_path = {os.path.join(root, r[0]): r for r in rows}
    values = []
    for path in dataset.values("filepath"):
        row = by_path[path]
        values.append(fo.Classification(label=row[1], confidence=float(row[2]),
                                        logits=[float(v) for v in row[3:]]))
    dataset.set_values("prediction", values)


def export(dataset, folder, media):
    target = folder / "fiftyone_export"
    shutil.rmtree(target, ignore_errors=True)
    timed(f"export_{media}", lambda: dataset.export(
        export_dir=str(target), dataset_type=fo.types.ImageClassificationDirectoryTree,
        export_media=True if media == "copy" else media, progress=False,
        label_field="ground_truth"))
    shutil.rmtree(target, ignore_errors=True)


def coco(folder):
    """Annotations and results of a set that make_coco.py wrote."""
    import fiftyone.utils.coco as fouc
    dataset = timed("import", lambda: fo.Dataset.from_dir(
        dataset_type=fo.types.COCODetectionDataset, data_path=str(folder / "images"),
        labels_path=str(folder / "annotations.json"), include_id=True, progress=False))
    categories = dataset.info.get("categories") or json.loads(
        (folder / "annotations.json").read_text())["categories"]
    timed("predictions", lambda: fouc.add_coco_labels(
        dataset, "predictions", str(folder / "results.json"), categories))
    dataset.delete()


def main():
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "coco":
        return coco(folder)
    dataset = timed("import", lambda: load(folder))
    if what == "predictions":
        timed("predictions", lambda: attach(dataset, folder))
    if what == "export":
        for media in ("symlink", "copy"):
            export(dataset, folder, media)
    dataset.delete()


if __name__ == "__main__":
    main()
