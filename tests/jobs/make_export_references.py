"""Writes data/export_coco.json: what pycocotools measures on an export of ours.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pycocotools==2.0.11
    ERRATA_KEEP_EXPORT=/tmp/export build/bin/test_jobs --source-file='*export_metrics*'
    /tmp/venv/bin/python tests/jobs/make_export_references.py /tmp/export

The test makes the set, edits it and exports it; its SHA-256 tells whether the numbers stored here
are those of the same bytes.
"""
import contextlib
import hashlib
import io
import json
import pathlib
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def main():
    folder = pathlib.Path(sys.argv[1])
    export = (folder / "export.json").read_bytes()
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "export.json"))
        # An image that was excluded is not in the export, and its detections are not asked for.
        rows = [row for row in json.loads((folder / "detections.json").read_text())
                if row["image_id"] in truth.imgs]
        answer = COCOeval(truth, truth.loadRes(rows), "bbox")
        answer.evaluate()
        answer.accumulate()
        answer.summarize()
    data = {"sha256": hashlib.sha256(export).hexdigest(), "images": len(truth.imgs),
            "annotations": len(truth.anns), "stats": [float(s) for s in answer.stats]}
    path = pathlib.Path(__file__).parent / "data" / "export_coco.json"
    path.write_text(json.dumps(data, indent=1) + "\n")


main()
