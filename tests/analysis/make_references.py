"""Writes data/classification.json: predictions and what scikit-learn measures on them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scikit-learn
    /tmp/venv/bin/python tests/analysis/make_references.py

Probabilities are float32 with six decimals, so that the JSON holds them exactly enough. Brier is
brier_score_loss over all classes without halving; ECE has no scikit-learn function: it is computed
here from its definition with numpy.
"""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics

warnings.filterwarnings("ignore")


def make(seed, rows, classes, strength, drop_label=None, drop_prediction=None, one_hot=False):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(classes))
    if drop_label is not None:
        weights[drop_label] = 0
        weights /= weights.sum()
    labels = rng.choice(classes, size=rows, p=weights)
    logits = strength * (np.eye(classes)[labels] + rng.normal(size=(rows, classes)))
    if drop_prediction is not None:
        logits[:, drop_prediction] = -12
    p = np.exp(logits - logits.max(1, keepdims=True))
    p = np.round(p / p.sum(1, keepdims=True), 6)
    if one_hot:
        p = np.eye(classes)[p.argmax(1)]
    return labels, p.astype(np.float32)


def ece(confidence, right, bins):
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    table = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if low == 0:
            inside |= confidence == 0
        count = int(inside.sum())
        table.append([count, float(right[inside].mean()) if count else None,
                      float(confidence[inside].mean()) if count else None])
        if count:
            total += count / len(right) * abs(right[inside].mean() - confidence[inside].mean())
    return total, table


def measure(labels, p, bins=15):
    classes = p.shape[1]
    top = p.argmax(1)
    confidence = p[np.arange(len(p)), top].astype(np.float64)
    every = list(range(classes))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, top, labels=every, zero_division=0)
    averages = {}
    for kind in ("macro", "weighted"):  # over the classes that occur, scikit-learn's default
        a = metrics.precision_recall_fscore_support(labels, top, average=kind, zero_division=0)
        averages[kind] = [float(v) for v in a[:3]]
    onehot = np.eye(classes)[labels]
    found_ece, table = ece(confidence, (top == labels).astype(float), bins)
    return {
        "accuracy": metrics.accuracy_score(labels, top),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, top),
        "top_k": {str(k): metrics.top_k_accuracy_score(labels, p, k=k, labels=every)
                  for k in (1, 2, 3) if k < classes} if classes > 2 else {},
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
        "support": support.tolist(), **averages,
        "confusion": metrics.confusion_matrix(labels, top, labels=every).tolist(),
        "log_loss": float(metrics.log_loss(labels, p, labels=every)),
        "brier": float(((p.astype(np.float64) - onehot) ** 2).sum(1).mean()),
        "sklearn_brier": float(metrics.brier_score_loss(labels, p, labels=every,
                                                        scale_by_half=False)),
        "ece": found_ece, "bins": table,
    }


def case(name, **options):
    labels, p = make(**options)
    return {"name": name, "classes": p.shape[1], "labels": labels.tolist(),
            "probabilities": [float(f"{v:.6f}") for v in p.ravel()], "expected": measure(labels, p)}


CASES = [
    case("five classes", seed=1, rows=200, classes=5, strength=1.5),
    case("two classes", seed=2, rows=150, classes=2, strength=1.0),
    case("a class without a label", seed=3, rows=120, classes=4, strength=2.0, drop_label=2),
    case("a class never predicted", seed=4, rows=120, classes=4, strength=1.2, drop_prediction=1),
    case("twelve classes", seed=5, rows=150, classes=12, strength=2.5),
    case("certain of everything", seed=6, rows=100, classes=3, strength=1.0, one_hot=True),
]

out = pathlib.Path(__file__).parent / "data" / "classification.json"
out.parent.mkdir(exist_ok=True)
out.write_text(json.dumps({"made_with": f"scikit-learn {sklearn.__version__}", "cases": CASES},
                          indent=None, separators=(",", ":")).replace('},{"name"', '},\n{"name"') + "\n")
print(out, out.stat().st_size, "bytes")
