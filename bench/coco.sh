#!/usr/bin/env bash
# COCO average precision and TIDE's errors beside faster-coco-eval, pycocotools and tidecv on the
# same boxes, in one run: evaluation alone, then with the reading of the two JSON files (ours opens
# the images as well, as an import does).
#   bench/coco.sh [IMAGES OBJECTS DETECTIONS CLASSES]    default 5,000 36,000 180,000 80
# ERRATA_PEERS_PYTHON names a Python that has the peers; without it only ours is measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
shape=("${1:-5000}" "${2:-36000}" "${3:-180000}" "${4:-80}")
out="${ERRATA_BENCH_OUT:-bench/out}"
data="$out/coco-$(IFS=-; echo "${shape[*]}")"
peers="${ERRATA_PEERS_PYTHON:-}"
mkdir -p "$out"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_coco >/dev/null
[ -s "$data.shape" ] || "${peers:-.deps/venv/bin/python}" bench/peer_coco.py make "$data" "${shape[@]}"

[ -s "$data.results.json" ] || "${peers:-.deps/venv/bin/python}" bench/peer_coco.py json "$data"

echo "${shape[*]} (images, objects, detections, classes), $(nproc) cores; evaluation alone"
ours="$(build/bin/bench_coco "$data")"
awk '{print "errata " $1, $2 " s"}' <<<"$ours"
[ -n "$peers" ] || exit 0
# compare OUR_LINE: reads the peers' lines; equal within 1e-9 of each number.
compare() {
  awk -v ours="$1" 'BEGIN {n = split(ours, a, " ")} {
    same = n == NF ? "equal numbers" : "another count of numbers"
    for (i = 3; i <= NF && i <= n; ++i) {
      d = a[i] - $i; if (d < 0) d = -d
      if (d > worst[NR]) worst[NR] = d
    }
    if (worst[NR] > 1e-9) same = "NUMBERS DIFFER"
    printf "%-18s %8.3f s  %6.1f times  %s (by %.1e at most)\n", $1, $2, $2/a[2], same, worst[NR]}'
}
"$peers" bench/peer_coco.py time "$data" | compare "$(grep '^coco ' <<<"$ours")"
"$peers" bench/peer_coco.py load "$data" | compare "$(grep '^load ' <<<"$ours")" |
  sed 's/^/reading too: /'
"$peers" bench/peer_coco.py tide "$data" | compare "$(grep '^tide ' <<<"$ours")"
