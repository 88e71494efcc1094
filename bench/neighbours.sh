#!/usr/bin/env bash
# Nearest neighbours: exact beside approximate, with the recall of the latter.
#   bench/neighbours.sh [FILE.npy]    default: 50,000 x 512 both ways, 1,000,000 x 64 approximate
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_neighbours >/dev/null
echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
if [ $# -gt 0 ]; then exec build/bin/bench_neighbours "$1" exact; fi
build/bin/bench_neighbours 50000 512 exact
build/bin/bench_neighbours 1000000 64
