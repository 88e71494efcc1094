#!/usr/bin/env python3
"""Trains a small classifier on Fashion-MNIST's training images and saves it as TorchScript.

The model file carries its preprocessing and class names as the extra file `errata.json`, so that
`errata infer --model` needs nothing else.

    python samples/train_fashion.py --data /usr/share/datasets/fashion-mnist --out model.torchscript
"""

import argparse
import gzip
import json
import pathlib
import time

import numpy
import torch
from torch import nn

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
           "Bag", "Ankle boot"]
MEAN, STD = 0.2860, 0.3530


def read_idx(path):
    """The array of an IDX file (big-endian header: two zeros, type 8 = bytes, number of axes)."""
    raw = gzip.open(path, "rb").read() if path.suffix == ".gz" else path.read_bytes()
    axes = raw[3]
    shape = numpy.frombuffer(raw, ">u4", axes, 4).astype(int)
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * axes).reshape(shape)


class SmallNet(nn.Module):
    """Three convolutions and a linear head. Takes RGB, as Errata gives every image."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
            nn.AdaptiveAvgPool2d(3), nn.Flatten())
        self.head = nn.Linear(64 * 9, len(CLASSES))

    def forward(self, x):
        return self.head(self.features(x))


def normalised(images):
    grey = (torch.from_numpy(images).float() / 255 - MEAN) / STD
    return grey.unsqueeze(1).expand(-1, 3, -1, -1)


def train(images, labels, epochs, batch, seed):
    torch.manual_seed(seed)
    model = SmallNet().to(memory_format=torch.channels_last)
    steps = epochs * (len(images) // batch)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True,
                                weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=steps)
    started = time.time()
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(images))
        total = 0.0
        for begin in range(0, len(images) - batch + 1, batch):
            rows = order[begin:begin + batch]
            x = normalised(images[rows.numpy()]).contiguous(memory_format=torch.channels_last)
            if epoch % 2 == 1:
                x = x.flip(3)
            loss = nn.functional.cross_entropy(model(x), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"  epoch {epoch + 1} of {epochs}: loss {total / (len(images) // batch):.3f}, "
              f"{time.time() - started:.0f} s", flush=True)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()

    images = read_idx(arguments.data / "train-images-idx3-ubyte.gz").copy()
    labels = torch.from_numpy(read_idx(arguments.data / "train-labels-idx1-ubyte.gz").astype("i8"))
    print(f"training on {len(images):,} images")
    model = train(images, labels, arguments.epochs, arguments.batch, arguments.seed)

    sidecar = {
        "input_size": [3, 28, 28], "resize": None, "mean": [MEAN] * 3, "std": [STD] * 3,
        "classes": CLASSES, "output": "logits",
    }
    scripted = torch.jit.trace(model, torch.zeros(1, 3, 28, 28))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = arguments.out.with_name(arguments.out.name + ".tmp")
    torch.jit.save(scripted, str(temporary), _extra_files={"errata.json": json.dumps(sidecar)})
    temporary.rename(arguments.out)
    print(f"saved {arguments.out}")


if __name__ == "__main__":
    main()
