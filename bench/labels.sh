#!/usr/bin/env bash
# Confident learning beside cleanlab on the same probabilities, in one run.
#   bench/labels.sh [ROWS CLASSES]    default 1,000,000 x 100
# ERRATA_PEERS_PYTHON names a Python that has cleanlab; without it only ours is measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows="${1:-1000000}"
classes="${2:-100}"
out="${ERRATA_BENCH_OUT:-bench/out}"
data="$out/labels-$rows-$classes"
peers="${ERRATA_PEERS_PYTHON:-}"
mkdir -p "$out"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_labels >/dev/null
[ -s "$data.labels.npy" ] ||
  "${peers:-.deps/venv/bin/python}" bench/peer_cleanlab.py make "$data" "$rows" "$classes"

echo "$rows x $classes, $(nproc) cores"
ours="$(/usr/bin/env time -f 'peak %M KiB' build/bin/bench_labels "$data.probs.npy" "$data.labels.npy" 2>&1)"
echo "errata:";  echo "$ours"
echo "errata, reading the matrix from the file piece by piece:"
/usr/bin/env time -f 'peak %M KiB' build/bin/bench_labels "$data.probs.npy" "$data.labels.npy" pieces 2>&1
store="$out/viewer_1000000.db" # of bench/viewer.sh: 1,000,000 samples, 1,000 classes
if [ -e "$store.done" ]; then
  cmake --build --preset release -j "$(nproc)" --target errata >/dev/null
  echo "errata find labels, 1000000 x 1000 in a store:"
  /usr/bin/env time -f '%e s, %U s of processor time, peak %M KiB' \
    build/bin/errata -q -s "$store" find labels --method confident_learning --json 2>&1 >/dev/null |
    grep peak
fi
[ -n "$peers" ] || exit 0
# Settings that only slow a current numpy on some machines are not held against it.
theirs="$(env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$peers" bench/peer_cleanlab.py time "$data")"
echo "cleanlab:"; echo "$theirs"
join <(grep -v peak <<<"$ours" | sort) <(sort <<<"$theirs") |
  awk '{printf "%-22s %6.1f times%s\n", $1, $4/$2, $3==$5 ? ", as many issues" : ", issues differ: " $3 " and " $5}'
