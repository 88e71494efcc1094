#!/usr/bin/env bash
# Which kinds of copies `errata find duplicates` tells: planted among Fashion-MNIST where it is
# installed, among drawn photographs, and among the pictures of the folders that are given.
#   bench/copies.sh [NAME=FOLDER ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python="${ERRATA_PYTHON:-.deps/venv/bin/python}"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target errata >/dev/null
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$python" bench/make_photos.py "$work/photos" 150 >/dev/null
sources=("photos=$work/photos" "$@")
fashion=/usr/share/datasets/fashion-mnist
[ ! -d "$fashion" ] || sources=("Fashion-MNIST=$fashion" "${sources[@]}")
"$python" bench/copy_recall.py build/bin/errata "${sources[@]}"
