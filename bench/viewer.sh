#!/usr/bin/env bash
# The viewer's budget: a large store is made once in bench/out, its windows are opened under Xvfb
# and driven, within a memory cgroup where one may be made.
#   bench/viewer.sh [SAMPLES]          default 1,000,000 (5 GB of disk); 10000000 takes 4 GB
# ERRATA_BENCH_MEMORY is the cgroup's limit (default 2G); OUT as for bench/run.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
samples="${1:-1000000}"
out="${ERRATA_BENCH_OUT:-bench/out}"
limit="${ERRATA_BENCH_MEMORY:-2G}"
store="$out/viewer_$samples.db"
program=build/bin/bench_viewer
mkdir -p "$out"

if [ ! -e "$store.done" ]; then
  .deps/venv/bin/python -c "import PIL, numpy" 2>/dev/null ||
    .deps/venv/bin/python -m pip install -q "Pillow==12.1.1" numpy
  .deps/venv/bin/python bench/make_dataset.py --out "$out/viewer_images" --count 4000 --size 128
  "$program" make "$store" "$out/viewer_images/images" "$samples"
  touch "$store.done"
fi
"$program" warm "$store"
XDG_STATE_HOME="$(mktemp -d)" # what the viewer remembers between two starts
export XDG_STATE_HOME
trap 'rm -rf "$XDG_STATE_HOME"' EXIT

group=""
if [ -w /sys/fs/cgroup/memory/tasks ]; then # version 1
  group="/sys/fs/cgroup/memory/errata_bench_$$"
  limit_file=memory.limit_in_bytes peak_file=memory.max_usage_in_bytes tasks=tasks
elif [ -w /sys/fs/cgroup/cgroup.procs ] && grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
  group="/sys/fs/cgroup/errata_bench_$$"
  limit_file=memory.max peak_file=memory.peak tasks=cgroup.procs
fi
if [ -n "$group" ] && mkdir "$group" 2>/dev/null; then
  trap 'rmdir "$group"; rm -rf "$XDG_STATE_HOME"' EXIT
  echo "$limit" >"$group/$limit_file"
  echo "in a memory cgroup of $limit (the program, its Xvfb and the files' pages that they read)"
else
  group=""
  echo "no memory cgroup can be made here: no limit was set"
fi
echo "load of the machine before: $(cut -d' ' -f1-3 /proc/loadavg) on $(nproc) cores"
(
  [ -z "$group" ] || echo $BASHPID >"$group/$tasks"
  exec "$program" run "$store"
)
if [ -n "$group" ] && [ -r "$group/$peak_file" ]; then
  echo "peak of the cgroup: $(($(cat "$group/$peak_file") / 1048576)) MiB"
fi
