#!/usr/bin/env bash
# The inference pass from 500 x 375 JPEGs with ResNet-18 at 224, beside LibTorch's own best forward
# in the same run, and OpenVINO's when its Python package is installed. Then a detector from 640 x 480
# JPEGs, when the folder of real data is beside this checkout.
#   bench/infer.sh [BUILD_FOLDER] [--threads 1,2] [--precision fp32,bf16] [--batch 16] [--secs 2] [--rounds 3]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build"
if [ "$#" -gt 0 ] && [ -d "$1" ]; then build="$1"; shift; fi
python="${ERRATA_PYTHON:-$root/.deps/venv/bin/python}"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
"$python" -W ignore "$root/bench/make_resnet18.py" "$made/resnet18.pt"
"$python" "$root/bench/make_photos.py" "$made/photos" 64
"$build/bin/bench_infer" "$made/resnet18.pt" "$made/photos" "$@"
if "$python" -c "import openvino" 2>/dev/null; then
  "$python" -W ignore "$root/bench/infer_openvino.py" "$made/resnet18.pt" 1,2 fp32,bf16 16 2
else
  echo "OpenVINO is not installed here (pip install openvino): nothing to print beside"
fi
bccd="$root/../shared/data/bccd"
if [ -e "$bccd/yolov8n.torchscript" ]; then
  echo "YOLOv8n at 320 with suppression:"
  "$build/bin/bench_infer" "$bccd/yolov8n.torchscript" "$bccd/yolo/images/test" "$@" \
    --precision fp32 --batch 7
else
  echo "the folder of real data is not beside this checkout: no detector to measure"
fi
