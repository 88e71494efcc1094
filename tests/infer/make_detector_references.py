"""Writes goldens/detector.json: what OpenCV, torchvision and Ultralytics make of numbers that a hash
gives, so that the tests need none of them.

    python tests/infer/make_detector_references.py

Needs numpy, torch, torchvision, opencv-python 4 and ultralytics. hashed() is in detect_test.cc too.
"""

import hashlib
import json
import pathlib

import cv2
import numpy as np
import torch
import torchvision
import ultralytics
from ultralytics.data.augment import LetterBox
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import scale_boxes

OUT = pathlib.Path(__file__).parent / "goldens" / "detector.json"


def hashed(count, seed):
    """Bytes: a mix of the index (32-bit arithmetic)."""
    mask = np.uint64(0xFFFFFFFF)
    h = (np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed)) & mask
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2246822519)) & mask
    h ^= h >> np.uint64(13)
    return (h >> np.uint64(24)).astype(np.uint8)


def picture(width, height, channels, seed):
    return hashed(width * height * channels, seed).reshape(height, width, channels)


def digest(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def floats(count, seed, low, high):
    """Multiples of (high - low) / 256, exact in float32 for the ranges used here."""
    return (low + hashed(count, seed).astype(np.float64) * ((high - low) / 256)).astype(np.float32)


def resizes():
    cases = []
    for seed, (w, h, c, to_w, to_h) in enumerate([
            (640, 480, 3, 320, 240), (64, 48, 1, 32, 24), (641, 480, 3, 320, 240),
            (500, 375, 3, 640, 480), (37, 53, 3, 96, 137), (333, 17, 3, 320, 16), (1, 1, 3, 5, 7),
            (2, 3, 3, 1, 1), (100, 100, 3, 50, 51), (31, 29, 1, 64, 60), (200, 10, 3, 100, 10),
            (1000, 707, 3, 320, 226), (5, 400, 3, 4, 320)]):
        out = cv2.resize(picture(w, h, c, seed), (to_w, to_h), interpolation=cv2.INTER_LINEAR)
        cases.append({"seed": seed, "channels": c, "from": [w, h], "to": [to_w, to_h],
                      "sha256": digest(out)})
    return cases


def letterboxes():
    cases = []
    for seed, (w, h, to_w, to_h) in enumerate([
            (640, 480, 320, 320), (480, 640, 320, 320), (333, 500, 320, 320), (97, 31, 64, 64),
            (31, 97, 96, 64), (320, 320, 320, 320), (333, 17, 320, 320), (10, 10, 64, 96), (2000, 1, 320, 320)]):
        out = LetterBox((to_h, to_w), auto=False)(image=picture(w, h, 3, seed))
        cases.append({"seed": seed, "from": [w, h], "to": [to_w, to_h], "sha256": digest(out)})
    return cases


def boxes_of(n, seed, spread):
    corner = floats(2 * n, seed, 0, spread).reshape(n, 2)
    size = floats(2 * n, seed + 1, 0, 64).reshape(n, 2)
    return np.concatenate([corner, corner + size], 1)


def suppressions():
    cases = []
    for seed, (n, spread, iou) in enumerate([(0, 64, 0.5), (1, 64, 0.5), (50, 32, 0.5),
                                             (200, 128, 0.7), (200, 64, 0.3), (300, 16, 0.0),
                                             (64, 32, 1.0)]):
        # 256 different scores: many ties. Boxes of zero size are among them.
        keep = torchvision.ops.nms(torch.from_numpy(boxes_of(n, 10 * seed, spread)),
                                   torch.from_numpy(floats(n, 10 * seed + 2, 0, 1)), iou)
        cases.append({"n": n, "seed": 10 * seed, "spread": spread, "iou": iou,
                      "keep": keep.tolist()})
    return cases


def alignments():
    cases = []
    for seed, (scale, height, width, ratio, aligned) in enumerate([
            (1.0, 2, 2, 2, False), (0.25, 3, 2, 2, True), (0.125, 2, 3, -1, False),
            (0.5, 1, 1, 0, True), (0.0625, 7, 7, 2, False)]):
        maps = floats(2 * 3 * 9 * 11, seed, -1, 1).reshape(2, 3, 9, 11)
        # Some lie partly or wholly outside the map.
        rois = np.concatenate([hashed(6, seed + 50).reshape(6, 1) % 2,
                               boxes_of(6, seed + 60, 64) - 8], 1).astype(np.float32)
        out = torchvision.ops.roi_align(torch.from_numpy(maps), torch.from_numpy(rois),
                                        (height, width), scale, ratio, aligned)
        cases.append({"seed": seed, "scale": scale, "height": height, "width": width,
                      "ratio": ratio, "aligned": aligned,
                      "values": [round(float(v), 7) for v in out.flatten()]})
    return cases


def detections():
    cases = []
    for seed, (classes, others, anchors, conf, iou, most, agnostic, image) in enumerate([
            (3, 0, 200, 0.6, 0.7, 300, False, (640, 480)), (3, 0, 200, 0.6, 0.7, 300, True, (640, 480)),
            (1, 2, 100, 0.5, 0.5, 300, False, (97, 31)), (80, 32, 120, 0.9, 0.45, 20, False, (333, 500)),
            (2, 0, 64, 0.999, 0.7, 300, False, (320, 320)), (2, 0, 64, 0.9, 0.7, 300, False, (2000, 1)), (5, 0, 300, 0.05, 0.2, 10, True, (31, 97))]):
        channels = 4 + classes + others
        raw = floats(channels * anchors, seed, 0, 1).reshape(channels, anchors)
        raw[:4] *= np.array([[320], [320], [128], [128]], dtype=np.float32)
        found = non_max_suppression(torch.from_numpy(raw[None].copy()), conf, iou, max_det=most,
                                    agnostic=agnostic, nc=classes)[0]
        found[:, :4] = scale_boxes((320, 320), found[:, :4], image[::-1])
        cases.append({"seed": seed, "classes": classes, "others": others, "anchors": anchors,
                      "confidence": conf, "iou": iou, "most": most, "agnostic": agnostic,
                      "image": list(image),
                      "found": [[round(float(v), 5) for v in row[:6]] for row in found]})
    return cases


def main():
    versions = {"opencv": cv2.__version__, "torchvision": torchvision.__version__,
                "ultralytics": ultralytics.__version__}
    parts = {"versions": versions, "resize": resizes(), "letterbox": letterboxes(),
             "nms": suppressions(), "roi_align": alignments(), "detections": detections()}
    with open(OUT, "w", encoding="utf-8") as file:
        file.write("{\n")
        for number, (name, cases) in enumerate(parts.items()):
            end = ",\n" if number + 1 < len(parts) else "\n"
            if isinstance(cases, dict):
                file.write(f'"{name}": {json.dumps(cases)}{end}')
                continue
            file.write(f'"{name}": [\n')
            file.write(",\n".join(json.dumps(case, separators=(",", ":")) for case in cases))
            file.write(f"\n]{end}")
        file.write("}\n")


if __name__ == "__main__":
    main()
