#!/usr/bin/env bash
# How well planted label errors of boxes are found: average precision per kind of error of our
# doubts beside ObjectLab's and FiftyOne's scores and three lines of arithmetic, on the same
# detections, mean of three plantings; and of all of them in one queue.
#   bench/objects.sh [BCCD]      BCCD: a folder with yolo/ and predictions/; without it only the
#                                generated set, whose labels are complete but for what is planted
# ERRATA_PEERS_PYTHON names a Python that has numpy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out="${ERRATA_BENCH_OUT:-bench/out}"
python="${ERRATA_PEERS_PYTHON:-.deps/venv/bin/python}"
bccd="${1:-}"
mkdir -p "$out"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_objects >/dev/null
measure() {
  local name="$1"
  shift
  for seed in 1 2 3; do
    "$python" bench/peer_objects.py "$name" "$out/objects-$name-$seed" "$seed" "$@"
    build/bin/bench_objects "$out/objects-$name-$seed"
  done | awk -v set="$name" '$1 == "seconds" {next} {
      if (!($1 in n)) order[++rows] = $1
      n[$1]++
      for (i = 2; i <= 7; i++) sum[$1, i] += $i
    } END {
      printf "%-12s %8s %8s %8s %8s %8s %8s\n", set, "swapped", "shifted", "ghost", "copy",
             "dropped", "queue"
      for (r = 1; r <= rows; r++) {
        printf "%-12s", order[r]
        for (i = 2; i <= 7; i++) printf " %8.3f", sum[order[r], i] / n[order[r]]
        print ""
      }
    }'
}
measure generate
[ -z "$bccd" ] || measure bccd "$bccd"
