"""Writes data/cleanlab.json: labels, probabilities and what cleanlab finds in them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install cleanlab==2.9.0
    /tmp/venv/bin/python tests/analysis/make_cleanlab_references.py

Probabilities are float32 (as the store keeps them) and given to cleanlab as the same numbers in
float64; each case avoids equal margins, whose order in cleanlab is that of an unstable sort.
"""
import json
import pathlib
import warnings

import cleanlab
import numpy as np
from cleanlab import count, dataset, filter as cl_filter, rank
from cleanlab.internal import util

warnings.filterwarnings("ignore")
FILTERS = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_normalized_margin", "low_self_confidence"]
SCORES = ["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


def make(seed, rows, classes, strength, noise, sharp=1.0, rare=None, missing=None):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(classes) * 3)
    if rare is not None:
        weights[rare] = 1.5 / rows
    if missing is not None:
        weights[missing] = 0
    truth = rng.choice(classes, size=rows, p=weights / weights.sum())
    logits = sharp * (strength * np.eye(classes)[truth] + rng.normal(size=(rows, classes)))
    labels = truth.copy()
    flip = rng.random(rows) < noise
    labels[flip] = (labels[flip] + rng.integers(1, classes, flip.sum())) % classes
    if missing is not None:
        labels[labels == missing] = (missing + 1) % classes
    p = np.exp(logits - logits.max(1, keepdims=True))
    p = np.round(p / p.sum(1, keepdims=True), 6).astype(np.float32)
    return labels, p


def reference(name, labels, p32, options):
    p = p32.astype(np.float64)
    joint = count.compute_confident_joint(labels, p)
    case = {
        "name": name,
        "classes": int(p.shape[1]),
        "labels": labels.tolist(),
        "probabilities": [round(float(x), 6) for x in p32.ravel()],
        "thresholds": count.get_confident_thresholds(labels, p).tolist(),
        "confident_joint": joint.ravel().tolist(),
        "num_label_issues": int(count.num_label_issues(labels, p)),
        "num_label_issues_calibrated": int(
            count.num_label_issues(labels, p, estimation_method="off_diagonal_calibrated")),
        "scores": {s: rank.get_label_quality_scores(labels, p, method=s).tolist() for s in SCORES},
        "issues": [],
    }
    for each in options:
        for filter_by in FILTERS:
            prunes = filter_by in FILTERS[:3]
            if each and not prunes:
                continue
            arguments = dict(each)
            if "num_to_remove_per_class" in arguments:
                arguments["num_to_remove_per_class"] = np.array(
                    arguments["num_to_remove_per_class"])
            mask = cl_filter.find_label_issues(labels, p, filter_by=filter_by, n_jobs=1,
                                               **arguments)
            case["issues"].append({"filter": filter_by, "rows": np.flatnonzero(mask).tolist(),
                                   **each})
    if len(np.unique(labels)) == p.shape[1]:
        health = dataset.rank_classes_by_label_quality(labels, p, joint=count.estimate_joint(
            labels, p, confident_joint=joint))
        case["class_quality"] = {str(int(r["Class Index"])): float(r["Label Quality Score"])
                                 for _, r in health.iterrows()}
    return case


def joint_added_in_turn(labels, p):
    """The calibrated joint with its total added number by number, by the given class."""
    joint = count.compute_confident_joint(labels, p, calibrate=False)
    label_counts = np.bincount(labels, minlength=p.shape[1])
    scaled = (joint.T / np.clip(joint.sum(axis=1), 1e-100, None) * label_counts).T
    return util.round_preserving_row_totals(scaled / sum(scaled.ravel().tolist()) * len(labels))


def hangs_on_rounding(first_seed, rows, classes):
    """Labels and probabilities whose joint is another when it is added in turn; the first from
    this seed on that does not hang on numpy's unstable sort too."""
    for seed in range(first_seed, first_seed + 100_000):
        rng = np.random.default_rng(seed)
        p = rng.dirichlet(np.ones(classes) * 0.5, size=rows).round(6).astype(np.float32)
        labels = rng.integers(0, classes, rows)
        if len(np.unique(labels)) < classes:
            continue
        joint = count.compute_confident_joint(labels, p.astype(np.float64))
        util.np.argsort, unstable = (lambda values: unstable(values, kind="stable")), np.argsort
        steady = np.array_equal(joint, count.compute_confident_joint(
            labels, p.astype(np.float64)))
        util.np.argsort = unstable
        if steady and not np.array_equal(joint, joint_added_in_turn(labels, p.astype(np.float64))):
            return labels, p
    raise SystemExit("no such case")


cases = []
plain = [{}]
cases.append(reference("three classes", *make(1, 240, 3, 2.0, 0.15), plain))
cases.append(reference("eight classes, options", *make(2, 400, 8, 2.5, 0.25), [
    {}, {"frac_noise": 0.5}, {"min_examples_per_class": 20},
    {"num_to_remove_per_class": [2, 1, 3, 2, 1, 4, 2, 2]}]))
cases.append(reference("rare class", *make(3, 300, 5, 2.0, 0.2, rare=2), plain))
cases.append(reference("class without samples", *make(4, 200, 4, 2.0, 0.2, missing=3), plain))
cases.append(reference("sharp", *make(5, 200, 4, 2.0, 0.3, sharp=2.0), plain))
cases.append(reference("weak model", *make(6, 300, 6, 0.4, 0.1), plain))
cases.append(reference("binary", *make(7, 200, 2, 1.5, 0.2), plain))
few = [{}, {"frac_noise": 0.6}, {"frac_noise": 0.9}, {"min_examples_per_class": 0}]
cases.append(reference("hangs on rounding, four classes", *hangs_on_rounding(0, 30, 4), few))
cases.append(reference("hangs on rounding, twelve classes", *hangs_on_rounding(0, 60, 12), few))
out = pathlib.Path(__file__).parent / "data" / "cleanlab.json"
out.write_text(json.dumps({"cleanlab": cleanlab.__version__, "cases": cases}) + "\n")
print(out, out.stat().st_size)
