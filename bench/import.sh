#!/usr/bin/env bash
# Importing 50,000 small JPEGs and 50,000 predictions, without and with a store.
#   bench/import.sh [BUILD_FOLDER]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="${1:-$root/build}"
python="${ERRATA_PYTHON:-$root/.deps/venv/bin/python}"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
"$python" "$root/bench/make_images.py" "$made/images" 50000
for threads in 1 2; do "$build/bin/bench_import" "$made/images" "$threads"; done
