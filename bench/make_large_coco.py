"""COCO files beyond 4 GB, over the images of make_coco.py: python3 make_large_coco.py FOLDER KIND GIB

KIND results: plain boxes, the images in turn again and again, so that no two detections of an image
lie together. masks: results with polygons of 100 points. truth: annotations with polygons of 400.
Writes FOLDER/large_KIND.json; the row before the last is no JSON. Prints how many rows there are,
and at which byte reading must stop in that one.
"""

import json
import math
import random
import sys

BROKEN = '{"image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 3], "score": 0.5, '


def polygon(rng, points):
    x, y = rng.uniform(50, 590), rng.uniform(50, 430)
    flat = []
    for i in range(points):
        turn, radius = 2 * math.pi * i / points, rng.uniform(30, 45)
        flat += [round(x + radius * math.cos(turn), 2), round(y + radius * math.sin(turn), 2)]
    return json.dumps([flat])


def main():
    folder, kind, size = sys.argv[1], sys.argv[2], int(float(sys.argv[3]) * 2**30)
    rng = random.Random(7)
    with open(folder + "/annotations.json") as stream:
        base = json.load(stream)
    images, ids = len(base["images"]), [c["id"] for c in base["categories"]]
    outlines = [polygon(rng, 400 if kind == "truth" else 100) for _ in range(300)]

    def row(number, image):
        made = {"image_id": image, "category_id": rng.choice(ids),
                "bbox": [round(rng.uniform(0, 500), 2), round(rng.uniform(0, 400), 2),
                         round(rng.uniform(4, 130), 2), round(rng.uniform(4, 60), 2)]}
        made.update({"area": 100.0, "iscrowd": 0, "id": number} if kind == "truth" else
                    {"score": round(rng.random(), 5)})
        text = json.dumps(made)
        if kind == "results":
            return text
        return text[:-1] + ', "segmentation": ' + outlines[number % len(outlines)] + "}"

    with open(f"{folder}/large_{kind}.json", "w") as out:
        head = "["
        if kind == "truth":
            head = json.dumps({key: base[key] for key in ("images", "categories")})[:-1]
            head += ', "annotations": ['
        written, rows, block = out.write(head), 0, None
        while written < size:
            if kind != "results" or block is None:
                count = 20 * images if kind == "results" else 2000
                block = ", ".join(row(rows + i + 1, 1 + i % images) for i in range(count)) + ", "
            written += out.write(block)
            rows += count
        out.write(BROKEN + "broken}, " + row(rows + 2, 1) + ("]}" if kind == "truth" else "]"))
    print(rows + 2, "rows; one stops at byte", written + len(BROKEN))


if __name__ == "__main__":
    main()
