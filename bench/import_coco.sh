#!/usr/bin/env bash
# COCO annotations and results into a store, at two sizes, beside FiftyOne.
#   bench/import_coco.sh [small|large|cut|beyond]...      default: small large
# small: 5,000 images, 36,000 boxes, 180,000 results. large: 118,000 images, 860,000 objects.
# cut: 500 MB of annotations that end in the middle, and the same whole: what is said, and the most
# memory that was taken. beyond: annotations and results of more than 4 GB with a broken row near
# the end, one after the other, and the annotations out again: where the files first differ must be
# at the broken row. Wants 16 GB of disk. ERRATA_PEERS_PYTHON names a Python that has fiftyone;
# without it the seconds that it took on another machine of two cores are printed as such.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out="${ERRATA_BENCH_OUT:-bench/out}"
repeats="${ERRATA_BENCH_REPEATS:-5}"
peers="${ERRATA_PEERS_PYTHON:-}"
mkdir -p "$out"
out="$(cd "$out" && pwd)"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target errata >/dev/null
errata="$PWD/build/bin/errata"
store="$out/import_coco.db"

fresh() { rm -f "$store" "$store-wal" "$store-shm"; }
made() { [ -s "$1/results.json" ] || python3 bench/make_coco.py "$@"; }

# timed COUNT COMMAND...: median and least wall seconds, the most memory, rows a second
timed() {
  local rows="$1" prepare="$2"; shift 2
  local times=() most=0
  for ((i = 0; i < repeats; ++i)); do
    $prepare
    local line
    line="$(/usr/bin/time -f '%e %M' "$@" 2>&1 >/dev/null | tail -1)"
    times+=("${line%% *}")
    [ "${line##* }" -le "$most" ] || most="${line##* }"
  done
  printf '%s\n' "${times[@]}" | sort -n | awk -v rows="$rows" -v most="$most" '{v[NR] = $1}
    END {m = v[int((NR + 1) / 2)]; printf "%.2f %.2f %.0f %.0f\n", m, v[1], rows / m, most / 1024}'
}

# row NAME "MEDIAN LEAST RATE MIB" PEER_SECONDS HOW
row() {
  awk -v name="$1" -v ours="$2" -v peer="$3" -v how="$4" 'BEGIN {split(ours, a, " ")
    printf "%-44s %6.2f s (least %.2f)  %9d rows/s  %5d MiB", name, a[1], a[2], a[3], a[4]
    if (peer > 0) printf "   FiftyOne%s %.1f s: %.0f times, goal 200", how, peer, peer / a[1]
    print ""}'
}

peer() { # peer NAME STORED: seconds and how they came about
  if [ -n "$peers" ] && [ -s "$out/peer_coco.txt" ]; then
    awk -v n="$1" '$1 == n {print $2}' "$out/peer_coco.txt"
  else
    echo "$2"
  fi
}

attach() { # a store with the small set, no run
  cp "$store.kept" "$store"
}

for what in "${@:-small large}"; do for size in $what; do
  case "$size" in
    small)
      folder="$out/coco_small"; made "$folder" 5000 36000 180000
      how=", stored,"; [ -z "$peers" ] || { how=""
        "$peers" bench/peer_fiftyone.py coco "$folder" >"$out/peer_coco.txt"; }
      ours="$(timed 41000 fresh "$errata" -q -s "$store" import "$folder/annotations.json")"
      row "5,000 images, 36,000 objects" "$ours" "$(peer import 29.7)" "$how"
      mv "$store" "$store.kept"
      ours="$(timed 180000 attach "$errata" -q -s "$store" predictions "$folder/results.json")"
      row "180,000 results" "$ours" "$(peer predictions 50.9)" "$how"
      rm -f "$store.kept" ;;
    large)
      folder="$out/coco_large"; made "$folder" 118000 860000 10
      ours="$(timed 978000 fresh "$errata" -q -s "$store" import "$folder/annotations.json")"
      row "118,000 images, 860,000 objects" "$ours" 0 "" ;;
    cut)
      folder="$out/coco_cut"; made "$folder" 100 2400000 10
      head -c 500000000 "$folder/annotations.json" >"$folder/images/cut.json"
      echo "whole: $(stat -c %s "$folder/annotations.json") bytes"
      for memory in 8 64; do
        ours="$(repeats=1 timed 2400100 fresh "$errata" -q -s "$store" import --memory $memory \
          "$folder/annotations.json")"
        row "2,400,000 objects of 100 images, --memory $memory" "$ours" 0 ""
      done
      fresh
      /usr/bin/time -f '%e s, at most %M KiB' "$errata" -q -s "$store" import \
        "$folder/images/cut.json" --images "$folder/images" || echo "exit code $?"
      [ -e "$store" ] && echo "A STORE IS THERE" || echo "no store was made" ;;
    beyond)
      folder="$out/coco_beyond"; made "$folder" 5000 36000 10
      for kind in truth masks results; do
        python3 bench/make_large_coco.py "$folder" "$kind" 4.3
        fresh
        command=(predictions)
        if [ "$kind" = truth ]; then command=(import --images "$folder/images"); else
          "$errata" -q -s "$store" import "$folder/annotations.json" >/dev/null; fi
        /usr/bin/time -f "$kind: %e s, at most %M KiB" "$errata" -q -s "$store" "${command[@]}" \
          "$folder/large_$kind.json" 2>&1 | grep -E 'rejected|at most'
        if [ "$kind" = truth ]; then
          rm -rf "$out/beyond_out"
          /usr/bin/time -f "$kind, export: %e s, at most %M KiB" "$errata" -q -s "$store" export \
            --format coco --to "$out/beyond_out" --files none 2>&1 | grep -E 'objects|at most'
          cmp "$folder/large_$kind.json" "$out/beyond_out/annotations/large_$kind.json" || true
          rm -rf "$out/beyond_out"
        fi
        rm -f "$folder/large_$kind.json"
      done ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
  esac
done; done
fresh
