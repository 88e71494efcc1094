#!/usr/bin/env bash
# Boxes out: a version of a COCO set as COCO (and whether it is the same file again), VOC and YOLO,
# its images as hard links; beside it `cp -rl` of the images, and as many files of 900 bytes plainly
# written: VOC and YOLO are a file for each image. Wall seconds, the median of some runs.
#   bench/export_boxes.sh [IMAGES BOXES]      default: 5,000 36,000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
images="${1:-5000}"
boxes="${2:-36000}"
out="${ERRATA_BENCH_OUT:-bench/out}"
repeats="${ERRATA_BENCH_REPEATS:-5}"
mkdir -p "$out"
out="$(cd "$out" && pwd)"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target errata >/dev/null
errata="$PWD/build/bin/errata"
data="$out/export-$images-$boxes"
store="$out/export_boxes.db"
target="$out/export_boxes"

median() { # median COMMAND...: seconds; the target is taken away before each
  local times=()
  for ((i = 0; i < repeats; ++i)); do
    rm -rf "$target"
    local begin end
    begin=$(date +%s%N); "$@" >/dev/null; end=$(date +%s%N)
    times+=($(((end - begin) / 1000)))
  done
  printf '%s\n' "${times[@]}" | sort -n | awk '{v[NR] = $1} END {printf "%.3f", v[int((NR + 1) / 2)] / 1e6}'
}

[ -s "$data/annotations.json" ] || python3 bench/make_coco.py "$data" "$images" "$boxes" 1000
rm -f "$store" "$store-wal" "$store-shm"
"$errata" -q -s "$store" import "$data/annotations.json" >/dev/null
"$errata" -q -s "$store" version create v1 >/dev/null
echo "$images images, $boxes boxes, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
for format in coco voc yolo; do
  secs=$(median "$errata" -q -s "$store" export --version v1 --format "$format" --to "$target" \
    --files hardlink)
  printf 'as %-5s %8.3f s\n' "$format" "$secs"
  if [ "$format" = coco ]; then
    cmp "$data/annotations.json" "$target"/annotations/*.json && echo "  the annotations are the same bytes"
    rm -rf "$target"
    /usr/bin/time -f '  at most %M KiB of memory' "$errata" -q -s "$store" export --version v1 \
      --format coco --to "$target" --files hardlink >/dev/null
  fi
done
awk -v s="$(median cp -rl "$data/images" "$target")" 'BEGIN {printf "cp -rl   %8.3f s, the images alone\n", s}'
plain='import os, sys
os.mkdir(sys.argv[1])
for i in range(int(sys.argv[2])):
    with open(f"{sys.argv[1]}/{i}.xml", "wb") as file:
        file.write(b"x" * 900)'
awk -v s="$(median python3 -c "$plain" "$target" "$images")" \
  'BEGIN {printf "plainly  %8.3f s, small files alone\n", s}'
rm -rf "$target"
