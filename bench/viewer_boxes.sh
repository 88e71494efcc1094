#!/usr/bin/env bash
# What the viewer costs a frame with very many boxes in one image: a COCO set of one image of small
# boxes, as in pictures from above, with as many detections as labels, is made in bench/out,
# imported, opened under Xvfb and driven.
#   bench/viewer_boxes.sh [OBJECTS]     labels and detections together; default 10,000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
each=$((${1:-10000} / 2))
out="${ERRATA_BENCH_OUT:-bench/out}"
made="$out/one_image_$each"
store="$made/store.db"
python3 bench/make_coco.py "$made" 1 "$each" "$each" 40
rm -f "$store" "$store"-wal "$store"-shm
build/bin/errata -q -s "$store" import "$made/annotations.json" --images "$made/images" >/dev/null
build/bin/errata -q -s "$store" predictions "$made/results.json" --run detector >/dev/null
XDG_STATE_HOME="$(mktemp -d)"
export XDG_STATE_HOME
trap 'rm -rf "$XDG_STATE_HOME"' EXIT
echo "load of the machine before: $(cut -d' ' -f1-3 /proc/loadavg) on $(nproc) cores"
build/bin/bench_viewer boxes "$store"
