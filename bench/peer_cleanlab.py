"""Times cleanlab's find_label_issues on a matrix of probabilities, and draws that matrix.

    peer_cleanlab.py make OUT ROWS CLASSES   OUT.probs.npy (float32), OUT.labels.npy (int64)
    peer_cleanlab.py time OUT                prints: FILTER SECONDS ISSUES
"""
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def make(out, rows, classes):
    rng = np.random.default_rng(1)
    probs = np.lib.format.open_memmap(out + ".probs.npy", mode="w+", dtype=np.float32,
                                      shape=(rows, classes))
    labels = np.empty(rows, dtype=np.int64)
    for begin in range(0, rows, 50_000):
        end = min(rows, begin + 50_000)
        truth = rng.integers(classes, size=end - begin)
        logits = rng.normal(size=(end - begin, classes)).astype(np.float32)
        logits[np.arange(end - begin), truth] += 4
        p = np.exp(logits - logits.max(1, keepdims=True))
        probs[begin:end] = p / p.sum(1, keepdims=True)
        flip = rng.random(end - begin) < 0.1
        truth[flip] = rng.integers(classes, size=flip.sum())
        labels[begin:end] = truth
    probs.flush()
    np.save(out + ".labels.npy", labels)


def measure(out):
    from cleanlab.filter import find_label_issues
    # float64: in float32 its thresholds and margins are rounded, and the set depends on that.
    probs = np.load(out + ".probs.npy").astype(np.float64)
    labels = np.load(out + ".labels.npy")
    for filter_by in ["prune_by_noise_rate", "confident_learning"]:
        begin = time.perf_counter()
        mask = find_label_issues(labels, probs, filter_by=filter_by)
        print(filter_by, f"{time.perf_counter() - begin:.3f}", int(mask.sum()), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        measure(sys.argv[2])
