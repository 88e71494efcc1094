#!/usr/bin/env bash
# `errata probe` by the whole command: 50,000 samples of 10 classes with embeddings of 1,280 values,
# 5 folds; the goal is a minute on 2 cores.
#   bench/probe.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out="${ERRATA_BENCH_OUT:-bench/out}"
python=.deps/venv/bin/python
errata="$PWD/build/bin/errata"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target errata >/dev/null
mkdir -p "$out"
"$python" -c "import PIL" 2>/dev/null || "$python" -m pip install -q "Pillow==12.1.1"
"$python" bench/make_dataset.py --out "$out/small" --count 50000
store="$out/probe.db"
rm -f "$store"*
"$errata" -q -s "$store" import "$out/small/images"
# As a backbone's: classes that overlap, in directions of falling variance.
"$python" - "$out" <<'PY'
import pathlib
import sys

import numpy

out = pathlib.Path(sys.argv[1])
files = sorted(p.relative_to(out / "small/images").as_posix() for p in (out / "small/images").glob("*/*.jpg"))
labels = numpy.array([int(f.split("/")[0].split("_")[1]) for f in files])
rng = numpy.random.default_rng(1)
spread = (1 / numpy.sqrt(1 + numpy.arange(1280))).astype(numpy.float32)
middles = rng.normal(0, 0.13, (10, 1280)).astype(numpy.float32) * spread
mix = numpy.linalg.qr(rng.normal(0, 1, (1280, 1280)))[0].astype(numpy.float32)
rows = (middles[labels] + rng.normal(0, 1, (len(files), 1280)).astype(numpy.float32) * spread) @ mix
numpy.save(out / "probe.npy", rows)
(out / "probe.txt").write_text("\n".join(files) + "\n")
PY
"$errata" -q -s "$store" predictions "$out/probe.npy" --files "$out/probe.txt" --kind embedding --run backbone
echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
time "$errata" -s "$store" probe --embeddings backbone --folds 5
rm -f "$out/probe.npy" "$store"*
