"""Writes data/datalab.json: embeddings, labels and what Datalab finds in them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install "cleanlab[datalab]==2.9.0"
    /tmp/venv/bin/python tests/analysis/make_datalab_references.py

Embeddings are float32, given to Datalab as the same numbers in float64.
"""
import json
import pathlib
import warnings

import numpy as np
from cleanlab import Datalab
from cleanlab.datalab.internal.issue_manager.noniid import NonIIDIssueManager
from cleanlab.datalab.internal.spurious_correlation import SpuriousCorrelations
import pandas as pd

warnings.filterwarnings("ignore")


def embeddings(seed, rows, columns, copies, ordered):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, rows)
    if ordered:
        labels = np.sort(labels)
    labels[labels == 3] = np.where(rng.random((labels == 3).sum()) < 0.06, 3, 0)
    centres = rng.normal(size=(4, columns)) * 2
    x = centres[labels] + rng.normal(size=(rows, columns)) * 0.5
    x[::37] *= 4
    if copies:
        x[5:12] = x[4]  # fewer copies than neighbours
        x[40:60] = x[39]  # and more
        for i in range(100, 120, 2):
            x[i] = x[i + 1] + rng.normal(size=columns) * 1e-3
    return np.round(x, 4).astype(np.float32), labels


def reference(name, x32, labels):
    x = x32.astype(np.float64)
    lab = Datalab({"y": labels}, label_name="y", verbosity=0)
    lab.find_issues(features=x, issue_types={
        "outlier": {}, "near_duplicate": {}, "non_iid": {}, "class_imbalance": {}})
    issues = lab.get_issues()
    order = NonIIDIssueManager(lab)
    order.find_issues(features=x)
    near = lab.get_info("near_duplicate")
    return {
        "name": name,
        "rows": int(x.shape[0]),
        "columns": int(x.shape[1]),
        "embeddings": [round(float(v), 4) for v in x32.ravel()],
        "labels": labels.tolist(),
        "outlier_scores": issues["outlier_score"].tolist(),
        "outliers": np.flatnonzero(issues["is_outlier_issue"]).tolist(),
        "near_duplicate_scores": issues["near_duplicate_score"].tolist(),
        "near_duplicates": np.flatnonzero(issues["is_near_duplicate_issue"]).tolist(),
        "order_statistic": float(order.statistics["ks"]),
        "order_p_value": float(order.p_value),
        "order_scores": issues["non_iid_score"].tolist(),
        "rarest": np.flatnonzero(issues["is_class_imbalance_issue"]).tolist(),
    }


def correlations():
    rng = np.random.default_rng(9)
    cases = []
    for rows, classes, strength in [(200, 2, 0.0), (301, 3, 1.0), (250, 4, 6.0), (90, 2, 3.0)]:
        labels = rng.integers(0, classes, rows)
        labels[rng.random(rows) < 0.4] = classes - 1
        values = np.round(rng.normal(size=rows) + strength * labels, 5).astype(np.float32)
        frame = pd.DataFrame({"dark_score": values.astype(np.float64)})
        score = SpuriousCorrelations(frame, labels).calculate_correlations()["score"][0]
        cases.append({"labels": labels.tolist(), "values": [round(float(v), 5) for v in values],
                      "score": float(score)})
    return cases


def main():
    cases = [reference("shuffled, cosine", *embeddings(1, 300, 8, False, False)),
             reference("copies, cosine", *embeddings(2, 300, 8, True, False)),
             reference("sorted by class, euclidean", *embeddings(3, 260, 3, False, True)),
             reference("copies, euclidean", *embeddings(4, 200, 2, True, False))]
    out = pathlib.Path(__file__).parent / "data" / "datalab.json"
    out.write_text(json.dumps({"cases": cases, "correlations": correlations()}) + "\n")


main()
