#!/usr/bin/env bash
# Image quality of 500 x 375 JPEGs, beside CleanVision on the same files and cores, in one run.
#   bench/quality.sh [COUNT]    default 1,000 photos, drawn once into bench/out
# ERRATA_PEERS_PYTHON names a Python that has cleanvision; without it only ours is measured. The
# whole command is timed: opening the store, decoding, measuring, writing the scores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
count="${1:-1000}"
out="${ERRATA_BENCH_OUT:-bench/out}"
repeats="${ERRATA_BENCH_REPEATS:-3}"
peers="${ERRATA_PEERS_PYTHON:-}"
photos="$out/photos-$count"
errata="$PWD/build/bin/errata"
mkdir -p "$out"
[ -d "$photos" ] || "${peers:-.deps/venv/bin/python}" bench/make_photos.py "$photos" "$count"
store="$(mktemp -d)/photos.db"
trap 'rm -rf "$(dirname "$store")"' EXIT
"$errata" -q -s "$store" import "$photos" >/dev/null

ours() {
  local begin; begin=$(date +%s%N)
  "$errata" -q -s "$store" find quality --json >/dev/null
  awk -v n="$count" -v t="$(($(date +%s%N) - begin))" 'BEGIN {printf "%d %.3f\n", n, t / 1e9}'
}
median() { sort -k2 -n | awk '{n[NR] = $1; t[NR] = $2} END {m = int((NR + 1) / 2); print n[m] / t[m]}'; }

# In turn, so that what else the machine does falls on both.
mine="" theirs=""
for ((i = 0; i < repeats; ++i)); do
  mine+="$(ours)"$'\n'
  [ -z "$peers" ] || theirs+="$("$peers" bench/peer_cleanvision.py "$photos")"$'\n'
done
a="$(median <<<"${mine%$'\n'}")"
printf 'quality of %d photos, %d cores: errata %.0f images/s' "$count" "$(nproc)" "$a"
[ -z "$peers" ] || {
  b="$(median <<<"${theirs%$'\n'}")"
  awk -v a="$a" -v b="$b" 'BEGIN {printf ", CleanVision %.0f images/s, %.1f times", b, a / b}'
}
echo
