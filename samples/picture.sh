#!/usr/bin/env bash
# Makes the picture in README: shapes with planted label errors, and the viewer on their ranking.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
export ERRATA_STORE="$made/shapes.db" PATH="$PWD/build/bin:$PATH"
.deps/venv/bin/python -c "import PIL" 2>/dev/null || .deps/venv/bin/pip install -q "Pillow==12.1.1"
.deps/venv/bin/python samples/shapes.py "$made/shapes"
errata -q import "$made/shapes/images" --name shapes
errata -q split train=0.8,val=0.1,test=0.1 >/dev/null
errata -q predictions "$made/shapes/predictions.csv" --run resnet18
errata-view --command view.mistakes --command move.next --screenshot samples/review.png \
  --size 1440x900
