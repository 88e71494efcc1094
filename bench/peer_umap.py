"""The peer of bench/map.sh: umap-learn.

    peer_umap.py make POINTS.npy ROWS COLUMNS     points around 100 centres, 12 directions each
    peer_umap.py lay_out POINTS.npy MAP.npy       prints the seconds that UMAP takes
"""
import sys
import time

import numpy as np


def make(path, rows, columns):
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(100, columns)).astype(np.float32)
    directions = rng.normal(size=(100, 12, columns)).astype(np.float32)
    which = rng.integers(0, 100, rows)
    points = np.empty((rows, columns), np.float32)
    for begin in range(0, rows, 1000):
        at = which[begin:begin + 1000]
        along = 0.4 * rng.normal(size=(len(at), 12)).astype(np.float32)
        points[begin:begin + 1000] = centres[at] + np.einsum("nd,ndc->nc", along, directions[at])
    points += rng.normal(scale=0.08, size=points.shape).astype(np.float32)
    np.save(path, points)


def lay_out(path, out):
    import umap

    points = np.load(path)
    umap.UMAP(n_epochs=5).fit(points[:500])  # compiles
    begin = time.perf_counter()
    made = umap.UMAP().fit_transform(points)
    print(f"{time.perf_counter() - begin:.1f}")
    np.save(out, made.astype(np.float32))


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    lay_out(sys.argv[2], sys.argv[3])
