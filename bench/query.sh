#!/usr/bin/env bash
# Measures filter, order, facets and histograms of the query engine: bench/query.sh [ROWS] [REPEATS]
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release > /dev/null
cmake --build build --target bench_query > /dev/null
exec build/bin/bench_query "$@"
