#!/usr/bin/env bash
# Measures Errata and, where it is installed, the peer in the same run, on this machine.
#   bench/run.sh [import|predictions|export|query|infer|media|import_coco|coco|labels|quality|duplicates|
#                 neighbours|map|objects|label_errors|viewer|all]
# ERRATA_PEERS_PYTHON names a Python that has fiftyone (and openvino and what the script of each
# says); without it only ours is measured, and label_errors, which wants ERRATA_BACKBONE_PYTHON too,
# is left out of all. Data is drawn once into bench/out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what="${1:-all}"
out="${ERRATA_BENCH_OUT:-bench/out}"
count="${ERRATA_BENCH_COUNT:-50000}"
repeats="${ERRATA_BENCH_REPEATS:-5}"
peers="${ERRATA_PEERS_PYTHON:-}"
python=.deps/venv/bin/python
errata="$PWD/build/bin/errata"

cmake/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" >/dev/null
mkdir -p "$out"

wants() { [ "$what" = all ] || [ "$what" = "$1" ]; }

# Median wall seconds of a command over $repeats runs; the word after -- is run before each.
median_secs() {
  local prepare="$1"; shift
  local times=()
  for ((i = 0; i < repeats; ++i)); do
    eval "$prepare"
    local begin end
    begin=$(date +%s%N); "$@" >/dev/null; end=$(date +%s%N)
    times+=($(((end - begin) / 1000)))
  done
  printf '%s\n' "${times[@]}" | sort -n | awk '{v[NR]=$1} END {printf "%.4f", v[int((NR+1)/2)]/1e6}'
}

# table NAME OURS PEER_NAME PEER_SECS
row() {
  if [ -n "$4" ]; then
    awk -v n="$1" -v a="$2" -v p="$3" -v b="$4" \
      'BEGIN {printf "%-34s errata %9.4f s   %s %9.3f s   %6.1f times\n", n, a, p, b, b/a}'
  else
    awk -v n="$1" -v a="$2" 'BEGIN {printf "%-34s errata %9.4f s\n", n, a}'
  fi
}

peer() { # peer WORK NAME -> seconds, or nothing
  [ -n "$peers" ] || return 0
  "$peers" bench/peer_fiftyone.py "$1" "$out/small" 2>/dev/null | awk -v n="$2" '$1==n {print $2}'
}

if wants import || wants predictions || wants export; then
  "$python" -c "import PIL" 2>/dev/null || "$python" -m pip install -q "Pillow==12.1.1"
  "$python" bench/make_dataset.py --out "$out/small" --count "$count"
  store="$out/small.db"
  fresh="rm -f '$store' '$store'-wal '$store'-shm"
fi
if wants import; then
  ours=$(median_secs "$fresh" "$errata" -s "$store" import "$out/small/images")
  row "import $count small JPEGs" "$ours" FiftyOne "$(peer import import)"
fi
if wants predictions; then
  eval "$fresh"; "$errata" -s "$store" import "$out/small/images" >/dev/null
  ours=$(median_secs : "$errata" -s "$store" predictions "$out/small/predictions.csv" --run p --replace)
  row "attach $count predictions" "$ours" FiftyOne "$(peer predictions predictions)"
fi
if wants export; then
  eval "$fresh"; "$errata" -s "$store" import "$out/small/images" >/dev/null
  "$errata" -s "$store" version create v1 -m bench >/dev/null
  theirs=""; [ -z "$peers" ] || theirs="$("$peers" bench/peer_fiftyone.py export "$out/small" 2>/dev/null)"
  for files in hardlink copy; do
    ours=$(median_secs "rm -rf '$out/export'; sync" "$errata" -s "$store" export --version v1 \
      --format imagefolder --to "$out/export" --files "$files")
    name=$([ "$files" = copy ] && echo export_copy || echo export_symlink)
    row "export $count files ($files)" "$ours" FiftyOne "$(awk -v n="$name" '$1==n {print $2}' <<<"$theirs")"
  done
  rm -rf "$out/export"
  bench/export_boxes.sh
fi
if wants query; then build/bin/bench_query; fi
if wants infer; then bench/infer.sh; fi
if wants media; then bench/media.sh; fi
for each in import_coco coco labels quality duplicates neighbours map objects; do
  if wants "$each"; then "bench/$each.sh"; fi
done
if [ "$what" = label_errors ] || { wants label_errors && [ -n "$peers" ] &&
  [ -n "${ERRATA_BACKBONE_PYTHON:-}" ]; }; then
  bench/label_errors.sh
fi
if wants viewer; then
  bench/viewer.sh
  bench/viewer_boxes.sh
fi
