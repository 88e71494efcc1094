#!/usr/bin/env bash
# Sets up, builds and runs every test. The last line is `N passed, N failed, N skipped`.
#   tests/run.sh [REGEX]   only the tests whose names match
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake/setup.sh
cmake --preset release
cmake --build --preset release -j "$(nproc)"

results="$PWD/build/test-results.xml"
rm -f "$results"
ctest --test-dir build -j "$(nproc)" --output-on-failure --output-junit "$results" \
  ${1:+-R "$1"} || true
exec python3 -B tests/checks/summary.py "$results"
