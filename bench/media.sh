#!/usr/bin/env bash
# Header probe, decode, resize and thumbnails of 500 x 375 JPEGs on one thread, Pillow beside.
#   bench/media.sh [BUILD_FOLDER]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="${1:-$root/build}"
python="${ERRATA_PYTHON:-$root/.deps/venv/bin/python}"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
"$python" "$root/bench/make_photos.py" "$made/photos" 32
"$build/bin/bench_media" "$made/photos"
"$python" "$root/bench/media_pillow.py" "$made/photos"
