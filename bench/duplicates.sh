#!/usr/bin/env bash
# Copies: the grouping of 1,000,000 hashed pictures and of as many embeddings of 64 values, and the
# whole command on the 70,000 pictures of Fashion-MNIST where they are installed. Reading, decoding
# and hashing a million pictures is left out: that takes what `errata find quality` takes for them.
#   bench/duplicates.sh [PICTURES]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
count="${1:-1000000}"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target bench_duplicates errata >/dev/null
echo "$count pictures, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
build/bin/bench_duplicates "$count" 64
fashion=/usr/share/datasets/fashion-mnist
[ -d "$fashion" ] || exit 0
errata="$PWD/build/bin/errata"
store="$(mktemp -d)/fashion.db"
trap 'rm -rf "$(dirname "$store")"' EXIT
"$errata" -q -s "$store" import "$fashion" >/dev/null
begin=$(date +%s%N)
told=$("$errata" -q -s "$store" find duplicates --limit 1)
awk -v t="$(($(date +%s%N) - begin))" \
  'BEGIN {printf "errata find duplicates, 70,000 pictures of Fashion-MNIST: %.1f s\n", t / 1e9}'
grep -E "groups? (among|with|across)" <<<"$told"
