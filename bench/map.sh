#!/usr/bin/env bash
# The map beside umap-learn's of the same points, in one run.
#   bench/map.sh [ROWS COLUMNS]    default 50,000 x 512
# ERRATA_PEERS_PYTHON names a Python that has umap-learn; without it only ours is measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows="${1:-50000}"
columns="${2:-512}"
out="${ERRATA_BENCH_OUT:-bench/out}"
peers="${ERRATA_PEERS_PYTHON:-}"
points="$out/map-$rows-$columns.npy"
mkdir -p "$out"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_map >/dev/null
[ -s "$points" ] || "${peers:-.deps/venv/bin/python}" bench/peer_umap.py make "$points" "$rows" "$columns"
echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
if [ -z "$peers" ]; then exec build/bin/bench_map "$points"; fi
echo "umap-learn $("$peers" bench/peer_umap.py lay_out "$points" "$points.peer.npy" 2>/dev/null) s"
build/bin/bench_map "$points" "$points.peer.npy"
