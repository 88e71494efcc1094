"""Would a network on the pixels tell more of the labels than the head on a backbone's embeddings?

    peer_pixel_network.py DATA NAME...    after bench/label_errors.sh wrote DATA.* of Fashion-MNIST;
                                          NAME: human-10-0, ... (needs torch and scikit-learn)

Trains a small convolutional network in three folds on the labels as given (shifts and flips, label
smoothing, beliefs averaged over the later epochs), alone and with the principal coordinates of the
embeddings beside it in the last layer, that one a second time with each sample weighted by how much
the first round believed its label. Prints the average precision of the belief in the label by the
probe of Errata (cleanlab's self confidence), by Errata's detector, by the networks, by the probe or
the detector and a network (odds multiply), and by all of them trained on the true labels, which
nobody has: what can be told at all.
"""
import gzip
import sys

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from torch import nn
from torch.nn import functional

IMAGES = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
EPOCHS, BATCH, FOLDS, COORDINATES = 10, 64, 3, 128


class Net(nn.Module):
    def __init__(self, classes, coordinates):
        super().__init__()

        def block(inputs, outputs):
            return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                    nn.ReLU()]
        self.features = nn.Sequential(
            *block(1, 24), nn.MaxPool2d(2), *block(24, 48), nn.MaxPool2d(2), *block(48, 96),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2))
        self.head = nn.Linear(4 * 96, classes)
        self.beside = nn.Linear(coordinates, classes) if coordinates else None

    def forward(self, images, coordinates):
        out = self.head(self.features(images))
        if self.beside is None:
            return out
        return out + self.beside(functional.dropout(coordinates, 0.3, self.training))


def moved(images):
    if torch.rand(1) < 0.5:
        images = images.flip(3)
    return torch.roll(images, torch.randint(-2, 3, (2,)).tolist(), (2, 3))


class Data:
    def __init__(self, path):
        self.truth = np.load(path + ".truth.npy")
        self.classes = int(self.truth.max()) + 1
        with gzip.open(IMAGES) as file:
            images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
        images = torch.tensor(images[:len(self.truth)].copy()).float() / 255
        self.images = (images - images.mean()) / images.std()
        rows = torch.tensor(np.load(path + ".emb.npy"))
        rows = (rows - rows.mean(0)) / rows.std(0).clamp_min(1e-6)
        rows = rows @ torch.linalg.svd(rows, full_matrices=False)[2][:COORDINATES].T
        self.coordinates = rows / rows.std(0).mean()

    def train(self, rows, labels, asked, fused, weights):
        torch.manual_seed(0)
        net = Net(self.classes, self.coordinates.shape[1] if fused else 0)
        net = net.to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 5e-3, total_steps=EPOCHS * -(-len(rows) // BATCH))
        rows, labels, asked = (torch.tensor(each) for each in (rows, labels, asked))
        beliefs = []
        for _ in range(EPOCHS):
            net.train()
            for batch in rows[torch.randperm(len(rows))].split(BATCH):
                loss = functional.cross_entropy(
                    net(moved(self.images[batch]), self.coordinates[batch]), labels[batch],
                    reduction="none", label_smoothing=0.05)
                if weights is not None:
                    loss = loss * torch.tensor(weights[batch]).float()
                optimizer.zero_grad()
                loss.mean().backward()
                optimizer.step()
                schedule.step()
            net.eval()
            with torch.no_grad():
                beliefs.append(torch.cat([
                    net(self.images[part], self.coordinates[part]).softmax(1)
                    for part in asked.split(500)]).numpy())
        return np.mean(beliefs[EPOCHS // 2:], 0)

    def held_out(self, labels, fused, weights=None):
        belief = np.zeros((len(labels), self.classes), np.float32)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        for rows, asked in folds.split(labels, labels):
            belief[asked] = self.train(rows, labels, asked, fused, weights)
        return belief


def pooled(*beliefs):
    mean = np.exp(sum(np.log(each + 1e-6) for each in beliefs) / len(beliefs))
    return mean / mean.sum(1, keepdims=True)


def beliefs_of(data, path, labels):
    rows = np.arange(len(labels))
    probe = np.fromfile(path + ".probs", np.float32).reshape(len(labels), -1)
    network, fused = data.held_out(labels, False), data.held_out(labels, True)
    weights = np.clip(pooled(network, fused)[rows, labels], 0.02, 1)
    return probe, network, fused, data.held_out(labels, True, weights)


def main():
    data = Data(sys.argv[1])
    rows = np.arange(len(data.truth))
    told = beliefs_of(data, sys.argv[1] + ".truth.npy", data.truth)
    right = [f"{(each.argmax(1) == data.truth).mean():.3f}" for each in told[:3]]
    print("accuracy with the true labels: probe {}, network {}, both {}".format(*right), flush=True)
    for name in sys.argv[2:]:
        path = f"{sys.argv[1]}.{name}.npy"
        given = np.load(path)
        probe, network, fused, again = beliefs_of(data, path, given)
        score = np.fromfile(path + ".score", np.float32).clip(1e-6, 1 - 1e-6)
        odds = np.log(score / (1 - score))
        scores = {"probe (cleanlab)": -probe[rows, given], "errata": score,
                  "network": -network[rows, given], "network beside embeddings": -fused[rows, given],
                  "again": -again[rows, given],
                  "probe and network": -pooled(probe, network)[rows, given],
                  "probe and again": -pooled(probe, again)[rows, given],
                  "errata and network": odds - np.log(network[rows, given] + 1e-6),
                  "errata and again": odds - np.log(again[rows, given] + 1e-6),
                  "of true labels: probe": -told[0][rows, given],
                  "network ": -told[1][rows, given],
                  "network beside embeddings ": -told[2][rows, given],
                  "all": -pooled(*told[:3])[rows, given]}
        wrong = given != data.truth
        print(name + ": " + ", ".join(f"{what} {average_precision_score(wrong, each):.3f}"
                                      for what, each in scores.items()), flush=True)


if __name__ == "__main__":
    main()
