"""Writes a set in COCO's form for benchmarks: python3 make_coco.py FOLDER IMAGES BOXES RESULTS [SIDE]

FOLDER/images holds IMAGES small PNGs of different content, FOLDER/annotations.json BOXES boxes in 80
classes with COCO's 91 ids, FOLDER/results.json RESULTS detections, none wider or higher than SIDE
pixels. The same call gives the same bytes.
"""

import json
import os
import random
import struct
import sys
import zlib

SKIPPED = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
IDS = [i for i in range(1, 91) if i not in SKIPPED]


def png(number):
    """A grey picture of 640 x 480 whose content says its number."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    row = b"\0" + struct.pack(">I", number) + bytes(636)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 640, 480, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(row * 480, 1)) + chunk(b"IEND", b""))


def box(rng, side):
    x, y = rng.uniform(0, 500), rng.uniform(0, 400)
    return [round(x, 2), round(y, 2), round(rng.uniform(4, min(side, 630 - x)), 2),
            round(rng.uniform(4, min(side, 470 - y)), 2)]


def main():
    folder, images, boxes, results = sys.argv[1], *map(int, sys.argv[2:5])
    side = float(sys.argv[5]) if len(sys.argv) > 5 else 640
    rng = random.Random(7)
    os.makedirs(folder + "/images", exist_ok=True)
    for i in range(images):
        with open(f"{folder}/images/{i:012}.png", "wb") as stream:
            stream.write(png(i))
    annotations = []
    for k in range(boxes):
        b = box(rng, side)
        annotations.append({"segmentation": [[b[0], b[1], b[0] + b[2], b[1], b[0] + b[2],
                                              b[1] + b[3], b[0], b[1] + b[3]]],
                            "area": b[2] * b[3], "iscrowd": 0, "image_id": rng.randrange(images) + 1,
                            "bbox": b, "category_id": rng.choice(IDS), "id": k + 1})
    with open(folder + "/annotations.json", "w") as stream:
        json.dump({"info": {"description": "generated"}, "licenses": [],
                   "images": [{"license": 1, "file_name": f"{i:012}.png", "height": 480,
                               "width": 640, "id": i + 1} for i in range(images)],
                   "annotations": annotations,
                   "categories": [{"supercategory": "thing", "id": i, "name": f"class {i}"}
                                  for i in IDS]}, stream)
    detections = sorted(({"image_id": rng.randrange(images) + 1, "category_id": rng.choice(IDS),
                          "bbox": box(rng, side), "score": round(rng.random(), 5)}
                         for _ in range(results)), key=lambda d: d["image_id"])
    with open(folder + "/results.json", "w") as stream:
        json.dump(detections, stream)


if __name__ == "__main__":
    main()
